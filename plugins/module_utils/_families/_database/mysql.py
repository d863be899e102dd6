# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A MySQL or MariaDB server of this host: stopped or paused. Private to magsasa.chaos.

No driver and no password are needed: the server is known by the port that it listens on, its processes by /proc, and
whether it takes
connections by its greeting.
"""

from __future__ import annotations

import signal

from ... import _quantity
from ..._errors import BadOption
from ..._plan import plan as make_plan
from ..._plan import step, undo
from ..._host.databases import mysql_ping
from . import mysql_sql as by_sql
from . import servers

ACTIONS = ("outage", "pause") + by_sql.ACTIONS
DEFAULT_PORT = 3306
PROGRAMS = ("mysqld", "mariadbd")


def parse(params):
    """``{port, patience_s}`` and, for what is done by SQL, names and login."""
    if params["path"]:
        raise BadOption(
            "path", params["path"], "has no effect with MySQL and MariaDB", "leave it out, or use engine sqlite"
        )
    parsed = {
        "port": servers.port_of(params["port"], DEFAULT_PORT),
        "patience_s": _quantity.duration(params["patience"], "patience", low=0.1, high=50.0),
    }
    return dict(parsed, **by_sql.parse(params)) if params["action"] in by_sql.ACTIONS else parsed


def inspect(options):
    """The server that listens on the port; for what is done by SQL, what it says."""
    if options["action"] in by_sql.ACTIONS:
        return by_sql.inspect(options)
    facts = servers.inspect(options["port"], PROGRAMS, "MySQL or MariaDB")
    return dict(facts, address=mysql_ping.socket_path(facts["marks"]["pid"]) or facts["address"])


def plan(options, facts):
    """Steps of one action."""
    if options["action"] in by_sql.ACTIONS:
        return by_sql.plan(options, facts)
    servers.may_signal(facts)
    port, marks, tree = options["port"], facts["marks"], facts["tree"]
    common = {
        "pid": marks["pid"],
        "start": marks["start"],
        "address": facts["address"],
        "port": port,
        "patience_s": options["patience_s"],
    }
    undone = [undo("mysql.accepting", address=facts["address"], port=port)]
    claims, notes = ["mysql:%d" % port], []
    if options["action"] == "pause":
        backend = "SIGSTOP"
        says = "freeze process %d and %d more of the server on port %d (SIGSTOP)" % (marks["pid"], len(tree) - 1, port)
        undone += [undo("process.resume", pid=pid, start=start) for pid, start in tree]
        steps = [step("mysql_pause", says, dict(common, tree=tree), undone)]
    elif facts["unit"]:
        servers.may_stop(facts)
        backend = "systemctl stop " + facts["unit"]
        starts, more, notes = servers.by_systemd(facts)
        undone += starts
        claims += more
        steps = [
            step("mysql_stop", "stop service %s" % facts["unit"], dict(common, unit=facts["unit"]), undone, "systemctl")
        ]
    else:
        servers.may_stop(facts)
        backend = "shutdown of process %d" % marks["pid"]
        if marks["parent"]:
            notes.append("process %d started the server and may restart it at once" % marks["parent"][0])
        undone.append(undo("process.ensure_running", name="mysqld", fault="$ID", marks=marks))
        says = "shut down the server on port %d (SIGTERM to process %d)" % (port, marks["pid"])
        steps = [step("mysql_stop", says, dict(common, unit=None, fault="$ID"), undone)]
    return make_plan(
        "database",
        options["action"],
        backend,
        {"engine": options["engine"], "port": port},
        steps,
        claims,
        notes,
    )


def stop(ctx, args):
    """An orderly shutdown, which ends sessions by itself; SIGKILL (InnoDB recovers from it) when it takes too long."""
    servers.runs(args)
    ctx.memory.update(engine="mysql", args=args, action="outage")
    servers.shut_down(args, signal.SIGTERM, signal.SIGKILL)


def pause(ctx, args):
    """The server, and what it started."""
    servers.pause(ctx, args, "mysql")


def measure(ctx):
    """What a new connection meets."""
    if "sql" in ctx.memory:
        return by_sql.measure(ctx)
    args = ctx.memory["args"]
    return servers.judge(ctx, mysql_ping.ping(args["address"], args["port"], 0.3))
