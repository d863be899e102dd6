# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables as people give them: on the command line, in an inventory, from a workflow."""

from __future__ import annotations

import json
import os
import sys

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack

from support import adhoc
from support.modules import ROOT, environment, run_module
from support.samples import fault, series


@pytest.fixture(name="inventory")
def _inventory(tmp_path):
    """Writes an inventory of localhost with more variables (dict)."""

    def write(**variables):
        path = tmp_path / "inventory.yml"
        lines = [
            "      %s: %s" % each
            for each in dict(ansible_connection="local", chaos_allowed="true", **variables).items()
        ]
        path.write_text("all:\n  hosts:\n    localhost:\n" + "\n".join(lines) + "\n", encoding="utf-8")
        return path

    return write


EXTRA = [
    ("chaos_max_precent=10", "chaos_max_precent is not a variable of this collection; did you mean chaos_max_percent?"),
    (
        '{"chaos_slo": {"recovery_s": 1}}',
        "chaos_slo is not a variable of this collection; did you mean chaos_objectives?",
    ),
    ("chaos_refused=", "chaos_refused is a result of a run, not a setting"),
    ('{"chaos": {"verdict": "passed"}, "chaos_part_1_of_8": {}, "chaos_x_team": "web"}', None),
]


@pytest.mark.parametrize("given, refusal", EXTRA, ids=[each[0][:25] for each in EXTRA])
def test_extra_variables(given, refusal, tmp_path):
    found = run_module("preflight_check", {"report_dir": str(tmp_path / "reports")}, tmp_path, extra=("-e", given))
    if refusal:
        assert found["failed"] and refusal in found["msg"]
        assert not (tmp_path / "reports").exists(), "something was done before the names were checked"
    else:
        assert not found.get("failed") and found["refused"] is None and not found.get("warnings")


def test_a_variable_of_an_inventory_earns_a_warning_or_near_one_of_ours_a_refusal(inventory, tmp_path):
    path = inventory(chaos_ticket="OPS-1", chaos_x_team="web")
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible"),
        "localhost",
        "-i",
        str(path),
        "-m",
        "magsasa.chaos.preflight_check",
        "-a",
        "only=variables",
    ]
    own = adhoc.run(argv, cwd=ROOT, env=environment(tmp_path, COLUMNS=500), timeout=120)
    assert "SUCCESS" in own.stdout and "chaos_ticket is not a variable of this collection" in own.stderr, own
    assert "chaos_x_team" not in own.stdout + own.stderr
    near = run_module(
        "preflight_check", {"report_dir": str(tmp_path)}, tmp_path, inventory=inventory(chaos_windwo="09:00-17:00")
    )
    assert (
        near["failed"]
        and near["msg"] == "chaos_windwo is not a variable of this collection; did you mean chaos_window?"
    )


def test_a_misspelt_guard_guards_in_a_task_of_ones_own_too(inventory, tmp_path):
    found = run_module(
        "cpu_fault",
        {"name": "a", "load": "10%", "duration": "1s"},
        tmp_path,
        check=True,
        inventory=inventory(chaos_protcted="true"),
    )
    assert found["failed"] and found["refused"]
    assert (
        found["msg"].startswith("refused by the variables guard: chaos_protcted is not a variable")
        and "did you mean chaos_protected?" in found["msg"]
    )
    gone = run_module(
        "cpu_fault", {"name": "a", "state": "absent"}, tmp_path, inventory=inventory(chaos_protcted="true")
    )
    assert not gone.get("failed"), "an undo is never refused"


JUDGED = {"samples": pack(series(100, 130)), "fault": fault()}
CPU = {"id": "cpu-light", "family": "cpu", "objectives": {"error_rate": "5%", "recovery_time": "10s"}}


@pytest.mark.parametrize(
    "scenario, extra, expected",
    [
        (
            dict(CPU, origin="shipped"),
            ["-e", '{"chaos_objectives": {"mttr": "5s"}}'],
            {
                "error_rate": (1.0, "group web"),
                "recovery_time": (7.0, "host localhost"),
                "p95": (300.0, "group web"),
                "p99": (900.0, "group inner"),
                "mttr": (5.0, "the run"),
            },
        ),
        (
            CPU,
            ["-e", "chaos_objectives=recovery_time=6s"],
            {"error_rate": (5.0, "the scenario"), "recovery_time": (6.0, "the run")},
        ),
        (CPU, [], {"error_rate": (5.0, "the scenario"), "recovery_time": (10.0, "the scenario")}),
    ],
    ids=["shipped", "own, and the run says otherwise", "own"],
)
def test_each_objective_says_where_it_was_stated(scenario, extra, expected, tmp_path):
    """Groups, inner groups, the host and the run are put together key by key, beside the inventory and in its
    group_vars.
    """
    (tmp_path / "inventory.yml").write_text(
        "web:\n  vars: {limit: 300ms, chaos_objectives: {p95: '{{ limit }}', error_rate: 1%}}\n  children:\n   "
        " inner:\n      hosts:\n        localhost: {ansible_connection: local, chaos_allowed: true, chaos_objectives:"
        " {recovery_time: 7s}}\n"
    )
    (tmp_path / "group_vars").mkdir()
    (tmp_path / "group_vars" / "inner.yml").write_text("chaos_objectives: {p99: 900ms}\n")
    found = run_module(
        "slo_check", dict(JUDGED, scenario=scenario), tmp_path, extra=extra, inventory=tmp_path / "inventory.yml"
    )
    assert {each["name"]: (each["objective"], each["from"]) for each in found["experiment"]["objectives"]} == expected


LATE = [
    (
        {"chaos_objectives": {"recovery_tme": "5s"}},
        "chaos_objectives: 'recovery_tme' is not an objective; did you mean recovery_time?",
    ),
    (
        {"chaos_halt_on": {"eror_rate": "50%"}},
        "chaos_halt_on: 'eror_rate' is not a condition; did you mean error_rate?",
    ),
    ({"chaos_lease": "soon"}, "chaos_lease: 'soon' is not a duration"),
    ({"chaos_discover": "perhaps"}, "chaos_discover: 'perhaps' is neither true nor false; write true or false"),
    ({"chaos_purpose": ["a"]}, "chaos_purpose: '['a']' is not a text; use a text"),
    ({"chaos_service": ["shop"]}, "chaos_service: '['shop']' is not a text; use a text"),
    ({"chaos_report_dir": {"a": 1}}, "chaos_report_dir: '{'a': 1}' is not a text; use a text"),
    ({"chaos_sample_app": [1]}, "chaos_sample_app: '[1]' is neither true nor false; write true or false"),
    ({"chaos_database_port": "mysql"}, "chaos_database_port: 'mysql' is not a port"),
    (
        {"chaos_observer": "localhots"},
        "chaos_observer: 'localhots' is not a host of the inventory; did you mean localhost?",
    ),
]


@pytest.mark.parametrize("given, says", LATE, ids=lambda value: next(iter(value)) if isinstance(value, dict) else None)
def test_what_would_be_read_late_is_checked_before_the_run_begins(given, says, tmp_path):
    found = run_module(
        "preflight_check", {"report_dir": str(tmp_path / "r")}, tmp_path, extra=("-e", json.dumps(given))
    )
    assert found["failed"] and found["msg"].startswith(says)


WRONG = [
    ({"target_url": "http://127.0.0.1:99999/"}, "chaos_target_url: "),
    ({"target_url": "ftp://x/"}, "chaos_target_url: "),
    ({"scenarios": "no-such-thing"}, "chaos_scenarios: 'no-such-thing'"),
    ({"scenarios": "../x"}, "chaos_scenarios: '../x'"),
    ({"rate": "fast"}, "chaos_probe_rate: 'fast'"),
    ({"rate": 0.1}, "chaos_probe_rate: '0.1' is not a rate; use a number of probes a second from 1"),
    ({"files": 5}, "chaos_scenario_files: '5' is not a list of files"),
    ({"files": [["a"]]}, "chaos_scenario_files: '[['a']]' is not a list of files"),
    ({"files": "/dev/zero"}, "chaos_scenario_files: '/dev/zero' is not a file"),
    ({"fail_on_breach": "perhaps"}, "chaos_fail_on_breach: 'perhaps'"),
    ({"recovery_timeout": "-1"}, "chaos_recovery_timeout: '-1'"),
    ({"probe_timeout": "soon"}, "chaos_probe_timeout: 'soon'"),
    ({"max_percent": "most"}, "chaos_max_percent: 'most'"),
]


def test_what_a_run_is_told_wrongly_is_one_sentence_before_anything(ansible_playbook, chaos_state, tmp_path):
    """All in one play: the play of a run gives these options to its first task."""
    rows = ["row_%d" % number for number in range(len(WRONG))]
    shelf = str(ROOT / "roles" / "suite" / "files" / "catalogue.yml")
    common = {"report_dir": str(tmp_path / "r"), "shelves": [shelf]}
    tasks = [
        {"magsasa.chaos.preflight_check": dict(common, **options), "register": row, "ignore_errors": True}
        for row, (options, _says) in zip(rows, WRONG)
    ]
    told = tmp_path / "told.json"
    content = "{{ [%s] | to_json }}" % ", ".join(rows)
    tasks.append({"ansible.builtin.copy": {"content": content, "dest": str(told), "mode": "0600"}})
    play = tmp_path / "play.yml"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = ansible_playbook("-i", "inventory/hosts", play)
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    for (options, says), result in zip(WRONG, json.loads(told.read_text())):
        assert result["failed"] and result["msg"].startswith(says) and "\n" not in result["msg"], (options, result)
    assert list(chaos_state.iterdir()) == [] and not (tmp_path / "reports").exists()


def test_a_guard_with_a_misspelt_value_guards(inventory, tmp_path):
    found = run_module(
        "cpu_fault",
        {"name": "a", "load": "10%", "duration": "1s"},
        tmp_path,
        check=True,
        inventory=inventory(chaos_protected="ture"),
    )
    assert (
        found["failed"]
        and "chaos_protected is true for localhost ('ture' is neither true nor false, which counts as true)"
        in found["msg"]
    )
