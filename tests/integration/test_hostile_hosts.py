# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that never stops talking: the controller keeps its memory, and the other hosts are watched to the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from support.http_server import Server, answer, say
from support.modules import ROOT, environment

MOST_MIB = 700  # _memory_limit.bounded of two hosts, what a process of Ansible has anyway, and some more

INVENTORY = """
flood ansible_connection=ssh ansible_host=192.0.2.1 ansible_ssh_executable=%s ansible_python_interpreter=/usr/bin/python3
good ansible_connection=local ansible_python_interpreter=%s
[all:vars]
chaos_allowed=true
"""
FLOOD = "#!/bin/sh\nexec 3<&0\ncat <&3 >/dev/null &\nexec cat /dev/zero\n"
SCENARIO = {
    "id": "p",
    "family": "memory",
    "hold": "2s",
    "options": {"size": "16M", "duration": "2s"},
    "objectives": {"error_rate": "5%"},
}
PLAY = [
    {
        "hosts": "good",
        "gather_facts": False,
        "tasks": [
            {
                "magsasa.chaos.experiment": {
                    "hosts": ["flood", "good"],
                    "scenario": SCENARIO,
                    "endpoint": {"url": "%u", "health_url": "%u"},
                    "baseline": "2s",
                    "recovery_timeout": "3s",
                },
                "run_once": True,
                "register": "done",
            },
            {"ansible.builtin.copy": {"content": "{{ done.experiments | to_json }}", "dest": "%s", "mode": "0600"}},
        ],
    }
]


def test_a_host_that_talks_without_end(chaos_state, tmp_path):
    program, inventory, play, told = (tmp_path / name for name in ("ssh", "hosts", "play.json", "told.json"))
    program.write_text(FLOOD)
    program.chmod(0o755)
    inventory.write_text(INVENTORY % (program, sys.executable))
    with Server(say(answer({"status": "ok"}))) as server:
        play.write_text(json.dumps(PLAY).replace('"%s"', json.dumps(str(told))).replace('"%u"', json.dumps(server.url)))
        argv = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", str(inventory), str(play)]
        status, peak_mib = measured(argv, environment(chaos_state))
    assert status == 0
    seen = json.loads(told.read_text())
    assert "too long for the controller" in seen["flood"]["reason"] and seen["flood"]["status"] == "failed"
    assert (seen["good"]["status"], seen["good"]["verdict"]) == ("completed", "passed"), seen["good"]
    assert peak_mib < MOST_MIB


def measured(argv, env):
    """(exit code, MiB of the largest process of a run)."""
    running = subprocess.Popen(argv, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    _pid, status, used = os.wait4(running.pid, 0)
    running.returncode = os.waitstatus_to_exitcode(status)
    return running.returncode, used.ru_maxrss / 1024
