# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who holds a fault, and whether anybody still does. Private to magsasa.chaos."""

from __future__ import annotations

import signal
import time

from .. import _clock
from .._host import processes, standstill
from . import fault_unit

OVERDUE_S = 1.0  # past its deadline: who can act has begun to undo by then
ENDING_S = 2.0  # that a killed process may take to be gone


def keepers(record):
    """(pid, start) of the processes that hold this fault and are alive."""
    found = [record.get(key) or {} for key in ("supervisor", "guardian")]
    return [(k["pid"], k["start"]) for k in found if k and processes.alive(k["pid"], k["start"])]


def orphaned(record):
    """Whether nobody holds this fault any more, or nobody who can, or an earlier undo left something of it."""
    if record.get("boot_id") != _clock.boot_id() or record["state"] == "residue":
        return True
    writer = record.get("writer") or {}
    starting = record["state"] == "armed" and writer and processes.alive(writer["pid"], writer["start"])
    return not starting and (not keepers(record) or abandoned(record))


def abandoned(record):
    """Whether its time is over and all who hold it are stopped or frozen: nobody of them will undo it."""
    deadline = (record.get("deadline") or {}).get("monotonic")
    if deadline is None or time.monotonic() < deadline + OVERDUE_S:
        return False
    return all(standstill.stands(pid) for pid, _start in keepers(record))


def stop_keepers(record):
    """Kill who holds a fault, be they stopped or frozen: they must not undo or inject later."""
    found = keepers(record)
    for pid, start in found:
        processes.send(pid, start, signal.SIGKILL)
        standstill.release(pid, fault_unit.NAME % record["id"])
    for pid, start in found:
        processes.wait_gone(pid, start, ENDING_S)
