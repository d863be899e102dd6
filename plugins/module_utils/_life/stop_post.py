# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd has carried out when those who hold a fault do not (entries of the runtime archive). Private to
magsasa.chaos.
"""

from __future__ import annotations

import os
import time

from .. import _wait
from .._errors import ChaosError
from .._ledger import private_files
from .._host import processes
from . import fault_unit, runtime_archive, tidying
from .holders import abandoned, keepers, stop_keepers
from .._ledger.ledger import Ledger
from .revert import revert

INJECT_LIMIT_S = 60.0  # beyond which nothing is injected any more; see supervisor.py
LOOK_EVERY_S = 0.25


def main(fault_id, _ready):
    """Entry ``undo``, all processes of the unit being gone: carry out what is left of the undo; mostly there is
    nothing left to do.
    """
    processes.set_process_name("chaos-guardian")
    ledger = Ledger()
    done = False
    try:
        done = _done(ledger, fault_id)
        if not done:
            archive = _archive()
            environment = {
                key: value
                for key, value in os.environ.items()
                if key in ("PATH", "LC_ALL", "HOME") or key.startswith(("XDG_", "MAGSASA_"))
            }
            environment.pop("MAGSASA_CHAOS_READY", None)
            fault_unit.retry(fault_id, runtime_archive.command_by_any(archive, "retry", fault_id), environment)
    finally:
        private_files.discard(fault_unit.ready(ledger.folders.run, fault_id))  # whoever waited may have been killed
        private_files.discard(fault_unit.marker(ledger.folders.run, fault_id))
        tidying.tidy(ledger)
    return 0 if done else runtime_archive.AGAIN


def retry(fault_id, _ready):
    """Entry ``retry``, by a timer: once more, and the timer goes when it is done."""
    processes.set_process_name("chaos-guardian")
    ledger = Ledger()
    done = _done(ledger, fault_id)
    if done:
        fault_unit.end_retries(fault_id)
    tidying.tidy(ledger)
    return 0 if done else runtime_archive.AGAIN


def _archive():
    """The file that this runs from."""
    return __loader__.archive


def _done(ledger, fault_id):
    """Whether nothing of the fault is left."""
    if ledger.read(fault_id) is None:
        return True
    try:
        final = revert(ledger, fault_id, "supervisor_died")
    except (ChaosError, OSError):
        return False
    return final is None or final["state"] != "residue"


def watch(fault_id, _ready):
    """Entry ``watch``, by a timer at the deadline: undo what all who hold it are stopped or frozen for. Ends as
    soon as somebody acts.
    """
    processes.set_process_name("chaos-guardian")
    ledger = Ledger()
    deadline = _wait.Deadline(INJECT_LIMIT_S)
    while True:
        record = ledger.read(fault_id)
        if record is None or record["state"] == "residue" or not keepers(record) or deadline.over:
            break  # it is over, or somebody has begun to undo; the unit ends without keepers
        if abandoned(record):
            stop_keepers(record)
            revert(ledger, fault_id, "supervisor_died", {"note": "all its processes were stopped"}, held=record)
            break
        time.sleep(LOOK_EVERY_S)
    tidying.tidy(ledger)
    return 0
