# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The form of scenario files: what ours have, what is refused with which words, and that the JSON schema says the
same.
"""

from __future__ import annotations

import copy
import json

import jsonschema
import pytest
import yaml

from support.modules import ROOT

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _catalogue, _scenario_form
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES

SCHEMA = json.loads((ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8"))
GOOD = {
    "id": "mine", "title": "T", "hypothesis": "H", "family": "network", "hold": "10s", "intensity": "light",
    "options": {"action": "loss", "loss": "5%", "port": "@port"}, "objectives": {"error_rate": "5%"},
}  # fmt: skip


def shelf(name):
    return yaml.safe_load((ROOT / "roles" / "suite" / "files" / (name + ".yml")).read_text(encoding="utf-8"))


def refused_by_schema(entry):
    return bool(list(jsonschema.Draft202012Validator(SCHEMA).iter_errors({"scenarios": [entry]})))


@pytest.mark.parametrize("name", ["catalogue", "extended"])
def test_our_own_have_the_form(name):
    entries = shelf(name)
    jsonschema.validate(entries, SCHEMA)
    assert _scenario_form.check(entries["scenarios"], name) == entries["scenarios"]
    assert {each["intensity"] for each in entries["scenarios"]} == (
        {"extended"} if name == "extended" else {"light", "medium", "heavy"}
    )


def test_peers_may_be_names_that_only_the_inventory_knows():
    entry = dict(GOOD, options={"action": "partition", "peer": ["db", "192.0.2.1"]})
    assert _scenario_form.check([entry]) == [entry]
    entry["options"]["peer"] = ["db", "192.0.2.300"]
    with pytest.raises(ChaosError, match="options: peer: '192.0.2.300' is not an IPv4"):
        _scenario_form.check([entry])


def test_every_family_is_on_a_shelf():
    assert {each["family"] for name in ("catalogue", "extended") for each in shelf(name)["scenarios"]} == set(FAMILIES)


def test_the_shelf_beside_runs_when_asked_for_only():
    entries = shelf("catalogue")["scenarios"] + shelf("extended")["scenarios"]
    for intensity in ("smoke", "full"):
        assert len(_catalogue.select(entries, intensity)) == 18
    assert {each["intensity"] for each in _catalogue.select(entries, "extended")} == {"extended"}
    assert [each["id"] for each in _catalogue.select(entries, "light", "clock-ahead")] == ["clock-ahead"]


FORM = [
    ({"hols": "3s"}, "the key 'hols' is unknown; did you mean 'hold'"),
    ({"xyzzy": 1}, "the key 'xyzzy' is unknown"),
    ({"title": 3}, "'title' is not a text"),
    ({"liveness": "yes"}, "'liveness' is not true or false"),
    ({"hold": True}, "'hold' is not a duration"),
    ({"tags": "a"}, "'tags' is not a list of texts"),
    ({"tags": [1]}, "'tags' is not a list of texts"),
    ({"options": []}, "'options' is not a mapping"),
    ({"family": "gravity"}, "family: 'gravity' is unknown; use one of cpu"),
    ({"intensity": "brutal"}, "intensity: 'brutal' is unknown"),
    ({"id": "../x"}, "id"),
    ({"exempt": ["p95"]}, "'exempt' is not a mapping"),
    ({"exempt": {"objectives": ["p95"]}}, "exempt: needs a list 'objectives' and a text 'why'"),
    ({"exempt": {"objectives": ["p96"], "why": "so"}}, "exempt: 'p96' is unknown"),
]
MEANING = [
    ({"hold": "30 parsecs"}, "hold: '30 parsecs' is not a duration"),
    ({"smoke_hold": "0.1s"}, "smoke_hold"),
    ({"objectives": {"beauty": "5%"}}, "objectives"),
    ({"options": {"action": "loss", "loss": "200%"}}, "options: loss: '200%'"),
    ({"options": {"action": "los", "loss": "5%"}}, "options: value of action must be one of"),
    ({"options": {"action": "loss", "los": "5%"}}, "options: network_fault has no option 'los'; did you mean 'loss'"),
    ({"options": {"action": "loss", "loss": "5%", "port": "@prt"}}, "options: port: '@prt' is not a known placeholder"),
    (
        {"options": {"action": "loss", "loss": "5%", "duration": "5s"}},
        "options: network_fault has no option 'duration'",
    ),
    ({"family": "host", "options": {"action": "reboot", "delay": "1h"}}, "options: delay: '1h'"),
]


@pytest.mark.parametrize("change, says", FORM + MEANING)
def test_what_is_wrong_is_told_with_file_scenario_and_key(change, says):
    entry = dict(copy.deepcopy(GOOD), **change)
    with pytest.raises(ChaosError) as caught:
        _scenario_form.check([entry], "mine.yml")
    assert str(caught.value).startswith("mine.yml: scenario %s: " % entry["id"]) and says in str(caught.value)


@pytest.mark.parametrize("key", _scenario_form.REQUIRED)
def test_missing_keys(key):
    entry = {name: value for name, value in GOOD.items() if name != key}
    with pytest.raises(ChaosError, match="the key '%s' is missing" % key):
        _scenario_form.check([entry], "mine.yml")
    assert refused_by_schema(entry)


@pytest.mark.parametrize("change", [change for change, _says in FORM])
def test_the_schema_refuses_the_same_forms(change):
    assert refused_by_schema(dict(copy.deepcopy(GOOD), **change)) and not refused_by_schema(GOOD)


def test_the_schema_knows_the_same_keys_and_families():
    known = SCHEMA["$defs"]["scenario"]
    assert set(known["properties"]) == set(_scenario_form.KEYS) and known["required"] == list(_scenario_form.REQUIRED)
    assert known["properties"]["family"]["enum"] == list(FAMILIES)
    assert known["properties"]["intensity"]["enum"] == list(_scenario_form.INTENSITIES)


@pytest.mark.parametrize(
    "entries, says",
    [("x", "'scenarios' is not a list"), (["x"], "entry 1 is not a mapping"), ([GOOD, GOOD], "the id is used twice")],
)
def test_lists(entries, says):
    with pytest.raises(ChaosError, match=says):
        _scenario_form.check(entries, "mine.yml")


@pytest.mark.parametrize("pid, skipped", [(None, True), (812, False)])
def test_a_scenario_about_a_process_that_is_not_seen_is_skipped_before_its_baseline(pid, skipped):
    entry = dict(GOOD, family="process", options={"action": "kill", "port": "@port"})
    found = _catalogue.fill(entry, {"url": "http://127.0.0.1:8000", "port": 8000, "pid": pid})
    assert ("the process of the service is not visible" in found.get("skipped", "")) == skipped
    assert "skipped" not in _catalogue.fill(
        entry, {"url": "http://127.0.0.1:8000", "port": 8000}
    ), "nobody looked for its process"
