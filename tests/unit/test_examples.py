# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The examples of every module: they show each option, the module takes them, and its page leads to the others."""

from __future__ import annotations

import ast
import importlib

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.magsasa.chaos.plugins.module_utils import _families
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import request
from support.modules import ROOT

MODULES = sorted(path.stem for path in (ROOT / "plugins" / "modules").glob("*.py") if path.stem != "__init__")
FAULTS = [name for name in MODULES if name.endswith("_fault")]
# What the controller fills in, and no task.
FILLED_IN = {"run", "experiment"}
IN_PLACE = {"dict": {}, "list": [], "int": 1, "float": 1.0, "bool": True}  # of a template, by the type of its option


def texts(path):
    """``{name: parsed YAML}`` of the texts of a module or a fragment."""
    return {
        node.targets[0].id: yaml.safe_load(node.value.value)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        and getattr(node.targets[0], "id", "") in ("DOCUMENTATION", "EXAMPLES")
        and isinstance(node.value, ast.Constant)
    }


def page(name):
    """(documentation with the options of its fragments, examples)."""
    found = texts(ROOT / "plugins" / "modules" / (name + ".py"))
    documentation = found["DOCUMENTATION"]
    documentation.setdefault("options", {})
    for fragment in documentation.get("extends_documentation_fragment", []):
        path = ROOT / "plugins" / "doc_fragments" / (fragment.rpartition(".")[2] + ".py")
        documentation["options"].update(texts(path)["DOCUMENTATION"]["options"])
    return documentation, found["EXAMPLES"]


def uses(name, examples):
    """The options of every task in ``examples`` that runs this module, in plays and blocks too."""
    for key, value in examples.items() if isinstance(examples, dict) else enumerate(examples):
        if key in ("magsasa.chaos." + name, "magsasa.chaos.fault") and isinstance(value, dict):
            yield value
        elif isinstance(value, (dict, list)):
            yield from uses(name, value)


def spec(options):
    """An argument spec as the documentation states it."""
    kept = ("type", "elements", "choices", "default", "required", "aliases")
    return {
        name: dict(
            {key: each[key] for key in kept if key in each},
            **({"options": spec(each["suboptions"])} if "suboptions" in each else {}),
        )
        for name, each in options.items()
    }


def filled(value, kind):
    """An option of an example with its templates filled in."""
    if isinstance(value, str) and "{{" in value:
        return IN_PLACE.get(kind, "text")
    return value


@pytest.mark.parametrize("name", MODULES)
def test_examples_show_every_option(name):
    documentation, examples = page(name)
    tasks = list(uses(name, examples))
    names = {alias: option for option, each in documentation["options"].items() for alias in each.get("aliases", [])}
    shown = {names.get(option, option) for task in tasks for option in task}
    hidden = FILLED_IN & set(documentation["options"]) - ({"experiment"} if name == "experiment" else set())
    assert sorted(set(documentation["options"]) - hidden - shown) == []


@pytest.mark.parametrize("name", MODULES)
def test_the_module_takes_its_examples(name):
    documentation, examples = page(name)
    options = documentation["options"]
    kinds = {alias: each["type"] for option, each in options.items() for alias in [option, *each.get("aliases", [])]}
    for task in uses(name, examples):
        given = {option: filled(value, kinds.get(option)) for option, value in task.items()}
        if given.get("peer") == ["db"]:  # a group, which the controller replaces
            given["peer"] = ["192.0.2.20"]
        checked = ArgumentSpecValidator(spec(options)).validate(given)
        assert checked.error_messages == [], task
        if name in FAULTS and given.get("state") != "absent":
            family = importlib.import_module("%s.%s" % (_families.__name__, name[: -len("_fault")])).FAMILY
            own = ArgumentSpecValidator(dict(request.ENVELOPE, **family.options), **getattr(family, "constraints", {}))
            checked = own.validate(given)
            assert checked.error_messages == [], task
            shared = request.envelope(checked.validated_parameters)
            assert 0 < shared["duration_s"] <= shared["max_duration_s"], task
            assert family.parse(checked.validated_parameters)


def test_the_names_of_examples_say_what_they_do_and_no_two_are_the_same():
    for name in MODULES:
        _documentation, examples = page(name)
        names = [task["name"] for task in examples]
        assert len(names) == len(set(names)), name
        faults = [task.get("name") for task in uses(name, examples) if task.get("state", "present") == "present"]
        assert name not in FAULTS or len(faults) == len(set(faults)), faults


def test_the_pages_lead_to_each_other():
    linked = {name: {each.get("module") for each in page(name)[0].get("seealso", [])} for name in MODULES}
    for name in MODULES:
        assert linked[name] <= {"magsasa.chaos." + each for each in MODULES if each != name}, name
        assert linked[name], "%s leads nowhere" % name
    for name in FAULTS:
        wanted = {"magsasa.chaos.fault_info", "magsasa.chaos.fault_halt", "magsasa.chaos.probe"}
        others = linked[name] - wanted
        assert wanted <= linked[name] and {each.rpartition(".")[2] for each in others} & set(FAULTS), name
        for other in others & {"magsasa.chaos." + each for each in FAULTS}:
            assert "magsasa.chaos." + name in linked[other.rpartition(".")[2]], (name, other)
