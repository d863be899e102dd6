# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory: as much as was asked, by the worker and by what the host gets back."""

from __future__ import annotations

import json
import os
import signal
import time

import pytest

from support.faults import fresh_state, inject, marked, pids
from support.http_server import Server, answer, say
from support.memory_group import available, rss
from support.short import SHORT

MIB = 1024 * 1024
FAULT = {"name": "less", "duration": "60s"}
NEAR = 0.01


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


LARGE = 1024  # MiB: so much that what other work takes and gives back meanwhile is little beside it


STILL = LARGE * NEAR / 2


TRIES = 12  # None: other work moved MemAvailable


def lives(pid):
    """Whether a process is there and is not only a zombie."""
    try:
        with open("/proc/%d/stat" % pid) as source:
            return source.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def freed_by_killing(processes):
    """MiB by which MemAvailable rises when all of them are killed at once; None when other work moved it just
    before or after.
    """
    earlier = available()
    time.sleep(0.02)
    before = available()
    for pid in processes:
        os.kill(pid, signal.SIGKILL)
    while any(lives(pid) for pid in processes):  # a zombie has given its memory back
        time.sleep(0.002)
    after = available()
    time.sleep(0.02)
    still = abs(before - earlier) < STILL and abs(available() - after) < STILL
    return after - before if still else None


def test_takes_what_was_asked(state):
    """The worker's VmRSS, and what the host gets back when all of the fault goes, are both within 1 % of the size."""
    freed = []
    for _number in range(TRIES):
        fault = inject("memory_fault", dict(FAULT, size="%dM" % LARGE), state)
        assert fault["effect"] == "confirmed" and fault["measured"]["held_mib"] == pytest.approx(LARGE, rel=NEAR)
        (worker,) = pids(state, fault, "chaos-memory")
        assert rss(worker) == pytest.approx(LARGE, rel=NEAR)
        freed.append(freed_by_killing([pid for pid, _name in marked(state, fault["id"])]))
        if sum(each == pytest.approx(LARGE, rel=NEAR) for each in freed if each is not None) > 1:
            break
    print("asked for %d MiB, MemAvailable rose by %s" % (LARGE, freed))
    assert sum(each == pytest.approx(LARGE, rel=NEAR) for each in freed if each is not None) > 1, freed


def test_a_run_on_its_own_controller_takes_what_was_asked_too(ansible_playbook, chaos_state, tmp_path):
    """The run bounds its own memory to some 400 MiB more than it has: the fault must not inherit that."""
    scenario = dict(
        SHORT, id="memory-large", family="memory", options={"size": "%dM" % LARGE}, objectives={"error_rate": "5%"}
    )
    with Server(say(answer({"status": "healthy"}))) as server:
        given = {"chaos_extra_scenarios": [scenario], "chaos_scenarios": [scenario["id"]], "chaos_baseline": "1s"}
        given.update(chaos_target_url=server.url, chaos_report_dir=str(tmp_path / "reports"))
        done = ansible_playbook("playbooks/chaos_light.yml", "-e", json.dumps(given))
    (record,) = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())["experiments"]
    assert (done.returncode, record["verdict"]) == (0, "passed"), record["reason"]
    assert record["fault"]["measured"]["held_mib"] == pytest.approx(LARGE, rel=NEAR)
