# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to SQLite databases. Private to magsasa.chaos."""

from __future__ import annotations

import os

try:
    import sqlite3
except ImportError:
    sqlite3 = None


class Settle:
    """``{"path"}``: the database had no -wal and -shm file before; let SQLite remove those that nobody uses, as the
    last to close does.
    """

    ARGS = {"path": "path"}

    @staticmethod
    def undo(args):
        if sqlite3 is not None and os.path.exists(args["path"]) and os.path.exists(args["path"] + "-shm"):
            connection = sqlite3.connect(args["path"], timeout=1.0)
            try:
                connection.execute("PRAGMA schema_version").fetchall()
            finally:
                connection.close()

    @staticmethod
    def left(args):
        return []  # whoever has it open by now keeps these files, and they are his
