# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault module costs in somebody's own play, beside a task with ``ping``, in pairs of one run.

    PYTHONPATH=.collections:tests .venv/bin/python tests/bench/bench_fault.py [PAIRS]

``absent`` ends a fault that is not there: the guards and the code, and nothing else. ``present`` injects one and the
next task ends it, so its figure is the mean of the two. ``... by module`` is the same where the action cannot send the
code itself (see plugin_utils/_brought.py), as for a delegate. CPU seconds are those of the controller and of all that
it waits for; what stays on the host is not in them.
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.modules import ROOT, environment

TASKS = 10
FAULT = {"name": "bench", "size": "16M", "duration": "300s"}
ABSENT = [{"magsasa.chaos.memory_fault": {"name": "bench", "state": "absent"}}]
PRESENT = [{"magsasa.chaos.memory_fault": FAULT}] + ABSENT


def by_module(tasks):
    """The same tasks, for a delegate."""
    return [dict(task, delegate_to="localhost") for task in tasks]


KINDS = {
    "ping": [{"ansible.builtin.ping": {}}],
    "absent": ABSENT,
    "absent by module": by_module(ABSENT),
    "present": PRESENT,
    "present by module": by_module(PRESENT),
}


def spent():
    """CPU seconds of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(folder, tasks, env):
    """(wall seconds, CPU seconds) of a play."""
    path = folder / "play.yml"
    path.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    before, began = spent(), time.monotonic()
    subprocess.run([program, str(path)], env=env, cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began, spent() - before


def one_turn(folder, env):
    """``{kind: (wall, CPU)}`` of a task; each play has one ping first, whose time is that of Ansible's start."""
    ping = KINDS["ping"][0]
    start = run(folder, [ping], env)
    found = {}
    for kind, tasks in KINDS.items():
        whole = run(folder, [ping] + (tasks * TASKS)[:TASKS], env)
        found[kind] = tuple((total - first) / TASKS for total, first in zip(whole, start))
    return found


def main():
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "state").mkdir(mode=0o700)
        env = environment(folder / "state", CHAOS_REPORT_DIR=folder / "reports")
        turns = [one_turn(folder, env) for _turn in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5)]
    for kind in KINDS:
        wall, processor = (figures(turns, kind, number) for number in (0, 1))
        print("%-17s wall %s, CPU %s" % (kind, wall, processor))


def figures(turns, kind, number):
    """The median of one figure of a kind over all turns, and its ratio to that of ping."""
    seconds = statistics.median(turn[kind][number] for turn in turns)
    ratio = statistics.median(turn[kind][number] / turn["ping"][number] for turn in turns)
    return "%.2f s (%.2f times ping)" % (seconds, ratio)


if __name__ == "__main__":
    main()
