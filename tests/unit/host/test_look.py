# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at an experiment: its options, as quantities."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._fault import poll


@pytest.mark.parametrize(
    "given, key, wanted",
    [
        ({}, "rate", 20.0),
        ({"rate": 0.5}, "rate", 0.5),
        ({"rate": 0.001}, "rate", 0.01),
        ({"rate": 5000}, "rate", 1000.0),
        ({}, "successes", 3),
        ({"successes": 1}, "successes", 1),
        ({"slow": "1.5s"}, "slow_ms", 1500.0),
        ({}, "slow_ms", None),
        ({}, "wait_s", 2.0),
        ({}, "began", None),
    ],
)
def test_what_is_awaited(given, key, wanted):
    assert poll.parse(dict(given, name="x", wait="2s"))["finish"][key] == wanted


def test_who_waits_for_nothing_only_looks():
    wanted = poll.parse({"name": "x"})
    assert wanted["finish"] is None and wanted["fault"] and wanted["probe"] and not wanted["renew"]
    assert wanted["window_s"] == 5.0
