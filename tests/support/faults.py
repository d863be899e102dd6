# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What tests of fault families share: a state folder of their own, what a fault left behind, and the killing of its
parts.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys

from support.modules import ROOT, environment, run_module
from support.waiting import wait_for  # noqa: F401  (many tests have it from here)

KEEPERS = (("chaos-fault", "supervisor_died"), ("chaos-guardian", "guardian_died"))


def parts(worker):
    """(name, revert cause) of every process of a fault whose workers are called ``worker``."""
    return KEEPERS + ((worker, "worker_died"),)


def marked(state, fault_id=None):
    """(pid, name) of living processes that the faults of this state folder started."""
    wanted = b"MAGSASA_CHAOS_STATE=%s" % str(state).encode()
    mark = b"MAGSASA_CHAOS_FAULT=" + (fault_id or "").encode()
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % entry, "rb") as source:
                pairs = source.read().split(b"\0")
            with open("/proc/%s/stat" % entry) as source:
                name, _close, rest = source.read().rpartition(")")
        except OSError:
            continue
        if rest.split()[0] not in "ZX" and wanted in pairs and any(pair.startswith(mark) for pair in pairs):
            found.append((int(entry), name.partition("(")[2]))
    return found


def pids(state, fault, name):
    """Pids of the processes of one fault that have this short name."""
    return [pid for pid, found in marked(state, fault["id"]) if found == name]


def ledger(state):
    """Past records, oldest first."""
    path = state / "ledger" / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def left(state):
    """What is left of faults: processes, runtime files, active records."""
    found = []
    for folder in (state / "run", state / "ledger" / "faults"):
        found += [str(path) for path in folder.rglob("*")] if folder.exists() else []
    return found + ["process %d %s" % each for each in marked(state)]


@contextlib.contextmanager
def fresh_state(folder):
    """A state folder of the test's own; afterwards everything is halted and nothing may be left."""
    state = folder / "state"
    state.mkdir(mode=0o700)
    try:
        yield state
    finally:
        if left(state):
            run_module("fault_halt", {}, state)
        assert wait_for(lambda: not left(state)), left(state)


def inject(module, options, state, **more):
    """Inject a fault that must succeed; returns its record."""
    result = run_module(module, options, state, **more)
    assert not result.get("failed"), result
    return result["fault"]


def end(module, name, state):
    """End a fault early; returns its final record."""
    result = run_module(module, {"name": name, "state": "absent"}, state)
    assert not result.get("failed"), result
    return result["fault"]


def end_quietly(state, fault):
    """End a fault without running Ansible, whose own memory and CPU time would blur what is measured around it."""
    for pid in pids(state, fault, "chaos-fault"):
        os.kill(pid, signal.SIGTERM)
    assert wait_for(lambda: not marked(state, fault["id"]))


def do_repeat_check_undo(module, options, state):
    """The life of a fault that is the same for every family; returns the record of the one that was in."""
    planned = run_module(module, options, state, check=True)
    assert planned["changed"] and planned["fault"]["state"] == "planned" and planned["fault"]["plan"][0]["undo"]
    assert list(state.iterdir()) == []
    first = inject(module, options, state)
    assert first["state"] == "active"
    again = run_module(module, options, state)
    assert not again["changed"] and again["fault"]["id"] == first["id"]
    planned = run_module(module, options, state, check=True)
    assert not planned["changed"]
    other = run_module(module, dict(options, name="other-name"), state)
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    undone = run_module(module, {"name": options["name"], "state": "absent"}, state)
    assert undone["changed"] and undone["fault"]["revert_cause"] == "absent" and undone["fault"]["residue"] == []
    assert wait_for(lambda: not left(state)), left(state)
    assert not run_module(module, {"name": options["name"], "state": "absent"}, state)["changed"]
    return first


def killed_part_ends_all(module, options, state, victim, cause):
    """SIGKILL one part of a fault: everything is gone soon, and the ledger names the cause. Returns (record, past
    record).
    """
    fault = inject(module, options, state)
    os.kill(pids(state, fault, victim)[0], signal.SIGKILL)
    assert wait_for(lambda: not left(state)), left(state)
    past = ledger(state)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], cause, [])
    return fault, past


def refused_rows(module, base, rows, state):
    """Run ``base`` changed by every row of ``rows`` ([(change, words)]): each must fail with one sentence that holds
    the words, and leave nothing.

    A change to None leaves an option out. By night all rows are tasks of one playbook run; by day the module runs
    without Ansible's controller.
    """
    asked = [
        {key: value for key, value in dict(base, **change).items() if value is not None} for change, _words in rows
    ]
    results = (
        _rows_of_a_play(module, asked, state)
        if os.environ.get("CHAOS_NIGHTLY") == "1"
        else [run_module(module, each, state) for each in asked]
    )
    for (change, words), result in zip(rows, results):
        assert result.get("failed") and not result.get("changed"), (change, result)
        assert "\n" not in result["msg"] and words in result["msg"], (change, words, result["msg"])
        assert "internal" not in result, result
    assert list(state.iterdir()) == [] and not marked(state)


def _rows_of_a_play(module, asked, state):
    """Results of a module with each of these options, in one playbook run."""
    tasks = [
        {
            "name": "row %d" % number,
            "magsasa.chaos." + module: options,
            "register": "row_%d" % number,
            "ignore_errors": True,
        }
        for number, options in enumerate(asked)
    ]
    target = state.parent / "rows.json"
    names = ", ".join("row_%d" % number for number in range(len(asked)))
    tasks.append(
        {
            "name": "keep",
            "ansible.builtin.copy": {"content": "{{ [%s] | to_json }}" % names, "dest": str(target), "mode": "0600"},
        }
    )
    play = state.parent / "rows.yml"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        "-i",
        str(ROOT / "inventory" / "hosts"),
        str(play),
    ]
    done = subprocess.run(
        argv, cwd=ROOT, env=environment(state), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0 and "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
    return json.loads(target.read_text())
