# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The values that modules document as possible results are those of the code: no state, effect or cause is returned
undocumented.
"""

from __future__ import annotations

import ast
import json
import re

import pytest
import yaml
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint.ranking import STEPS
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.schema import EFFECTS, STATES
from ansible_collections.magsasa.chaos.plugins.module_utils._life.revert import CAUSES
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.verdict import STATUSES, VERDICTS
from ansible_collections.magsasa.chaos.plugins.module_utils._check.http import SAID_ILL
from ansible_collections.magsasa.chaos.plugins.module_utils._http.exchange import KINDS

from support.modules import ROOT

MODULES = sorted(path for path in (ROOT / "plugins" / "modules").glob("*.py") if path.name != "__init__.py")
FAULTS = [path.stem for path in MODULES if path.stem.endswith("_fault")]
CODE = {  # what a RETURN may state as choices: (module or * for all, path of keys) -> the constant of the code
    ("*", "fault.state"): STATES,
    ("*", "fault.effect"): EFFECTS,
    ("*", "fault.revert_cause"): CAUSES,
    ("endpoint_info", "step"): STEPS,
    ("endpoint_info", "endpoint.step"): STEPS,
    ("endpoint_info", "endpoint.scheme"): ("http", "https"),
    ("health_check", "error"): KINDS + ("status", SAID_ILL, "assertion", ""),
    ("slo_check", "status"): STATUSES,
    ("slo_check", "verdict"): VERDICTS,
}


def returns(path):
    text = re.search(r'^RETURN = r"""(.*?)"""', path.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE).group(1)
    return dict(flat(yaml.safe_load(text) or {}))


def flat(fields, before=""):
    """Every documented result with its path, such as ``fault.effect``."""
    for key, field in fields.items():
        yield before + key, field
        yield from flat(field.get("contains") or {}, before + key + ".")


DOCUMENTED = {path.stem: returns(path) for path in MODULES}


@pytest.mark.parametrize("module", sorted(DOCUMENTED))
def test_choices_are_those_of_the_code(module):
    for where, field in DOCUMENTED[module].items():
        wanted = CODE.get((module, where), CODE.get(("*", where)))
        if "choices" in field:
            assert wanted, "%s documents choices that no constant of the code is compared with" % where
            assert sorted(field["choices"]) == sorted(wanted), where


@pytest.mark.parametrize(
    "module, where",
    [(name, where) for name in FAULTS for star, where in CODE if star == "*"] + [key for key in CODE if key[0] != "*"],
)
def test_what_has_fixed_values_documents_them(module, where):
    assert "choices" in DOCUMENTED[module][where]


@pytest.mark.parametrize("module", FAULTS)
def test_every_cause_is_explained(module):
    text = " ".join(DOCUMENTED[module]["fault.revert_cause"]["description"])
    assert [cause for cause in CAUSES if "V(%s)" % cause not in text] == []


@pytest.mark.parametrize("module", FAULTS)
def test_fault_modules_document_the_same_record(module):
    assert set(DOCUMENTED["cpu_fault"]) <= set(DOCUMENTED[module])


@pytest.mark.parametrize("where, wanted", [("verdict", VERDICTS), ("status", STATUSES), ("effect", EFFECTS)])
def test_the_schema_of_the_report_has_the_same_values(where, wanted):
    text = (ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8")
    stated = [field["enum"] for field in fields(json.loads(text), where) if "enum" in field]
    assert stated and all(sorted(each) == sorted(wanted) for each in stated)


def fields(schema, name):
    """Every part of that name, at any depth."""
    if isinstance(schema, dict):
        for key, value in schema.items():
            if key == name and isinstance(value, dict):
                yield value
            yield from fields(value, name)
    elif isinstance(schema, list):
        for value in schema:
            yield from fields(value, name)


def test_the_design_names_every_cause():
    text = (ROOT / "docs" / "design.md").read_text(encoding="utf-8")
    stated = re.search(r"^`revert_cause`: ([^.]*)\.", text, re.MULTILINE).group(1)
    assert sorted(re.findall(r"\w+", stated)) == sorted(CAUSES)


def literals(key):
    """Every text that the code gives a dictionary key of that name, with its file."""
    for path in sorted((ROOT / "plugins" / "module_utils").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                pairs = [
                    (name.value, value) for name, value in zip(node.keys, node.values) if isinstance(name, ast.Constant)
                ]
            elif isinstance(node, ast.Call):
                pairs = [(name.arg, name.value) for name in node.keywords]
            else:
                continue
            for name, value in pairs:
                texts = (
                    [value]
                    if isinstance(value, ast.Constant)
                    else [value.body, value.orelse] if isinstance(value, ast.IfExp) else []
                )
                yield from (
                    (text.value, path.name)
                    for text in texts
                    if name == key and isinstance(text, ast.Constant) and isinstance(text.value, str)
                )


def test_every_effect_and_cause_of_the_code_is_a_known_one():
    effects, causes = list(literals("effect")), list(literals("revert_cause"))
    assert len(effects) > 20 and causes
    assert [each for each in effects if each[0] not in EFFECTS] == []
    assert [each for each in causes if each[0] not in CAUSES] == []
