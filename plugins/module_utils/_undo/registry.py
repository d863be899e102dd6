# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Carry out undo operations that stand in the ledger as data. Private to magsasa.chaos.

An operation is idempotent, needs no family, and tells afterwards what is still there. What it undoes may be there
after a boot (traits.py). A class says ``needs_services = True`` when it cannot be carried out before the services of the
host are up. What is in the ledger is checked against the ``ARGS`` of the class before it is carried out.
"""

from __future__ import annotations

import importlib
from collections.abc import MutableMapping

from .._errors import HostError, printable
from . import arguments, dumps

# Operation: file below operations/ and class in it. A file is loaded when one of its operations is asked for: a fault
# needs one or two of them,
# and a module waits for what it loads.
CLASSES = {
    "clock.move_back": "clock.MoveBack",
    "container.start": "engines.Start",
    "container.unpause": "engines.Unpause",
    "file.contents": "kept_files.Contents",
    "file.cut": "kept_files.Cut",
    "file.permissions": "kept_files.Permissions",
    "file.put_back": "kept_files.PutBack",
    "file.remove": "files.RemoveFile",
    "folder.remove": "limits.RemoveFolder",
    "hosts.remove": "hosts.Remove",
    "iptables.remove_chains": "iptables.RemoveChains",
    "limits.process": "limits.RestoreProcess",
    "limits.unit": "limits.RestoreUnit",
    "mysql.accepting": "mysql.Accepting",
    "mysql.unlock": "mysql.Unlock",
    "nft.release_packets": "nftables.ReleasePackets",
    "nft.remove_table": "nftables.RemoveTable",
    "postgres.accepting": "postgres.Accepting",
    "postgres.allow": "postgres.Allow",
    "process.ensure_running": "processes.EnsureRunning",
    "process.resume": "processes.Resume",
    "service.start": "services.Start",
    "service.unblock": "services.Unblock",
    "sqlite.settle": "sqlite.Settle",
    "tc.remove_ifb": "tc.RemoveIfb",
    "tc.remove_ingress": "tc.RemoveIngress",
    "tc.remove_root": "tc.RemoveRoot",
    "workers.end": "members.EndWorkers",
    "workers.finish": "members.FinishWorkers",
}


def _travels():
    """Never called: what is imported by name here travels with any module that may have to undo somebody else's
    fault.
    """
    # pylint: disable=unused-import
    from .operations import clock, engines, files, hosts, iptables, kept_files, limits, members, mysql  # noqa: F401
    from .operations import nftables, postgres, processes, services, sqlite, tc  # noqa: F401


class _Operations(MutableMapping):
    """``{name: operation}``."""

    def __init__(self):
        self._loaded = {}

    def __getitem__(self, op):
        if op not in self._loaded:
            file, _dot, name = CLASSES[op].partition(".")
            self._loaded[op] = getattr(
                importlib.import_module(".operations." + file, __name__.rpartition(".")[0]), name
            )
        return self._loaded[op]

    def __setitem__(self, op, operation):
        self._loaded[op] = operation

    def __delitem__(self, op):
        del self._loaded[op]

    def __contains__(self, op):
        return op in CLASSES or op in self._loaded

    def __iter__(self):
        return iter(CLASSES)

    def __len__(self):
        return len(CLASSES)


OPERATIONS = _Operations()


def load(entries):
    """Load the operations of these entries: who may have to undo later must not need the archive for it then."""
    for entry in entries:
        OPERATIONS.get(entry["op"])


def needs_services(entries):
    """Whether one of them has to wait for the services of the host."""
    return any(getattr(OPERATIONS.get(entry.get("op")), "needs_services", False) for entry in entries)


def _operation(entry, fault_id):
    """The operation that an entry names, once its arguments are found to be such. Raises HostError."""
    op = entry.get("op") if isinstance(entry, dict) else None
    if not isinstance(op, str) or op not in OPERATIONS:
        raise HostError("this version does not know that operation")
    arguments.check(OPERATIONS[op], entry.get("args"), fault_id)
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
    """``(left, gone)``: what is still there of everything the entries were to undo, and what its owner has taken away
    meanwhile, as sentences.

    An operation tells the latter by ``gone(args) -> [str]``: nobody can undo that any more, and nothing of it is there.
    """
    left, gone = [], []
    for entry in entries:
        try:
            operation = _operation(entry, fault_id)
            found = operation.left(entry["args"])
            lost = operation.gone(entry["args"]) if found and hasattr(operation, "gone") else []
            gone.extend(lost)
            left.extend([] if lost else found)
        except Exception as error:  # not knowing is residue too
            left.append("%s could not be checked: %s" % (_named(entry), error))
    return left, gone


def dump(entries):
    """The state of what the entries touch, before it is touched (see dumps.py)."""
    return dumps.take(entries, OPERATIONS.get)


def verify(record):
    """Compare it with the state now: ``differences`` of the record."""
    try:
        dumps.verify(record, OPERATIONS.get)
    except Exception as error:  # the fault is undone and must be written down so
        record["differences"] = ["the state after the revert could not be compared: %s" % error]
