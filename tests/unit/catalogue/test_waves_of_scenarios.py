# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts have their say in which scenario of which wave, and with what."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.filter.scenarios import (
    ability, experiments_of, hosts_of_wave, scenario_of_hosts, turns_of_hosts,
)  # fmt: skip

NAMES = ("one", "two", "three")
WAVES = [["web1", "web3"], ["web2"]]


def host(**more):
    """What the role says of one host."""
    scenarios = [{"id": "one", "probe": {"url": "/own"}}, {"id": "two"}, {"id": "three", "skipped": "no service"}]
    own = {
        "scenarios": scenarios,
        "unable": {"two": "nft is not installed", "three": "nothing"},
        "own_probes": {"two": {"url": "/two"}},
        "keep_turn": True,
    }
    return dict(own, **more)


HOSTS = {name: host() for name in ("web1", "web2", "web3", "closed")}


@pytest.mark.parametrize("wave, members", [(0, {"web1", "web3", "closed"}), (1, {"web2"}), (2, set())])
def test_every_host_has_its_say_once(wave, members):
    assert set(hosts_of_wave(HOSTS, "one", WAVES, wave)) == members
    assert set(hosts_of_wave(HOSTS, "one", [], 0)) == set(HOSTS), "without a wave everybody is told why"


def test_what_a_host_lacks_is_a_skip_and_its_own_probe_comes_along():
    first, second, third = (hosts_of_wave(HOSTS, name, WAVES, 0)["web1"] for name in NAMES)
    assert (first["own_probe"], "probe" in first["scenario"], "skipped" in first["scenario"]) == (
        {"url": "/own"},
        False,
        False,
    )
    assert (second["own_probe"], second["scenario"]["skipped"]) == ({"url": "/two"}, "nft is not installed")
    assert third["scenario"]["skipped"] == "no service", "what the scenario says itself comes first"
    assert set(first) == {"scenario", "own_probe", "keep_turn"}
    assert HOSTS["web1"] == host(), "what the role said stays as it is"


def test_the_turn_goes_back_with_the_last_scenario():
    assert [hosts_of_wave(HOSTS, name, WAVES, 0)["web1"]["keep_turn"] for name in NAMES] == [True, True, False]


def test_hosts_that_chose_other_scenarios_run_their_own():
    """A host that has chosen more than the first, or other ones, has its say in each of them and in no other."""
    database = [{"id": "four", "title": "four of db1"}, {"id": "three"}]
    hosts = {"web1": host(), "db1": host(scenarios=database, unable={}), "web2": host(), "web3": host()}
    waves = [["web1", "web3"], ["web2", "db1"]]
    turns = [(each["id"], each["wave"]) for each in turns_of_hosts(hosts, waves)]
    assert turns == [
        *((name, wave) for name in ("one", "two") for wave in (0, 1)), ("four", 1), ("three", 0), ("three", 1),
    ]  # fmt: skip
    said = {turn: hosts_of_wave(hosts, turn[0], waves, turn[1]) for turn in turns}
    of_db1 = {turn: found["db1"] for turn, found in said.items() if "db1" in found}
    assert list(of_db1) == [("four", 1), ("three", 1)], "each of its own once, and no other"
    assert [each["scenario"]["id"] for each in of_db1.values()] == ["four", "three"]
    assert [each["keep_turn"] for each in of_db1.values()] == [True, False]
    assert not said["three", 1]["web2"]["keep_turn"], "the last one of a host is its own last one"
    assert scenario_of_hosts(hosts, "four")["title"] == "four of db1"
    other = dict(hosts, db1=host(scenarios=[{"id": "five"}, {"id": "six"}], unable={}))
    assert [each["id"] for each in turns_of_hosts(other, [])] == [*NAMES, "five", "six"]
    crossed = {"web1": host(), "db1": host(scenarios=[{"id": "three"}, {"id": "one"}], unable={})}
    kept = [hosts_of_wave(crossed, name, [], 0)["db1"]["keep_turn"] for name in ("one", "three")]
    assert kept == [True, False], "the turn goes back with what is carried out last, whatever its own order"
    assert turns_of_hosts({}, []) == [] and [each["wave"] for each in turns_of_hosts(HOSTS, [])] == [0, 0, 0]


def test_the_records_of_a_host_are_those_of_its_experiments():
    results = [
        {"experiments": {"web1": {"id": 1}, "web2": {"id": 2}}},
        {"experiments": {"web1": {"id": 3}}},
        {"failed": True},
    ]
    assert experiments_of(results, "web1") == [{"id": 1}, {"id": 3}] and experiments_of(results, "closed") == []


def test_a_line_says_what_a_scenario_would_use_or_why_it_cannot_run():
    assessed = {
        "one": {"can": True, "backend": "own workers", "why": None},
        "two": {"can": False, "backend": None, "why": "nft is not installed"},
    }
    assert ability(assessed) == {"one": "ready: own workers", "two": "cannot run: nft is not installed"}
