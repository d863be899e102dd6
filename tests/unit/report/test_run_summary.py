# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter run_summary."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.filter.run_summary import FilterModule

from support import reports

run_summary = FilterModule().filters()["run_summary"]


def test_the_same_as_in_the_report():
    assert run_summary(reports.records()) == reports.report()["summary"]


@pytest.mark.parametrize(
    "given",
    [
        None,
        "text",
        {},
        [1],
        [{}],
        [{"status": "completed", "verdict": "passed", "objectives": [{}]}],
        [{"status": "completed", "verdict": "passed", "fault": 5}],
    ],
)
def test_what_are_no_records(given):
    with pytest.raises(AnsibleFilterError, match="^run_summary: "):
        run_summary(given)
