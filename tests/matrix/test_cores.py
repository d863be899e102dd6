# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each supported ansible-core: the light playbook with its report, verdict and exit code, and the guards before
every fault module.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES
from support import cores
from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.residue import living
from support.short import SHORT

SLOW = dict(SHORT, id="memory-strict", objectives={"error_rate": "5%", "p95": "1ms"})


@pytest.fixture(name="service")
def _service():
    """Well, but never as fast as SLOW asks."""
    with Server(say(answer({"status": "healthy"}), delay=0.01)) as server:
        yield server


# By day the oldest and the newest of these, unless the whole suite runs with it: they must tell a breach. With the oldest
# test_installed.py has a run that passes.
OTHERS = [each for each in cores.BY_DAY if each != cores.own()]
BY_DAY = {(cores.OLDEST, "failed"), (cores.NEWEST, "failed")}
RUNS = [
    pytest.param(
        core,
        scenario,
        verdict,
        id="%s-%s" % (core, verdict),
        marks=() if core in OTHERS and (core, verdict) in BY_DAY else pytest.mark.nightly,
    )
    for core in cores.CORES
    for scenario, verdict in ((SHORT, "passed"), (SLOW, "failed"))
]


@pytest.mark.parametrize("core, scenario, verdict", RUNS)
def test_light_playbook(core, scenario, verdict, service, chaos_state, tmp_path):
    programs = cores.programs(core)
    given = {
        "chaos_extra_scenarios": [scenario],
        "chaos_scenarios": [scenario["id"]],
        "chaos_target_url": service.url,
        "chaos_baseline": "1s",
        "chaos_recovery_timeout": "10s",
        "chaos_report_dir": str(tmp_path / "reports"),
    }
    values = environment(chaos_state, PATH=os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]))
    values.pop("PYTHONPATH", None)
    argv = [str(programs / "ansible-playbook"), "playbooks/chaos_light.yml", "-e", json.dumps(given)]
    done = subprocess.run(argv, cwd=ROOT, env=values, capture_output=True, text=True, timeout=180, check=False)
    said = done.stdout[-3000:] + done.stderr[-2000:]
    assert done.returncode == {"passed": 0, "failed": 2}[verdict], said
    assert "Traceback" not in said and "DEPRECATION" not in said, said
    report = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())
    assert report["run"]["versions"]["ansible-core"] == core
    (record,) = report["experiments"]
    assert (record["scenario"], record["status"], record["verdict"]) == (scenario["id"], "completed", verdict), record[
        "reason"
    ]
    assert record["fault"]["effect"] == "confirmed" and record["fault"]["residue"] == []
    assert report["summary"]["verdict"] == verdict
    assert (tmp_path / "reports" / "latest" / "report.md").read_text().startswith("# ")
    assert "CHAOS %s" % verdict.upper() in done.stdout
    assert living(chaos_state) == {}


FILE = {"name": "gone", "action": "permissions", "mode": "0000", "duration": "2s"}
BUSY = {"name": "busy", "load": "5%", "duration": "2s"}
HOSTS = {"shut": {}, "open": {"chaos_allowed": True}, "guarded": {"chaos_allowed": True, "chaos_protected": True}}
# What a task may be written like -> the guard that must refuse it on the host "shut".
FORMS = {
    "short name in a play with collections": ({"cpu_fault": BUSY}, "allowed guard: chaos_allowed is not true for shut"),
    "word action": (
        {"action": "cpu_fault name=busy load=5% duration=2s"},
        "allowed guard: chaos_allowed is not true for shut",
    ),
    "delegated": (
        {"magsasa.chaos.cpu_fault": BUSY, "delegate_to": "guarded"},
        "protected guard: chaos_protected is true for guarded",
    ),
    "local action": (
        {"local_action": dict(BUSY, module="magsasa.chaos.cpu_fault")},
        "allowed guard: chaos_allowed is not true for localhost",
    ),
}
FORMS.update(
    {
        name: ({"magsasa.chaos.%s_fault" % name: {"name": "x"}}, "allowed guard: chaos_allowed is not true for shut")
        for name in FAMILIES
    }
)


@pytest.mark.parametrize("core", cores.each(by_day=OTHERS))
def test_the_guards_stand_before_every_fault_module(core, chaos_state, tmp_path):
    """They are in an action that meta/runtime.yml names for the modules: however a task is written, it gets there."""
    programs = cores.programs(core)
    local = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    inventory = tmp_path / "hosts.json"
    inventory.write_text(
        json.dumps({"all": {"hosts": {name: dict(local, **values) for name, values in HOSTS.items()}}})
    )
    tasks = [
        dict(task, name=name, ignore_errors=True, register="told%d" % number)
        for number, (name, (task, _why)) in enumerate(FORMS.items())
    ]
    content = "{{ [%s] | map(attribute='msg') | to_json }}" % ", ".join(each["register"] for each in tasks)
    keep = {"ansible.builtin.copy": {"content": content, "dest": str(tmp_path / "told.json"), "mode": "0600"}}
    defaults = {"magsasa.chaos.cpu_fault": BUSY, "group/magsasa.chaos.fault": {"max_duration": "1m"}}
    planned = {"check_mode": True, "register": "planned", "failed_when": "planned.fault.state != 'planned'"}
    beyond = {
        "check_mode": True,
        "register": "beyond",
        "failed_when": "'max_duration guard: duration 2m is above the limit of 1m' not in beyond.msg",
    }
    through = [
        dict(planned, **{"magsasa.chaos.cpu_fault": {}}),
        dict(planned, **{"magsasa.chaos.file_fault": dict(FILE, path=str(tmp_path / "hosts.json"))}),
    ]
    through.append(dict(beyond, **{"magsasa.chaos.cpu_fault": {"duration": "2m"}}))
    plays = [
        {"hosts": "shut", "tasks": tasks + [keep]},
        {"hosts": "open", "module_defaults": defaults, "tasks": through},
    ]
    (tmp_path / "play.yml").write_text(
        json.dumps([dict(play, gather_facts=False, collections=["magsasa.chaos"]) for play in plays])
    )
    values = environment(chaos_state, PATH=os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]))
    values.pop("PYTHONPATH", None)

    def run(program, *arguments):
        argv = [str(programs / program), "-i", str(inventory), *arguments]
        done = subprocess.run(argv, cwd=ROOT, env=values, capture_output=True, text=True, timeout=180, check=False)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done

    done = run("ansible-playbook", str(tmp_path / "play.yml"))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    told = dict(zip(FORMS, json.loads((tmp_path / "told.json").read_text())))
    assert {name: why in told[name] for name, (_task, why) in FORMS.items()} == dict.fromkeys(FORMS, True), told
    adhoc = run("ansible", "shut", "-m", "magsasa.chaos.cpu_fault", "-a", "name=busy load=5% duration=2s")
    assert adhoc.returncode and re.search("refused by the allowed guard: .* for shut", adhoc.stdout), (
        adhoc.stdout + adhoc.stderr
    )
    assert living(chaos_state) == {}
