# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tasks with a fault module in somebody's own play: by a command that brings its code, and by the module where that
gives no answer. Which it was the host's Python tells.
"""

from __future__ import annotations

import json
import os
import sys

import pytest

PYTHON = """#!/bin/sh
echo "${1:-a module}" >>%(log)s
%(refuses)s
exec %(python)s "$@"
"""
FAULT = {"name": "held", "size": "16M", "duration": "60s"}
ABSENT = {"name": "held", "state": "absent"}
TASKS = [
    {"register": "planned", "check_mode": True, "diff": True, "magsasa.chaos.memory_fault": FAULT},
    {"register": "first", "diff": True, "magsasa.chaos.memory_fault": FAULT},
    {"register": "again", "magsasa.chaos.memory_fault": FAULT},
    {"register": "other", "ignore_errors": True, "magsasa.chaos.memory_fault": dict(FAULT, size="32M")},
    {"register": "ended", "magsasa.chaos.memory_fault": ABSENT},
    {"register": "gone", "magsasa.chaos.memory_fault": ABSENT},
    {"register": "typo", "ignore_errors": True, "magsasa.chaos.memory_fault": dict(FAULT, sise="2M")},
]
NAMES = [task["register"] for task in TASKS]


def told(ansible_playbook, folder, refuses):
    """``(results of TASKS, words that Python was started with)``."""
    log, python, out = folder / "log", folder / "python", folder / "told.json"
    python.write_text(PYTHON % {"log": log, "refuses": refuses, "python": sys.executable})
    python.chmod(0o755)
    (folder / "scratch").mkdir()
    own = {"ansible_connection": "local", "ansible_python_interpreter": str(python), "chaos_allowed": True}
    (folder / "hosts.json").write_text(json.dumps({"all": {"vars": own, "hosts": {"web1": {}}}}))
    content = "{{ {%s} | to_json }}" % ", ".join("'%s': %s" % (name, name) for name in NAMES)
    keep = {"ansible.builtin.copy": {"content": content, "dest": str(out)}, "delegate_to": "localhost"}
    play = {"hosts": "web1", "gather_facts": False, "environment": {"TMPDIR": str(folder / "scratch")}}
    (folder / "play.json").write_text(json.dumps([dict(play, tasks=TASKS + [keep])]))
    done = ansible_playbook("-i", folder / "hosts.json", folder / "play.json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert os.listdir(folder / "scratch") == []
    return json.loads(out.read_text()), log.read_text().split("\n")[:-1]


@pytest.mark.parametrize(
    "refuses, started",
    [
        ("", ["-I"] * 6 + ["a module"]),  # of an option that it does not have, the module tells
        ('if [ "$1" = -I ]; then exit 9; fi', ["-I", "a module"] * 6 + ["a module"]),
        ('if [ "$1" = -I ]; then cat >/dev/null; echo Welcome; exit 0; fi', ["-I", "a module"] * 6 + ["a module"]),
    ],
    ids=["brought", "refused", "no answer"],
)
def test_both_ways_say_and_do_the_same(refuses, started, ansible_playbook, chaos_state, tmp_path):
    found, words = told(ansible_playbook, tmp_path, refuses)
    assert words == started
    assert [found[name]["changed"] for name in NAMES] == [True, True, False, False, True, False, False]
    assert [found[name].get("failed", False) for name in NAMES] == [False, False, False, True, False, False, True]
    assert found["planned"]["fault"]["state"] == "planned" and found["first"]["fault"]["state"] == "active"
    assert found["planned"]["diff"]["after"].startswith("take 16MiB of memory")
    assert found["first"]["diff"]["after"] == "%s\n" % found["first"]["fault"]["plan"][0]["says"]
    assert found["again"]["fault"]["id"] == found["first"]["fault"]["id"] and "diff" not in found["again"]
    assert found["other"]["refused"] and found["other"]["msg"].startswith("refused by the conflict guard")
    assert found["ended"]["fault"]["revert_cause"] == "absent" and found["ended"]["fault"]["residue"] == []
    assert found["gone"]["fault"]["id"] == found["first"]["fault"]["id"]
    assert "sise" in found["typo"]["msg"]
    assert os.listdir(chaos_state) == ["ledger"]
