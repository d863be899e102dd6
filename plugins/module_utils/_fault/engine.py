# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a fault from the module's side: plan, guard, arm, hand over. Private to magsasa.chaos.

Taking it back is a file of its own (absence.py): a task that finds nothing to end loads none of this.
"""

from __future__ import annotations

import os

from .. import _clock, _wait
from .._errors import ChaosError, Refused
from .._host import processes
from .._life import boot_units, ending, holders, launch, revert, tidying, turn
from .._undo import registry
from .._ledger import fault_secrets
from .._ledger.ledger import Ledger
from .._host.marks import MARK
from .. import _plan as plans
from . import guard, record as records

ADMISSION_S = 100.0  # somebody else may be injecting: as long as that may take
LOOK_EVERY_S = 0.05
FRESH_S = 0.5  # how old the facts of a plan may be; whoever waited longer for other faults makes it anew
ELSE = "check the host, or use another name"


def _travels():
    """Never called: what is imported here travels with any module that injects a fault, for its runtime archive."""
    from .._life import boot_sweep, stop_post, supervisor  # noqa: F401  pylint: disable=unused-import
    from .._probe import live  # noqa: F401  pylint: disable=unused-import


def present(family, envelope, options, check_mode=False):
    """Inject a fault, or find that it is there already.

    ``envelope``: parsed shared options; ``options``: what ``family.parse`` returned. Returns ``{"changed", "fault",
    "swept"}``.
    """
    ledger = Ledger()
    guard.owner_allows()
    guard.short_enough(envelope["duration_s"], envelope["max_duration_s"])
    if not check_mode:
        turn.admit(ledger, envelope.get("run"), envelope.get("force"))
    held = [each for each in ledger.active() if not holders.orphaned(each)]  # the others go before anything is injected
    there, plan = _admit(held, family, envelope, options)  # whatever is wrong with it must not make a folder
    fresh = _wait.Deadline(FRESH_S)
    if check_mode:
        return {
            "changed": not there,
            "fault": records.public(there or records.new(plan, envelope, options, "planned")),
            "swept": [],
        }
    ledger.prepare()
    swept = revert.sweep(ledger)
    try:
        with ledger.admission(ADMISSION_S):
            _until_in(ledger, envelope["name"])
            active = ledger.active()
            if (
                there or swept or fresh.over or _held_by(active) != _held_by(held)
            ):  # else the plan of a moment ago is still right
                there, plan = _admit(active, family, envelope, options)
            guard.owner_allows()  # once more: the wait for its turn may have been long
            fault = there or _hand_over(ledger, plan, envelope, options)
    finally:
        tidying.tidy(ledger)
    return {"changed": not there, "fault": records.public(fault), "swept": [records.public(each) for each in swept]}


def _held_by(active):
    return sorted((each["id"], each["state"]) for each in active)


def _until_in(ledger, name):
    """Wait while a fault of this name is being injected. Its module may be gone by now; its supervisor goes on."""
    _wait.until(lambda: not _being_injected(ledger.find(name)), ADMISSION_S, LOOK_EVERY_S)


def _being_injected(record):
    return record is not None and record["state"] == "armed" and not holders.orphaned(record)


def _admit(active, family, envelope, options):
    """``(record, None)`` of the fault of the same name and options that is there already, or ``(None, plan)``.
    Raises Refused.
    """
    found = next((each for each in active if each["name"] == envelope["name"]), None)
    if found:
        if turn.foreign(found, envelope.get("run")):
            remedy = "wait until it ends, or use another name"
            raise Refused(
                "run", "fault '%s' on this host belongs to %s" % (found["name"], turn.whose(found)), remedy=remedy
            )
        wanted = records.identity(envelope, options)
        if {key: found.get(key) for key in wanted} != wanted:
            raise Refused(
                "conflict",
                "fault '%s' is %s on this host with other options" % (found["name"], found["state"]),
                remedy="end it first with state=absent, or use another name",
            )
        if found["state"] == "residue":
            raise Refused(
                "conflict",
                "the revert of fault '%s' on this host is incomplete: %s"
                % (found["name"], "; ".join(found["residue"])),
                remedy=ELSE,
            )
        return found, None  # of one that is being injected the plan, until it is in
    if hasattr(family, "claims"):  # where the other fault keeps this one from being planned at all
        guard.no_conflict({"claims": family.claims(options)}, active)
    plan = family.plan(options, family.inspect(options))
    guard.no_conflict(plan, active)
    plan["notes"] += launch.caveats(plans.all_undo(plan))
    return None, plan


def _hand_over(ledger, plan, envelope, options):
    """Arm: the undo goes to the disk; then the supervisor takes over and injects. Returns the record as it stands
    then.
    """
    record = records.new(plan, envelope, options, "armed")
    record["armed_at"] = _clock.now()
    record["writer"] = {"pid": os.getpid(), "start": processes.start_time(os.getpid())}
    record["before"] = registry.dump(record["undo"])
    ledger.write(record)
    try:
        boot_units.arm(ledger, record["undo"])
        if options.get("secret"):
            fault_secrets.put(record["id"], options["secret"])
        ready = launch.hold(record["id"], {MARK: record["id"]}, record["duration_s"])
    except ChaosError as error:
        left = ledger.read(record["id"])
        if left is not None:
            ending.request(ledger, left, "failed")
        tidying.tidy(ledger)
        raise ChaosError(
            "the fault was not injected: %s" % error, fault=records.public(error.details.get("fault") or record)
        )
    return ready["fault"]
