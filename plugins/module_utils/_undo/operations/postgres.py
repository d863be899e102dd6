# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to a PostgreSQL server. Private to magsasa.chaos."""

from __future__ import annotations

from ..._errors import HostError
from ..._ledger import fault_secrets
from ..._host.databases import postgres_ping, psql
from .. import accepting

HERE = ("localhost", "127.0.0.1", "::1")


class Accepting(accepting.Accepting):
    """See the base class."""

    ARGS = {"address": "text", "port": "port"}
    SERVER = "PostgreSQL server"
    ping = staticmethod(postgres_ping.ping)


class Allow:
    """``{"login", "database", "way", "fault"}``: let a database take connections again that did before.

    ``way``: the database to say it from; the password, if there is one, is among the fault's secrets. A reboot loses
    those: then
    root says it as the user that the server of this host runs as.
    """

    ARGS = {"login": "object", "database": "text", "way": "text", "fault": "id"}
    outlives_boot = True
    needs_services = True

    @staticmethod
    def _say(args, sql):
        """What the server answers to whoever gets in."""
        password = fault_secrets.get(args["fault"]).get("password")
        try:
            return psql.must(args["login"], password, args["way"], sql)
        except HostError:
            host = args["login"]["host"]
            here = not host or host.startswith("/") or host in HERE
            owner = psql.owner_login(args["login"]["port"]) if here and not password else None
            if owner is None:
                raise
            return psql.must(owner, None, args["way"], sql)

    @classmethod
    def _allowed(cls, args):
        """ "t", "f", or "" when the database is gone."""
        return cls._say(
            args, "SELECT datallowconn FROM pg_database WHERE datname = %s" % psql.literal(args["database"])
        )

    @classmethod
    def undo(cls, args):
        if cls._allowed(args) == "f":
            cls._say(args, "ALTER DATABASE %s WITH ALLOW_CONNECTIONS true" % psql.name(args["database"]))

    @classmethod
    def left(cls, args):
        return ["database %s accepts no connections" % args["database"]] if cls._allowed(args) == "f" else []
