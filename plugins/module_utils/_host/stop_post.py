# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the unit of a fault does when all of its processes are gone (entry ``undo`` of the runtime archive). Private to magsasa.chaos."""
from __future__ import annotations

from . import processes, state, unit
from .ledger import Ledger
from .revert import revert


def main(fault_id, _ready):
    """Carry out what is left of the undo; mostly there is nothing left to do."""
    processes.call_me("chaos-guardian")
    ledger = Ledger()
    try:
        if ledger.read(fault_id) is not None:
            revert(ledger, fault_id, "supervisor_died")
    finally:
        state.remove(unit.ready(ledger.folders.run, fault_id))  # whoever waited may have been killed
        state.remove(unit.marker(ledger.folders.run, fault_id))
        ledger.tidy()
    return 0
