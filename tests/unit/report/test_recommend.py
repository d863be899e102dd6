# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Recommendations: each from the record that must bring it about, with its figure; silence when all is well."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._experiment import judge

from support.samples import OUTAGE, REFUSED, fault, series

SLOW = {"latency_ms": 900.0}
KILLED = {"event": True, "measured": {"ended": True, "back_after_s": None, "back_pid": None}}


def said(family, changes, objectives=None, liveness=False, **more):
    """(finding, figure, advice) of a judged experiment."""
    scenario = {"id": "x", "family": family, "liveness": liveness, "objectives": objectives or {}}
    record = judge(
        {"scenario": scenario, "samples": pack(series(100, 130, changes)), "fault": fault(family=family, **more)}, "h"
    )
    return [tuple(each[key] for key in ("finding", "figure", "advice")) for each in record["recommendations"]]


@pytest.mark.parametrize(
    "family, changes, more, finding, figure, advice",
    [
        (
            "database",
            [(110, 120, OUTAGE)],
            {"objectives": {"p95": "500ms"}},
            "fails slowly",
            "no answer during the outage, 200 of 200 probes failed (200 x timed out)",
            "circuit breaker",
        ),
        (
            "database",
            [(110, 130, OUTAGE)],
            {"objectives": {"recovery_time": "5s"}},
            "did not come back",
            "not well 9.9 s after the fault was gone",
            "pool pre-ping",
        ),
        (
            "process",
            [(110, 130, OUTAGE)],
            {"objectives": {"recovery_time": "5s"}},
            "did not come back",
            "not well 9.9 s",
            "Restart=always",
        ),
        (
            "cpu",
            [(110, 130, OUTAGE)],
            {"objectives": {"mttr": "5s"}},
            "did not come back",
            "not well 9.9 s",
            "exhausted pools",
        ),
        (
            "process",
            [(110, 123, OUTAGE)],
            dict(KILLED, objectives={"recovery_time": "5s"}),
            "Nothing started the service again",
            "down for 13.0 s, until then",
            "Restart=always",
        ),
        (
            "process",
            [(110, 117, OUTAGE)],
            {"event": True, "measured": {"ended": True, "back_after_s": 6.2}, "objectives": {"recovery_time": "5s"}},
            "Recovery takes too long",
            "recovery 7.0 s, objective 5 s",
            "RestartSec=1",
        ),
        (
            "database",
            [(110, 127, REFUSED)],
            {"objectives": {"recovery_time": "5s"}},
            "Recovery takes too long",
            "recovery 7.0 s, objective 5 s",
            "every second",
        ),
        (
            "cpu",
            [(110, 112, OUTAGE)],
            {},
            "Requests fail",
            (
                "availability 90.1 %, objective 95 % (40 x timed out); 38 of them while others waited too, up to 40 in"
                " flight at once, 1 before"
            ),
            "Shed load",
        ),
        (
            "memory",
            [(110, 112, OUTAGE)],
            {"objectives": {"error_rate": "5%"}},
            "Requests fail",
            "errors 20.0 %, objective 5 %",
            "Shed load",
        ),
        (
            "disk",
            [(110, 112, OUTAGE)],
            {"objectives": {"error_rate in hold": "5%"}},
            "Requests fail",
            "errors in hold 20.0 %",
            "Shed load",
        ),
        ("cpu", [(110, 120, SLOW)], {}, "too slow", "latency impact 897 ms, objective 500 ms", "share of the resource"),
        (
            "cpu",
            [(110, 120, SLOW)],
            {"objectives": {"p95": "200ms"}},
            "too slow",
            "p95 900 ms, objective 200 ms",
            "time-outs",
        ),
        (
            "database",
            [(110, 120, OUTAGE)],
            {"objectives": {"mttr": "1m"}, "liveness": True},
            "stopped answering at all",
            "50.5 % of the probes were answered, objective 95 %",
            "liveness address",
        ),
        (
            "cpu",
            [],
            {"effect": "mismatch", "measured": {"load_pct": 31.0}},
            "did not take effect as asked",
            "asked load 50 %; measured load 31 %: mismatch",
            "quieter host",
        ),
        (
            "cpu",
            [],
            {"effect": "inconclusive", "note": "two cores were busy"},
            "no evidence that the fault took effect",
            "asked",
            "two cores were busy",
        ),
        (
            "cpu",
            [(112, 114, {"late_ms": 45.0})],
            {},
            "probe itself was late",
            "p99 of its lateness 45.0 ms, 40 probes",
            "chaos_observer",
        ),
        ("cpu", [], {"residue": ["/tmp/ballast"]}, "left on the host", "/tmp/ballast", "chaos_halt"),
    ],
)
def test_a_rule_speaks(family, changes, more, finding, figure, advice):
    spoken = said(family, changes, **more)
    assert [each for each in spoken if finding in each[0] and figure in each[1] and advice in each[2]], spoken


@pytest.mark.parametrize(
    "family, changes, more",
    [
        ("cpu", [], {}),
        (
            "database",
            [(110, 120, REFUSED)],
            {"objectives": {"p95": "500ms", "recovery_time": "10s"}, "liveness": True},
        ),  # fails fast, as it should
        (
            "process",
            [(110, 113, OUTAGE)],
            {"event": True, "measured": {"ended": True, "back_pid": 7}, "objectives": {"recovery_time": "10s"}},
        ),
        ("network", [(110, 120, {"latency_ms": 203.0})], {}),
    ],
)
def test_silence_when_all_is_well(family, changes, more):
    assert said(family, changes, **more) == []


def test_one_cause_is_told_once():
    """A slow failure of a database is not a second time slow latency; a service that came back late was not away
    for ever.
    """
    findings = [each[0] for each in said("database", [(110, 127, OUTAGE)], {"p95": "500ms", "recovery_time": "5s"})]
    assert [finding.split()[0] for finding in findings] == ["Without", "Recovery"]
    assert len(said("process", [(110, 123, OUTAGE)], {"recovery_time": "5s", "mttr": "5s"}, **KILLED)) == 1


def test_nothing_is_recommended_for_what_did_not_run():
    record = judge({"scenario": {"id": "x", "family": "cpu"}, "skipped": "no root"}, "h")
    assert record["recommendations"] == []


def test_nothing_is_said_of_a_recovery_that_nobody_watched():
    """As when the probe is killed while the service is down."""
    scenario = {"id": "x", "family": "http", "objectives": {"recovery_time": "5s"}}
    samples = pack(series(100, 120, [(115, 120, REFUSED)]))
    record = judge({"scenario": scenario, "samples": samples, "fault": fault(family="http")}, "h")
    assert record["metrics"]["outages"] and record["phases"]["recovery"]["sent"] == 0
    assert not [each for each in record["recommendations"] if "did not come back" in each["finding"]]


@pytest.mark.parametrize(
    "measured, more, told",
    [
        ({"started_by": "this fault"}, [], "This fault itself started it again"),
        ({"started_by": "this fault"}, ["process app: now 'name: other'"], "Find out who changed it"),
        ({"started_by": "something else"}, [], "Find out who changed it"),
    ],
)
def test_who_lost_its_child_by_our_own_start_is_not_told_to_look_for_others(measured, more, told):
    differs = ["process app: no longer 'started by: bash'", "process app: now 'started by: another session'"]
    found = said("process", [], differences=differs + more, measured=measured)
    assert [told in advice for _finding, figure, advice in found if "started by: bash" in figure] == [True]
