# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo a fault, check that it is undone, and write that down. Private to magsasa.chaos.

The supervisor, the guardian and any later module run call the same function; a lock for each fault lets one of them work.
"""
from __future__ import annotations

import os
import signal
import time

from .. import _clock
from .._errors import ChaosError, HostError
from . import journal, lock, processes, secrets, services, state, undo, unit
from .holding import keepers, orphaned

UNIT_S = 5.0  # seconds that the unit of a fault may take to go
CAUSES = (
    "deadline absent halt halt_condition lease worker_died guardian_died supervisor_died orphaned failed terminated event_over"
).split()


def revert(ledger, fault_id, cause, details=None):
    """Carry out the undo of one fault.

    Returns the final record, or None when the fault was already wholly undone. ``details`` joins the record first (the last
    measurement). The record stays active, in state ``residue``, when something is left: the next contact tries again.
    """
    lock_path = os.path.join(ledger.faults, fault_id + ".lock")
    with lock.held(lock_path, wait=60.0):
        try:
            record = ledger.read(fault_id)
            if record is None:
                return None
            record.update(details or {})
            problems = undo.carry_out(record["undo"], fault_id)
            left = undo.residue(record["undo"], fault_id)
            record["reverted_at"] = _clock.now()
            record["revert_cause"] = record.get("revert_cause") or cause
            record["residue"] = left
            if _ended_its_boot(record):
                record.update(effect="confirmed", note="the host went down", revert_cause="event_over")
            if problems:
                record["undo_problems"] = problems[:20]
            record["state"] = "residue" if left else "reverted"
            if not left:
                undo.verify(record)
            for name in (".cause", ".lease"):  # here, and not in the supervisor: it may be the one that died
                state.remove(os.path.join(ledger.folders.run, fault_id + name))
            if left:
                ledger.write(record)
            else:
                secrets.drop(fault_id)
                ledger.close(record)
            different = record.get("differences")
            said = "; LEFT: " + "; ".join(left) if left else "; NOT AS BEFORE: " + "; ".join(different) if different else ""
            journal.note(record, "reverted (%s)%s" % (record["revert_cause"], said))
            return record
        finally:
            state.remove(lock_path)


def _ended_its_boot(record):
    """Whether a fault that was to take the host down did so: the host is on its way, or has booted since."""
    if "boot" not in (record.get("claims") or ()) or not record.get("injected_at"):
        return False
    try:
        return record["boot_id"] != _clock.boot_id() or services.host_ends()
    except ChaosError:  # nobody answers; what is undone must be written down all the same
        return False


def ask(ledger, record, cause, by=""):
    """Ask the supervisor of an active fault to end it; returns at once whether there is one to ask. Asking twice changes nothing."""
    supervisor = record.get("supervisor") or {}
    if record["state"] == "residue" or not supervisor or not processes.alive(supervisor["pid"], supervisor["start"]):
        return False
    try:
        state.write_private(os.path.join(ledger.folders.run, record["id"] + ".cause"), cause + "\n" + by, durable=False)
    except HostError:  # no room: it is only a word for the ledger
        pass
    processes.send(supervisor["pid"], supervisor["start"], signal.SIGTERM)
    return True


def request(ledger, record, cause, patience=15.0, by=""):
    """End an active fault from outside: ask its supervisor; do it here when there is none or it does not answer.

    Returns the final record (active with ``residue`` when something is left).
    """
    fault_id = record["id"]
    if ask(ledger, record, cause, by):
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            found = ledger.read(fault_id)
            if found is None or found["state"] == "residue" or not keepers(record):
                break
            time.sleep(0.02)
        for keeper in keepers(record):
            processes.wait_gone(keeper[0], keeper[1], 2.0)
    if ledger.read(fault_id) is not None:
        for pid, start in keepers(record):  # hung, or stopped by somebody: they must not undo or inject later
            processes.send(pid, start, signal.SIGKILL)
            processes.wait_gone(pid, start, 2.0)
        revert(ledger, fault_id, cause, {"halted_by": by} if by else None)
    state.remove(os.path.join(ledger.folders.run, fault_id + ".cause"))
    _await_unit(ledger, fault_id)
    final = ledger.read(fault_id) or next(iter(r for r in ledger.past(200) if r["id"] == fault_id), record)
    return final


def _await_unit(ledger, fault_id):
    """Wait until the unit of a fault is done, so that nothing is left when this run ends. It has nothing to do any more but to go."""
    marker = unit.marker(ledger.folders.run, fault_id)
    limit = time.monotonic() + UNIT_S
    while os.path.exists(marker) and time.monotonic() < limit:
        time.sleep(0.02)


def sweep(ledger):
    """Undo every fault whose keepers are gone, or that an earlier undo left something of; returns their final records.

    Called by every module of ours before it does anything else.
    """
    done = []
    for record in ledger.active():
        if not orphaned(record):
            continue
        final = revert(ledger, record["id"], "orphaned")
        if final is not None:
            done.append(final)
    return done
