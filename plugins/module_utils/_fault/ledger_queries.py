# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What fault_info reads and fault_halt ends: needs no family. Private to magsasa.chaos."""

from __future__ import annotations

import time

from .. import _clock
from .._errors import HostError, printable
from .._life import lease_and_halt as leases, tidying
from .._life import holders, keeper, turn
from .._ledger.ledger import Ledger
from .._probe import recorders as probes
from . import record as records


def halt(names=None, check_mode=False, by=""):
    """Undo every active fault of this host (or those named); returns their final records. ``by``: who halts.

    Without names also those that no record tells of, by what is alive or there of them.
    """
    from .._life import ending, unrecorded  # only here: looking should not load every way to undo

    ledger = Ledger()
    by = "halted by %s at %s" % (
        printable(by or "%(user)s from %(from)s" % records.who(), 120),
        turn.moment(time.time()),
    )
    if names is None:
        end_turn(ledger, by, check_mode)
    chosen = [each for each in ledger.active() if names is None or each["name"] in names]
    if check_mode:
        return [records.public(each) for each in chosen + (unrecorded.end(ledger, True) if names is None else [])]
    if chosen:
        _prepare(ledger)
    for each in chosen:  # all at once, and then wait for each
        ending.ask(ledger, each, "halt", by)
    done = [_ended(ledger, each, by) for each in chosen]
    if names is None:
        done += unrecorded.end(ledger)
    tidying.tidy(ledger)  # what a killed module left beside the ledger goes with the panic button too
    return [records.public(each) for each in done]


def _prepare(ledger):
    try:
        ledger.prepare()
    except HostError:
        pass  # a disk that takes nothing is no reason to leave a fault in


def _ended(ledger, record, by):
    """The final record; of a fault that is undone and cannot be written down, what is known of it."""
    from .._life import ending

    try:
        return ending.request(ledger, record, "halt", by)
    except HostError as error:
        return dict(record, notes=(record.get("notes") or []) + [str(error)])


def end_turn(ledger, by, check_mode=False):
    """End the run that has the turn of this host: it experiments here no more, and says who halted it."""
    told = turn.holder(ledger.folders.run)
    if told and not check_mode:
        try:
            ledger.note_halt(told["id"], by)
        except HostError:
            pass  # a disk that takes nothing is no reason to leave a fault in
    turn.release(ledger, None, check_mode)


def unreadable(thorough=False):
    """Sentences about what in the ledger could be neither read nor undone; ``thorough``: and about what nobody can
    undo without a record.
    """
    ledger = Ledger()
    said = ledger.unreadable()
    if thorough:
        from .._life import unrecorded  # only here: every module asks the rest

        said += unrecorded.named(ledger)
    return said


def sweep(ledger):
    """Undo faults that nobody holds any more; returns their final records. A keeper's file that is of no use any more
    goes, too.
    """
    keeper.sweep(ledger)
    if not any(holders.orphaned(each) for each in ledger.active()):
        return []
    from .._life import revert

    _prepare(ledger)
    try:
        return revert.sweep(ledger)
    except HostError:  # undone, and written down when there is room
        return []
    finally:
        tidying.tidy(ledger)


def end_probes(check_mode=False):
    """End every recorder of this user on this host; returns their names."""
    ledger = Ledger()
    found = [each["name"] for each in probes.list_probes(ledger.folders.run)]
    if not check_mode:
        for name in found:
            probes.discard(ledger.folders.run, name)
        tidying.tidy(ledger)
    return found


def renew(names=None, run=None):
    """Renew the lease of active faults and running probes that have one; returns their names. ``run``: only those
    of this run.
    """
    ledger = Ledger()
    probes.renew(ledger.folders.run, names, run)
    mine = records.of_run(run)
    chosen = [
        each
        for each in ledger.active()
        if each.get("lease_s") and (names is None or each["name"] in names) and mine(each)
    ]
    for each in chosen:
        leases.renew(ledger, each["id"])
    return [each["name"] for each in chosen]


def look(names, past, window_s, check_mode=False):
    """The ledger as fault_info returns it, once what nobody holds any more is undone (not in check mode)."""
    ledger = Ledger()
    swept = [] if check_mode else sweep(ledger)
    active = [each for each in ledger.active() if names is None or each["name"] in names]
    gone = [each for each in ledger.past(10**6 if names else past) if names is None or each["name"] in names][:past]
    return {
        "active": [with_time(each) for each in active],
        "past": [records.public(each) for each in gone],
        "residue": [sentence for each in active for sentence in each.get("residue") or []],
        "unreadable": ledger.unreadable(),
        "swept": [records.public(each) for each in swept],
        "probes": probes.list_probes(ledger.folders.run, window_s),
        "clock": dict(_clock.now(), boot_id=_clock.boot_id()),
    }


def with_time(record):
    """An active record as fault_info shows it."""
    shown = records.public(record)
    deadline = (record.get("deadline") or {}).get("monotonic")
    shown["orphaned"] = holders.orphaned(record)
    shown["seconds_left"] = (
        round(max(0.0, deadline - time.monotonic()), 3) if deadline and not shown["orphaned"] else None
    )
    return shown
