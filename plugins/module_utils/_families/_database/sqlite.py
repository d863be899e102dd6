# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite: an outage (all access is refused as busy) and a lock (writers are). Private to magsasa.chaos."""

from __future__ import annotations

import os
import select
import signal
import time

from ... import _quantity
from ..._errors import BadOption, HostError, Refused
from ..._plan import plan as make_plan
from ..._plan import step, undo
from ..._host.databases import sqlite_file
from ..._host.databases.sqlite_file import sqlite3
from . import sqlite_locks

ACTIONS = ("outage", "lock")
WORKER = "chaos-sqlite"
LOOK_S = 5.0  # seconds that one look at the file may take; its connections wait for nothing


def parse(params):
    """The file."""
    if not params["path"]:
        raise BadOption("path", "", "is missing", "name the database file")
    if not params["path"].startswith("/"):
        raise BadOption("path", params["path"], "is not an absolute path", "use an absolute path")
    if params["port"] not in (None, ""):
        raise BadOption("port", params["port"], "has no effect with SQLite", "leave it out")
    return {
        "path": params["path"],
        "patience_s": _quantity.duration(params["patience"], "patience", low=0.1, high=50.0),
    }


def inspect(options):
    """Which file it is, whose, and of what kind; links are followed once, here."""
    path = os.path.realpath(options["path"])
    try:
        file = sqlite_file.known(path)
    except OSError as error:
        if os.path.exists(path):
            raise BadOption("path", options["path"], "is not a file", "name an existing database file")
        raise BadOption(
            "path", options["path"], "cannot be inspected (%s)" % error.strerror, "name an existing database file"
        )
    sqlite_file.guard(path, file, options["path"])
    try:
        found = sqlite_file.run(path, file, LOOK_S, _kind)
    except HostError as error:
        raise Refused(
            "permission",
            str(error),
            remedy="give that right, or do without this fault" if os.geteuid() == 0 else "use become: true",
        )
    if found["mode"] is None:
        raise BadOption(
            "path", options["path"], "is not an SQLite 3 database", "name the file that the application opens"
        )
    if found["closed"]:
        raise Refused(
            "permission",
            "%s is not writable for %s, so it cannot be locked"
            % (found["closed"], "its owner, user %d" % file["uid"] if os.geteuid() == 0 else "this user"),
            remedy="let the owner write to it" if os.geteuid() == 0 else "use become: true",
        )
    return {
        "path": path,
        "file": file,
        "linked": path != options["path"],
        "mode": found["mode"],
        "open": found["open"],
        "library": sqlite3 is not None,
    }


def _kind(path):
    """How the database keeps its journal, and what of it cannot be written to (in the owner's process)."""
    mode = sqlite_locks.header(path)
    logged = mode == "wal" and os.path.exists(path + "-shm")
    files = [path] + ([path + "-shm"] if logged else [])
    closed = [each for each in files if not os.access(each, os.R_OK | os.W_OK)]
    return {"mode": mode, "open": logged, "closed": closed[0] if closed else None}


def plan(options, facts):
    """One worker that holds the locks; they end with it."""
    path, action = facts["path"], options["action"]
    notes = []
    if facts["linked"]:
        notes.append("%s links to %s" % (options["path"], path))
    if not facts["library"]:
        notes.append("the Python of this host lacks the module sqlite3, so the effect cannot be measured")
    undos = [undo("workers.end", fault="$ID")]
    says = "block every reader and writer of %s" % path if action == "outage" else "block every writer of %s" % path
    by_library = action == "lock" and facts["mode"] == "wal" and not facts["open"]
    if by_library:
        if not facts["library"]:
            raise HostError(
                "%s has a write-ahead log that no process has open; locking it needs Python's module sqlite3;"
                " install it" % path
            )
        undos.insert(0, undo("sqlite.settle", path=path, file=facts["file"]))
    args = {
        "path": path,
        "file": facts["file"],
        "action": action,
        "mode": facts["mode"],
        "by_library": by_library,
        "patience_s": options["patience_s"],
    }
    if action == "outage" and facts["open"]:
        notes.append(
            "open connections wait inside SQLite for up to 10 s before they fail (locking protocol); new ones fail at"
            " once"
        )
    return make_plan(
        "database",
        action,
        "SQLite's own locks (%s)" % ("write-ahead log" if facts["mode"] == "wal" else "rollback journal"),
        {"engine": "sqlite", "path": path},
        [step("sqlite_lock", says, args, undos)],
        ["sqlite:%s" % path],
        notes,
    )


def take(ctx, args):
    """Have a worker take the locks; wait until it has them."""
    reading, writing = os.pipe()
    ctx.memory.update(engine="sqlite", args=args, tried=0, refused=0)
    ctx.spawn(WORKER, _hold, args, writing)
    os.close(writing)
    try:
        ready = select.select([reading], [], [], args["patience_s"] + 5.0)[0]
        said = os.read(reading, 500).decode("utf-8", "replace") if ready else ""
    finally:
        os.close(reading)
    if said != "held":
        raise HostError(said or "%s could not be locked" % args["path"])


def _hold(args, said):
    """The worker: take the locks as the owner of the file, say so, keep them."""
    try:
        sqlite_file.enter(args["path"], args["file"], said)
        if args["by_library"]:
            kept = _begin(args["path"], args["patience_s"])
        else:
            take = sqlite_locks.take_all if args["action"] == "outage" else sqlite_locks.take_write
            kept = take(args["path"], args["mode"], args["patience_s"])
    except (OSError, HostError, Refused) as error:
        os.write(said, str(error).encode("utf-8", "replace")[:500])
        os._exit(1)
    os.write(said, b"held")
    os.close(said)
    while kept:
        signal.pause()


def _begin(path, seconds):
    """A write transaction of our own, where there are no files yet that could be locked."""
    try:
        connection = sqlite_file.connect(path, "rw", seconds)
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.Error as error:
        raise HostError("%s could not be locked: %s" % (path, error))
    return connection


def attempt(path, statements):
    """ "ok", "busy" or another error's text, of statements over a new connection that does not wait."""
    try:
        connection = sqlite_file.connect(path, "rw")
        try:
            for statement in statements:
                connection.execute(statement).fetchall()
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        text = str(error)
        return "busy" if "locked" in text or "locking protocol" in text else text
    except sqlite3.Error as error:
        return str(error)
    return "ok"


def _attempts(path):
    """How a read and a write end now, and how long both took (in the owner's process)."""
    began = time.monotonic()
    read = attempt(path, ["SELECT count(*) FROM sqlite_master"])
    write = attempt(path, ["BEGIN IMMEDIATE", "ROLLBACK"])
    return {"read": read, "write": write, "took_ms": round((time.monotonic() - began) * 1000, 1)}


def measure(ctx):
    """Read and write as an application of its owner would, in another process than the one that holds the locks."""
    memory = ctx.memory
    if sqlite3 is None:
        return {"effect": "inconclusive", "measured": {}, "note": "the Python of this host lacks the module sqlite3"}
    outage = memory["args"]["action"] == "outage"
    found = sqlite_file.run(memory["args"]["path"], memory["args"]["file"], LOOK_S, _attempts)
    read, write = found["read"], found["write"]
    memory["tried"] += 1
    memory["refused"] += (read if outage else write) == "busy"
    measured = {
        "read": read,
        "write": write,
        "tried": memory["tried"],
        "refused": memory["refused"],
        "took_ms": found["took_ms"],
    }
    wanted = ("busy", "busy") if outage else ("ok", "busy")
    if (read, write) == wanted and memory["tried"] == memory["refused"]:
        return {"effect": "confirmed", "measured": measured, "note": ""}
    strange = [each for each in (read, write) if each not in ("ok", "busy")]
    return {
        "effect": "inconclusive" if strange else "mismatch",
        "measured": measured,
        "note": strange[0] if strange else "the database answered a query",
    }
