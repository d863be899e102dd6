# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MySQL and MariaDB by SQL: lock an account out, end sessions, use all connections up, lock a table. Private to
magsasa.chaos.

Needs their client on the host and an account: the login options, or as root the one of the same name by the server's
Unix socket.
"""

from __future__ import annotations

import os
import pwd

from ..._errors import BadOption, HostError, Refused, printable
from ..._plan import plan as make_plan
from ..._plan import step, undo
from ..._host import listeners
from ..._host.databases import mysql, mysql_ping
from ..._ledger import fault_secrets
from ..._undo.operations.mysql import NO_SUCH_ACCOUNT, account, is_locked
from . import mysql_accounts, servers, sql_worker

ACTIONS = ("terminate", "refuse", "exhaust", "lock")
TOO_MANY, WAITED = 1040, 1205  # ER_CON_COUNT_ERROR, ER_LOCK_WAIT_TIMEOUT
FREE = "SHOW GLOBAL STATUS LIKE 'Threads_connected'; SELECT @@max_connections;"
# Sessions of people and applications: not ours, not the server's own, no replica.
SESSIONS = (
    "SELECT id, host FROM information_schema.processlist WHERE id <> connection_id() AND user NOT IN ('system user',"
    " 'event_scheduler') AND command NOT IN ('Daemon', 'Binlog Dump', 'Binlog Dump GTID')"
)


def parse(params):
    """Names and login; the password becomes ``secret``, which the ledger never sees."""
    action = params["action"]
    parsed = {"database": None, "table": None, "account": None}
    for option, wanted in (
        ("database", action == "lock"),
        ("table", action == "lock"),
        ("account", action == "refuse"),
    ):
        if params[option] and not wanted:
            raise BadOption(option, params[option], "has no effect with action=%s" % action, "leave it out")
        if wanted and not params[option]:
            raise BadOption(option, "", "is missing", "name the %s" % option)
    if action == "lock":
        parsed.update(database=_name("database", params["database"]), table=_name("table", params["table"]))
    if action == "refuse":
        user, _at, host = (
            params["account"].rpartition("@") if "@" in params["account"] else (params["account"], "", "%")
        )
        parsed["account"] = [_name("account", user, 128), _name("account", host, 255)]
    if params["login_host"] and params["login_unix_socket"]:
        raise BadOption(
            "login_unix_socket", params["login_unix_socket"], "and login_host exclude each other", "give one of them"
        )
    parsed.update(
        login_user=_name("login_user", params["login_user"], 128) if params["login_user"] else None,
        login_host=_name("login_host", params["login_host"], 255) if params["login_host"] else None,
        login_unix_socket=(
            _name("login_unix_socket", params["login_unix_socket"], 107) if params["login_unix_socket"] else None
        ),
    )
    if params["login_password"]:
        parsed["secret"] = {"password": params["login_password"]}
    return parsed


def _name(option, text, most=64):
    """Without a backslash: what that means in SQL depends on the server's sql_mode."""
    if "\\" in text:
        raise BadOption(option, text, "contains a backslash", "use a name without one")
    return servers.named(option, text, "the server", most)


def _login(options):
    """How to get in; see mysql."""
    socket = options["login_unix_socket"]
    if not socket and not options["login_host"]:
        server = listeners.server(options["port"])
        socket = mysql_ping.socket_path(server) if server else None
    user = options["login_user"] or pwd.getpwuid(os.geteuid()).pw_name
    return {"host": options["login_host"] or "127.0.0.1", "port": options["port"], "socket": socket, "user": user}


def inspect(options):
    """What the server says of what is meant."""
    login, password = _login(options), (options.get("secret") or {}).get("password")
    facts = {"login": login}
    if options["action"] == "refuse":
        done = mysql.ask(login, password, "SHOW CREATE USER %s;" % account(options["account"]))
        if done.rc and mysql.number(done) in NO_SUCH_ACCOUNT:
            raise BadOption(
                "account",
                "@".join(options["account"]),
                "does not exist on the server",
                "write USER@HOST as the server shows it",
            )
        if done.rc:
            raise HostError("the server did not answer: %s" % mysql.said(done))
        facts["locked"] = is_locked(done.stdout)
        facts["ours"] = mysql.must(login, password, "SELECT current_user();")
        facts["others"] = _others(login, password, options["account"])
    elif options["action"] == "lock":
        wanted = (
            "SELECT count(*) FROM information_schema.tables WHERE table_schema = %s AND table_name = %s AND table_type"
            " = 'BASE TABLE';"
        )
        if (
            mysql.must(login, password, wanted % (mysql.literal(options["database"]), mysql.literal(options["table"])))
            != "1"
        ):
            raise BadOption(
                "table",
                options["table"],
                "is not a table of database %s" % printable(options["database"]),
                "use one shown by SHOW TABLES",
            )
    elif options["action"] == "exhaust":
        facts["free"] = _free(mysql.must(login, password, FREE)) + 1  # what this question used is free again
    else:
        mysql.must(login, password, "SELECT 1;")
    return facts


def _others(login, password, meant):
    """``[[host, is locked]]`` of the other accounts with the same user name; None where this login may not see them."""
    listed = mysql.ask(login, password, "SELECT host FROM mysql.user WHERE user = %s;" % mysql.literal(meant[0]))
    if listed.rc:
        return None
    hosts = sorted(each for each in listed.stdout.split() if each != meant[1] and "\\" not in each)
    found = []
    for host in hosts[: mysql_accounts.MOST]:
        said = mysql.ask(login, password, "SHOW CREATE USER %s;" % account([meant[0], host]))
        found.append([host, said.rc == 0 and is_locked(said.stdout)])
    return found


def _free(said):
    """Connections that are left, from what FREE gives."""
    words = said.split()
    try:
        return int(words[2]) - int(words[1])
    except (IndexError, ValueError):
        raise HostError("the server did not report its free connections")


def plan(options, facts):
    """One step; what is changed in the server is undone by SQL, what sessions hold ends with them."""
    action = options["action"]
    args = {
        "action": action,
        "login": facts["login"],
        "fault": "$ID",
        "patience_s": options["patience_s"],
        "database": options["database"],
    }
    requested = {"engine": options["engine"], "port": options["port"]}
    ended, notes = undo("workers.end", fault="$ID"), []
    tool = "mariadb or mysql"
    if action == "refuse":
        shown = printable("@".join(options["account"]))
        if facts["locked"]:
            raise Refused("state", "account %s is already locked" % shown, remedy="unlock it first")
        if facts["ours"] == "@".join(options["account"]):
            raise Refused(
                "revival", "account %s would have to unlock itself" % shown, remedy="log in with another account"
            )
        requested["account"] = shown
        notes = _told_of_others(options["account"][0], facts["others"])
        hosts = [host for host, _locked in facts["others"] or []]
        again = undo("mysql.unlock", login=facts["login"], account=options["account"], fault="$ID")
        steps = [
            step(
                "mysql_sql",
                "lock account %s and terminate its sessions" % shown,
                dict(args, account=options["account"], others=hosts),
                [again],
                tool,
            )
        ]
    elif action == "lock":
        requested.update(database=options["database"], table=options["table"])
        says = "hold a write lock on table %s of %s" % (printable(options["table"]), printable(options["database"]))
        steps = [step("mysql_sql", says, dict(args, table=mysql.name(options["table"])), [ended], tool)]
    elif action == "exhaust":
        sql_worker.may_exhaust(facts["free"])
        requested["sessions"] = facts["free"]
        steps = [
            step(
                "mysql_sql",
                "hold the %d free connections, except the one reserved for administrators" % facts["free"],
                args,
                [ended],
                tool,
            )
        ]
    else:
        steps = [
            step(
                "mysql_sql",
                "terminate the sessions of the server on port %d repeatedly" % options["port"],
                args,
                [ended],
                tool,
            )
        ]
    return make_plan(
        "database",
        action,
        "SQL through the client of the server",
        requested,
        steps,
        ["mysql:%d" % options["port"]],
        notes,
    )


def _told_of_others(user, others):
    """Notes about accounts by which the same user may still log in, from elsewhere or more specifically."""
    if others is None:
        return ["whether %s can still log in by another account cannot be seen by this login" % printable(user)]
    still = [printable("%s@%s" % (user, host)) for host, locked in others if not locked]
    return ["%s can still log in as %s" % (printable(user), ", ".join(still))] if still else []


def start(ctx, args):
    """Change the server, or start the worker whose sessions hold what is asked."""
    password = fault_secrets.get(args["fault"]).get("password")
    ctx.memory.update(engine="mysql", sql=args, password=password, ended=0)
    if args["action"] == "refuse":
        mysql.must(args["login"], password, "ALTER USER %s ACCOUNT LOCK;" % account(args["account"]))
        _kick(ctx, args["account"])
    elif args["action"] == "terminate":
        _kick(ctx)
    else:
        sql_worker.start(ctx, _lock if args["action"] == "lock" else _exhaust, args, password)


def _sessions(args, password, meant=None):
    """Numbers of the sessions, of one account (``meant``) if there is one: those that no other account claims."""
    whose = "" if meant is None else " AND user = %s" % mysql.literal(meant[0])
    for line in mysql.must(args["login"], password, SESSIONS + whose + ";").splitlines():
        number, _tab, host = line.partition("\t")
        hosts = [] if meant is None else [meant[1]] + args.get("others", [])
        if number.isdigit() and mysql_accounts.owner(mysql_accounts.client_host(host), hosts) in (None, *hosts[:1]):
            yield number


def _kick(ctx, meant=None):
    """End sessions; one that has gone by itself meanwhile is no error."""
    login, password = ctx.memory["sql"]["login"], ctx.memory["password"]
    for number in list(_sessions(ctx.memory["sql"], password, meant)):
        if mysql.ask(login, password, "KILL CONNECTION %s;" % number).rc == 0:
            ctx.memory["ended"] += 1


def _lock(args, password, held):
    """One session with the lock; it is gone when the session is."""
    session = mysql.session(args["login"], password, args["database"])
    session.ask(
        "SET SESSION lock_wait_timeout = %d, wait_timeout = 86400; LOCK TABLES %s WRITE; SELECT 'held';"
        % (max(1, int(args["patience_s"])), args["table"])
    )
    held()
    session.wait()


def _exhaust(args, password, held):
    """All but the connection that is reserved for administrators."""
    sql_worker.exhaust(lambda: mysql.session(args["login"], password), _free_now, held)


def _free_now(session):
    sql = "SELECT @@max_connections - variable_value FROM %s WHERE variable_name = 'Threads_connected';"
    return int(float(session.ask(sql % _status(session))))


def _status(session):
    """Where figures of the server are: MariaDB and MySQL keep them apart."""
    mariadb = session.ask("SELECT version() LIKE '%MariaDB%';") == "1"
    return "information_schema.global_status" if mariadb else "performance_schema.global_status"


def measure(ctx):
    """What one more connection meets."""
    args, password = ctx.memory["sql"], ctx.memory["password"]
    if args["action"] == "terminate":
        _kick(ctx)
        ended = ctx.memory["ended"]
        note = "" if ended else "there was no session to terminate"
        return {"effect": "confirmed" if ended else "inconclusive", "measured": {"sessions_ended": ended}, "note": note}
    return {"refuse": _measure_refuse, "lock": _measure_lock, "exhaust": _measure_exhaust}[args["action"]](
        args, password
    )


def _judged(confirmed, measured, note=""):
    return {"effect": "confirmed" if confirmed else "mismatch", "measured": measured, "note": note}


def _measure_refuse(args, password):
    locked = is_locked(mysql.must(args["login"], password, "SHOW CREATE USER %s;" % account(args["account"])))
    return _judged(locked, {"locked": locked, "sessions": len(list(_sessions(args, password, args["account"])))})


def _measure_lock(args, password):
    sql = "SET SESSION lock_wait_timeout = 1; SELECT 1 FROM %s LIMIT 1;" % args["table"]
    tried = mysql.ask(args["login"], password, sql, args["database"], 3.0)
    waited = mysql.number(tried) == WAITED
    return _judged(waited, {"read": "waits for the lock" if waited else "ok" if tried.rc == 0 else mysql.said(tried)})


def _measure_exhaust(args, password):
    """An administrator may still get in, by the connection kept for them: then the server's own count tells."""
    tried = mysql.ask(args["login"], password, FREE, seconds=2.0)
    if tried.rc:
        return _judged(mysql.number(tried) == TOO_MANY, {"connected": False}, mysql.said(tried))
    free = max(0, _free(tried.stdout) + 1)
    return _judged(free <= 1, {"connected": True, "free_connections": free - 1 if free else 0})
