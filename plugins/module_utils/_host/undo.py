# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out undo operations that stand in the ledger as data. Private to magsasa.chaos.

An operation is idempotent, needs no family, and tells afterwards what is still there. Every kind is imported by name, so that
it travels with any module that may have to undo somebody else's fault. A class says ``outlives_boot = True`` when what it undoes is
still there after a boot, and ``needs_services = True`` when it cannot be carried out before the services of the host are up. What is in the
ledger is checked against the ``ARGS`` of the class before it is carried out.
"""
from __future__ import annotations

from .._errors import HostError, printable
from . import dumps, undo_args
from .operations import clock, engines, files, hosts, kept_files, limits, members, mysql, nftables, postgres, processes, services, sqlite, tc

OPERATIONS = {}
for _kind in (clock, engines, files, hosts, kept_files, limits, members, mysql, nftables, postgres, processes, services, sqlite, tc):
    OPERATIONS.update(_kind.OPERATIONS)


def outlives_boot(entries):
    """Whether a host that goes down keeps something of what these entries undo."""
    return _any(entries, "outlives_boot")


def needs_services(entries):
    """Whether one of them has to wait for the services of the host."""
    return _any(entries, "needs_services")


def _any(entries, trait):
    return any(getattr(OPERATIONS.get(entry.get("op")), trait, False) for entry in entries)


def _operation(entry, fault_id):
    """The operation that an entry names, once its arguments are found to be such. Raises HostError."""
    op = entry.get("op") if isinstance(entry, dict) else None
    if not isinstance(op, str) or op not in OPERATIONS:
        raise HostError("this version knows no such operation")
    undo_args.check(OPERATIONS[op], entry.get("args"), fault_id)
    return OPERATIONS[op]


def _named(entry):
    return printable(entry.get("op") if isinstance(entry, dict) else entry, 40)


def carry_out(entries, fault_id=None):
    """Undo in reverse order; one that fails does not keep the others from running. Returns sentences of what failed."""
    problems = []
    for entry in reversed(entries):
        try:
            _operation(entry, fault_id).undo(entry["args"])
        except Exception as error:  # whatever went wrong, the rest must still be undone
            problems.append("%s: %s" % (_named(entry), error))
    return problems


def residue(entries, fault_id=None):
    """What is still there of everything the entries were to undo, as sentences."""
    left = []
    for entry in entries:
        try:
            left.extend(_operation(entry, fault_id).left(entry["args"]))
        except Exception as error:  # not knowing is residue too
            left.append("%s could not be checked: %s" % (_named(entry), error))
    return left


def dump(entries):
    """The state of what the entries touch, before it is touched (see dumps.py)."""
    return dumps.take(entries, OPERATIONS.get)


def verify(record):
    """Compare it with the state now: ``differences`` of the record."""
    try:
        dumps.verify(record, OPERATIONS.get)
    except Exception as error:  # the fault is undone and must be written down so
        record["differences"] = ["what the fault touched could not be compared: %s" % error]
