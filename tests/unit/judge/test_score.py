# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resilience score: share of what was measured, never 100 by rounding, never a figure for nothing."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.score import score


def each(met, weight=1.0):
    return {"met": met, "weight": weight}


@pytest.mark.parametrize(
    "objectives, expected",
    [
        ([], None),
        ([each(None), each(None)], None),
        ([each(True)], 100.0),
        ([each(True), each(None)], 100.0),
        ([each(False)], 0.0),
        ([each(True), each(False)], 50.0),
        ([each(True), each(True), each(False)], 66.7),
        ([each(True, 3), each(False, 1)], 75.0),
        ([each(True, 1), each(False, 3), each(None, 9)], 25.0),
        ([each(True)] * 2999 + [each(False)], 99.9),
        ([each(True, 0.1)] * 3, 100.0),  # sums of tenths
        ([{"met": True}, {"met": False}], 50.0),
    ],
)
def test_score(objectives, expected):
    assert score(objectives) == expected
