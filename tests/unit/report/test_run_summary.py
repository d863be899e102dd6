# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter run_summary."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.filter.run_summary import FilterModule

from support import reports

run_summary = FilterModule().filters()["run_summary"]


def test_the_same_as_in_the_report():
    assert run_summary(reports.records()) == reports.report()["summary"]


def test_details_are_bounded_and_hold_no_secret(monkeypatch):
    monkeypatch.setenv("MAGSASA_CHAOS_RUN", "20261124T220501Z-3fa9c1")
    records = reports.records() * 90
    records[0] = dict(records[0], reason="no answer from http://u:secret-word@h/ " + "x" * 1000)
    found = run_summary(records, details=True)
    assert found["run"] == "20261124T220501Z-3fa9c1" and len(found["scenarios"]) + found["scenarios_left_out"] == len(
        records
    )
    assert len(json.dumps(found["scenarios"])) <= 50_000 and found["scenarios_left_out"] > 0
    assert max(len(each["reason"]) for each in found["scenarios"]) <= 300
    assert "secret-word" not in str(found)
    refused = {"scenario": "app-restart", "host": "web1", "status": "refused", "verdict": "unknown"}
    assert dict(refused, reason="refused by the limit guard: 2 processes match") in found["scenarios"]


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
