# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole groups that a slice does not see: how they are declared, what contradicts them, and waves that are alike."""

from __future__ import annotations

import json
import random

import pytest

from ansible_collections.magsasa.chaos.plugins.filter.blast_waves import blast_waves
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _awx_fleet, _fleet
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import keeping
from support.http_server import Server, answer, say

APP = ["app%d" % number for number in range(1, 9)]


@pytest.mark.parametrize(
    "given, found",
    [
        (None, {}),
        ("", {}),
        (" awx ", "awx"),
        ("app=8, db=3", {"app": 8, "db": 3}),
        ('{"app": ["b", "a"]}', {"app": ["a", "b"]}),
        ({"app": ("b", "a", "a"), "db": "3"}, {"app": ["a", "b"], "db": 3}),
    ],
)
def test_a_fleet_in_every_form(given, found):
    assert _fleet.parse(given) == found


@pytest.mark.parametrize(
    "given", [7, ["app"], "app", "app=", "app=-1", "app=many", "{", {"app": True}, {"app": 0}, {"app": [1]}, {"a": {}}]
)
def test_a_fleet_that_is_none_is_one_sentence(given):
    with pytest.raises(BadOption, match="^chaos_fleet: .*; map each group to the names"):
        _fleet.parse(given)


def test_a_fleet_that_nests_without_end_is_one_sentence():
    with pytest.raises(BadOption, match="^chaos_fleet: .* is not valid JSON"):
        _fleet.parse('{"a":' * 100000)


@pytest.mark.parametrize("group", ["all", "ungrouped"])
@pytest.mark.parametrize("form", ['{"%s": 8}', "%s=8", "app=8, %s=8"])
def test_a_group_that_nobody_counts_is_no_declaration(group, form):
    """The guard of slices would be lifted, and nothing would take its place."""
    with pytest.raises(BadOption, match="^chaos_fleet: '%s' is no group of hosts that stand in" % group):
        _fleet.parse(form % group)


@pytest.mark.parametrize("given", [None, "", False, " ", "\n"])
def test_a_fleet_without_a_keeper_is_refused_wherever_it_is_declared(given):
    options = {"keeper": given, "fleet": {"app": 8}, "max_percent": 50, "keeper_wait": None, "idle": None}
    with pytest.raises(BadOption, match="^chaos_keeper: .* is missing beside chaos_fleet"):
        keeping.of(options, {"app1": None}, {"groups": {"app": ["app1"]}}, None)
    assert keeping.of(dict(options, fleet=None), {"app1": None}, {}, None) is None


def test_a_group_that_contradicts_its_declaration_is_named():
    assert _fleet.problem({"app": APP, "db": 2}, {"app": APP[:2], "db": ["db1", "db2"]}) is None
    assert "does not name app9, which this job has" in _fleet.problem({"app": APP}, {"app": ["app1", "app9"]})
    assert "says 1 hosts, and this job alone has 2" in _fleet.problem({"db": 1}, {"db": ["db1", "db2"]})


@pytest.mark.parametrize("percent, size", [("50", 4), ("25", 2), ("1", 1)])
def test_the_waves_of_slices_are_those_of_the_fleet_in_any_order_of_the_inventory(percent, size):
    whole = blast_waves(APP, {"app": APP}, percent, "seed", [], {"app": APP})
    assert {len(wave) for wave in whole["waves"]} == {size}
    found = {}
    for number in range(4):
        own = APP[number::4]
        random.Random(number).shuffle(own)
        plan = blast_waves(own, {"all": own, "app": own}, percent, "seed", [], {"app": APP})
        assert plan["of"] == len(whole["waves"]) and sorted(sum(plan["waves"], [])) == sorted(own)
        for where, wave in zip(plan["numbers"], plan["waves"]):
            found.setdefault(where, []).extend(wave)
    assert [sorted(found[number]) for number in sorted(found)] == whole["waves"]


def test_the_share_is_of_the_whole_group_and_of_what_is_seen_where_nobody_declared_it():
    groups = {"all": ["app1"], "app": ["app1"], "rack": ["app1"]}
    assert _fleet.limits(["app1"], {"app": 8}, groups, 50.0) == {"app1": {"app": 4, "rack": 1}}


@pytest.mark.parametrize(
    "given, found",
    [
        ("10.0.0.5", ("10.0.0.5", None)),
        ("keeper.example.org:2222", ("keeper.example.org", 2222)),
        ("[fe80::1]:22", ("fe80::1", 22)),
        ("fe80::1", ("fe80::1", None)),
        ("a b", None),
        ("-oProxyCommand=x y", None),
        ("host:99999", None),
    ],
)
def test_a_keeper_is_a_name_or_an_address(given, found):
    if found:
        assert keeping.parse(given) == found
    else:
        with pytest.raises(BadOption, match="^chaos_keeper: "):
            keeping.parse(given)


TOLD = {
    "_meta": {"hostvars": {}},
    "all": {"children": ["app", "web"]},
    "app": {"hosts": ["app2", "app1"]},
    "web": {"children": ["app", "web"], "hosts": ["web1"]},
}


def test_awx_tells_the_whole_groups_to_the_token_of_the_job():
    with Server(say(answer(TOLD))) as server:
        environ = {"CONTROLLER_HOST": server.url, "CONTROLLER_OAUTH_TOKEN": "canary"}
        found = _awx_fleet.fetch({"awx_inventory_id": 2}, environ)
    assert found == {"app": ["app1", "app2"], "web": ["app1", "app2", "web1"]}


@pytest.mark.parametrize("told", [[], {}, {"all": {}}, "text"])
def test_an_answer_of_awx_that_is_none_is_one_sentence(told):
    with Server(say(answer(told))) as server:
        environ = {"CONTROLLER_HOST": server.url, "CONTROLLER_OAUTH_TOKEN": "canary"}
        with pytest.raises(ChaosError, match="^chaos_fleet: AWX at .* did not tell the groups") as raised:
            _awx_fleet.fetch({"awx_inventory_id": 2}, environ)
    assert "canary" not in str(raised.value) and json.dumps(str(raised.value))


@pytest.mark.parametrize(
    "environ, variables, said",
    [
        ({}, {"awx_inventory_id": 2}, "needs CONTROLLER_HOST, which is not set"),
        ({"CONTROLLER_HOST": "x"}, {"awx_inventory_id": 2}, "needs CONTROLLER_OAUTH_TOKEN, which is not set"),
        ({"CONTROLLER_HOST": "x", "CONTROLLER_OAUTH_TOKEN": "t"}, {}, "needs awx_inventory_id"),
        ({"CONTROLLER_HOST": "http://127.0.0.1:1", "TOWER_TOKEN": "t"}, {"awx_inventory_id": 2}, "did not tell"),
    ],
)
def test_what_the_question_to_awx_lacks_is_named(environ, variables, said):
    with pytest.raises(ChaosError, match=said):
        _awx_fleet.fetch(variables, environ)
