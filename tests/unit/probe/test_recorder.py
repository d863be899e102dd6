# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of the recorder that a whole run cannot show: a full file system, the turns of its threads, real-time
scheduling.
"""

from __future__ import annotations

import collections
import os
import subprocess
import sys
import threading
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._check import check
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import handover, recorder, samples
from support.modules import ROOT

ROW = samples.Sample(1.0, 0.1, 2.0, True, 200, "")


def made(**more):
    spec = {"max_in_flight": 4, "check": {"kind": "http", "timeout_s": 1.0}, "keepalive": False, "id": "x"}
    return recorder.Recorder(dict(spec, **more), "/nonexistent")


def test_a_full_file_system_loses_nothing_within_bounds(tmp_path, monkeypatch):
    writer = made()
    writer._file = os.open("/dev/full", os.O_WRONLY)
    try:
        writer._rows.extend([ROW] * 10)
        writer._write()
        writer._rows.extend([ROW] * 5)
        writer._write()
    finally:
        os.close(writer._file)
    path = tmp_path / "samples.tsv"
    writer._file = os.open(str(path), os.O_WRONLY | os.O_CREAT)
    try:
        writer._write()
        writer._write()
    finally:
        os.close(writer._file)
    assert samples.read(str(path)) == [ROW] * 15 and writer.count["sent"] == 15 and writer.count["unwritten"] == 0


def test_what_a_full_file_system_costs_is_counted(monkeypatch):
    monkeypatch.setattr(recorder, "MOST_UNWRITTEN", 20)
    writer = made()
    writer._file = os.open("/dev/full", os.O_WRONLY)
    try:
        for _each in range(5):
            writer._rows.extend([ROW] * 10)
            writer._write()
    finally:
        os.close(writer._file)
    assert len(writer._rows) == 20 and writer.count["unwritten"] == 20  # ten more are in the batch under way


class Held:
    """A check that ends when it is told."""

    def __init__(self, release, fail=False):
        self._release, self._fail = release, fail

    def run(self):
        self._release.wait(20)
        if self._fail:
            raise RuntimeError("a defect")
        return check.Outcome(True, 0.0, 200, "", "")


def probing(checker, bound, rows, dues, eager=True):
    """A relay that has taken the probes of ``dues`` (monotonic seconds), and is asked to end then."""

    def lead(take):
        while dues:
            if not take(dues.pop(0), 0.0):
                return
        turns.end()

    turns = handover.Relay(checker, bound, rows, lead, eager)
    thread = threading.Thread(target=turns.run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive() and not dues
    return turns


def test_nobody_waits_for_a_probe_under_way_and_the_bound_is_kept():
    release = threading.Event()
    rows = collections.deque()
    turns = probing(lambda: Held(release), 3, rows, [time.monotonic() + number / 1000.0 for number in range(5)])
    assert [row.error for row in rows] == ["dropped", "dropped"] and len(turns._jobs) == 3 and turns.busy()
    assert turns.size() <= 5  # one for each probe in flight, and who has the clock
    release.set()
    assert settle(lambda: len(rows) == 5 and not turns.busy())
    assert all(row.ok and row.latency_ms >= row.late_ms for row in list(rows)[2:])


def test_one_thread_does_everything_while_the_target_is_quick():
    release = threading.Event()
    release.set()
    rows = collections.deque()
    turns = probing(lambda: Held(release), 3, rows, [time.monotonic()] * 50, eager=False)
    assert len(rows) == 50 and turns.size() == 1


def test_a_defect_of_a_check_is_on_record():
    release = threading.Event()
    release.set()
    rows = collections.deque()
    probing(lambda: Held(release, fail=True), 2, rows, [time.monotonic()] * 2)
    assert settle(lambda: len(rows) == 2)
    assert {(row.ok, row.error) for row in rows} == {(False, "internal")}


def settle(condition, seconds=10.0):
    """Wait until it is so; returns whether it is."""
    pause = threading.Event()
    for _each in range(int(seconds / 0.01)):
        if condition():
            return True
        pause.wait(0.01)
    return bool(condition())


URGENT = """
import os, sys, time
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import realtime
if not realtime.take():
    sys.exit(77)
assert os.sched_getscheduler(0) == os.SCHED_RR
limit = time.monotonic() + 20
while os.sched_getscheduler(0) == os.SCHED_RR:  # never pauses
    if time.monotonic() > limit:
        sys.exit("still real-time")
"""


def test_real_time_priority_is_given_back_by_one_that_never_pauses():
    environment = dict(os.environ, PYTHONPATH=str(ROOT / ".collections"))
    done = subprocess.run(
        [sys.executable, "-c", URGENT], capture_output=True, text=True, timeout=60, env=environment, check=False
    )
    if done.returncode == 77:
        pytest.skip("this user may not have real-time priority")
    assert done.returncode == 0, done.stderr
