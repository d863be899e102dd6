# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out undo operations that stand in the ledger as data. Private to magsasa.chaos.

An operation is idempotent, needs no family, and tells afterwards what is still there. Every kind is imported by name, so that
it travels with any module that may have to undo somebody else's fault.
"""
from __future__ import annotations

from .operations import clock, engines, files, hosts, kept_files, members, mysql, nftables, postgres, processes, services, sqlite

OPERATIONS = {}
for _kind in (clock, engines, files, hosts, kept_files, members, mysql, nftables, postgres, processes, services, sqlite):
    OPERATIONS.update(_kind.OPERATIONS)


def carry_out(entries):
    """Undo in reverse order; one that fails does not keep the others from running. Returns sentences of what failed."""
    problems = []
    for entry in reversed(entries):
        try:
            OPERATIONS[entry["op"]].undo(entry["args"])
        except Exception as error:  # whatever went wrong, the rest must still be undone
            problems.append("%s: %s" % (entry.get("op"), error))
    return problems


def residue(entries):
    """What is still there of everything the entries were to undo, as sentences."""
    left = []
    for entry in entries:
        try:
            left.extend(OPERATIONS[entry["op"]].left(entry["args"]))
        except Exception as error:  # not knowing is residue too
            left.append("%s could not be checked: %s" % (entry.get("op"), error))
    return left
