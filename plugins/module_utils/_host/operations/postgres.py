# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to a PostgreSQL server. Private to magsasa.chaos."""
from __future__ import annotations

import time

from .. import pgping


class Accepting:
    """``{"address", "port"}``: nothing to undo by itself; the fault is over only when the server takes connections again."""

    PATIENCE = 30.0  # seconds that recovery after a stop may take

    @staticmethod
    def undo(args):
        """The process is started by another operation of the same fault, which comes after this one in the order of undoing."""

    @classmethod
    def left(cls, args):
        limit = time.monotonic() + cls.PATIENCE
        while True:
            found = pgping.ping(args["address"], args["port"], 1.0)
            if found == "accepting":
                return []
            if time.monotonic() > limit:
                return ["the PostgreSQL server on port %d does not take connections again (%s)" % (args["port"], found)]
            time.sleep(0.1)


OPERATIONS = {"postgres.accepting": Accepting}
