# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A misspelt variable does not pass in silence; one table of all variables is the source of the check, the argument
specs and the docs.
"""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _catalogue, _misspelt, _touched, _variables
from support.checkout import tracked
from support.modules import ROOT

# name, what was meant, whether it is near enough to be refused in an inventory too
MISSPELT = [
    ("chaos_max_precent", "chaos_max_percent", True),
    ("chaos_intensty", "chaos_intensity", True),
    ("chaos_alowed", "chaos_allowed", True),
    ("chaos_protcted", "chaos_protected", True),
    ("chaos_windwo", "chaos_window", True),
    ("chaos_host", "chaos_hosts", True),
    ("chaos_target", "chaos_target_url", True),
    ("chaos_max_pct", "chaos_max_percent", True),
    ("chaos_recoverytimeout", "chaos_recovery_timeout", True),
    ("chaos_scenario", "chaos_scenarios", True),
    ("CHAOS_MAX_PERCENT", "chaos_max_percent", True),
    ("chaos-seed", "chaos_seed", True),
    ("choas_seed", "chaos_seed", True),
    ("caos_intensity", "chaos_intensity", True),
    ("chaosintensity", "chaos_intensity", True),
    ("target_app_fragil", "target_app_fragile", True),
    ("experiment_baselin", "experiment_baseline", True),
    ("chaos_service_name", "chaos_service", False),
    ("chaos_blast_radius", "chaos_max_percent", False),
    ("chaos_ticket", None, False),
]


@pytest.mark.parametrize("name, meant, near", MISSPELT, ids=str)
def test_a_misspelt_variable_is_named_with_the_nearest(name, meant, near):
    for given in (False, True):
        refusals, warnings = _misspelt.look([name], {name} if given else ())
        told = refusals if near or given else warnings
        assert len(told) == 1 and told == refusals + warnings
        assert told[0].startswith(name + " is not a") and "\n" not in told[0]
        assert meant is None or "did you mean %s?" % meant in told[0]
        assert meant is not None or "chaos_x_..." in told[0]


def test_the_sentence_of_a_misspelt_variable():
    assert _misspelt.look([], {"chaos_max_precent"})[0] == [
        "chaos_max_precent is not a variable of this collection; did you mean chaos_max_percent?"
    ]


@pytest.mark.parametrize(
    "name",
    [each.name for each in _variables.SETTINGS]
    + [
        "chaos",
        "chaos_part_3_of_8",
        "chaos_x_owner",
        "cluster_name",
        "case",
        "ansible_host",
        "experiment_id",
        "suite_name",
        "preflight_done",
        "target_app_version",
    ],
)
def test_what_is_ours_or_somebody_elses_passes(name):
    assert _misspelt.look([name], {name}) == ([], [])


@pytest.mark.parametrize("name", [each.name for each in _variables.RESULTS])
def test_a_result_is_no_setting(name):
    assert _misspelt.look([name]) == ([], [])
    assert "not a setting" in _misspelt.look([name], {name})[0][0]


def test_the_environment_is_looked_at_too():
    names = ["CHAOS_MAX_PERCENT", "CHAOS_PYHTON", "CHAOS_REPORTDIR", "CHAOS_MONKEY", "HOME", *_variables.ENVIRONMENT]
    told = _misspelt.look_at_environment(names)
    assert [each.split()[3] for each in told] == ["CHAOS_MAX_PERCENT", "CHAOS_PYHTON", "CHAOS_REPORTDIR"]
    assert "-e chaos_max_percent=" in told[0] and "did you mean CHAOS_PYTHON?" in told[1]


# Names in roles, playbooks and plugins that begin so and are no variables: playbooks, groups, examples.
NO_VARIABLES = re.compile(
    r"chaos_(experiment_[a-z_]+|scenario_[a-z_]+|run_[a-z_]+|smoke|light|medium|heavy|full|extended|detect|halt|merge|preflight|run|targets|x|)_*$"
)


def test_every_variable_that_is_read_or_set_is_in_the_table():
    found = set()
    for path in tracked():
        if (
            path.startswith(("roles/", "playbooks/", "plugins/"))
            and path.endswith((".yml", ".py", ".md", ".j2"))
            and "_variables.py" not in path
        ):
            text = (ROOT / path).read_text(encoding="utf-8")
            found |= set(re.findall(r"(?<![\w.])chaos_[a-z0-9_]*", text))
    unknown = sorted(name for name in found if not _misspelt.is_ours(name) and not NO_VARIABLES.match(name))
    assert unknown == [], "not in plugins/plugin_utils/_variables.py"
    assert sorted(set(_variables.BY_NAME) - found) == [], "in the table, and nobody reads it"


def test_every_variable_of_the_environment_that_is_read_is_known():
    found = set()
    for path in tracked():
        if (
            path.endswith((".py", ".sh", ".yml"))
            and path.startswith(("plugins/", "roles/", "tools/", "molecule/", "run_"))
            and "_variables.py" not in path
        ):
            found |= set(re.findall(r"(?<![A-Z_])CHAOS_[A-Z_]*[A-Z]", (ROOT / path).read_text(encoding="utf-8")))
    assert {"CHAOS_TARGET_PORT", "CHAOS_PYTHON", "CHAOS_REPORT_DIR"} <= found
    assert sorted(found - set(_variables.ENVIRONMENT)) == []


def test_every_role_option_is_known():
    options = set()
    for spec in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        options |= set(yaml.safe_load(spec.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"])
    fed = {option for each in _variables.BY_NAME.values() for option in each.options}
    assert fed | set(_variables.ROLE_OPTIONS) == options


def test_docs_and_argument_specs_follow_from_the_table():
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "write_variables.py", "--check"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr + "run tools/write_variables.py"


OUTAGE = {
    "id": "o",
    "hold": "10s",
    "options": {"engine": "@database_engine", "path": "@database_path", "port": "@database_port"},
}


@pytest.mark.parametrize(
    "path, port, found, filled",
    [
        ("/srv/app.db", "", {}, {"engine": "sqlite", "path": "/srv/app.db"}),
        ("", "5432", {}, {"engine": "postgresql", "port": 5432}),
        ("", 3306, {}, {"engine": "mysql", "port": 3306}),
        ("", 6000, {"backend": "mysql", "host": "db.example", "port": 3306}, {"engine": "mysql", "port": 6000}),
        ("", "", {"backend": "sqlite", "path": "/found.db"}, {"engine": "sqlite", "path": "/found.db"}),
    ],
)
def test_a_database_that_is_named_wins_over_what_was_found(path, port, found, filled):
    entry = _catalogue.fill(OUTAGE, {"port": 1, "database": found}, path, port)
    assert entry["options"] == dict(filled, duration="10s")


def test_without_a_database_the_sentence_names_variables_that_exist():
    skipped = _catalogue.fill(OUTAGE, {"port": 1})["skipped"]
    named = re.findall(r"chaos_\w+", skipped)
    assert named and set(named) <= set(_variables.BY_NAME)


@pytest.mark.parametrize(
    "value, protected",
    [
        (True, True),
        ("yes", True),
        ("true", True),
        (1, True),
        ("ture", True),
        ("yess", True),
        ([], True),
        (False, False),
        ("no", False),
        ("", False),
        (None, False),
        (0, False),
    ],
)
def test_a_misspelt_value_of_chaos_protected_protects(value, protected):
    assert _touched.protects(value) is protected


def test_no_page_of_a_role_shows_a_template():
    """A template is no default that a reader could use, and antsibull-docs refuses one that is not of the type."""
    for spec in (ROOT / "roles").glob("*/meta/argument_specs.yml"):
        options = yaml.safe_load(spec.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"]
        assert [name for name, each in options.items() if "{{" in str(each.get("default"))] == [], spec
