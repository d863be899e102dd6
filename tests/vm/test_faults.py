# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on a host with its own kernel: measured by that kernel, gone after a reboot, a power cut, a killed
supervisor, a clock that jumps.
"""

from __future__ import annotations

import time

import pytest

from support.faults import wait_for
from support.vm import boot_id, boots_again, chaos_processes, inject, ledger, module, remains, ssh

BUSY = {"name": "busy", "load": "50%", "duration": "120s"}
# Enough to be seen; the processors of an emulated machine are this one's.
LIGHT = {"name": "light", "load": "10%", "of": "added", "cores": 1, "duration": "120s"}
LESS = {"name": "less", "size": "200M", "reserve": "64M", "duration": "120s"}
MEGABYTE = 1024  # in the unit of /proc/meminfo
GONE_WITHIN = 20  # seconds; an emulated processor takes its time


def cpu_share(vm, seconds=3):
    """Share of the time of all processors that was not idle, as the guest's kernel counts it."""
    rows = ssh(vm, "head -n 1 /proc/stat; sleep %d; head -n 1 /proc/stat" % seconds).splitlines()
    first, last = (list(map(int, row.split()[1:9])) for row in rows)
    spent = [after - before for before, after in zip(first, last)]
    return 1 - (spent[3] + spent[4]) / sum(spent)


def available(vm):
    """Memory that is available (KiB)."""
    return int(ssh(vm, "grep MemAvailable /proc/meminfo").split()[1])


@pytest.fixture(autouse=True)
def ends_clean(vm):
    """No test leaves a fault to the next; what is ending has a moment for that."""
    yield
    clean = wait_for(lambda: not remains(vm))
    left = [] if clean else remains(vm)
    if left:
        module(vm, "fault_halt", {})
    assert not left, (left, remains(vm))


@pytest.mark.nightly
def test_cpu_load_as_its_kernel_counts_it(vm):
    inject(vm, "cpu_fault", BUSY)
    share = cpu_share(vm)
    assert 0.4 < share < 0.65, share
    ended = module(vm, "cpu_fault", {"name": "busy", "state": "absent"})["fault"]
    assert (ended["revert_cause"], ended["residue"]) == ("absent", [])
    assert cpu_share(vm) < share - 0.25


@pytest.mark.nightly  # by day: tests/solo/test_memory_fault.py
def test_memory_as_its_kernel_counts_it(vm):
    before = available(vm)
    fault = inject(vm, "memory_fault", LESS)
    assert fault["effect"] == "confirmed", (fault["effect"], fault["note"], fault["measured"])
    taken = before - available(vm)
    assert 170 * MEGABYTE < taken < 260 * MEGABYTE, taken
    ended = module(vm, "memory_fault", {"name": "less", "state": "absent"})["fault"]
    assert (ended["revert_cause"], ended["residue"]) == ("absent", [])
    assert abs(available(vm) - before) < 50 * MEGABYTE


@pytest.mark.nightly  # by day: tests/lab/test_faults.py, and with netem in test_network_tc.py
def test_a_killed_supervisor_leaves_nothing(vm):
    fault = inject(vm, "cpu_fault", LIGHT)
    ssh(vm, "kill -KILL $(pgrep -x chaos-fault)")
    assert wait_for(lambda: not remains(vm), GONE_WITHIN), remains(vm)
    past = ledger(vm)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "supervisor_died", [])


def test_a_clock_that_jumps_does_not_move_the_deadline(vm):
    fault = inject(vm, "cpu_fault", dict(LIGHT, duration="10s"))
    ssh(vm, "date -s '+1 hour'")
    try:
        assert "chaos-cpu" in chaos_processes(vm), "the jump of the clock ended the fault"
        assert wait_for(lambda: not remains(vm), 10 + GONE_WITHIN), remains(vm)
    finally:
        ssh(vm, "date -s '-1 hour'")
    past = ledger(vm)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "deadline", [])
    assert 9.5 < past["reverted_at"]["monotonic"] - past["injected_at"]["monotonic"] < 10 + GONE_WITHIN
    assert 3590 < past["reverted_at"]["wall"] - past["injected_at"]["wall"] - 10 < 3660


@pytest.mark.nightly  # by day: tests/lab/test_boot_sweep.py, and a reset of the host in test_host_fault.py
def test_a_power_cut_takes_the_fault_along_and_the_next_contact_clears_the_ledger(vm):
    before, boot = available(vm), boot_id(vm)
    faults = [inject(vm, "cpu_fault", LIGHT), inject(vm, "memory_fault", LESS)]
    boots_again(vm, "echo b > /proc/sysrq-trigger")
    assert chaos_processes(vm) == []
    assert abs(available(vm) - before) < 50 * MEGABYTE
    told = module(vm, "fault_info", {})
    assert [(each["id"], each["orphaned"], each["seconds_left"], each["boot_id"]) for each in told["active"]] == [
        (each["id"], True, None, boot) for each in faults
    ]
    assert told["clock"]["boot_id"] != boot
    swept = module(vm, "cpu_fault", {"name": "nobody", "state": "absent"})["swept"]
    assert [(each["id"], each["revert_cause"], each["residue"]) for each in swept] == [
        (each["id"], "orphaned", []) for each in faults
    ]
    assert remains(vm) == []
    assert [each["id"] for each in ledger(vm)[-2:]] == [each["id"] for each in faults]


@pytest.mark.nightly  # by day: tests/lab/test_boot_sweep.py
def test_a_reboot_ends_the_fault(vm):
    fault = inject(vm, "cpu_fault", LIGHT)
    started = time.monotonic()
    boots_again(vm, "systemctl reboot")
    assert time.monotonic() - started < 120, "the fault would have been over by itself"
    assert remains(vm) == []
    told = module(vm, "fault_info", {})
    assert told["active"] == [] and told["residue"] == []
    past = told["past"][0]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "terminated", [])
