# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A latency is one of an answer; the kind: a latency objective is met by requests that nobody answered."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import failures, phases
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._experiment import judge
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows as report_rows
from support.samples import OUTAGE, fault, series


def failing(error, latency_ms=0.4, status=None):
    return {"ok": False, "latency_ms": latency_ms, "status": status, "error": error}


def judged(changes, objectives, summary=None, **more):
    scenario = {"id": "x", "family": "database", "objectives": objectives}
    return judge(
        {"scenario": scenario, "samples": pack(series(100, 130, changes)), "probe": summary, "fault": fault(**more)},
        "h",
    )


@pytest.mark.parametrize(
    "error, status",
    [
        ("refused", None),
        ("reset", None),
        ("reset", 200),
        ("timeout", None),
        ("garbage", None),
        ("tls", None),
        ("dropped", None),
    ],
)
@pytest.mark.parametrize(
    "objectives", [{"p95": "500ms"}, {"p99": "500ms"}, {"latency_impact": "500ms"}, {"p95 in hold": "500ms"}]
)
def test_over_nothing_answered_a_latency_objective_is_missed(error, status, objectives):
    record = judged([(110, 120, failing(error, status=status))], objectives)
    assert record["verdict"] == "failed", record["reason"]
    assert [(each["measured"], each["met"]) for each in record["objectives"]] == [(None, False)]
    assert report_rows.objective(record["objectives"][0]).split(" never ")[1].endswith("MISSED")
    assert record["phases"]["hold"]["answered"] == 0 and record["phases"]["hold"]["p95_ms"] is None
    assert record["recommendations"]


def test_a_quick_refusal_is_an_answer():
    record = judged([(110, 120, failing("status", 4.0, 503))], {"p95": "500ms"})
    assert record["verdict"] == "passed" and record["metrics"]["p95_ms"] == 4.0 and record["metrics"]["answered"] == 200


def test_percentiles_are_over_what_was_answered_and_say_so():
    record = judged([(110, 115, failing("refused", 0.1)), (115, 120, {"latency_ms": 700.0})], {"p95": "500ms"})
    assert (
        record["metrics"]["p95_ms"],
        record["metrics"]["sent"],
        record["metrics"]["answered"],
        record["verdict"],
    ) == (700.0, 200, 100, "failed")
    assert record["metrics"]["latency_impact_ms"] == 697.0


@pytest.mark.parametrize("end, verdict", [(110.4, "passed"), (110.6, "failed"), (119.0, "failed")])
def test_a_time_out_is_longer_than_any_answer(end, verdict):
    """Some quick answers before most probes time out meet no objective of latency: at the place of the percentile
    stands a time-out.
    """
    record = judged([(110, end, OUTAGE)], {"p95": "500ms"})
    assert record["verdict"] == verdict and record["metrics"]["p95_ms"] == 3.0
    assert [each["measured"] for each in record["objectives"]] == [3.0 if verdict == "passed" else None]


def test_met_beside_unmeasured_is_no_pass():
    record = judged([], {"p99": "500ms", "p95 in recovery": "500ms"}, reverted=131.0)
    assert (record["verdict"], record["reason"]) == ("unknown", "not measured: p95 in recovery")


def test_without_an_outage_there_is_nothing_to_repair():
    assert judged([], {"p99": "500ms", "mttr": "10s"})["verdict"] == "passed"


def test_an_event_is_judged_by_what_came_after_it():
    """Its hold is empty: the objectives of a hold are those of what came after."""
    given = {"event": True, "injected": 110.0, "reverted": 110.0}
    record = judged([(110, 112, failing("refused"))], {"error_rate": "5%", "p95": "500ms"}, **given)
    assert (
        record["verdict"] == "failed"
        and record["metrics"]["error_rate_pct"] == 10.0
        and record["metrics"]["p95_ms"] == 3.0
    )
    assert judged([], {"error_rate": "5%", "p95": "500ms"}, **given)["verdict"] == "passed"


REASONS = [
    {"error": "said_ill", "status": 200, "detail": "it answered 200 and reported DOWN", "count": 40},
    {"error": "assertion", "status": 200, "detail": "version is '2'", "count": 1},
    "nonsense",
]


@pytest.mark.parametrize(
    "failure, expected",
    [
        (failing("status", 4.0, 503), "HTTP 503"),
        (failing("status", 4.0, 3), "exit code 3"),
        (failing("timeout"), "timed out"),
        (failing("refused"), "connection refused"),
        (failing("said_ill", 4.0, 200), "reported DOWN"),
        (failing("assertion", 4.0, 200), "version is '2'"),
        (failing("nobody_knows"), "nobody_knows"),
    ],
)
def test_why_probes_failed_is_told_in_words(failure, expected):
    """The kind: the sentence names something else than the cause ("errors: status 202")."""
    record = judged([(110, 120, failure)], {"error_rate": "5%"}, {"reasons": REASONS})
    assert record["metrics"]["failures"] == [{"why": expected, "count": 200}]
    assert "200 x %s" % expected in " ".join(each["figure"] for each in record["recommendations"])


def time_outs(changes):
    rows = series(100, 130, changes)
    parts = phases.split(rows, phases.bounds(rows, fault()))
    return failures.time_outs(parts, parts.slow_ms)


def test_time_outs_alone_and_in_a_crowd():
    single = [(110.0 + number, 110.01 + number, OUTAGE) for number in range(0, 10, 2)]
    assert time_outs(single) == {"alone": 5, "crowded": 0, "in_flight_before": 1, "in_flight_max": 2}
    assert time_outs([(112, 116, OUTAGE)]) == {"alone": 2, "crowded": 78, "in_flight_before": 1, "in_flight_max": 40}


@pytest.mark.parametrize(
    "changes, says, says_not",
    [
        ([(112, 116, OUTAGE)], "Shed load", "Retry what"),
        (
            [(110.0 + number / 2, 110.01 + number / 2, OUTAGE) for number in range(20)],
            "Retry what may be retried",
            "Shed load",
        ),
        ([(112, 116, failing("refused"))], "Keep connections open", "Shed load"),
    ],
)
def test_advice_follows_from_what_was_measured(changes, says, says_not):
    """The kind: an overloaded service is told to retry and to wait longer, which makes it worse."""
    scenario = {"id": "x", "family": "network", "objectives": {"error_rate": "5%"}}
    record = judge(
        {"scenario": scenario, "samples": pack(series(100, 130, changes)), "fault": fault(family="network")}, "h"
    )
    advice = " ".join(each["advice"] for each in record["recommendations"])
    assert (
        says in advice
        and says_not not in advice
        and "longer time-outs" not in advice.replace("Retries and longer time-outs would make it worse", "")
    )
