# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The sweep at boot: what the two units of ``boot_units`` carry out. Private to magsasa.chaos."""

from __future__ import annotations

from .._host import processes
from .._ledger.ledger import Ledger
from .._undo import registry
from . import tidying
from .boot_units import EARLY
from .holders import orphaned
from .revert import revert


def main(when, _ready):
    """Entry ``sweep`` of the runtime archive: undo the faults that nobody holds; early only those whose undo needs
    no service.
    """
    processes.set_process_name("chaos-guardian")
    ledger = Ledger()
    ledger.prepare()  # the run folder is gone, and some operations lock a file in it
    for record in ledger.active():
        if orphaned(record) and not (when == EARLY and registry.needs_services(record["undo"])):
            revert(ledger, record["id"], "orphaned")
    tidying.tidy(ledger)
    return 0
