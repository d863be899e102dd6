# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that hangs, lies, vanishes or loses its Python in any phase of a run costs the others nothing: each of them has
its verdicts, nothing is left on any host, and the run ends.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import hostile_hosts
from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.residue import living
from support.waiting import wait_for

LEASE_S = 20.0  # on a quiet machine
QUIET_START_S = 0.03  # what a bare Python takes there
HOW = ("hang", "gone", "lies", "nopython")
BY_DAY = ("hang-end", "lies-look", "gone-held", "nopython-inject")
FAMILIES = (
    ("first", "memory", {"size": "16M"}),
    # It needs something of the service, so whether it can run is asked for apart from the first contact.
    ("second", "disk", {"action": "fill", "size": "1M", "path": "@database_path"}),
)
SCENARIOS = [
    {
        "id": name, "title": "t", "hypothesis": "h", "family": family, "intensity": "light", "hold": "3s",
        "options": options, "objectives": {"error_rate": "5%"},
    }
    for name, family, options in FAMILIES
]  # fmt: skip
VALUES = {
    "chaos_extra_scenarios": SCENARIOS,
    "chaos_scenarios": ["first", "second"],
    "chaos_baseline": "2s",
    "chaos_recovery_timeout": "3s",
    "chaos_max_percent": 100,
    "chaos_fail_on_breach": False,
}


def run(folder, hostile, url, slower):
    """(exit code, output, report) of a run on one good host and these. ``slower``: how many times slower than a quiet
    machine this one is.
    """
    hosts = ("good",) + tuple(hostile)
    of_all = {
        "ansible_connection": "hostile_hosts",
        "ansible_python_interpreter": sys.executable,
        "chaos_allowed": True,
    }
    inventory = {"all": {"vars": of_all, "hosts": {name: {"ansible_host": name} for name in hosts}}}
    (folder / "hosts.json").write_text(json.dumps(inventory))
    state = {"MAGSASA_CHAOS_STATE": "%s/state/{{ inventory_hostname }}" % folder}
    for name in hosts:
        (folder / "state" / name).mkdir(mode=0o700, parents=True)
    plays = [
        {
            "hosts": "all",
            "gather_facts": False,
            "environment": state,
            "tasks": [
                {
                    "ansible.builtin.import_role": {"name": "magsasa.chaos.preflight"},
                    "vars": {
                        "preflight_contact": True,
                        "preflight_demo_source": "",
                        "preflight_catalogue": "{{ chaos_extra_scenarios }}",
                    },
                },
                {
                    "ansible.builtin.import_role": {"name": "magsasa.chaos.suite"},
                    "vars": {"suite_catalogue": "{{ chaos_chosen }}"},
                },
            ],
        }
    ]
    (folder / "play.json").write_text(json.dumps(plays))
    plugins, turned = folder / "plugins", folder / "turned"
    plugins.mkdir()
    turned.mkdir()
    shutil.copy(hostile_hosts.__file__, plugins)
    env = environment(
        folder,
        CHAOS_REPORT_DIR=folder / "reports",
        ANSIBLE_CONNECTION_PLUGINS=plugins,
        CHAOS_TEST_SLOWER=slower,
        CHAOS_TEST_TURNED=turned,
    )
    del env["MAGSASA_CHAOS_STATE"]
    values = dict(VALUES, chaos_target_url=url, chaos_lease="%gs" % (LEASE_S * slower), chaos_database_path=str(folder))
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    argv = [program, "-i", str(folder / "hosts.json"), "-f", "10", "-e", json.dumps(values), str(folder / "play.json")]
    limit = 300 + 150 * slower  # the run ends: so long do the waits of the conductor take together, one after the other
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=limit, check=False)
    path = folder / "reports" / "latest" / "report.json"
    return done.returncode, done.stdout + done.stderr, json.loads(path.read_text()) if path.exists() else None


def left_on(folder, within_s):
    """Hosts on which something lives on after their leases have ended."""
    states = [str(path) for path in Path(folder, "state").iterdir()]
    wait_for(lambda: not any(map(living, states)), within_s, 0.3)
    return [state for state in states if living(state)]


def cases():
    """By day a few together, each in another phase; by night all of a kind."""
    found = [pytest.param(BY_DAY, id="day")]
    for how in HOW:
        every = tuple("%s-%s" % (how, step) for step in hostile_hosts.STEPS)
        found.append(pytest.param(every, id=how, marks=pytest.mark.nightly))
    return found


@pytest.mark.parametrize("hostile", cases())
def test_the_others_have_their_verdicts(tmp_path, hostile, noise):
    slower = min(max(noise.start_s / QUIET_START_S, 1.0), 8.0)
    with Server(say(answer({"status": "ok"}))) as server:
        _code, output, report = run(tmp_path, hostile, server.url, slower)
    assert report, output
    assert "Traceback" not in output and "internal error" not in output, output
    records = {(each["host"], each["scenario"]): each for each in report["experiments"]}
    for scenario in ("first", "second"):
        good = records["good", scenario]
        assert (good["status"], good["verdict"]) == ("completed", "passed"), (good["status"], good["reason"], output)
        assert good["fault"]["revert_cause"] == "deadline" and not good["fault"]["residue"]
    for (host, scenario), record in records.items():
        if host != "good":
            assert record["verdict"] != "passed" or scenario == "first" or "finish" in host, record
            assert "Error" not in record["reason"] and "json" not in record["reason"], record["reason"]
    assert not left_on(tmp_path, LEASE_S * slower + 30.0), output
