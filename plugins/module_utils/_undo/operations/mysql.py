# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to a MySQL or MariaDB server. Private to magsasa.chaos."""

from __future__ import annotations

import os

from ..._errors import HostError
from ..._ledger import fault_secrets
from ..._host import listeners
from ..._host.databases import mysql, mysql_ping
from .. import accepting


class Accepting(accepting.Accepting):
    """See the base class."""

    ARGS = {"address": "text or none", "port": "port"}
    SERVER = "database server"
    ping = staticmethod(mysql_ping.ping)


class Unlock:
    """``{"login", "account", "fault"}``: let an account in again that was before; ``account``: [user, host].

    The password, if there is one, is among the fault's secrets. A reboot loses those: then root says it by the server's
    Unix socket.
    """

    ARGS = {"login": "object", "account": "pair", "fault": "id"}
    outlives_boot = True
    needs_services = True

    @staticmethod
    def _say(args, sql):
        password = fault_secrets.get(args["fault"]).get("password")
        try:
            return mysql.must(args["login"], password, sql)
        except HostError as problem:
            server = listeners.server(args["login"]["port"])
            path = mysql_ping.socket_path(server) if server and not os.geteuid() else None
            if path is None or problem.details.get("number") in NO_SUCH_ACCOUNT:
                raise
            return mysql.must(dict(args["login"], socket=path, user="root"), None, sql)

    @classmethod
    def _locked(cls, args):
        try:
            return is_locked(cls._say(args, "SHOW CREATE USER %s;" % account(args["account"])))
        except HostError as problem:
            if problem.details.get("number") in NO_SUCH_ACCOUNT:
                return False  # removed meanwhile
            raise

    @classmethod
    def undo(cls, args):
        if cls._locked(args):
            cls._say(args, "ALTER USER %s ACCOUNT UNLOCK;" % account(args["account"]))

    @classmethod
    def left(cls, args):
        return ["account %s is locked" % "@".join(args["account"])] if cls._locked(args) else []


NO_SUCH_ACCOUNT = (1133, 1141, 1396)  # ER_PASSWORD_NO_MATCH (MariaDB), ER_NONEXISTING_GRANT, ER_CANNOT_USER (MySQL)


def account(parts):
    """'USER'@'HOST' as SQL."""
    return "@".join(mysql.literal(part) for part in parts)


def is_locked(said):
    """Whether SHOW CREATE USER tells of a locked account; MySQL says UNLOCK of the others, MariaDB nothing."""
    return said.rstrip().endswith(" ACCOUNT LOCK") or " ACCOUNT LOCK " in said
