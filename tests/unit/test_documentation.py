# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What modules and fragments say of themselves can be read: a colon too many hides a module from ansible-doc."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from stages import plan

from support.checkout import tracked
from support.modules import ROOT

TEXTS = re.compile(r'^\s*(DOCUMENTATION|RETURN) = r"""(.*?)"""', re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    "path",
    sorted(
        path for folder in ("modules", "doc_fragments", "callback") for path in (ROOT / "plugins" / folder).glob("*.py")
    ),
    ids=lambda each: each.stem,
)
def test_documentation_is_yaml(path):
    found = TEXTS.findall(path.read_text(encoding="utf-8"))
    assert found or path.name == "__init__.py"
    for _name, text in found:
        assert isinstance(yaml.safe_load(text), dict)


PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "docs/design.md",
    "docs/safety.md",
    "docs/exit-codes.md",
    "docs/scale.md",
    "docs/awx.md",
]
# a file of the payload of Ansible, placeholders, and the example of a fault family
NO_FILE = {"sitecustomize.py", "NAME.py", "NAME_fault.py", "_fault.py", "lockfile.py", "lockfile_fault.py"}


@pytest.mark.parametrize("page", PAGES)
def test_every_python_file_that_a_page_names_exists(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    named = {each.rpartition("/")[2] if each.startswith("/") else each for each in re.findall(r"[\w./]+\.py\b", text)}
    paths = ["/" + path for path in tracked()]
    missing = [
        each
        for each in named
        if each.rpartition("/")[2] not in NO_FILE and not any(path.endswith("/" + each.lstrip("./")) for path in paths)
    ]
    assert sorted(missing) == []


def test_the_stages_and_test_folders_are_listed():
    folders = {
        "tests/" + path.parts[1]
        for path in map(Path, tracked())
        if path.parts[0] == "tests" and path.name.startswith("test_")
    }
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["pytest"]["ini_options"]
    assert folders | {"target_app/tests"} == set(settings["testpaths"])
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("| stage |")[2].partition("\n\n")[0]
    assert set(re.findall(r"^\| (\w+) \|", table, re.MULTILINE)) == set(plan.STAGES) - {"quick"}
