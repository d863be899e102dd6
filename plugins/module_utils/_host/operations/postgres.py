# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to a PostgreSQL server. Private to magsasa.chaos."""
from __future__ import annotations

import time

from .. import pgping, psql, secrets, services


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
            if time.monotonic() > limit or services.host_ends():
                return ["the PostgreSQL server on port %d does not take connections again (%s)" % (args["port"], found)]
            time.sleep(0.1)


class Allow:
    """``{"login", "database", "way", "fault"}``: let a database take connections again that did before.

    ``way``: the database to say it from; the password, if there is one, is among the fault's secrets.
    """

    @staticmethod
    def _allowed(args):
        """"t", "f", or "" when the database is gone."""
        password = secrets.get(args["fault"]).get("password")
        return psql.must(args["login"], password, args["way"], "SELECT datallowconn FROM pg_database WHERE datname = %s" % psql.literal(args["database"]))

    @classmethod
    def undo(cls, args):
        if cls._allowed(args) == "f":
            password = secrets.get(args["fault"]).get("password")
            psql.must(args["login"], password, args["way"], "ALTER DATABASE %s WITH ALLOW_CONNECTIONS true" % psql.name(args["database"]))

    @classmethod
    def left(cls, args):
        return ["database %s takes no connections" % args["database"]] if cls._allowed(args) == "f" else []


OPERATIONS = {"postgres.accepting": Accepting, "postgres.allow": Allow}
