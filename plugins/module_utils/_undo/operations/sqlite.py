# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to SQLite databases. Private to magsasa.chaos."""

from __future__ import annotations

import contextlib
import os

from ... import _wait
from ..._errors import Refused
from ..._host.databases import sqlite_file


class Settle:
    """``{"path", "file"}``: the database had no -wal and -shm file before; let SQLite remove those that nobody uses,
    as the last to close does.

    It is done with the rights of the owner, only while the file is the same and nobody else than he can put a file
    beside it; else these two stay, and that is told. They do no harm: whoever opens the database next goes on with
    them.
    ``file`` is missing in records of an earlier version.
    """

    ARGS = {"path": "path"}
    OPTIONAL = {"file": "file"}
    PATIENCE_S = 5.0
    AGAIN_S = 0.5

    @staticmethod
    def _there(args):
        return os.path.lexists(args["path"]) and os.path.lexists(args["path"] + "-shm")

    @classmethod
    def undo(cls, args):
        if sqlite_file.sqlite3 is not None and cls._there(args):
            path = args["path"]
            file = args.get("file") or sqlite_file.known(path)
            # Once more if they stay: a worker that dies with its parent has its locks a moment longer.
            _wait.until(
                lambda: sqlite_file.run(path, file, cls.PATIENCE_S, _settled) or not cls._there(args), cls.AGAIN_S, 0.05
            )

    @classmethod
    def left(cls, args):
        """What may not be settled any more. Of the rest nothing: whoever has it open by now keeps these files, and they
        are his.
        """
        if not cls._there(args):
            return []
        try:
            file = args.get("file") or sqlite_file.known(args["path"])
            sqlite_file.verify(args["path"], file)
            sqlite_file.guard(args["path"], file)
        except (sqlite_file.Changed, Refused) as error:
            return ["%s-shm stays for whoever opens the database next: %s" % (args["path"], error)]
        except OSError:  # it is gone
            pass
        return []

    gone = left  # nobody is to undo that: it is told as a difference, and the record is closed


def _settled(path):
    """In the owner's process."""
    with contextlib.closing(sqlite_file.connect(path, "rw", 1.0)) as connection:
        connection.execute("PRAGMA schema_version").fetchall()
