# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU load: as much as was asked, by the kernel's own count, also beside processes that are busy by themselves."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time

import pytest

from support.cpu_group import small_processor
from support.faults import end, fresh_state, inject, pids
from support.modules import run_module
from support.waiting import wait_for

FAULT = {"name": "busy", "load": "30%", "duration": "60s"}
NEAR = 2.0  # points
LITTLE = 5.0  # percent of a core: where others alone keep it busier than asked, ours is next to nothing
TRIES = 5  # other work on the machine may be more than what was asked; that is not the fault's error


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@contextlib.contextmanager
def busy(count):
    """``count`` processes that burn all the CPU they get."""
    running = [subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _number in range(count)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def core_ticks():
    """{core: (busy, all) ticks} of /proc/stat."""
    found = {}
    with open("/proc/stat") as source:
        for line in source:
            label, *numbers = line.split()
            if label[:3] == "cpu" and label[3:].isdigit():
                ticks = [int(number) for number in numbers[:8]]
                found[int(label[3:])] = (sum(ticks) - ticks[3] - ticks[4], sum(ticks))
    return found


def spent(workers):
    """CPU seconds of processes so far."""
    total = 0
    for pid in workers:
        with open("/proc/%d/stat" % pid) as source:
            fields = source.read().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def loads(workers, seconds=3.0):
    """{core: (busy, ours)} over the next seconds, in percent: what /proc/stat says of each core, and the CPU time
    of the workers that are bound to it.
    """
    bound = {}
    for pid in workers:
        (core,) = os.sched_getaffinity(pid)
        bound.setdefault(core, []).append(pid)
    ticks, before, began = core_ticks(), {core: spent(pids) for core, pids in bound.items()}, time.monotonic()
    time.sleep(seconds)
    after, passed = core_ticks(), time.monotonic() - began
    return {
        core: (
            round(100.0 * (after[core][0] - ticks[core][0]) / max(1, after[core][1] - ticks[core][1]), 1),
            round(100.0 * (spent(bound[core]) - before[core]) / passed, 1) if core in bound else 0.0,
        )
        for core in ticks
    }


def own_load(workers, seconds=3.0):
    """CPU time of the workers over the next seconds, in percent of one core each."""
    return sum(ours for _busy, ours in loads(workers, seconds).values()) / len(workers)


def exact(busy, ours, asked):
    """Whether a load is what was asked for, and part of it is ours."""
    return abs(busy - asked) <= NEAR and ours > 1.0


def needless(busy, ours, asked):
    """Whether others alone make more than was asked for, and ours is next to nothing: all that a fault can do then."""
    return busy > asked and ours < LITTLE


def held_at(asked, read):
    """Readings ([(busy, ours)]) until all of one are exact. Those during which others left no room, or came or went,
    say nothing of the fault: where TRIES in a row left none it is right to be next to nothing, and TRIES in all that
    are neither are wrong.
    """
    seen, crowded, wrong = [], 0, 0
    while crowded < TRIES and wrong < TRIES:
        seen.append(read())
        if all(exact(*figures, asked) for figures in seen[-1]):
            break
        full = all(exact(*figures, asked) or needless(*figures, asked) for figures in seen[-1])
        crowded, wrong = (crowded + 1, wrong) if full else (0, wrong + 1)
    print("asked for %g %%, read (busy, ours) %s" % (asked, seen))
    assert wrong < TRIES, (asked, seen)


def close_to(read, asked):
    """Readings until one is near what was asked; the last of TRIES decides."""
    seen = []
    for _number in range(TRIES):
        seen.append(round(read(), 1))
        if abs(seen[-1] - asked) <= NEAR:
            return
    raise AssertionError("asked for %g %%, read %s" % (asked, seen))


@pytest.mark.parametrize(
    "others, asked", [(0, 75), (1, 75), *(pytest.param(0, asked, marks=pytest.mark.nightly) for asked in (20, 50, 95))]
)
def test_host_is_as_busy_as_asked_whatever_else_runs(state, others, asked):
    cores = os.sched_getaffinity(0)
    with busy(others):
        fault = inject("cpu_fault", dict(FAULT, load="%d%%" % asked), state)
        workers = pids(state, fault, "chaos-cpu")

        def mean():
            found = loads(workers)
            return [tuple(round(sum(found[core][index] for core in cores) / len(cores), 1) for index in (0, 1))]

        held_at(asked, mean)
        end("cpu_fault", "busy", state)


def test_added_load_is_ours_beside_busy_processes(state):
    """75 % is more than the half that the kernel's fair share gives beside a busy process on every core."""
    with busy(len(os.sched_getaffinity(0))):
        fault = inject("cpu_fault", dict(FAULT, load="75%", of="added"), state)
        workers = pids(state, fault, "chaos-cpu")
        if os.geteuid() == 0:
            close_to(lambda: own_load(workers), 75.0)
        else:
            assert fault["notes"] and own_load(workers) > 20.0
        end("cpu_fault", "busy", state)


@pytest.mark.parametrize("given", [{"cores": 1}, {"core_ids": "last"}])
def test_chosen_cores_are_loaded_and_no_other(state, given):
    """By the count of each core: the chosen one is at what was asked; on the others nothing of ours ever runs."""
    cores = sorted(os.sched_getaffinity(0))
    chosen = cores[-1] if "core_ids" in given else cores[0]
    fault = inject(
        "cpu_fault", dict(FAULT, load="60%", **({"core_ids": [chosen]} if "core_ids" in given else given)), state
    )
    workers = pids(state, fault, "chaos-cpu")
    assert len(workers) == 1 and fault["requested"]["cores"] == 1
    assert os.sched_getaffinity(workers[0]) == {chosen}
    held_at(60.0, lambda: [loads(workers)[chosen]])
    end("cpu_fault", "busy", state)


def test_each_core_is_held_by_itself(state):
    """Every core at what was asked, by its own count."""
    cores = sorted(os.sched_getaffinity(0))
    fault = inject("cpu_fault", dict(FAULT, load="60%", per_core=True), state)
    workers = pids(state, fault, "chaos-cpu")
    held_at(60.0, lambda: [loads(workers)[core] for core in cores])
    final = end("cpu_fault", "busy", state)
    assert sorted(final["measured"]["core_load_pct"]) == [str(core) for core in cores]


@pytest.mark.nightly
def test_each_core_is_held_by_itself_beside_a_process_on_one_of_them(state):
    """With one core for ever 100 % busy by others the mean is no measure: the other one must be at what was asked,
    and not make up for it.
    """
    cores = sorted(os.sched_getaffinity(0))[:2]
    if len(cores) < 2:
        pytest.skip("this machine has one core")
    with busy(1) as (other,):
        os.sched_setaffinity(other.pid, {cores[0]})
        fault = inject("cpu_fault", dict(FAULT, load="70%", core_ids=cores, per_core=True), state)
        assert fault["requested"]["core_ids"] == cores
        workers = pids(state, fault, "chaos-cpu")
        held_at(70.0, lambda: [loads(workers)[cores[1]]])
        assert needless(*loads(workers)[cores[0]], 70.0)
        end("cpu_fault", "busy", state)


@pytest.mark.nightly
def test_ramp_starts_low(state):
    fault = inject("cpu_fault", dict(FAULT, load="80%", of="added", cores=1, ramp="8s"), state)
    assert fault["effect"] == "inconclusive" and "ramping" in fault["note"]
    workers = pids(state, fault, "chaos-cpu")
    assert own_load(workers, 1.0) < 60.0
    time.sleep(8.0)
    assert own_load(workers, 2.0) > 60.0
    end("cpu_fault", "busy", state)


@pytest.mark.root
def test_a_quota_is_named_in_the_plan_and_as_the_reason(state):
    """In a container or unit with a CPU quota less than asked comes out: the plan says so before, and the note of
    the mismatch after.
    """
    with small_processor(25) as file:
        options = {"name": "bound", "load": "50%", "of": "added", "cores": 1, "duration": "12s"}
        planned = run_module("cpu_fault", options, state, check=True)["fault"]
        assert any(file in note and "cannot reach 50 %" in note for note in planned["notes"]), planned["notes"]
        assert run_module("cpu_fault", options, state)["changed"]
        past = os.path.join(str(state), "ledger", "ledger.jsonl")
        assert wait_for(
            lambda: os.path.exists(past) and os.path.getsize(past), 120, 0.5
        )  # we are in that group too, and take little of it
    with open(past) as source:
        fault = json.loads(source.readline())
    assert (
        fault["effect"] == "mismatch" and "a CPU quota limits this fault" in fault["note"] and file in fault["note"]
    ), (fault["note"], fault["measured"])
