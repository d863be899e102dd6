# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first contact of a run with a host: by a command that brings its code, and by the module where that gives no
answer. Which it was the host's Python tells.
"""

from __future__ import annotations

import json
import os
import sys

import pytest

from support.http_server import Server, answer, say

PYTHON = """#!/bin/sh
echo "${4:-a module}" >>%(log)s
echo "$*" >>%(log)s.words
%(first)s
exec %(python)s "$@"
"""
SECRET = "hush-hush-hush"
BUSY = {"id": "busy", "family": "cpu", "hold": "5s", "options": {"load": "5%"}}
NO_MEMFD = 'if [ "$4" = -c ]; then exec %s -I -S -B -c "import os;del os.memfd_create;$5"; fi' % sys.executable
LOST = 'if [ "$4" = -c ]; then %s "$@" >/dev/null; exit 0; fi' % sys.executable
WAYS = {  # what the host's Python does first, and what it is started for
    "brought": ("", ["-c"]),
    "refused": ('if [ "$4" = -c ]; then exit 9; fi', ["-c", "a module"]),
    "no answer": ('if [ "$4" = -c ]; then cat >/dev/null; echo "{}"; exit 0; fi', ["-c", "a module"]),
    "answer lost": (LOST, ["-c", "a module"]),
    "no file in memory": (NO_MEMFD, ["-c", "a module"]),
}


def contacted(
    ansible_playbook, folder, state, first="", interpreter="ansible_python_interpreter", check=False, more=()
):
    """``(result of the first contact, holders of its turn, what Python was started for)``."""
    log, python, out = folder / "log", folder / "python", folder / "told.json"
    python.write_text(PYTHON % {"log": log, "first": first, "python": sys.executable})
    python.chmod(0o755)
    (folder / "scratch").mkdir()
    known = str(python) if interpreter == "ansible_python_interpreter" else [str(python)]
    own = {"ansible_connection": "local", interpreter: known, "chaos_allowed": True}
    (folder / "hosts.json").write_text(json.dumps({"all": {"vars": own, "hosts": {"web1": {}}}}))
    here = {"delegate_to": "localhost", "vars": {"ansible_python_interpreter": sys.executable}}
    with Server(say(answer({"status": "healthy"}))) as server:
        asked = {"url": server.url, "headers": {"X-Key": SECRET}, "scenarios": [BUSY], "lease": "60s"}
        count = {"argv": ["pgrep", "-fc", "pyz turn %s" % state]}
        content = "{{ {'told': told, 'turns': turns.stdout, 'back': back} | to_json }}"
        tasks = [
            {"magsasa.chaos.first_contact": asked, "register": "told", "check_mode": check},
            dict(here, **{"ansible.builtin.command": count, "register": "turns", "failed_when": False}),
            {
                "magsasa.chaos.host_turn": {"state": "absent", "again": "{{ told.again or omit }}"},
                "when": "told.held",
                "register": "back",
            },
            dict(here, **{"ansible.builtin.copy": {"content": content, "dest": str(out)}}),
        ]
        play = {"hosts": "web1", "gather_facts": False, "environment": {"TMPDIR": str(folder / "scratch")}}
        (folder / "play.json").write_text(json.dumps([dict(play, tasks=tasks)]))
        done = ansible_playbook("-i", folder / "hosts.json", folder / "play.json", *more)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(out.read_text())
    assert os.listdir(folder / "scratch") == []
    assert SECRET not in (folder / "log.words").read_text() + done.stdout + done.stderr + out.read_text()
    if not check:
        assert found["back"]["changed"] and found["back"]["held"] is False, found["back"]
    return found["told"], int(found["turns"]), log.read_text().split("\n")[:-1]


@pytest.mark.parametrize("way", WAYS)
def test_every_way_tells_the_same_and_takes_the_turn_once(way, ansible_playbook, chaos_state, tmp_path):
    first, started = WAYS[way]
    told, turns, words = contacted(ansible_playbook, tmp_path, chaos_state, first)
    assert words == started
    assert told["held"] is True and turns == 1
    assert told["found"]["endpoint"]["healthy"] is True and not told["refused"] and not told["lost"]
    assert told["able"]["scenarios"]["busy"]["can"] is True and told["able"]["host"]["root"] is (os.geteuid() == 0)
    assert told["again"][0] == sys.executable and told["again"][5:] == ["ask", "-"]
    assert os.listdir(chaos_state) == []


def test_the_python_that_ansible_finds_is_asked(ansible_playbook, chaos_state, tmp_path):
    told, turns, words = contacted(
        ansible_playbook, tmp_path, chaos_state, interpreter="ansible_interpreter_python_fallback"
    )
    assert words == ["-c"] and told["held"] is True and turns == 1


def test_a_dry_run_takes_and_leaves_nothing(ansible_playbook, chaos_state, tmp_path):
    told, turns, words = contacted(ansible_playbook, tmp_path, chaos_state, check=True)
    assert words[0] == "-c" and told["held"] is False and told["again"] is None and turns == 0
    assert told["able"]["scenarios"]["busy"]["can"] is True
    assert os.listdir(chaos_state) == []


def test_who_wants_to_see_how_a_module_is_executed_sees_one(ansible_playbook, chaos_state, tmp_path):
    words = contacted(ansible_playbook, tmp_path, chaos_state, more=["-vvv"])[2]
    assert words == ["a module"]
