# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time of day of a host with a clock of its own, compared with the time of day here."""

from __future__ import annotations

import time

import pytest

from support.faults import wait_for
from support.vm import boots_again, inject, ledger, module, remains, ssh

HOUR = 3600.0
AHEAD = {"name": "ahead", "offset": "+1h", "duration": "120s"}
WITHIN = 1.0  # seconds; asking takes its time on an emulated processor, and is counted out as far as it can be
KEEPER = (
    "printf '[Service]\\nExecStart=sleep infinity\\n' > /run/systemd/system/chrony.service; systemctl daemon-reload;"
    " systemctl start chrony"
)
NO_KEEPER = "systemctl stop chrony; rm -f /run/systemd/system/chrony.service; systemctl daemon-reload"


def ahead(vm):
    """Seconds by which the clock of the machine is ahead of the one here, by the middle of question and answer."""
    asked = time.time()
    told = float(ssh(vm, "date +%s.%N"))
    return told - (asked + time.time()) / 2.0


@pytest.fixture
def base(vm):
    """How far the clocks are apart without a fault; after the test they are that again, and nothing of the fault is
    left.
    """
    module(vm, "fault_info", {})  # the connection is open, and costs the readings nothing
    apart = ahead(vm)
    yield apart
    if remains(vm):
        module(vm, "fault_halt", {})
    assert remains(vm) == []
    assert abs(ahead(vm) - apart) < WITHIN


def test_an_hour_ahead_and_back(vm, base):
    ssh(vm, KEEPER)
    try:
        planned = module(vm, "clock_fault", AHEAD, "--check")
        assert planned["fault"]["state"] == "planned" and abs(ahead(vm) - base) < WITHIN
        fault = inject(vm, "clock_fault", AHEAD)
        assert abs(ahead(vm) - base - HOUR) < WITHIN
        assert fault["effect"] == "confirmed" and abs(fault["measured"]["offset_s"] - HOUR) < 0.2, fault
        assert ssh(vm, "systemctl is-active chrony || true").strip() == "inactive"
        assert module(vm, "clock_fault", AHEAD)["changed"] is False
        other = module(vm, "clock_fault", dict(AHEAD, name="other"))
        assert other["failed"] and "refused by the conflict guard" in other["msg"]
        ended = module(vm, "clock_fault", {"name": "ahead", "state": "absent"})
        assert (ended["changed"], ended["fault"]["revert_cause"], ended["fault"]["residue"]) == (True, "absent", [])
        assert abs(ahead(vm) - base) < WITHIN
        assert ssh(vm, "systemctl is-active chrony").strip() == "active"
        assert module(vm, "clock_fault", {"name": "ahead", "state": "absent"})["changed"] is False
    finally:
        ssh(vm, NO_KEEPER)


@pytest.mark.nightly
def test_a_killed_supervisor_leaves_no_wrong_time(vm, base):
    fault = inject(vm, "clock_fault", dict(AHEAD, name="late", offset="-1h"))
    assert abs(ahead(vm) - base + HOUR) < WITHIN
    ssh(vm, "kill -KILL $(pgrep -x chaos-fault)")
    assert wait_for(lambda: not remains(vm), 20), remains(vm)
    past = ledger(vm)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "supervisor_died", [])


@pytest.mark.nightly
def test_what_somebody_else_set_right_stays_right(vm, base):
    inject(vm, "clock_fault", AHEAD)
    ssh(vm, "date -s '-1 hour'")
    ended = module(vm, "clock_fault", {"name": "ahead", "state": "absent"})["fault"]
    assert ended["residue"] == [] and abs(ahead(vm) - base) < WITHIN


@pytest.mark.nightly
def test_a_power_cut_takes_the_wrong_time_along(vm, base):
    inject(vm, "clock_fault", AHEAD)
    boots_again(vm, "echo b > /proc/sysrq-trigger")
    assert abs(ahead(vm) - base) < 5.0  # the hardware's clock counts whole seconds
    swept = module(vm, "clock_fault", {"name": "nobody", "state": "absent"})["swept"]
    assert [(each["name"], each["residue"]) for each in swept] == [("ahead", [])]
