# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of a fault from the module's side: plan, guard, arm, hand over, take back. Private to magsasa.chaos."""
from __future__ import annotations

import os
import pwd
import uuid

from .. import _clock
from .._errors import ChaosError, Refused
from .._host import launch, processes, revert
from .._host.ledger import SCHEMA, Ledger
from .._host.operations.members import MARK
from . import guard
from . import plan as plans

PUBLIC = (
    "id name family action state requested backend notes effect measured note event armed_at injected_at reverted_at deadline boot_id "
    "revert_cause halted_by residue undo_problems who error"
).split()


def public(record):
    """A record as a module returns it: no process ids of ours, no raw undo data."""
    shown = {key: record[key] for key in PUBLIC if key in record}
    shown["plan"] = plans.readable(record)
    shown.setdefault("residue", [])
    return shown


def present(family, envelope, options, check_mode=False):
    """Inject a fault, or find that it is there already.

    ``envelope``: parsed shared options; ``options``: what ``family.parse`` returned. Returns ``{"changed", "fault", "swept"}``.
    """
    ledger = Ledger()
    guard.owner_allows()
    guard.short_enough(envelope["duration_s"], envelope["max_duration_s"])
    if check_mode:
        found = ledger.find(envelope["name"])
        if found:
            return _already(found, envelope, options)
        plan = _checked(family, options, ledger)
        return {"changed": True, "fault": public(_record(plan, envelope, options, "planned")), "swept": []}
    ledger.prepare()
    swept = revert.sweep(ledger)
    with ledger.admission():
        found = ledger.find(envelope["name"])
        if found:
            return dict(_already(found, envelope, options), swept=[public(r) for r in swept])
        plan = _checked(family, options, ledger)
        record = _record(plan, envelope, options, "armed")
        return {"changed": True, "fault": public(_hand_over(ledger, record)), "swept": [public(r) for r in swept]}


def absent(name, check_mode=False):
    """Undo a fault by name. Returns the final record; None for a name that this host never knew."""
    ledger = Ledger()
    found = ledger.find(name)
    if check_mode or (found is None and not ledger.active()):
        past = found or next(iter(ledger.past(1, name)), None)
        return {"changed": bool(found), "fault": public(past) if past else None, "swept": []}
    ledger.prepare()
    final = revert.request(ledger, found, "absent") if found else None
    swept = [record for record in revert.sweep(ledger) if record["name"] != name]
    ledger.tidy()
    if final is None:
        final = next(iter(ledger.past(1, name)), None)
    if final is not None and final.get("state") == "residue":
        raise ChaosError(
            "fault '%s' is not wholly undone: %s" % (name, "; ".join(final["residue"])), fault=public(final), changed=True
        )
    return {"changed": bool(found), "fault": public(final) if final else None, "swept": [public(r) for r in swept]}


def _already(found, envelope, options):
    if found["state"] != "active" or _identity(found) != _identity(_record(None, envelope, options, "")):
        raise Refused(
            "conflict",
            "fault '%s' is %s on this host with other options" % (found["name"], found["state"]),
            remedy="end it first with state=absent, or use another name",
        )
    return {"changed": False, "fault": public(found), "swept": []}


def _identity(record):
    return {key: record.get(key) for key in ("name", "options", "duration_s", "lease_s", "halt_on")}


def _checked(family, options, ledger):
    """The plan, or the guard's refusal."""
    facts = family.look(options)
    plan = family.plan(options, facts)
    guard.no_conflict(plan, ledger.active())
    return plan


def _record(plan, envelope, options, kind):
    record = {
        "schema": SCHEMA,
        "id": uuid.uuid4().hex[:12],
        "state": kind,
        "options": options,
        "who": who(),
        "boot_id": _clock.boot_id(),
        "residue": [],
        "effect": "inconclusive",
        "measured": {},
    }
    record.update({key: envelope.get(key) for key in ("name", "duration_s", "lease_s", "halt_on")})
    if plan is not None:
        record.update(plan)
        text = plans.all_undo(plan)
        for entry in text:  # the plan is pure and cannot know the id
            entry["args"] = {key: record["id"] if value == "$ID" else _with_id(value, record["id"]) for key, value in entry["args"].items()}
        for each in record["steps"]:
            each["args"] = {key: _with_id(value, record["id"]) for key, value in each["args"].items()}
        record["undo"] = text
    return record


def _with_id(value, fault_id):
    return value.replace("$ID", fault_id) if isinstance(value, str) else value


def _hand_over(ledger, record):
    """Arm: the undo goes to the disk; then the supervisor takes over and injects. Returns the record as it stands then."""
    record["armed_at"] = _clock.now()
    record["writer"] = {"pid": os.getpid(), "start": processes.start_time(os.getpid())}
    ledger.write(record)
    try:
        child = launch.detach("fault", record["id"], {MARK: record["id"]}, timeout=90.0)
    except ChaosError as error:
        left = ledger.read(record["id"])
        if left is not None:
            revert.request(ledger, left, "failed")
        ledger.tidy()
        raise ChaosError("the fault was not injected: %s" % error, fault=public(error.details.get("fault") or record))
    return child.ready["fault"]


def who():
    """Who runs this: the user, and the peer of the SSH connection when there is one."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    peer = (os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_CLIENT") or "").split(" ")[0]
    return {"user": user, "from": peer or "this host"}


def halt_all(names=None, check_mode=False):
    """Undo every active fault of this host (or those named). Returns their final records, newest state first."""
    ledger = Ledger()
    chosen = [record for record in ledger.active() if names is None or record["name"] in names]
    if check_mode or not chosen:
        return [public(record) for record in chosen]
    ledger.prepare()
    done = [public(revert.request(ledger, record, "halt")) for record in chosen]
    ledger.tidy()
    return done


