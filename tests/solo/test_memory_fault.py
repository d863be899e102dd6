# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory: as much as was asked, by the worker and by what the host gets back."""

from __future__ import annotations

import os
import signal
import time

import pytest

from support.faults import fresh_state, inject, marked, pids
from support.memory_group import available, rss

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
