# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases: SQLite files and PostgreSQL servers of the host. Private to magsasa.chaos."""
from __future__ import annotations

from ..._errors import BadOption
from . import postgresql, sqlite

ENGINES = {"sqlite": sqlite, "postgresql": postgresql}


class Database:
    """The database family; each engine is a room of its own."""

    name = "database"
    settle_s = 0.1
    options = {
        "engine": {"type": "str", "choices": ["sqlite", "postgresql"]},
        "action": {"type": "str", "choices": ["outage", "lock", "pause", "terminate"], "default": "outage"},
        "path": {"type": "path"},
        "port": {"type": "raw"},
        "patience": {"type": "str", "default": "10s"},
    }

    def parse(self, params):
        """Figures of the family's options."""
        engine = params["engine"] or ("sqlite" if params["path"] else "postgresql")
        room = ENGINES[engine]
        if params["action"] not in room.ACTIONS:
            raise BadOption("action", params["action"], "is not possible with %s" % engine, "use one of %s" % ", ".join(room.ACTIONS))
        return dict(room.parse(params), engine=engine, action=params["action"])

    def look(self, options):
        """What the engine needs to know of the host."""
        return ENGINES[options["engine"]].look(options)

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

    def measure(self, ctx):
        """The engine's own measurement, from a second connection."""
        return ENGINES[ctx.memory["engine"]].measure(ctx)


FAMILY = Database()
