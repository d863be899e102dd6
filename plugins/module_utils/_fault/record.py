# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fault's record: as the ledger keeps it, and as a user may see it. Private to magsasa.chaos."""

from __future__ import annotations

import os
import pwd

from .. import _clock
from .._life import turn
from .._ledger.ledger import SCHEMA
from .. import _plan as plans

PUBLIC = (
    "id name family action state requested backend notes effect measured note event armed_at injected_at reverted_at"
    " deadline boot_id revert_cause halted_by residue differences undo_problems who run error series"
).split()


def public(record):
    """A record as a module returns it: no process ids of ours, no raw undo data."""
    shown = {key: record[key] for key in PUBLIC if key in record}
    shown["plan"] = plans.readable(record)
    shown.setdefault("residue", [])
    return shown


def identity(envelope, options):
    """What makes two requests of the same name the same fault. A secret is no part of it, and so never of the
    ledger.
    """
    shared = {key: envelope.get(key) for key in ("name", "duration_s", "lease_s", "halt_on")}
    return dict(shared, options={key: value for key, value in options.items() if key != "secret"})


def of_run(run):
    """A function that tells whether a record is one that ``run`` may judge or undo: its own in an experiment, else
    any.
    """
    if not (run and run.get("experiment")):
        return lambda record: True
    return lambda record: (record.get("run") or {}).get("id") == run["id"]


def new(plan, envelope, options, state):
    """A fresh record of a plan, with the fault's id put into its steps and undo operations (``$ID``)."""
    record = {
        "schema": SCHEMA,
        "id": os.urandom(6).hex(),
        "state": state,
        "who": who(),
        "run": turn.owner(envelope.get("run")),
        "boot_id": _clock.boot_id(),
        "residue": [],
        "effect": "inconclusive",
        "measured": {},
    }
    record.update(identity(envelope, options))
    record.update(plan)
    record["undo"] = plans.all_undo(plan)
    for each in record["undo"] + record["steps"]:
        each["args"] = {key: _with_id(value, record["id"]) for key, value in each["args"].items()}
    return record


def _with_id(value, fault_id):
    if isinstance(value, list):
        return [_with_id(each, fault_id) for each in value]
    return value.replace("$ID", fault_id) if isinstance(value, str) else value


def who():
    """Who runs this: the user, and the peer of the SSH connection when there is one."""
    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        user = str(os.geteuid())
    peer = (os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_CLIENT") or "").split(" ")[0]
    return {"user": user, "from": peer or "this host"}
