# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory: never the last of it, and given back when the host needs it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time

import pytest

from support.faults import (
    do_repeat_check_undo,
    end,
    end_quietly,
    fresh_state,
    inject,
    killed_part_ends_all,
    ledger,
    left,
    parts,
    pids,
    refused_rows,
    wait_for,
)
from support.memory_group import available, rss, small_machine
from support.modules import run_module

MIB = 1024 * 1024
FAULT = {"name": "less", "size": "256M", "duration": "60s"}
NEAR = 0.01


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


def anonymous(folder):
    """MiB of anonymous memory that is charged to a control group."""
    with open(os.path.join(folder, "memory.stat")) as source:
        found = dict(line.split() for line in source)
    return int(found.get("total_rss") or found["anon"]) / MIB


@contextlib.contextmanager
def hungry(size):
    """Another process that takes ``size`` bytes and keeps them; it says so on its standard output."""
    code = (
        "import sys\nkept = bytearray(%d)\nfor at in range(0, len(kept), 4096): kept[at] = 1\nprint('full',"
        " flush=True)\nsys.stdin.read()" % size
    )
    process = subprocess.Popen(
        [sys.executable, "-S", "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.root
def test_all_of_the_fault_together_takes_what_was_asked(state):
    """Counted by a control group that holds little else: anonymous memory of every process of the fault."""
    with small_machine(900 * MIB) as folder:
        before = anonymous(folder)  # this process moved in, what it had did not
        fault = inject("memory_fault", dict(FAULT, reserve="64M"), state)
        assert wait_for(lambda: anonymous(folder) - before == pytest.approx(256, rel=NEAR)), (
            before,
            anonymous(folder),
        )
        end_quietly(state, fault)


def test_worker_goes_first_when_memory_runs_out(state):
    fault = inject("memory_fault", FAULT, state)
    (worker,) = pids(state, fault, "chaos-memory")
    with open("/proc/%d/oom_score_adj" % worker) as source:
        assert source.read().strip() == "1000"
    for name in ("chaos-fault", "chaos-guardian"):  # the undo must live on
        with open("/proc/%d/oom_score_adj" % pids(state, fault, name)[0]) as source:
            assert int(source.read()) < 1000
    end("memory_fault", "less", state)


@pytest.mark.nightly
def test_share_of_what_is_available(state):
    before = available()
    fault = inject("memory_fault", dict(FAULT, size="2%"), state)
    assert fault["requested"]["size_mib"] == pytest.approx(before * 0.02, rel=0.1)
    end("memory_fault", "less", state)


@pytest.mark.nightly
def test_ramp_is_a_straight_line(state):
    fault = inject("memory_fault", dict(FAULT, ramp="8s"), state)
    assert fault["effect"] == "inconclusive" and "ramping" in fault["note"]
    (worker,) = pids(state, fault, "chaos-memory")
    began = fault["injected_at"]["monotonic"]
    for _number in range(4):
        time.sleep(1.0)
        passed = time.monotonic() - began
        assert rss(worker) == pytest.approx(256 * min(1.0, passed / 8.0), abs=50)
    assert wait_for(lambda: rss(worker) == pytest.approx(256, rel=NEAR), 8)
    time.sleep(1.5)
    assert end("memory_fault", "less", state)["effect"] == "confirmed"


def test_reserve_is_kept_with_the_figures(state):
    refused = run_module("memory_fault", dict(FAULT, reserve="100%"), state)
    assert refused["failed"] and refused["msg"].startswith("refused by the memory guard")
    assert refused["key"] == "reserve" and "256MiB" in refused["msg"]
    greedy = run_module("memory_fault", dict(FAULT, size="100%"), state)
    assert greedy["failed"] and greedy["key"] == "reserve"
    beyond = run_module("memory_fault", dict(FAULT, size="900T", reserve="0"), state)
    assert beyond["failed"] and "less than what is available" in beyond["msg"]
    assert list(state.iterdir()) == []


@pytest.mark.root
def test_limit_of_a_control_group_counts(state):
    with small_machine(700 * MIB):
        refused = run_module("memory_fault", FAULT, state)  # 512 MiB stay in reserve
        if not refused.get("failed"):
            end("memory_fault", "less", state)
        assert refused["failed"] and "control group" in refused["msg"] and refused["key"] == "reserve"
        fault = inject("memory_fault", dict(FAULT, reserve="64M"), state)
        assert fault["effect"] == "confirmed" and any("control group" in note for note in fault["notes"])
        end("memory_fault", "less", state)


@pytest.mark.root
def test_memory_is_given_back_when_needed_and_taken_again(state):
    with small_machine(900 * MIB):
        fault = inject("memory_fault", dict(FAULT, reserve="100M"), state)
        (worker,) = pids(state, fault, "chaos-memory")
        assert rss(worker) > 240
        with hungry(600 * MIB) as other:
            assert other.stdout.readline() == "full\n"
            assert wait_for(lambda: rss(worker) < 230)
            assert other.poll() is None
        assert wait_for(lambda: rss(worker) == pytest.approx(256, rel=NEAR), 12)
        time.sleep(1.2)
        final = end("memory_fault", "less", state)
    assert final["measured"]["back_offs"] >= 1 and final["measured"]["given_back_mib"] > 20
    assert final["effect"] == "confirmed"


@pytest.mark.root
def test_oom_killer_takes_the_worker_and_the_fault_is_over(state):
    with small_machine(900 * MIB):
        fault = inject("memory_fault", dict(FAULT, reserve="0", back_off=False), state)
        with hungry(700 * MIB) as other:
            assert other.stdout.readline() == "full\n"  # the one that asked lives: ours was killed
            assert wait_for(lambda: not left(state)), left(state)
    past = ledger(state)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "worker_died", [])


def test_life(state):
    do_repeat_check_undo("memory_fault", FAULT, state)


@pytest.mark.parametrize("victim, cause", parts("chaos-memory"))
def test_sigkill_of_any_part_ends_the_fault(state, victim, cause):
    killed_part_ends_all("memory_fault", FAULT, state, victim, cause)


def test_bad_input(state):
    rows = [
        ({"size": None}, "size: '' is missing"),
        ({"size": "lots"}, "size: 'lots'"),
        ({"size": "-5M"}, "size: '-5M'"),
        ({"size": "1M"}, "size: '1M'"),
        ({"size": "200%"}, "size: '200%'"),
        ({"size": "-1%"}, "size: '-1%'"),
        ({"size": "0%"}, "size: '0%'"),
        ({"size": "9999999999T"}, "refused by the memory guard"),
        ({"reserve": "some"}, "reserve: 'some'"),
        ({"reserve": "-1"}, "reserve: '-1'"),
        ({"reserve": "101%"}, "reserve: '101%'"),
        ({"ramp": "slowly"}, "ramp: 'slowly'"),
        ({"ramp": "-1s"}, "ramp: '-1s'"),
        ({"back_off": "perhaps"}, "back_off"),
    ]
    refused_rows("memory_fault", FAULT, rows, state)
