# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""chaos_objectives: what may be written, and which objective of a scenario counts."""

from __future__ import annotations

import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import objectives
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _objectives
from support.modules import ROOT

ALL = {
    "error_rate": "1%",
    "availability": "99.9%",
    "p95": "300ms",
    "p99": "800ms",
    "latency_impact": "100ms",
    "recovery_time": "5s",
    "mttr": "5s",
}


@pytest.mark.parametrize(
    "value, given",
    [
        (ALL, ALL),
        ("recovery_time=5s", {"recovery_time": "5s"}),
        ("recovery_time=5s, p95=300ms", {"recovery_time": "5s", "p95": "300ms"}),
        ('{"recovery_time": "5s"}', {"recovery_time": "5s"}),
        ("recovery_time: 5s", {"recovery_time": "5s"}),
        ({"error_rate in recovery": "1%"}, {"error_rate in recovery": "1%"}),
        ({"p95": {"objective": "300ms", "weight": 2}}, {"p95": {"objective": "300ms", "weight": 2}}),
        ({"mttr": 5}, {"mttr": 5}),
        ("", {}),
        (None, {}),
        ({}, {}),
    ],
)
def test_what_may_be_written(value, given):
    assert _objectives.stated(value) == given


@pytest.mark.parametrize(
    "value, says",
    [
        ({"recovery_tme": "5s"}, "chaos_objectives: 'recovery_tme' is not an objective; did you mean recovery_time?"),
        ({"recovery_s": "1s"}, "did you mean recovery_time?"),
        ({"error-rate": "1%"}, "did you mean error_rate?"),
        ({"beauty": "1%"}, "is not an objective; use one of availability, error_rate"),
        ({"recovery_time": "5sec"}, "chaos_objectives.recovery_time: '5sec' is not a duration; did you mean 5s?"),
        ({"recovery_time": "5 seconds"}, "did you mean 5s?"),
        ({"p95": "300 millis"}, "did you mean 300ms?"),
        ({"mttr": "2min"}, "did you mean 2m?"),
        ({"p95": "300%"}, "did you mean 300ms?"),
        ({"p95": 300}, "chaos_objectives.p95: '300' has no unit; write 300ms or 300s"),
        ({"latency_impact": "0.1"}, "has no unit"),
        ({"error_rate": "1pct"}, "chaos_objectives.error_rate: '1pct' is not a percentage; did you mean 1%?"),
        ({"error_rate": "1ms"}, "did you mean 1%?"),
        ({"error_rate": "101%"}, "above the maximum"),
        ({"error_rate": "little"}, "is not a percentage; write a number"),
        ({"p95": {"objective": 300}}, "has no unit"),
        (["p95"], "is not a mapping"),
        (5, "is not a mapping"),
        ("fast", "is not a mapping"),
        ("p95=", "is not a list of objectives"),
        ("{p95: [", "is not a mapping"),
    ],
    ids=str,
)
def test_what_means_nothing_is_refused_with_the_nearest(value, says):
    with pytest.raises(BadOption) as caught:
        _objectives.stated(value)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_the_place_of_what_means_nothing_is_told():
    with pytest.raises(BadOption, match=r"chaos_objectives \(group web\)\.p95: 'soon'"):
        _objectives.stated({"p95": "soon"}, "group web")


SHIPPED = {"id": "s", "objectives": {"error_rate": "5%", "recovery_time": "10s"}, "origin": "shipped"}
FILE = dict(SHIPPED, origin="scenario file mine.yml")
LAYERS = [
    ("group web", {"error_rate": "2%", "p95": "300ms"}),
    ("host web1", {"p95": "200ms"}),
    ("the run", {"recovery_time": "5s"}),
]


@pytest.mark.parametrize(
    "scenario, layers, counted, sources",
    [
        (SHIPPED, [], SHIPPED["objectives"], {"error_rate": "shipped scenario", "recovery_time": "shipped scenario"}),
        (
            SHIPPED,
            LAYERS,
            {"error_rate": "2%", "p95": "200ms", "recovery_time": "5s"},
            {"error_rate": "group web", "p95": "host web1", "recovery_time": "the run"},
        ),
        # A scenario that states its own keeps them, unless the run says otherwise.
        (
            FILE,
            LAYERS,
            {"error_rate": "5%", "recovery_time": "5s"},
            {"error_rate": "scenario file mine.yml", "recovery_time": "the run"},
        ),
        (FILE, LAYERS[:2], FILE["objectives"], dict.fromkeys(FILE["objectives"], "scenario file mine.yml")),
        # One that states none has the defaults, which are everybody's to replace.
        (dict(FILE, objectives={}), LAYERS[:1], dict(objectives.DEFAULTS, error_rate="2%", p95="300ms"), None),
        (dict(SHIPPED, origin=None), [("the play", {"p95": "1s"})], dict(SHIPPED["objectives"], p95="1s"), None),
    ],
)
def test_which_objectives_count(scenario, layers, counted, sources):
    found, where, exempted = _objectives.apply(scenario, layers)
    assert found["objectives"] == counted and set(where) == set(counted) and exempted == []
    assert sources is None or where == sources


def test_what_the_fault_itself_rules_out_is_told_and_not_judged():
    scenario = dict(SHIPPED, exempt={"objectives": ["p95"], "why": "it is slow"})
    found, where, exempted = _objectives.apply(scenario, LAYERS + [("the run", {"liveness": "99%"})])
    assert "p95" not in found["objectives"] and "p95" not in where
    assert exempted[0] == {"name": "p95", "from": "host web1", "why": "it is slow"}
    assert exempted[1]["name"] == "liveness" and "stays alive" in exempted[1]["why"]


@pytest.mark.parametrize("name", ["catalogue", "extended"])
def test_every_shipped_scenario_takes_every_objective_or_says_why_not(name):
    for entry in yaml.safe_load((ROOT / "roles" / "suite" / "files" / (name + ".yml")).read_text(encoding="utf-8"))[
        "scenarios"
    ]:
        found, where, exempted = _objectives.apply(dict(entry, origin="shipped"), [("the run", ALL)])
        assert {key for key, place in where.items() if place == "the run"} | {each["name"] for each in exempted} == set(
            ALL
        ), entry["id"]
        assert objectives.wanted(found)
