# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server of this host: stopped, paused, or its sessions ended. Private to magsasa.chaos.

No driver and no password are needed: the server is known by the port that it listens on, its processes by /proc, and
whether it
takes connections by the first message of its protocol.
"""

from __future__ import annotations

import re
import signal

from ... import _quantity
from ..._errors import BadOption
from ..._plan import plan as make_plan
from ..._plan import step, undo
from ..._host import processes
from ..._host.databases import postgres_ping
from . import postgresql_sql as by_sql
from . import servers

ACTIONS = ("outage", "pause", "terminate") + by_sql.ACTIONS
DEFAULT_PORT = 5432
PROGRAMS = ("postgres", "postmaster")
_PEER = re.compile(r" (\[local\]|[0-9a-fA-F.:%]+\([0-9]+\)|[\w.-]+\([0-9]+\))( |$)")


def parse(params):
    """``{port, patience_s}``."""
    if params["path"]:
        raise BadOption("path", params["path"], "has no effect with PostgreSQL", "leave it out, or use engine sqlite")
    parsed = {
        "port": servers.port_of(params["port"], DEFAULT_PORT),
        "patience_s": _quantity.duration(params["patience"], "patience", low=0.1, high=50.0),
    }
    return dict(parsed, **by_sql.parse(params)) if params["action"] in by_sql.ACTIONS else parsed


def inspect(options):
    """The server that listens on the port; for what is done by SQL, what it says."""
    if options["action"] in by_sql.ACTIONS:
        return by_sql.inspect(options)
    return servers.inspect(options["port"], PROGRAMS, "PostgreSQL")


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
    answers = undo("postgres.accepting", address=facts["address"], port=port)
    claims, notes = ["postgresql:%d" % port], []
    if options["action"] == "outage":
        servers.may_stop(facts)
    if options["action"] == "outage" and facts["unit"]:
        backend = "systemctl stop " + facts["unit"]
        starts, more, notes = servers.by_systemd(facts)
        claims += more
        steps = [
            step(
                "postgresql_stop",
                "stop service %s" % facts["unit"],
                dict(common, unit=facts["unit"]),
                [answers] + starts,
                "systemctl",
            )
        ]
    elif options["action"] == "outage":
        backend = "fast shutdown of process %d" % marks["pid"]
        if marks["parent"]:
            notes.append("process %d started the server and may restart it at once" % marks["parent"][0])
        steps = [
            step(
                "postgresql_stop",
                "shut down the server on port %d (SIGINT to process %d)" % (port, marks["pid"]),
                dict(common, unit=None, fault="$ID"),
                [answers, undo("process.ensure_running", name="postgres", fault="$ID", marks=marks)],
            )
        ]
    elif options["action"] == "pause":
        backend = "SIGSTOP"
        steps = [
            step(
                "postgresql_pause",
                "freeze process %d and %d more of the server on port %d (SIGSTOP)"
                % (marks["pid"], len(tree) - 1, port),
                dict(common, tree=tree),
                [answers] + [undo("process.resume", pid=pid, start=start) for pid, start in tree],
            )
        ]
    else:
        backend = "SIGTERM to the server processes of sessions"
        steps = [
            step(
                "postgresql_terminate",
                "terminate the sessions of the server on port %d repeatedly" % port,
                common,
                [answers],
            )
        ]
    return make_plan(
        "database",
        options["action"],
        backend,
        {"engine": "postgresql", "port": port},
        steps,
        claims,
        notes,
    )


def stop(ctx, args):
    """Fast shutdown; immediate shutdown when sessions hold it up."""
    servers.runs(args)
    ctx.memory.update(engine="postgresql", args=args, action="outage")
    servers.shut_down(args, signal.SIGINT, signal.SIGQUIT)


def pause(ctx, args):
    """The server, and what it started."""
    servers.pause(ctx, args, "postgresql")


def is_session(title):
    """Whether a server process's title is that of a session: ``postgres: [cluster: ]USER DATABASE PEER activity``.

    A PEER is ``[local]`` or ``ADDRESS(PORT)``; the server's own processes have none, whatever a role is called. A
    walsender streams
    to a standby and is not a session of an application.
    """
    return title.startswith("postgres: ") and "walsender " not in title and _PEER.search(title) is not None


def _sessions(master):
    """Server processes that serve a client."""
    for pid in processes.pids():
        if processes.parent(pid) == master and is_session(" ".join(processes.argv(pid))):
            yield pid, processes.start_time(pid)


def terminate(ctx, args):
    """What pg_terminate_backend does: SIGTERM to the session's process. Again with every measurement."""
    ctx.memory.update(engine="postgresql", args=args, action="terminate", ended=0)
    _end_sessions(ctx)


def _end_sessions(ctx):
    for pid, start in _sessions(ctx.memory["args"]["pid"]):
        if processes.send(pid, start, signal.SIGTERM):
            ctx.memory["ended"] += 1


def measure(ctx):
    """What a new connection meets."""
    if "sql" in ctx.memory:
        return by_sql.measure(ctx)
    args = ctx.memory["args"]
    if ctx.memory["action"] == "terminate":
        _end_sessions(ctx)
        effect = "confirmed" if ctx.memory["ended"] else "inconclusive"
        note = "" if ctx.memory["ended"] else "there was no session to terminate"
        return {"effect": effect, "measured": {"sessions_ended": ctx.memory["ended"]}, "note": note}
    return servers.judge(ctx, postgres_ping.ping(args["address"], args["port"], 0.3))
