# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fault_info reads and fault_halt ends: needs no family. Private to magsasa.chaos."""
from __future__ import annotations

import time

from .. import _clock
from .._host import halt as leases
from .._host import holding
from .._host.ledger import Ledger
from .._probe import state as probes
from . import record as records


def halt(names=None, check_mode=False):
    """Undo every active fault of this host (or those named); returns their final records."""
    ledger = Ledger()
    chosen = [each for each in ledger.active() if names is None or each["name"] in names]
    if check_mode:
        return [records.public(each) for each in chosen]
    if not chosen:
        ledger.tidy()  # what a killed module left beside the ledger goes with the panic button too
        return []
    from .._host import revert  # only here: looking should not load every way to undo

    ledger.prepare()
    for each in chosen:  # all at once, and then wait for each
        revert.ask(ledger, each, "halt")
    done = [records.public(revert.request(ledger, each, "halt")) for each in chosen]
    ledger.tidy()
    return done


def unreadable():
    """Sentences about what in the ledger could be neither read nor undone."""
    return Ledger().unreadable()


def end_probes(check_mode=False):
    """End every recorder of this user on this host; returns their names."""
    ledger = Ledger()
    found = [each["name"] for each in probes.list_probes(ledger.folders.run)]
    if not check_mode:
        for name in found:
            probes.discard(ledger.folders.run, name)
        ledger.tidy()
    return found


def renew(names=None):
    """Renew the lease of active faults and running probes that have one; returns their names."""
    ledger = Ledger()
    probes.renew(ledger.folders.run, names)
    chosen = [each for each in ledger.active() if each.get("lease_s") and (names is None or each["name"] in names)]
    for each in chosen:
        leases.renew(ledger, each["id"])
    return [each["name"] for each in chosen]


def look(names, past, window_s):
    """The ledger as fault_info returns it."""
    ledger = Ledger()
    active = [each for each in ledger.active() if names is None or each["name"] in names]
    gone = [each for each in ledger.past(10**6 if names else past) if names is None or each["name"] in names][:past]
    return {
        "active": [with_time(each) for each in active],
        "past": [records.public(each) for each in gone],
        "residue": [sentence for each in active for sentence in each.get("residue") or []],
        "unreadable": ledger.unreadable(),
        "probes": probes.list_probes(ledger.folders.run, window_s),
        "clock": dict(_clock.now(), boot_id=_clock.boot_id()),
    }


def with_time(record):
    """An active record as fault_info shows it."""
    shown = records.public(record)
    deadline = (record.get("deadline") or {}).get("monotonic")
    shown["orphaned"] = holding.orphaned(record)
    shown["seconds_left"] = round(max(0.0, deadline - time.monotonic()), 3) if deadline and not shown["orphaned"] else None
    return shown
