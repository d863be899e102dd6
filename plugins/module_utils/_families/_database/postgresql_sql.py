# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL by SQL: refuse connections, use all of them up, lock a table. Private to magsasa.chaos.

Needs psql on the host and a role: either the login options, or as root the operating system's user of the server.
"""

from __future__ import annotations

import os
import pwd

from ..._errors import BadOption, Refused, printable
from ..._plan import plan as make_plan
from ..._plan import step, undo
from ..._host.databases import psql
from ..._ledger import fault_secrets
from . import servers, sql_worker

ACTIONS = ("refuse", "exhaust", "lock")
# Connections that an ordinary role may still open; the asking one is counted as used. pg_settings:
# superuser_reserved_connections, reserved_connections (16)
FREE = (
    "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int"
    " - coalesce(nullif(current_setting('reserved_connections', true), '')::int, 0)"
    " - (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend');"
)
KICK = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid();"


def _named(option, text, most=63):
    return servers.named(option, text, "PostgreSQL", most)


def parse(params):
    """Names and login; the password becomes ``secret``, which the ledger never sees."""
    action = params["action"]
    if action != "exhaust" and not params["database"]:
        raise BadOption("database", "", "is missing", "name the database")
    parsed = {"database": _named("database", params["database"] or "postgres"), "table": None}
    if action == "lock":
        parts = (params["table"] or "").split(".")
        if len(parts) > 2:
            raise BadOption("table", params["table"], "has more than one dot", "write TABLE or SCHEMA.TABLE")
        parsed["table"] = [_named("table", part) for part in parts]
    elif params["table"]:
        raise BadOption(
            "table", params["table"], "has no effect with action=%s" % action, "leave it out, or use action=lock"
        )
    if params["login_host"] and params["login_unix_socket"]:
        raise BadOption(
            "login_unix_socket", params["login_unix_socket"], "and login_host exclude each other", "give one of them"
        )
    host = params["login_unix_socket"] or params["login_host"]
    parsed.update(
        login_user=_named("login_user", params["login_user"]) if params["login_user"] else None,
        login_host=_named("login_host", host, 255) if host else None,
        become_user=params["become_user"],
    )
    if params["login_password"]:
        parsed["secret"] = {"password": params["login_password"]}
    return parsed


def _login(options):
    """How to get in; see psql."""
    found = {"host": options["login_host"], "port": options["port"], "user": options["login_user"], "as": None}
    if found["user"] is None and os.geteuid() == 0:
        try:
            known = pwd.getpwnam(options["become_user"])
        except KeyError:
            raise BadOption(
                "become_user",
                options["become_user"],
                "is not a user of this host",
                "name the user that the server runs as, or set login_user",
            )
        found.update({"user": known.pw_name, "as": [known.pw_uid, known.pw_gid]})
    elif found["user"] is None:
        found["user"] = pwd.getpwuid(os.geteuid()).pw_name
    if found["host"] is None:
        found["host"] = psql.socket_folder(options["port"])
    return found


def _way(options):
    """A database to work from: not the one that is to be closed."""
    return "template1" if options["database"] == "postgres" else "postgres"


def inspect(options):
    """What the server says of what is meant."""
    login, password = _login(options), (options.get("secret") or {}).get("password")
    database = options["database"]
    facts = {"login": login}
    if options["action"] == "refuse":
        seen = psql.must(
            login,
            password,
            _way(options),
            "SELECT datallowconn FROM pg_database WHERE datname = %s" % psql.literal(database),
        )
        if not seen:
            raise BadOption("database", database, "does not exist on the server", "use one shown by psql -l")
        facts["open"] = seen == "t"
    elif options["action"] == "lock":
        wanted = psql.literal(_table(options))
        if (
            psql.must(
                login,
                password,
                database,
                "SELECT relkind IN ('r', 'p') FROM pg_class WHERE oid = to_regclass(%s)" % wanted,
            )
            != "t"
        ):
            raise BadOption(
                "table",
                ".".join(options["table"]),
                "is not a table of database %s" % printable(database),
                "write TABLE or SCHEMA.TABLE",
            )
    else:
        facts["free"] = int(psql.must(login, password, database, FREE)) + 1  # what this question used is free again
    return facts


def _table(options):
    return ".".join(psql.name(part) for part in options["table"])


def plan(options, facts):
    """One step; what is changed in the server is undone by SQL, what sessions hold ends with them."""
    action, database = options["action"], options["database"]
    args = {
        "action": action,
        "login": facts["login"],
        "database": database,
        "way": _way(options),
        "fault": "$ID",
        "patience_s": options["patience_s"],
    }
    requested = {"engine": "postgresql", "port": options["port"], "database": database}
    ended = undo("workers.end", fault="$ID")
    if action == "refuse":
        if not facts["open"]:
            raise Refused(
                "state",
                "database %s already accepts no connections" % printable(database),
                remedy="allow connections first with ALTER DATABASE",
            )
        again = undo("postgres.allow", login=facts["login"], database=database, way=_way(options), fault="$ID")
        steps = [
            step(
                "postgresql_sql",
                "close database %s to new connections and terminate its sessions" % printable(database),
                args,
                [again],
                "psql",
            )
        ]
    elif action == "lock":
        table = ".".join(options["table"])
        requested["table"] = table
        says = "hold an ACCESS EXCLUSIVE lock on table %s of %s" % (printable(table), printable(database))
        steps = [step("postgresql_sql", says, dict(args, table=_table(options)), [ended], "psql")]
    else:
        sql_worker.may_exhaust(facts["free"])
        requested["sessions"] = facts["free"]
        steps = [
            step(
                "postgresql_sql",
                "hold the %d free connections, except those reserved for superusers" % facts["free"],
                args,
                [ended],
                "psql",
            )
        ]
    return make_plan("database", action, "SQL through psql", requested, steps, ["postgresql:%d" % options["port"]])


def start(ctx, args):
    """Change the server, or start the worker whose sessions hold what is asked."""
    password = fault_secrets.get(args["fault"]).get("password")
    ctx.memory.update(engine="postgresql", sql=args, password=password)
    if args["action"] == "refuse":
        psql.must(
            args["login"],
            password,
            args["way"],
            "ALTER DATABASE %s WITH ALLOW_CONNECTIONS false" % psql.name(args["database"]),
        )
        psql.must(args["login"], password, args["way"], KICK % psql.literal(args["database"]))
        return
    sql_worker.start(ctx, _lock if args["action"] == "lock" else _exhaust, args, password)


def _lock(args, password, held):
    """One session in a transaction; ends when the session does."""
    session = psql.session(args["login"], password, args["database"])
    session.ask(
        "SET lock_timeout = %d; SET idle_in_transaction_session_timeout = 0; SET statement_timeout = 0;"
        " BEGIN; LOCK TABLE %s IN ACCESS EXCLUSIVE MODE; SELECT 'held';" % (args["patience_s"] * 1000, args["table"])
    )
    held()
    session.wait()


def _exhaust(args, password, held):
    """All but those that are reserved for superusers."""
    sql_worker.exhaust(
        lambda: psql.session(args["login"], password, args["database"]), lambda session: int(session.ask(FREE)), held
    )


def measure(ctx):
    """What one more connection meets."""
    args = ctx.memory["sql"]
    return {"refuse": _measure_refuse, "lock": _measure_lock, "exhaust": _measure_exhaust}[args["action"]](
        args, ctx.memory["password"]
    )


def _judged(confirmed, measured, note=""):
    return {"effect": "confirmed" if confirmed else "mismatch", "measured": measured, "note": note}


def _measure_refuse(args, password):
    tried = psql.ask(args["login"], password, args["database"], "SELECT 1", 2.0)
    allowed = psql.must(
        args["login"],
        password,
        args["way"],
        "SELECT datallowconn FROM pg_database WHERE datname = %s" % psql.literal(args["database"]),
    )
    return _judged(tried.rc == 2 and allowed == "f", {"connected": tried.rc == 0, "allowed": allowed == "t"})


def _measure_lock(args, password):
    tried = psql.ask(
        args["login"],
        password,
        args["database"],
        "SET lock_timeout = 200; SELECT 1 FROM %s LIMIT 1" % args["table"],
        2.0,
    )
    waited = tried.rc == 1 and "55P03" in tried.stderr  # lock_not_available
    return _judged(waited, {"read": "waits for the lock" if waited else "ok" if tried.rc == 0 else psql.said(tried)})


def _measure_exhaust(args, password):
    """A superuser still gets in, by a reserved connection: then the server's own count tells."""
    tried = psql.ask(args["login"], password, args["database"], FREE, 2.0)
    if tried.rc == 2:
        there = (
            "refused" not in tried.stderr and "No such file" not in tried.stderr
        )  # psql's own words, which are not translated
        return _judged(there, {"connected": False}, psql.said(tried))
    free = max(0, int(tried.stdout.strip() or 0))
    return _judged(free == 0, {"connected": True, "free_connections": free})
