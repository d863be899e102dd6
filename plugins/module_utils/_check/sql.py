# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQL checks: does the database answer a query that only reads? No driver is needed. Private to magsasa.chaos."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import time

from .. import _cmd
from .._errors import HostError, MissingTool, Refused, printable
from .._host.databases import sqlite_file

SPARE_S = 0.5  # beyond its time limit, for the process that opens an SQLite file


class Check:
    """See check.Checker. Raises MissingTool where PostgreSQL is asked for and its client is not installed."""

    def __init__(self, spec, _keepalive):
        self._spec = spec
        self._psql = None
        if spec["engine"] == "postgresql":
            self._psql = _cmd.which("psql")
            if self._psql is None:
                raise MissingTool("psql", "check a PostgreSQL database")

    def look(self, timeout_s):
        """(None, error, detail) of one query."""
        return (None,) + (self._sqlite(timeout_s) if self._psql is None else self._postgresql(timeout_s))

    def _sqlite(self, timeout_s):
        """In a child with the rights of the file's owner; see sqlite_file."""
        path = os.path.realpath(self._spec["path"])
        try:
            file = sqlite_file.known(path)
            sqlite_file.guard(path, file, self._spec["path"])
            return tuple(sqlite_file.run(path, file, timeout_s + SPARE_S, _query, timeout_s))
        except sqlite_file.TooLate:
            return "timeout", "the database gave no answer within the time limit"
        except (HostError, Refused) as error:
            return "unreachable", str(error)
        except OSError as error:
            return "unreachable", "the database cannot be read: %s" % error.strerror

    def _postgresql(self, timeout_s):
        spec = self._spec
        given = {"PGHOST": spec["host"], "PGPORT": spec["port"], "PGUSER": spec["user"], "PGPASSWORD": spec["password"]}
        given.update(
            PGDATABASE=spec["dbname"], PGSSLMODE=spec["sslmode"], PGCONNECT_TIMEOUT=max(2, math.ceil(timeout_s))
        )
        environment = {key: str(value) for key, value in given.items() if value}  # not argv: ps shows that to everybody
        try:
            argv = [self._psql, "-X", "-q", "-A", "-t", "-w", "-c", "SELECT 1"]
            done = _cmd.run(argv, timeout=timeout_s, check=False, env=environment)
        except HostError as error:
            if isinstance(error.__context__, subprocess.TimeoutExpired):
                return "timeout", "the database did not answer within the time limit"
            return "unreachable", str(error)
        if done.rc == 0 and done.stdout.strip() == "1":
            return "", ""
        said = done.stderr.strip()
        kind = next((kind for text, kind in _SAID if text in said), "garbage")
        return kind, "psql ended with code %d: %s" % (done.rc, printable(said.replace("\n", " "), 200))

    def close(self):
        pass


def _query(path, timeout_s):
    """(error, detail) of one query."""
    if sqlite_file.sqlite3 is None:
        return "unreachable", "the Python of this host lacks the module sqlite3"
    deadline = time.monotonic() + timeout_s
    try:
        with contextlib.closing(sqlite_file.connect(path, "ro", timeout_s)) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
            # Reads the schema: plain SELECT 1 would not even look at the file, let alone at its locks.
            connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchall()
            return "", ""
    except sqlite_file.sqlite3.Error as error:
        said = str(error)
        if "locked" in said or "busy" in said or "interrupted" in said:
            return "timeout", "the database stayed locked for the whole time limit"
        return (
            "unreachable" if "unable to open" in said else "garbage"
        ), "the database cannot be read: %s" % printable(said, 120)


_SAID = (
    ("Connection refused", "refused"),
    ("No such file", "refused"),  # the local socket is gone with the server
    ("starting up", "refused"),
    ("shutting down", "refused"),
    ("timeout expired", "timeout"),
    ("could not translate host name", "dns"),
    ("SSL", "tls"),
    ("server closed the connection", "reset"),
    ("could not connect", "unreachable"),
)
