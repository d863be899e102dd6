# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that goes down: it boots again, and its ledger tells why."""

from __future__ import annotations

import contextlib
import subprocess
import time

import pytest

from support.vm import BOOT_LIMIT, boot_id, forget_connection, inject, ledger, lifecycle, module, remains, ssh

DOWN = {"name": "down", "force": True, "duration": "3m"}


def booted_since(vm, before):
    """Wait until another boot answers; returns whether one did."""
    limit = time.monotonic() + BOOT_LIMIT
    while time.monotonic() < limit:
        forget_connection(vm)
        with contextlib.suppress(subprocess.TimeoutExpired):  # it may go down between question and answer
            if lifecycle.answers(vm) and boot_id(vm, check=False) not in ("", before):
                return True
        time.sleep(0.5)
    return False


@pytest.mark.parametrize(
    "action",
    ["reset", pytest.param("reboot", marks=pytest.mark.nightly), pytest.param("panic", marks=pytest.mark.nightly)],
)
def test_it_goes_down_and_the_next_contact_tells_so(vm, action):
    before = boot_id(vm)
    if action == "panic":
        ssh(vm, "echo 3 > /proc/sys/kernel/panic")
    fault = inject(vm, "host_fault", dict(DOWN, action=action))
    assert (fault["effect"], fault["event"]) == ("inconclusive", True), fault
    assert boot_id(vm) == before, "the answer must come before the event"
    assert booted_since(vm, before)
    module(vm, "fault_halt", {})  # a contact
    past = ledger(vm)[-1]
    assert (past["id"], past["boot_id"], past["effect"], past["revert_cause"], past["residue"]) == (
        fault["id"],
        before,
        "confirmed",
        "event_over",
        [],
    )
    assert remains(vm) == []


@pytest.mark.nightly
def test_it_is_called_off_in_time(vm):
    before = boot_id(vm)
    planned = module(vm, "host_fault", dict(DOWN, action="reset", delay="60s"), "--check")
    assert planned["fault"]["state"] == "planned" and remains(vm) == []
    refused = module(vm, "host_fault", dict(DOWN, action="reset", force=False))
    assert refused["failed"] and "refused by the host guard" in refused["msg"]
    inject(vm, "host_fault", dict(DOWN, action="reset", delay="20s"))
    began = time.monotonic()
    ended = module(vm, "host_fault", {"name": "down", "state": "absent"})["fault"]
    assert (ended["revert_cause"], ended["effect"], ended["residue"]) == ("absent", "inconclusive", [])
    assert remains(vm) == []
    time.sleep(max(0.0, began + 21 - time.monotonic()))
    assert boot_id(vm) == before
