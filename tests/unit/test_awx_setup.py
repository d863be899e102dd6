# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The data file of playbooks/awx_setup.yml: AWX takes it, the collection has what it names, and its workflow halts."""

from __future__ import annotations

import itertools
import json
import re

import jinja2.nativetypes
import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _catalogue, _objectives, _variables, _window
from support.awx_server import rules
from support.modules import ROOT

FILE = ROOT / "playbooks" / "vars" / "awx.yml"
BEFORE_ROLES = ("chaos_hosts", "chaos_window", "chaos_objectives", "chaos_merge_parts")
GIVEN = {"setup_image": "an/image:1", "setup_notify_url": "https://chat.example/hook"}


class Loader(yaml.SafeLoader):
    """Takes Ansible's tag for text that is no template."""


class Unsafe(str):
    """Text that is not rendered."""


Loader.add_constructor("!unsafe", lambda loader, node: Unsafe(loader.construct_scalar(node)))


def load(**given):
    """The file as Ansible reads it."""
    values = dict(yaml.load(FILE.read_text(encoding="utf-8"), Loader), **given)
    environment = jinja2.nativetypes.NativeEnvironment()

    def rendered(value):
        if isinstance(value, dict):
            return {key: rendered(each) for key, each in value.items()}
        if isinstance(value, list):
            return [rendered(each) for each in value]
        if isinstance(value, str) and not isinstance(value, Unsafe) and "{{" in value:
            return rendered(environment.from_string(value).render({key: rendered(values[key]) for key in names(value)}))
        return value

    def names(text):
        return [each for each in re.findall(r"setup_[a-z_]+", text) if each in values]

    return {key: rendered(value) for key, value in values.items()}


@pytest.fixture(name="data", scope="module")
def _data():
    return load(**GIVEN)


def questions(data):
    return [
        (template["name"], item)
        for template in data["controller_templates"] + data["controller_workflows"]
        for item in template.get("survey_spec", {}).get("spec", [])
    ]


def test_every_playbook_is_there_and_awx_offers_it(data):
    for template in data["controller_templates"]:
        assert rules.offers(ROOT, template["playbook"]), template["playbook"]


def test_awx_takes_no_part_of_the_set_up_for_a_playbook():
    others = [*(ROOT / "playbooks" / "vars").iterdir(), *(ROOT / "playbooks" / "tasks").iterdir()]
    assert FILE in others and not [each for each in others if rules.offers(ROOT, str(each.relative_to(ROOT)))]
    assert rules.offers(ROOT, "playbooks/awx_setup.yml")


def test_every_question_asks_for_a_public_variable(data):
    asked = questions(data)
    assert {item["variable"] for _name, item in asked} >= {
        "chaos_hosts", "chaos_intensity", "chaos_scenarios", "chaos_max_percent", "chaos_window", "chaos_objectives",
        "chaos_fail_on_breach",
    }  # fmt: skip
    specs = "".join(path.read_text() for path in ROOT.glob("roles/*/meta/argument_specs.yml"))
    for name, item in asked:
        assert item["variable"] in _variables.BY_NAME, (name, item)
        # The others are read before any role is.
        assert item["variable"] in specs or item["variable"] in BEFORE_ROLES


def test_awx_takes_every_survey(data):
    for template in data["controller_templates"] + data["controller_workflows"]:
        if template.get("survey_enabled"):
            assert rules.survey(template["survey_spec"]) == {}, template["name"]


def test_every_answer_that_a_survey_offers_is_taken(data):
    for name, item in questions(data):
        answers = item["choices"] or [item["default"]]
        if item["required"]:
            assert item["default"] != "", "%s: a node of the workflow that asks for no value could not start" % name
        if item["variable"] == "chaos_intensity":
            assert answers == list(_catalogue.INTENSITIES)
        elif item["variable"] == "chaos_fail_on_breach":
            assert answers == ["true", "false"]
        elif item["variable"] == "chaos_max_percent":
            assert (item["min"], item["default"], item["max"]) == (
                1,
                int(_variables.BY_NAME[item["variable"]].default),
                100,
            )
        elif item["variable"] == "chaos_objectives":
            example = re.search(r"[Ss]uch as (\S+)\. ", item["question_description"])[1]
            assert (
                set(_objectives.stated(example)) == {"error_rate", "p95"} and _objectives.stated(item["default"]) == {}
            )
        elif item["variable"] == "chaos_window":
            example = re.search(r"such as (.*?)\. ", item["question_description"])[1]
            _window.parse(example.rpartition(" ")[0])  # a controller may know no time zones


def test_every_name_is_one_of_the_file(data):
    names = {key: {each["name"] for each in value} for key, value in data.items() if key.startswith("controller_")}
    for template in data["controller_templates"]:
        assert template["project"] in names["controller_projects"]
        assert template["inventory"] in names["controller_inventories"]
        assert template["execution_environment"] in names["controller_execution_environments"]
        assert template["credentials"] == [data["setup_credential"]]
        assert set(template["notification_templates_error"]) == names["controller_notifications"]
    for host in data["controller_hosts"] + data["controller_groups"]:
        assert host["inventory"] in names["controller_inventories"]
        assert set(host.get("hosts", [])) <= names["controller_hosts"]
    for schedule in data["controller_schedules"]:
        assert schedule["unified_job_template"] in names["controller_templates"] and schedule["enabled"] is False
        assert rules.schedule(schedule, []) == {}
    for node in data["controller_workflows"][0]["workflow_nodes"]:
        template = node["unified_job_template"]
        assert template["type"] == "workflow_approval" or template["name"] in names["controller_templates"]


def test_without_an_image_and_a_webhook_nothing_refers_to_them():
    data = load()
    for template in data["controller_templates"]:
        assert (template["execution_environment"], template["notification_templates_error"]) == ("", [])
    assert data["controller_workflows"][0]["notification_templates_approvals"] == []


def test_no_secret_is_in_the_file(data):
    def keys(value):
        if isinstance(value, dict):
            return set(value) | {each for inner in value.values() for each in keys(inner)}
        return {each for inner in value for each in keys(inner)} if isinstance(value, list) else set()

    assert not [key for key in keys(data) if re.search("password|token|secret|key_data|inputs", key)]
    assert "controller_credentials" not in data and "controller_organizations" not in data


@pytest.mark.parametrize(
    "job, text",
    [
        ({"artifacts": {}}, "chaos light: successful"),
        ({"artifacts": {"chaos": {"sentence": 'one "failed"; \\ é'}}}, 'chaos light: one "failed"; \\ é'),
        ({"artifacts": {"chaos": {}}}, "chaos light: successful"),
        ({}, "chaos light: successful"),  # a workflow
    ],
)
def test_the_notification_is_json_with_the_sentence(data, job, text):
    [template] = data["controller_notifications"]
    assert rules.notification(template) == {}
    for event in ("success", "error"):
        body = template["messages"][event]["body"]
        assert json.loads(rules.render(body, dict(name="chaos light", status="successful", **job))) == {"text": text}


def ran(nodes, outcome):
    """{node: status} of a workflow as AWX runs it: a node waits until no parent can still run, and one edge that holds
    is enough. ``outcome``: {node: status}, successful where it does not say.
    """
    edges = {
        (node["identifier"], kind, child["identifier"])
        for node in nodes
        for kind in ("success", "failure", "always")
        for child in node.get("related", {}).get(kind + "_nodes", [])
    }
    done, waiting = {}, [node["identifier"] for node in nodes]
    while waiting:
        for name in waiting:
            parents = {parent for parent, _kind, child in edges if child == name}
            if parents <= set(done):
                break
        else:
            raise AssertionError("the nodes %s wait for each other" % waiting)
        waiting.remove(name)
        holds = {
            "success": lambda status: status == "successful",
            "failure": lambda status: status in ("failed", "canceled"),
            "always": lambda status: status is not None,
        }
        starts = not parents or any(holds[kind](done[parent]) for parent, kind, child in edges if child == name)
        done[name] = outcome.get(name, "successful") if starts else None
    return {name: status for name, status in done.items() if status}


LADDER = ["check", "approve light", "light", "approve medium", "medium", "approve heavy", "heavy"]


def test_the_workflow_climbs_to_the_top(data):
    assert list(ran(data["controller_workflows"][0]["workflow_nodes"], {})) == [*LADDER, "merge"]


@pytest.mark.parametrize("step, status", [*itertools.product(LADDER, ["failed", "canceled"])])
def test_a_failure_a_denial_and_a_cancel_halt_and_merge(data, step, status):
    nodes = data["controller_workflows"][0]["workflow_nodes"]
    assert list(ran(nodes, {step: status})) == [*LADDER[: LADDER.index(step) + 1], "halt", "merge"]
    assert list(ran(nodes, {step: status, "halt": "failed"}))[-2:] == ["halt", "merge"]


def test_the_check_is_a_dry_run_and_every_rung_waits_for_somebody(data):
    nodes = {node["identifier"]: node for node in data["controller_workflows"][0]["workflow_nodes"]}
    assert nodes["check"]["job_type"] == "check"
    light = next(each for each in data["controller_templates"] if each["name"] == "chaos light")
    assert light["ask_job_type_on_launch"] is True
    for rung in ("light", "medium", "heavy"):
        template = nodes["approve " + rung]["unified_job_template"]
        assert template["type"] == "workflow_approval" and template["timeout"] > 0
        assert nodes[rung]["unified_job_template"]["name"] == "chaos " + rung and "job_type" not in nodes[rung]
    asked = {item["variable"] for item in data["controller_workflows"][0]["survey_spec"]["spec"]}
    for template in data["controller_templates"]:
        if template["name"] in ("chaos light", "chaos medium", "chaos heavy"):
            assert asked <= {item["variable"] for item in template["survey_spec"]["spec"]}
