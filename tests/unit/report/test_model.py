# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data has the form that docs/report.schema.json publishes."""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model

from support import reports
from support.modules import ROOT


@pytest.fixture(name="validator", scope="module")
def _validator():
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("found", [None, [], reports.hostile("<b>|\x1b[31m"), reports.hostile("")])
def test_reports_have_the_published_form(validator, found):
    report = reports.report(found)
    assert [error.message for error in validator.iter_errors(json.loads(json.dumps(report, allow_nan=False)))] == []


@pytest.mark.parametrize(
    "change", [("summary", "score", 101), ("summary", "verdict", "fine"), ("run", "id", "../x"), ("run", "more", 1)]
)
def test_the_schema_refuses_what_is_no_report(validator, change):
    report = copy.deepcopy(reports.report())
    report[change[0]][change[1]] = change[2]
    assert list(validator.iter_errors(report))


def test_a_gap_keeps_a_run_from_having_passed():
    quiet = reports.records()[:1]
    assert reports.report(quiet)["summary"]["verdict"] == "passed"
    assert reports.report(quiet, interrupted=True)["summary"]["verdict"] == "unknown"
    assert reports.report(quiet, unreachable=["web2"])["summary"]["verdict"] == "unknown"
    assert reports.report(reports.records()[:2], interrupted=True)["summary"]["verdict"] == "failed"
    assert model.gaps(reports.RUN) == []


def test_of_a_large_fleet_the_worst_hosts_keep_their_time_lines():
    quiet = dict(
        reports.records()[0],
        fault=dict(reports.records()[0]["fault"], series={"at_s": [0.3], "figures": {"host_load_pct": [50.0]}}),
    )
    few = [dict(quiet, host="web%03d" % number) for number in range(100)]
    assert all(each["timeline"] and each["fault"]["series"] for each in reports.report(few)["experiments"])
    many = few + [
        dict(quiet, host="web%03d" % number, verdict="failed" if number == 110 else "passed")
        for number in range(100, 120)
    ]
    report = reports.report(many)
    kept = [each["host"] for each in report["experiments"] if each["timeline"]]
    assert len(kept) == model.WORST_HOSTS and "web110" in kept and report["summary"]["timelines_left_out"] == 100
    assert [each["host"] for each in report["experiments"] if each["fault"]["series"]] == kept and len(
        report["experiments"]
    ) == 120


def test_secrets_and_escapes_do_not_reach_the_report():
    report = json.dumps(
        reports.report(reports.hostile("postgres://u:hunter2@db/ \x1b[31m"), command="x -e db_password=hunter2")
    )
    assert "hunter2" not in report and "\\u001b" not in report


def test_records_stay_in_order_and_whole():
    report = reports.report()
    assert [each["scenario"] for each in report["experiments"]] == [each["scenario"] for each in reports.records()]
    assert report["experiments"][1]["metrics"] == reports.records()[1]["metrics"]
