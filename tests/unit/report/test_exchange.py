# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""JUnit XML, OpenMetrics and the journal: read back by the libraries that people read them with, and the same as
report.json.
"""

from __future__ import annotations

import json
from collections import Counter

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import journal, junit, openmetrics, view

from support import exchange, reports, run_of_18

DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def report():
    chosen = [
        each
        for each in run_of_18.catalogue()
        if each["id"] in ("cpu-light", "network-delay-heavy", "database-outage-extended")
    ]
    return json.loads(json.dumps(run_of_18.report(("web1", "web2"), chosen)))


def test_junit_has_a_suite_a_host_and_a_case_an_experiment(report):
    suites = list(exchange.check_junit(junit.render(report, DIGEST)))
    assert [suite.name for suite in suites] == ["%s %s" % (report["run"]["id"], host) for host in ("web1", "web2")]
    for suite in suites:
        records = [record for record in report["experiments"] if record["host"] == suite.hostname]
        assert [case.name for case in suite] == [record["scenario"] for record in records]
        assert suite.tests == len(records) and suite.failures == sum(
            record["verdict"] == "failed" for record in records
        )
        figures = {each.name: each.value for each in suite.properties()}
        assert figures["report.json sha256"] == DIGEST
        for record, case in zip(records, suite):
            for key in ("error_rate_pct", "recovery_time_s", "p95_ms"):
                wanted = record["metrics"][key]
                assert figures.get("%s.%s" % (record["scenario"], key)) == (None if wanted is None else str(wanted))
            missed = [view.says(each) for each in record["objectives"] if each["met"] is False]
            assert bool(case.result) is bool(missed)
            assert all(said in case.result[0].text for said in missed)


def test_junit_tells_failed_broken_left_and_skipped_apart():
    content = junit.render(reports.report())
    (suite,) = exchange.check_junit(content)
    kinds = {case.name: type(case.result[0]).__name__ if case.result else None for case in suite}
    assert kinds == {
        "cpu-light": None, "database-outage-brief": "Failure", "app-crash": "Failure", "memory-light": "Error", "disk-io-light": "Error",
        "cpu-heavy": "Failure", "network-delay-light": "Skipped", "app-restart": "Skipped", "memory-heavy": "Error", "cpu-medium": "Skipped",
    }  # fmt: skip
    said = {case.name: case.result[0].message for case in suite if case.result}
    assert said["network-delay-light"] == "the network fault family is not built yet" and said["memory-heavy"].endswith(
        "no space left on device"
    )
    assert said["disk-io-light"].startswith("left behind: /var/tmp/ballast")
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (10, 3, 3, 3)


def test_openmetrics_are_the_figures_of_the_report(report):
    found = exchange.check_openmetrics(openmetrics.render(report))
    for record in report["experiments"]:
        who = (("host", record["host"]), ("scenario", record["scenario"]))
        assert found["chaos_experiment_error_ratio", who] == pytest.approx(record["metrics"]["error_rate_pct"] / 100)
        recovery = record["metrics"]["recovery_time_s"]
        assert found.get(("chaos_experiment_recovery_seconds", who)) == (
            None if recovery is None else pytest.approx(recovery)
        )
        p95 = found.get(
            ("chaos_experiment_latency_seconds", tuple(sorted((*who, ("phase", "hold"), ("quantile", "0.95")))))
        )
        assert p95 == (
            None
            if record["phases"]["hold"]["p95_ms"] is None
            else pytest.approx(record["phases"]["hold"]["p95_ms"] / 1000)
        )
        assert found["chaos_experiment_verdict", tuple(sorted((*who, ("verdict", record["verdict"]))))] == 1
        assert found["chaos_experiment_injected_timestamp_seconds", who] == pytest.approx(record["window"]["injected"])
    assert found["chaos_run_score", ()] == report["summary"]["score"]
    assert sum(value for (name, _labels), value in found.items() if name == "chaos_run_verdict") == 1
    ends = Counter((record["scenario"], view.kind(record)) for record in report["experiments"])
    for (scenario, kind), number in ends.items():
        assert found["chaos_scenario_experiments", (("ended", kind), ("scenario", scenario))] == number


def test_of_very_many_experiments_the_files_stay_small(report, monkeypatch):
    monkeypatch.setattr(openmetrics, "MANY", 3)
    monkeypatch.setattr(junit, "MANY", 3)
    found = exchange.check_openmetrics(openmetrics.render(report))
    assert (
        not [name for name, _labels in found if name.startswith("chaos_experiment_")]
        and found["chaos_run_score", ()] == report["summary"]["score"]
    )
    for suite in exchange.check_junit(junit.render(report)):
        assert not [each.name for each in suite.properties() if each.name.startswith("cpu-light.")]


def test_the_journal_has_the_shape_of_chaos_toolkit(report):
    found = json.loads(journal.render(report, DIGEST))
    assert set(found) >= {
        "chaoslib-version",
        "platform",
        "experiment",
        "start",
        "end",
        "status",
        "deviated",
        "steady_states",
        "run",
        "rollbacks",
    }
    assert found["status"] == "failed" and found["deviated"] is True
    assert [each["activity"]["name"] for each in found["run"]] == [
        "%s on %s" % (record["scenario"], record["host"]) for record in report["experiments"]
    ]
    assert all(each["status"] == "succeeded" for each in found["rollbacks"]) and len(found["rollbacks"]) == len(
        report["experiments"]
    )
    for each, record in zip(found["run"], report["experiments"]):
        assert each["output"]["verdict"] == record["verdict"] and each["activity"] in found["experiment"]["method"]
    journal.render(reports.report())
