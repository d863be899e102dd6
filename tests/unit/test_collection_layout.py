# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The shape of the collection: what every file of a kind has, and lists that must agree with each other."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _names
from support.checkout import tracked
from support.modules import ROOT

MODULES = sorted(path for path in (ROOT / "plugins" / "modules").glob("*.py") if path.name != "__init__.py")
ROLES = sorted(path for path in (ROOT / "roles").iterdir() if path.is_dir())
UTILS = ROOT / "plugins" / "module_utils"
MAY_IMPORT_ANSIBLE = {"_fault/module.py", "_probe/module.py"}
SPDX = "# SPDX-License-Identifier: GPL-3.0-or-later"


# What AWX offers as a playbook: every YAML file outside of these folders with such a line.
PLAYBOOK = re.compile(r"^\s*(?:-\s*)?(?:ansible\.builtin\.)?(?:hosts|include|import_playbook)\s*:", re.MULTILINE)
NO_PLAYBOOKS = {"roles", "tasks", "group_vars", "host_vars"}


def load(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def constants(path):
    """``{name: text}`` of the module-level text constants of a Python file."""
    found = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found.update({target.id: node.value.value for target in node.targets if isinstance(target, ast.Name)})
    return found


def test_every_fault_module_is_in_the_group_and_has_the_action_that_asks_the_inventory():
    runtime = load(ROOT / "meta" / "runtime.yml")
    modules = sorted(path.stem for path in MODULES if path.stem.endswith("_fault"))
    assert sorted(runtime["action_groups"]["fault"]) == modules
    assert runtime["plugin_routing"]["modules"] == {name: {"action_plugin": "magsasa.chaos.fault"} for name in modules}
    assert modules == sorted("%s_fault" % name for name in _names.FAMILIES)


@pytest.mark.parametrize("family", _names.FAMILIES)
def test_every_fault_module_runs_its_family(family, monkeypatch):
    module = importlib.import_module(_names.__name__.partition(".plugin_utils")[0] + ".modules.%s_fault" % family)
    ran = []
    monkeypatch.setattr(module, "run", ran.append)
    module.main()
    assert [each.name for each in ran] == [family]


def test_what_follows_from_the_list_of_families_is_written():
    done = subprocess.run(
        [sys.executable, "tools/write_families.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_every_action_has_a_documented_module():
    actions = {path.stem for path in (ROOT / "plugins" / "action").glob("*.py")}
    assert actions <= {path.stem for path in MODULES}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_document_themselves(path):
    texts = constants(path)
    documentation = yaml.safe_load(texts["DOCUMENTATION"])
    assert documentation["module"] == path.stem
    assert documentation["version_added"] == "1.0.0"
    assert documentation["short_description"] and documentation["description"]
    fragments = documentation.get("extends_documentation_fragment", [])
    assert "attributes" in documentation or fragments, "attributes are missing"
    examples = yaml.safe_load(texts["EXAMPLES"])
    assert any("magsasa.chaos." + path.stem in task for task in examples), "no example by the module's full name"
    for name, value in (yaml.safe_load(texts["RETURN"]) or {}).items():
        assert {"description", "returned", "type"} <= set(value), name


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_role_defaults_are_the_documented_options(role):
    defaults = load(role / "defaults" / "main.yml") or {}
    options = load(role / "meta" / "argument_specs.yml")["argument_specs"]["main"]["options"]
    assert set(defaults) == set(options)
    assert all(name.startswith(role.name + "_") for name in defaults)
    assert (role / "README.md").exists()


def test_scenario_ids_are_unique_and_unavailable_ones_say_why():
    scenarios = load(ROOT / "roles" / "suite" / "files" / "catalogue.yml")["scenarios"]
    assert len(scenarios) == len({each["id"] for each in scenarios}) == 18
    for each in scenarios:
        assert each.get("available", True) or each["unavailable_reason"], each["id"]
        assert (
            each.get("available") is False or (ROOT / "plugins" / "modules" / (each["family"] + "_fault.py")).exists()
        ), each["id"]


def test_the_catalogue_has_the_form_that_the_command_reads():
    """run_chaos_tests.sh looks into it and the shelf beside it before there is a Python to do so."""
    texts = [
        (ROOT / "roles" / "suite" / "files" / name).read_text(encoding="utf-8")
        for name in ("catalogue.yml", "extended.yml")
    ]
    text = texts[0] + texts[1].partition("scenarios:\n")[2]
    scenarios = yaml.safe_load(text)["scenarios"]
    assert re.findall(r"^  - id: ([\w -]+)$", text, re.MULTILINE) == [each["id"] for each in scenarios]


def test_one_link_is_tracked_and_it_leads_to_the_checkout():
    links = [path for path in tracked() if (ROOT / path).is_symlink()]
    assert links == [".collections/ansible_collections/magsasa/chaos"]
    assert (ROOT / links[0]).resolve() == ROOT.resolve()


# A path of one machine, or the host of a package registry: written in pieces, as this file is searched too.
FORBIDDEN = [
    (r"(?<![\w.])/" + r"work/", "a path of one machine"),
    (r"(?<![\w.])/" + r"root/\.", "a path of one machine"),
    (r"/home/[a-z]+/", "a path of one machine"),
    ("pypi" + r"\.org", "the host of a package registry"),
    ("pythonhosted" + r"\.", "the host of a package registry"),
    ("index" + "-url", "a package registry"),
]


def test_no_file_names_a_machine_or_a_registry():
    found = []
    for path in tracked():
        file = ROOT / path
        if file.is_symlink() or path == "LICENSE":
            continue
        text = file.read_bytes().decode("utf-8", "replace")
        found += [
            "%s: %s: %s" % (path, what, match.group())
            for pattern, what in FORBIDDEN
            for match in re.finditer(pattern, text)
        ]
    assert found == []


# Fragments are consumed by a release, and changelog.yaml is written by one.
NO_HEADER = ("changelogs/fragments/", "changelogs/changelog.yaml")


def test_every_file_states_its_licence():
    files = [
        path
        for path in tracked()
        if path.endswith((".py", ".sh", ".yml", ".yaml", ".toml", ".txt")) and not path.startswith(NO_HEADER)
    ]
    assert len(files) > 100
    missing = [
        path
        for path in files
        if (text := (ROOT / path).read_text(encoding="utf-8")) and SPDX not in text.splitlines()[:6]
    ]
    assert missing == []


SOURCE = re.compile(
    r"https://(?:github\.com|raw\.githubusercontent\.com)/magsasa/magsasa\.chaos/(?:(?:blob|tree)/)?main/([^)\s#>]+)"
)


@pytest.mark.parametrize("page", ["README.md", "SECURITY.md", "docs/docsite/links.yml"])
def test_links_of_pages_that_are_shown_elsewhere(page):
    """Galaxy shows the README where no file lies beside it: its links are whole, and lead to files that the project
    has.
    """
    text = (ROOT / page).read_text(encoding="utf-8")
    assert [link for link in re.findall(r"\]\(([^)]+)\)", text) if not link.startswith(("https://", "#"))] == []
    paths = SOURCE.findall(text)
    assert paths and [path for path in paths if not (ROOT / path).exists()] == []
    undefined = {name for _text, name in re.findall(r"\[([^\]]+)\]\[([^\]]+)\]", text)} - set(
        re.findall(r"^\[([^\]]+)\]: ", text, re.M)
    )
    assert undefined == set()


def test_readme_has_the_sections_of_certified_content():
    headings = re.findall(r"^## (.+)$", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert {"Installation", "Requirements", "Changelog", "Support", "License"} <= set(headings)
    assert any(heading.startswith("Using") for heading in headings)


def test_every_role_says_what_it_does():
    for role in sorted(path.name for path in (ROOT / "roles").iterdir()):
        meta = yaml.safe_load((ROOT / "roles" / role / "meta" / "main.yml").read_text(encoding="utf-8"))
        assert (
            len(meta["galaxy_info"]["description"]) > 40 and meta["galaxy_info"]["license"] == "GPL-3.0-or-later"
        ), role
        assert meta["dependencies"] == [], role


@pytest.mark.parametrize("path", sorted(UTILS.rglob("*.py")), ids=lambda path: str(path.relative_to(UTILS)))
def test_what_travels_to_targets_stands_alone(path):
    """Python 3.8 can read it; it imports no ansible, as it also runs where Ansible's payload is gone, and nothing
    by an absolute collection path.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))
    imported = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            imported.update(name.name.split(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            imported.add(node.module.split(".")[0])
    assert "ansible_collections" not in imported
    if str(path.relative_to(UTILS)) not in MAY_IMPORT_ANSIBLE:
        assert "ansible" not in imported


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_modules_are_readable_by_python_3_8(path):
    ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 8))


def test_pins_have_no_place_and_cover_what_is_asked_for():
    pins = [
        line.split(";")[0].strip()
        for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    ]
    assert all(re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.]+", pin) for pin in pins)
    pinned = {pin.split("==")[0] for pin in pins}
    for name in ("tools/requirements-runtime.txt", "tools/requirements-dev.txt", "target_app/requirements.txt"):
        wanted = {
            re.split(r"[\[<>=;]", line)[0]
            for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
            if line and line[0] not in "#-"
        }
        assert wanted and wanted <= pinned, name


def offered(path, text):
    """Whether AWX offers a file as a playbook in the form of a job template."""
    folders = path.split("/")
    hidden = any(each.startswith(".") or each in NO_PLAYBOOKS for each in folders)
    return path.endswith((".yml", ".yaml")) and not hidden and bool(PLAYBOOK.search(text))


def test_awx_offers_nothing_but_playbooks():
    assert offered("x/y.yml", "  - hosts: all") and offered("y.yaml", "- ansible.builtin.import_playbook: a.yml")
    assert not offered("roles/x/y.yml", "- hosts: all") and not offered("y.yml", "msg: hosts: all")
    texts = {path: (ROOT / path).read_text("utf-8") for path in tracked() if path.endswith((".yml", ".yaml"))}
    found = {path for path, text in texts.items() if offered(path, text)}
    assert {path.split("/")[0] for path in found} <= {"playbooks", "molecule"}, found
    assert "playbooks/chaos_light.yml" in found
