# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which database some processes use: their own word first, then their open files and connections. Private to
magsasa.chaos.
"""

from __future__ import annotations

import os

from .._host import listeners as sockets
from .._host import processes

PORTS = {5432: "postgresql", 5433: "postgresql", 3306: "mysql"}
SERVERS = {"postgres": "postgresql", "postmaster": "postgresql", "mysqld": "mysql", "mariadbd": "mysql"}
_SQLITE = b"SQLite format 3\0"  # the first bytes of every SQLite file (sqlite.org, fileformat2)


def find(pids, said, listeners=()):
    """``{backend, path, host, port, status, source}``, what is not known being None; None when nothing at all is known.

    ``said``: what the health document tells (identify.database) or None; ``listeners``: the rows of this host, which
    tell a
    database server on an unusual port. ``source`` says in words how each part is known.
    """
    result = dict({"backend": None, "path": None, "host": None, "port": None, "status": None}, **(said or {}))
    sources = ["health document"] if said else []
    known = result["backend"] and (result["path"] or result["port"])
    if not known and result["backend"] in (None, "sqlite"):
        pid, path = _sqlite(pids)
        if path:
            result.update(backend="sqlite", path=path)
            sources.append("open file of process %d" % pid)
    if not known and result["backend"] in (None, "postgresql", "mysql"):
        peer = _peer(pids, result["backend"], listeners)
        if peer:
            result.update(backend=peer[0], host=peer[1], port=peer[2])
            sources.append("open connection to port %d" % peer[2])
    return dict(result, source=", ".join(sources)) if sources else None


def _peer(pids, wanted, listeners):
    """(backend, host, port) of a connection to a database server, the lowest port first, or None."""
    local = {
        each.port: SERVERS[name] for each in listeners for name in map(processes.comm, each.pids) if name in SERVERS
    }
    for each in sorted(sockets.connections(pids), key=lambda each: (each.peer_port, each.peer)):
        backend = (local.get(each.peer_port) if _is_loopback(each.peer) else None) or PORTS.get(each.peer_port)
        if backend and wanted in (None, backend):
            return backend, each.peer, each.peer_port
    return None


def _is_loopback(address):
    return address == "::1" or address.startswith("127.")


def _sqlite(pids):
    """(pid, path) of the first SQLite file that one of the processes holds open, or (None, None)."""
    for pid in pids:
        folder = "/proc/%d/fd" % pid
        try:
            paths = sorted({os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)})
        except OSError:
            continue
        for path in paths:
            if _is_sqlite(path):
                return pid, path
    return None, None


def _is_sqlite(path):
    if not path.startswith("/") or path.startswith(("/dev/", "/proc/", "/sys/")) or not path.isprintable():
        return False
    try:
        if not os.path.isfile(path):
            return False
        with open(path, "rb") as source:
            return source.read(len(_SQLITE)) == _SQLITE
    except OSError:
        return False
