# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases: SQLite files, PostgreSQL, MySQL and MariaDB servers of the host. Private to magsasa.chaos."""

from __future__ import annotations

from .._errors import BadOption
from ._database import mysql, mysql_sql, postgresql, postgresql_sql, sqlite

ENGINES = {"sqlite": sqlite, "postgresql": postgresql, "mysql": mysql, "mariadb": mysql}
BY_SQL = {postgresql: postgresql_sql.ACTIONS, mysql: mysql_sql.ACTIONS, sqlite: ()}
SQL_ONLY = ("database", "account", "table", "login_user", "login_password", "login_host", "login_unix_socket")


class Database:
    """The database family; each engine is a module of its own."""

    name = "database"
    settle_s = 0.1
    options = {
        "engine": {"type": "str", "choices": ["sqlite", "postgresql", "mysql", "mariadb"]},
        "action": {
            "type": "str",
            "choices": ["outage", "lock", "pause", "terminate", "refuse", "exhaust"],
            "default": "outage",
        },
        "path": {"type": "path"},
        "port": {"type": "raw"},
        "patience": {"type": "str", "default": "10s"},
        "database": {"type": "str"},
        "table": {"type": "str"},
        "account": {"type": "str"},
        "login_user": {"type": "str"},
        "login_password": {"type": "str", "no_log": True},
        "login_host": {"type": "str"},
        "login_unix_socket": {"type": "path"},
        "become_user": {"type": "str", "default": "postgres"},
    }

    def parse(self, params):
        """Figures of the family's options."""
        engine = params["engine"] or ("sqlite" if params["path"] else "postgresql")
        module = ENGINES[engine]
        if params["action"] not in module.ACTIONS:
            raise BadOption(
                "action",
                params["action"],
                "is not possible with %s" % engine,
                "use one of %s" % ", ".join(module.ACTIONS),
            )
        by_sql = params["action"] in BY_SQL[module]
        for option in ("account",) if by_sql and module is postgresql else () if by_sql else SQL_ONLY:
            if params[option]:
                shown = "(secret)" if option == "login_password" else params[option]
                raise BadOption(
                    option, shown, "has no effect with action=%s of %s" % (params["action"], engine), "leave it out"
                )
        return dict(module.parse(params), engine=engine, action=params["action"])

    def inspect(self, options):
        """What the engine needs to know of the host."""
        return ENGINES[options["engine"]].inspect(options)

    def plan(self, options, facts):
        """The engine's plan."""
        return ENGINES[options["engine"]].plan(options, facts)

    def do_sqlite_lock(self, ctx, args):
        """See sqlite.take."""
        sqlite.take(ctx, args)

    def do_postgresql_stop(self, ctx, args):
        """See postgresql.stop."""
        postgresql.stop(ctx, args)

    def do_postgresql_pause(self, ctx, args):
        """See postgresql.pause."""
        postgresql.pause(ctx, args)

    def do_postgresql_terminate(self, ctx, args):
        """See postgresql.terminate."""
        postgresql.terminate(ctx, args)

    def do_postgresql_sql(self, ctx, args):
        """See postgresql_sql.start."""
        postgresql_sql.start(ctx, args)

    def do_mysql_stop(self, ctx, args):
        """See mysql.stop."""
        mysql.stop(ctx, args)

    def do_mysql_pause(self, ctx, args):
        """See mysql.pause."""
        mysql.pause(ctx, args)

    def do_mysql_sql(self, ctx, args):
        """See mysql_sql.start."""
        mysql_sql.start(ctx, args)

    def measure(self, ctx):
        """The engine's own measurement, from a second connection."""
        return ENGINES[ctx.memory["engine"]].measure(ctx)

    def trace(self, ctx):
        """What is counted again and again: sessions ended, connections left, attempts at a locked file."""
        measured = ctx.record["measured"]
        if "tried" in measured:
            kept_out = measured["read" if ctx.record["action"] == "outage" else "write"] == "busy"
            return {"now": {"refused_pct": 100.0 if kept_out else 0.0}}
        return {
            "now": {"free_connections": measured.get("free_connections")},
            "total": {"ended_per_s": measured.get("sessions_ended")},
        }


FAMILY = Database()
