# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo a fault, check that it is undone, and write that down. Private to magsasa.chaos.

The supervisor, the guardian and any later module run call the same function; a lock for each fault lets one of them
work. Who holds
a fault has its undo in memory: a record that is damaged or gone does not mean that somebody undid it, a line in the
past does.
"""

from __future__ import annotations

import os
import time

from .. import _clock
from .._errors import ChaosError
from .._ledger import fault_secrets, locks, private_files
from .._undo import registry
from .._host import journal, moved_paths
from .._host.systemd import services
from . import fault_unit
from .holders import orphaned, stop_keepers

CAUSES = (
    "deadline absent halt halt_condition lease worker_died guardian_died supervisor_died orphaned failed terminated"
    " event_over"
).split()
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.25, 5.0  # between two tries of an undo that failed
WRITING_S = (
    900.0  # how long a fault that is undone may wait for room to be written down; after that it is the next contact's
)


def revert(ledger, fault_id, cause, details=None, held=None):
    """Carry out the undo of one fault.

    Returns the final record, or None when the fault was already wholly undone. ``details`` joins the record first (the
    last
    measurement). ``held`` is the record as whoever holds the fault has it in memory; it learns what was done. The
    record stays active,
    in state ``residue``, when something is left: whoever holds it, or the next contact, tries again. Raises HostError
    when what was done
    cannot be written down; a second call with the same ``held`` only writes.
    """
    with locks.of_fault(os.path.join(ledger.faults, fault_id + ".lock"), fault_id):
        if held is not None and held["state"] == "reverted":
            return _close(ledger, held)
        record = ledger.read(fault_id)
        if record is None and (held is None or ledger.is_past(fault_id)):
            return None
        record = _joined(record, held)
        record.update(details or {})
        problems = registry.carry_out(record["undo"], fault_id)
        left, gone = registry.residue(record["undo"], fault_id)
        record["reverted_at"] = _clock.now()
        record["revert_cause"] = record.get("revert_cause") or cause
        record["residue"] = left
        if _ended_its_boot(record):
            record.update(effect="confirmed", note="the host went down", revert_cause="event_over")
        if problems:
            record["undo_problems"] = problems[:20]
        again = record["state"] == "residue"
        record["state"] = "residue" if left else "reverted"
        if not left:
            registry.verify(record)
            if gone:
                record["differences"] = (record.get("differences") or []) + gone
            if again:
                fault_unit.end_retries(fault_id)
        if held is not None:
            held.update(record)
            if not left:
                moved_paths.release()
        if left:
            _say(record, again)
            ledger.write(record)
            return record
        return _close(ledger, record)


def _joined(record, held):
    """The record on the disk with the undo that its holder has in memory, or that of the holder alone."""
    if record is None:
        return dict(held)
    known = [dict(entry) for entry in record["undo"]]
    more = [entry for entry in (held or {}).get("undo") or [] if entry not in known]
    return dict(record, undo=known + more)


def _close(ledger, record):
    for end in ("cause", "lease", "spool"):  # here, and not in the supervisor: it may be the one that died
        private_files.discard(os.path.join(ledger.folders.run, "%s.%s" % (record["id"], end)))
    fault_secrets.drop(record["id"])
    ledger.close(record)
    _say(record, False)
    return record


def _say(record, again):
    """One line in the journal of the host; the tenth failure in a row is no news."""
    different = record.get("differences")
    left = record["residue"]
    said = "; LEFT: " + "; ".join(left) if left else "; NOT AS BEFORE: " + "; ".join(different) if different else ""
    if not (again and left):
        journal.note(record, "reverted (%s)%s" % (record["revert_cause"], said))


def until_done(ledger, record, cause, details=None, tell=None, wanted=None):
    """``revert`` again and again until nothing is left and that is written down; only a boot, or whoever ends this
    process, ends it earlier.

    ``tell()`` is called before each try; ``wanted(seconds)`` waits, and returns False when there is no time for another
    one. Returns
    the final record, or None when somebody else undid the fault.
    """
    pause, since = FIRST_PAUSE_S, None
    while True:
        if tell is not None:
            tell()
        try:
            final = revert(ledger, record["id"], cause, details, held=record)
            if final is None or final["state"] != "residue":
                return final
        except (ChaosError, OSError):  # what was done is in ``record``
            final = record
        if record["state"] == "reverted":
            since = since or time.monotonic()
            if time.monotonic() - since > WRITING_S:
                return record
        if wanted is None:
            time.sleep(pause)
        elif not wanted(pause):
            return final
        pause = min(pause * 2, LONGEST_PAUSE_S)


def _ended_its_boot(record):
    """Whether a fault that was to take the host down did so: the host is on its way, or has booted since."""
    if "boot" not in (record.get("claims") or ()) or not record.get("injected_at"):
        return False
    try:
        return record["boot_id"] != _clock.boot_id() or services.host_ends()
    except ChaosError:  # nobody answers; what is undone must be written down all the same
        return False


def sweep(ledger):
    """Undo every fault whose keepers are gone, or stopped past its deadline, or that an earlier undo left something of;
    returns their final records.

    Called by every module of ours that looks at faults before it does anything else.
    """
    done = []
    for record in ledger.active():
        if not orphaned(record):
            continue
        if record["state"] != "residue":  # who left something tries again by himself, and so do we
            stop_keepers(record)
        final = revert(ledger, record["id"], "orphaned")
        if final is not None:
            done.append(final)
    return done
