# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""End a fault from outside: ask who holds it, or do it here. Private to magsasa.chaos."""

from __future__ import annotations

import os
import signal
import time

from .. import _wait
from .._errors import HostError
from .._ledger import private_files
from .._host import processes
from . import fault_unit
from .holders import keepers, stop_keepers
from .revert import revert

PATIENCE_S = 15.0  # that a supervisor has for its undo before it is done here
GOING_S = 2.0  # that a process which has nothing to do any more may take to end
UNIT_S = 5.0  # the same for the unit of a fault


def ask(ledger, record, cause, by=""):
    """Ask the supervisor of an active fault to end it; returns at once whether there is one to ask. Asking twice
    changes nothing. ``by``: who halts.
    """
    supervisor = record.get("supervisor") or {}
    if not supervisor or not processes.alive(supervisor["pid"], supervisor["start"]):
        return False
    try:
        private_files.write_private(
            os.path.join(ledger.folders.run, record["id"] + ".cause"), cause + "\n" + by, durable=False
        )
    except HostError:  # no room: it is only a word for the ledger
        pass
    processes.send(supervisor["pid"], supervisor["start"], signal.SIGTERM)
    return True


def request(ledger, record, cause, by=""):
    """End an active fault from outside: ask its supervisor; do it here when there is none or it does not answer.

    Returns the final record (active with ``residue`` when something is left).
    """
    fault_id = record["id"]
    answered = False
    if ask(ledger, record, cause, by):
        deadline = _wait.Deadline(PATIENCE_S)
        word = os.path.join(ledger.folders.run, fault_id + ".cause")
        told = os.path.exists(word)
        tried = (record.get("reverted_at") or {}).get("monotonic")
        while not deadline.over and not answered:
            found = ledger.read(fault_id)
            again = (
                found is not None
                and found["state"] == "residue"
                and (found.get("reverted_at") or {}).get("monotonic") != tried
            )
            answered = found is None or again or not keepers(record)
            answered = answered or (told and not os.path.exists(word))  # undone, and it cannot be written down
            time.sleep(0 if answered else 0.02)
        if ledger.read(fault_id) is None:
            for keeper in keepers(record):
                processes.wait_gone(keeper[0], keeper[1], GOING_S)
    if ledger.read(fault_id) is not None:
        if not answered:  # hung, or stopped by somebody: they must not undo or inject later
            stop_keepers(record)
        revert(ledger, fault_id, cause, {"halted_by": by} if by else None, held=record if not answered else None)
    private_files.discard(os.path.join(ledger.folders.run, fault_id + ".cause"))
    final = ledger.read(fault_id)
    if final is None:
        _await_unit(ledger, fault_id)
        final = next(iter(r for r in ledger.past(200) if r["id"] == fault_id), record)
    return final


def _await_unit(ledger, fault_id):
    """Wait until the unit of a fault is done, so that nothing is left when this run ends. It has nothing to do any
    more but to go.
    """
    marker = fault_unit.marker(ledger.folders.run, fault_id)
    _wait.until(lambda: not os.path.exists(marker), UNIT_S, 0.02)
