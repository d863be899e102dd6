# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A database server of this host, known by the port that it listens on: what its processes are, and how they are
stopped. Private to magsasa.chaos.
"""

from __future__ import annotations

import os

from ..._errors import BadOption, HostError, Refused
from ..._plan import undo
from ..._host import listeners, process_restore, processes, sigstop_tree, successors
from ..._host.systemd import dependents, services, transient_units


def port_of(value, default):
    """A port, or the engine's usual one."""
    text = str(value if value not in (None, "") else default).strip()
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) < 65536:
        raise BadOption("port", value, "is not a port", "use a number from 1 to 65535")
    return int(text)


def named(option, text, engine, most=63):
    """A name as a server takes it: not empty, at most ``most`` bytes, nothing that cannot be printed."""
    if not text or not text.isprintable() or len(text.encode("utf-8", "replace")) > most:
        raise BadOption(
            option, text or "", "is not a valid name for %s" % engine, "use 1 to %d printable characters" % most
        )
    return text


def inspect(port, programs, label):
    """``{"uid", "us", "address", "unit", "around", "obstacle", "tree", "marks"}`` of the server on a port (JSON-able)."""
    listening = listeners.listeners()
    mine = [each for each in listening if each.port == port]
    master = listeners.top_of_tree(sorted({pid for each in mine for pid in each.pids}))
    if mine and not master:
        raise Refused(
            "permission",
            "the process behind port %d belongs to another user, and this task does not run as root" % port,
            remedy="use become: true",
        )
    if not master or processes.comm(master) not in programs:
        raise BadOption(
            "port", port, "does not belong to a %s server on this host" % label, "name the port of a running server"
        )
    address = mine[0].address
    below = [[pid, processes.start_time(pid)] for pid in processes.below(master)]
    tree = [[master, processes.start_time(master)]] + [each for each in below if each[1] is not None]
    unit = services.unit_of(master)
    return {
        "uid": processes.uid(master),
        "us": os.geteuid(),
        "address": {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(address, address),
        "unit": unit,
        "around": dependents.around(unit),
        "obstacle": _obstacle(unit) if unit else process_restore.obstacle(master),
        "tree": tree,
        "marks": successors.mark(master, tree, listening),
    }


def _obstacle(unit):
    """The same as of process_restore, for what systemd would have to start again."""
    if not transient_units.is_transient(unit):
        return None, None
    why = "%s is a transient unit, which ceases to exist when it ends" % unit
    return why, "give the server a unit file"


def may_signal(facts):
    """Refuse what the kernel would."""
    if facts["us"] and facts["us"] != facts["uid"]:
        raise Refused(
            "permission",
            "the processes of the server belong to another user, and this task does not run as root",
            remedy="use become: true",
        )


def may_stop(facts):
    """Refuse to end what the undo could not start again as it was."""
    why, remedy = facts["obstacle"]
    if why:
        raise Refused("revival", "the server could not be restarted as it was: %s" % why, remedy=remedy)


def by_systemd(facts):
    """``(undo, claims, notes)`` of stopping the server's service; what ends with it is started after it again."""
    unit = facts["unit"]
    ending = dependents.ending(unit, facts["around"])
    starts = dependents.starts(ending) + [undo("service.start", unit=unit)]
    return starts, dependents.claims([unit] + ending), dependents.notes(ending)


def runs(args):
    """Told only when it is to be done: if another fault stopped it, that conflict was told before."""
    if processes.state(args["pid"]) == "T":
        raise HostError("the server on port %d is already frozen (SIGSTOP); continue it first" % args["port"])


def pause(ctx, args, engine):
    """The server first, so that it starts no new process; then what it started."""
    runs(args)
    ctx.memory.update(engine=engine, args=args, action="pause")
    sigstop_tree.stop(ctx, args["pid"], args["tree"])


def judge(ctx, met):
    """A measurement from what a new connection ``met``."""
    wanted = "refused" if ctx.memory["action"] == "outage" else "silent"
    return {"effect": "confirmed" if met == wanted else "mismatch", "measured": {"new_connections": met}, "note": ""}


def shut_down(args, first, then):
    """Signal ``first`` asks it to end, ``then`` after its patience; a service is ended by systemd. Raises HostError."""
    if args["unit"]:
        services.control("stop", args["unit"], timeout=args["patience_s"] + 30.0)
        return
    process_restore.keep(args["fault"], [process_restore.capture(args["pid"], whole=False)])
    if not processes.send(args["pid"], args["start"], first):
        raise HostError("the server ended by itself before it was stopped")
    if not processes.wait_gone(args["pid"], args["start"], args["patience_s"]):
        processes.send(args["pid"], args["start"], then)
        if not processes.wait_gone(args["pid"], args["start"], 5.0):
            raise HostError("the server did not stop within %g s" % (args["patience_s"] + 5.0))
