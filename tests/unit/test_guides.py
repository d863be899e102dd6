# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What guides, READMEs and module pages show can be used as it is: plays, tasks, scenarios, inventories, variables."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap

import guide
import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _scenario_form, _variables
from support.modules import ROOT, environment

GUIDES = sorted((ROOT / "docs" / "docsite" / "rst").glob("*.rst"))
READMES = [ROOT / "README.md", *sorted((ROOT / "roles").glob("*/README.md"))]
PLUGINS = [*sorted((ROOT / "plugins" / "modules").glob("*.py")), *sorted((ROOT / "plugins" / "callback").glob("*.py"))]
FENCE = re.compile(r"^( *)```yaml\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
TEXT = re.compile(r'^EXAMPLES = r?"""(.*?)"""', re.MULTILINE | re.DOTALL)
FOREIGN = ("our.deploy",)  # roles of the reader
# No variables: tags and words of files, and of the sentence that a run keeps.
WORDS = {"chaos_x_", "chaos_", *_variables.ARTIFACTS} | {path.stem for path in (ROOT / "playbooks").glob("*.yml")}


def shown():
    """[(page, parsed YAML)] of every example."""
    found = [
        (page.name, yaml.safe_load(content))
        for page in GUIDES
        for language, _caption, content, _position in guide.blocks(page.read_text(encoding="utf-8"))
        if language == "yaml"
    ]
    for page in READMES:
        for _indent, content in FENCE.findall(page.read_text(encoding="utf-8")):
            found.append((page.parent.name + "-" + page.name, yaml.safe_load(textwrap.dedent(content))))
    for path in PLUGINS:
        found += [(path.name, yaml.safe_load(text)) for text in TEXT.findall(path.read_text(encoding="utf-8"))]
    for path in sorted((ROOT / "plugins" / "filter").glob("*.yml")):
        examples = yaml.safe_load(path.read_text(encoding="utf-8"))["EXAMPLES"]
        found.append((path.name, yaml.safe_load(examples)))
    return found


def is_play(entry):
    return "hosts" in entry or any(key.endswith("import_playbook") for key in entry)


def test_plays_and_tasks_have_the_right_syntax(tmp_path):
    """All of them by one process, as its start is what takes long."""
    files, tasks = [], 0
    for number, (page, example) in enumerate(shown()):
        if not isinstance(example, list):
            continue
        loose = [each for each in example if not is_play(each)]
        plays = [each for each in example if is_play(each)]
        tasks += len(loose)
        plays += [{"name": "Tasks", "hosts": "all", "gather_facts": False, "tasks": loose}] if loose else []
        files.append(tmp_path / ("%03d-%s.yml" % (number, page)))
        files[-1].write_text(yaml.safe_dump(plays, sort_keys=False), encoding="utf-8")
    assert len(files) > 40 and tasks > 100
    for role in FOREIGN:
        (tmp_path / "roles" / role / "tasks").mkdir(parents=True)
        (tmp_path / "roles" / role / "tasks" / "main.yml").write_text("[]\n")
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    done = subprocess.run(
        [program, "--syntax-check", "-i", "localhost,", *map(str, files)],
        cwd=tmp_path,
        env=environment(tmp_path / "state"),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-3000:]


def test_scenario_files_pass_the_checks_of_a_run():
    files = [example for _page, example in shown() if isinstance(example, dict) and "scenarios" in example]
    assert files
    for each in files:
        _scenario_form.check(each["scenarios"])


@pytest.mark.parametrize("page", [*GUIDES, *READMES], ids=lambda page: page.parent.name + "-" + page.name)
def test_every_variable_and_playbook_that_a_page_names_exists(page):
    named = set(re.findall(r"\bchaos_[a-z_]+\b", page.read_text(encoding="utf-8")))
    named -= set(re.findall(r"\bchaos_x_[a-z_]+\b", page.read_text(encoding="utf-8")))
    assert sorted(named - set(_variables.BY_NAME) - WORDS) == []


def test_every_guide_is_in_the_contents_and_has_its_label():
    sections = yaml.safe_load((ROOT / "docs" / "docsite" / "extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    assert sorted(name for each in sections for name in each["toctree"]) == [page.stem for page in GUIDES]
    for page in GUIDES:
        label = ".. _ansible_collections.magsasa.chaos.docsite.%s:" % page.stem
        assert label in page.read_text(encoding="utf-8").splitlines()


def test_what_a_page_shows_of_an_output_is_compared_with_a_run():
    """An excerpt elsewhere would be compared with nothing; see tests/integration/test_getting_started.py."""
    with_excerpts = {page for page in GUIDES if guide.EXCERPT.search(page.read_text(encoding="utf-8"))}
    assert with_excerpts == {guide.PAGE, *guide.OTHERS}
    for page in GUIDES:
        outputs = [each for each in guide.blocks(page.read_text(encoding="utf-8")) if each[0] == "text"]
        assert len(outputs) == page.read_text(encoding="utf-8").count(".. excerpt terminal: begin") + (
            page.read_text(encoding="utf-8").count(".. excerpt check: begin")
        )


def test_an_excerpt_is_renewed_and_a_sentence_that_no_run_prints_is_found():
    text = "head\n\n.. excerpt check: begin\n\nold\n\n.. excerpt check: end\n\ntail\n"
    stdout = "17:38:35  1/2 memory-light begins: baseline 4 s\n17:38:40  1/2 memory-light passed: errors 0 %\n"
    page = guide.renewed(text, {"check": guide.shown("check", stdout)})
    assert "begins" not in page and "  17:38:40  1/2 memory-light passed: errors 0 %\n" in page
    assert page.startswith("head\n") and page.endswith("tail\n") and "old" not in page
    assert guide.strange(page, {"check": stdout.replace("17", "18").replace("errors 0 %", "errors 1.5 %")}) == []
    assert guide.strange(page, {"check": stdout.replace("passed", "went well")}) != []
