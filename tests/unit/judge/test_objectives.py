# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objectives: what a user may write, and how it is compared."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import objectives

METRICS = {
    "availability_pct": 97.5, "error_rate_pct": 4.0, "alive_pct": 99.0, "p95_ms": 480.0, "p99_ms": 900.0, "latency_impact_ms": -3.0,
    "recovery_time_s": 1.2, "recovered": True, "mttr_s": 2.0, "outages": [{}],
}  # fmt: skip
PHASES = {
    "hold": {"error_rate_pct": 4.0, "p95_ms": 480.0, "p99_ms": 900.0},
    "recovery": {"error_rate_pct": 0.5, "p95_ms": 9.0, "p99_ms": None},
}


def compared(given, metrics=None, phases=None):
    return objectives.compare(
        objectives.parse(given), METRICS if metrics is None else metrics, PHASES if phases is None else phases
    )


@pytest.mark.parametrize(
    "given, objective, measured, unit, met",
    [
        ({"availability": "95%"}, 95.0, 97.5, "%", True),
        ({"availability": 97.5}, 97.5, 97.5, "%", True),  # reaching the limit is enough
        ({"availability": "99%"}, 99.0, 97.5, "%", False),
        ({"error_rate": "5%"}, 5.0, 4.0, "%", True),
        ({"error_rate": "3.9%"}, 3.9, 4.0, "%", False),
        ({"liveness": "99.5%"}, 99.5, 99.0, "%", False),
        ({"p95": "500ms"}, 500.0, 480.0, "ms", True),
        ({"p95": 0.4}, 400.0, 480.0, "ms", False),  # a bare number is seconds
        ({"p99": "1s"}, 1000.0, 900.0, "ms", True),
        ({"latency_impact": "0ms"}, 0.0, -3.0, "ms", True),
        ({"recovery_time": "1s"}, 1.0, 1.2, "s", False),
        ({"mttr": "2s"}, 2.0, 2.0, "s", True),
        ({"error_rate in recovery": "1%"}, 1.0, 0.5, "%", True),
        ({"availability in recovery": "99.6%"}, 99.6, 99.5, "%", False),
        ({"p95 in recovery": "5ms"}, 5.0, 9.0, "ms", False),
        ({"p99 in recovery": "5ms"}, 5.0, None, "ms", None),
        ({"error_rate in baseline": "1%"}, 1.0, None, "%", None),
    ],
)
def test_compared(given, objective, measured, unit, met):
    expected = {
        "name": next(iter(given)),
        "objective": objective,
        "measured": measured,
        "unit": unit,
        "met": met,
        "weight": 1.0,
    }
    assert compared(given) == [pytest.approx(expected)]


def test_what_was_not_measured_is_not_met_and_not_missed():
    given = dict.fromkeys(("availability", "error_rate", "liveness"), "50%")
    given.update(dict.fromkeys(("p95", "p99", "latency_impact", "recovery_time", "mttr"), "10s"))
    assert [each["met"] for each in compared(given, {}, {})] == [None] * 8


def test_never_recovered_is_measured_and_missed():
    never = {"recovered": False, "recovery_time_s": None, "mttr_s": None, "outages": [{"to": None}]}
    assert [(each["measured"], each["met"]) for each in compared({"recovery_time": "10s", "mttr": "10s"}, never)] == [
        (None, False)
    ] * 2


def test_without_an_outage_mttr_is_not_measured():
    quiet = {"recovered": True, "recovery_time_s": 0.0, "mttr_s": None, "outages": []}
    assert [each["met"] for each in compared({"recovery_time": "10s", "mttr": "10s"}, quiet)] == [True, None]


def test_weight():
    assert compared({"p95": {"objective": "1s", "weight": 3}})[0]["weight"] == 3.0


def test_the_defaults_are_those_of_the_design():
    names = {each.name: each.limit for each in objectives.wanted({})}
    assert names == {
        "availability": 95.0,
        "error_rate": 5.0,
        "latency_impact": 500.0,
        "recovery_time": 10.0,
        "mttr": 10.0,
    }


@pytest.mark.parametrize(
    "scenario, limits",
    [
        ({"objectives": {"p95": "1s"}, "liveness": True}, {"p95": 1000.0, "liveness": 95.0}),
        ({"objectives": {"liveness": "50%"}, "liveness": True}, {"liveness": 50.0}),
        ({"objectives": {"p95": "1s"}, "liveness": False}, {"p95": 1000.0}),
    ],
)
def test_a_scenario_that_asks_for_liveness(scenario, limits):
    assert {each.name: each.limit for each in objectives.wanted(scenario)} == limits


@pytest.mark.parametrize(
    "given, sentence",
    [
        ({"speed": "5%"}, "objectives: 'speed' is not an objective; use one of "),
        ({"error_rate": "200%"}, "objectives.error_rate: '200%' is above the maximum of 100%"),
        ({"error_rate": "-1%"}, "objectives.error_rate: '-1%' is not a percentage"),
        ({"p95": "30 parsecs"}, "objectives.p95: '30 parsecs' is not a duration"),
        ({"p95": None}, "objectives.p95: 'None' is not a duration"),
        ({"p95": {}}, "objectives.p95: 'None' is not a duration"),
        ({"p95": {"objective": "1s", "wieght": 2}}, "objectives.p95: 'wieght' is not a key"),
        ({"p95": {"objective": "1s", "weight": 0}}, "objectives.p95.weight: '0' is not a weight"),
        ({"p95": {"objective": "1s", "weight": "much"}}, "objectives.p95.weight: 'much' is not a weight"),
        ({"p95": {"objective": "1s", "weight": True}}, "objectives.p95.weight: 'True' is not a weight"),
        ({"p95 in space": "1s"}, "objectives: 'p95 in space' names no phase; use 'p95 in baseline'"),
        ({"mttr in hold": "1s"}, "objectives: 'mttr in hold' is not measured in one phase; write 'mttr' alone"),
        ({5: "1s"}, "objectives: '5' is not an objective"),
        ([], None),
        (["p95"], "objectives: '['p95']' is not a mapping"),
        ("p95", "objectives: 'p95' is not a mapping"),
    ],
)
def test_bad_input_is_one_sentence(given, sentence):
    if sentence is None:
        assert objectives.wanted({"objectives": given})  # nothing said: the defaults
        return
    with pytest.raises(BadOption) as caught:
        objectives.wanted({"objectives": given})
    assert str(caught.value).startswith(sentence) and "\n" not in str(caught.value)
