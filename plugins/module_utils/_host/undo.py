# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out undo operations that stand in the ledger as data. Private to magsasa.chaos.

An operation is idempotent, needs no family, and tells afterwards what is still there. Every kind is imported by name, so that
it travels with any module that may have to undo somebody else's fault. What is in the ledger is checked before it is carried out.
"""
from __future__ import annotations

from .._errors import HostError, printable
from . import undo_args
from .operations import clock, files, hosts, kept_files, members, nftables, postgres, processes, services, sqlite

OPERATIONS = {}
for _kind in (clock, files, hosts, kept_files, members, nftables, postgres, processes, services, sqlite):
    OPERATIONS.update(_kind.OPERATIONS)


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
