# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite: hold the locks that keep everybody else out of a database file. Private to magsasa.chaos.

``outage``: neither read nor write succeeds. ``lock``: reads go on, writes fail. The locks are POSIX advisory locks, which the kernel
drops when the worker that holds them ends, however it ends: nothing can be left behind. Byte ranges: SQLite's os.h and "File
Locking And Concurrency In SQLite Version 3" (pending byte at 1 GiB, reserved byte, 510 shared bytes), wal.c and "WAL-mode File
Format" (lock bytes 120 to 127 of the -shm file).
"""
from __future__ import annotations

import errno
import fcntl
import os
import struct
import time

from ... import _quantity
from ..._errors import BadOption, HostError, Refused
from ..._fault.plan import plan as make_plan
from ..._fault.plan import step, undo

ACTIONS = ("outage", "lock")
HEADER = b"SQLite format 3\0"
PENDING = 0x40000000
RESERVED = PENDING + 1
SHARED_FIRST, SHARED_SIZE = PENDING + 2, 510
WAL_BYTES = (120, 8)  # write, checkpoint, recover, five read marks
WAL_WRITE = (120, 1)


def parse(params):
    """``{path, patience_s}``."""
    if not params["path"]:
        raise BadOption("path", "", "is missing", "name the database file")
    if params["port"] not in (None, ""):
        raise BadOption("port", params["port"], "means nothing with SQLite", "leave it out")
    return {"path": params["path"], "patience_s": _quantity.duration(params["patience"], "patience", low=0.1, high=60.0)}


def look(options):
    """The real file behind the path, its journal mode, and whether we may lock it."""
    path = os.path.realpath(options["path"])
    try:
        with open(path, "rb") as source:
            head = source.read(20)
    except OSError as error:
        raise BadOption("path", options["path"], "cannot be read (%s)" % error.strerror, "name the file of an SQLite database")
    if head[:16] != HEADER:
        raise BadOption("path", options["path"], "is not an SQLite 3 database", "name the file of an SQLite database")
    return {"path": path, "wal": head[18:20] == b"\x02\x02", "shm": os.path.exists(path + "-shm"), "writable": os.access(path, os.W_OK)}


def plan(options, facts):
    """One worker that holds the locks."""
    if not facts["writable"]:
        raise Refused("permission", "this user may not write %s, and an exclusive lock needs that" % facts["path"], remedy="use become: true")
    if facts["wal"] and not facts["shm"]:
        raise Refused("in use", "%s is in WAL mode and nobody has it open, so there is nothing to lock others out of" % facts["path"], remedy="start its service")
    notes = []
    if facts["path"] != os.path.abspath(options["path"]):
        notes.append("%s is a link to %s" % (options["path"], facts["path"]))
    what = "reads and writes" if options["action"] == "outage" else "writes"
    return make_plan(
        "database",
        options["action"],
        "SQLite locks on %s" % ("the write-ahead log's index" if facts["wal"] else "the file"),
        {"engine": "sqlite", "path": facts["path"], "blocks": what},
        [
            step(
                "sqlite_lock",
                "keep %s of %s from everybody else" % (what, facts["path"]),
                {"path": facts["path"], "wal": facts["wal"], "action": options["action"], "patience_s": options["patience_s"]},
                [undo("workers.end", fault="$ID")],
            )
        ],
        ["sqlite:" + facts["path"]],
        notes,
    )


def take(ctx, args):
    """Start the worker and wait until it says that it holds the locks."""
    ctx.memory.update(engine="sqlite", args=args)
    reading, writing = os.pipe()
    ctx.spawn("chaos-sqlite", _hold, args, reading, writing)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read(400).decode("utf-8", "replace")
    if said != "held":
        raise HostError("the locks of %s could not be taken: %s" % (args["path"], said or "the worker ended"))


def _hold(args, reading, writing):
    """The worker: take the locks, say so, keep them until killed. It opens the file once: closing any second one would drop them."""
    os.close(reading)
    try:
        descriptor = os.open(args["path"] + ("-shm" if args["wal"] else ""), os.O_RDWR | os.O_CLOEXEC)
        _take(descriptor, args, time.monotonic() + args["patience_s"])
    except (OSError, HostError) as error:
        os.write(writing, str(error).encode("utf-8")[:400])
        os._exit(1)
    os.write(writing, b"held")
    os.close(writing)
    while True:
        time.sleep(3600)


def _take(descriptor, args, limit):
    """SQLite's own order: reserved, pending (nobody new may read), then the shared bytes once the readers are done."""
    if args["wal"]:
        _lock(descriptor, WAL_BYTES if args["action"] == "outage" else WAL_WRITE, limit)
        return
    _lock(descriptor, (RESERVED, 1), limit)
    if args["action"] == "outage":
        _lock(descriptor, (PENDING, 1), limit)
        _lock(descriptor, (SHARED_FIRST, SHARED_SIZE), limit)


def _lock(descriptor, extent, limit):
    start, length = extent
    while True:
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
            return
        except OSError as error:
            if error.errno not in (errno.EACCES, errno.EAGAIN):
                raise
            if time.monotonic() > limit:
                raise HostError("somebody else holds them without pause")
            time.sleep(0.002)


def measure(ctx):
    """Ask the kernel, from this other process, who holds the bytes that a reader or a writer would need (fcntl F_GETLK)."""
    args = ctx.memory["args"]
    outage = args["action"] == "outage"
    if args["wal"]:
        extents = {"write": (fcntl.F_WRLCK, WAL_WRITE)}
        if outage:
            extents["read"] = (fcntl.F_RDLCK, (123, 5))
        path = args["path"] + "-shm"
    else:
        extents = {"write": (fcntl.F_WRLCK, (RESERVED, 1))}
        if outage:
            extents["read"] = (fcntl.F_RDLCK, (SHARED_FIRST, SHARED_SIZE))
        path = args["path"]
    holders = {}
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        for kind, (lock_type, extent) in extents.items():
            holders[kind] = _holder(descriptor, lock_type, extent)
    finally:
        os.close(descriptor)
    blocked = sorted(kind for kind, pid in holders.items() if pid in ctx.workers)
    bitten = len(blocked) == len(extents)
    return {"effect": "confirmed" if bitten else "mismatch", "measured": {"blocked": ", ".join(blocked) or "nothing"}, "note": ""}


def _holder(descriptor, lock_type, extent):
    """Pid of the process whose lock stands in the way, or None. struct flock of fcntl(2): type, whence, start, len, pid."""
    start, length = extent
    request = struct.pack("hhqqi4x", lock_type, os.SEEK_SET, start, length, 0)
    found = struct.unpack("hhqqi4x", fcntl.fcntl(descriptor, fcntl.F_GETLK, request))
    return None if found[0] == fcntl.F_UNLCK else found[4]
