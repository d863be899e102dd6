# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: kill, pause, restart. Private to magsasa.chaos.

A kill or a restart happens at one moment; the rest of the duration is the time that the host gets to bring the process back.
At its end the undo starts the process again when nothing else did.
"""
from __future__ import annotations

import os
import re
import signal
import time

from .. import _quantity
from .._errors import BadOption, HostError, Refused, printable
from .._fault.plan import plan, step, undo
from .._host import listeners, processes, revival

TARGETS = ("pid", "process_name", "pattern", "pid_file", "port")
LONGEST_PATTERN = 200


def _signal(text, option="signal"):
    name = str(text).upper().replace("SIG", "", 1) if not str(text).isdigit() else str(text)
    number = int(name) if name.isdigit() else getattr(signal, "SIG" + name, None)
    if not isinstance(number, int) or not 0 < number < signal.NSIG or number in (signal.SIGSTOP, signal.SIGCONT):
        raise BadOption(option, text, "is not a signal that ends a process", "use one such as KILL or TERM")
    return int(number)


class Process:
    """The process family."""

    name = "process"
    settle_s = 0.05
    options = {
        "action": {"type": "str", "choices": ["kill", "pause", "restart"]},
        "pid": {"type": "int"},
        "process_name": {"type": "str"},
        "pattern": {"type": "str"},
        "pid_file": {"type": "path"},
        "port": {"type": "raw"},
        "signal": {"type": "str"},
        "limit": {"type": "int", "default": 1},
        "tree": {"type": "bool", "default": True},
        "grace": {"type": "str", "default": "10s"},
        "respawn_within": {"type": "str", "default": "3s"},
    }

    def parse(self, params):
        """Figures of the family's options."""
        if not params["action"]:
            raise BadOption("action", "", "is missing", "use kill, pause or restart")
        given = [name for name in TARGETS if params[name] not in (None, "")]
        if len(given) != 1:
            raise BadOption("target", ", ".join(given) or "nothing", "does not name one process", "give exactly one of %s" % ", ".join(TARGETS))
        chosen = {name: params[name] for name in given}
        if "pattern" in chosen:
            try:
                re.compile(chosen["pattern"])
            except re.error as error:
                raise BadOption("pattern", chosen["pattern"], "is not a regular expression (%s)" % error, "mend it")
            if len(chosen["pattern"]) > LONGEST_PATTERN:
                raise BadOption("pattern", chosen["pattern"], "is too long", "use at most %d characters" % LONGEST_PATTERN)
        if "port" in chosen:
            text = str(chosen["port"]).strip()
            if not text.isdigit() or not 0 < int(text) < 65536:
                raise BadOption("port", chosen["port"], "is not a port", "use a number from 1 to 65535")
            chosen["port"] = int(text)
        if "pid" in chosen and chosen["pid"] < 1:
            raise BadOption("pid", chosen["pid"], "is not a process id", "use 1 or more")
        if params["limit"] < 1:
            raise BadOption("limit", params["limit"], "is not a number of processes", "use 1 or more")
        return {
            "action": params["action"],
            "target": chosen,
            "signal": _signal(params["signal"] or ("TERM" if params["action"] == "restart" else "KILL")),
            "limit": params["limit"],
            "tree": params["tree"],
            "grace_s": _quantity.duration(params["grace"], "grace", high=300.0),
            "respawn_s": _quantity.duration(params["respawn_within"], "respawn_within", high=300.0),
        }

    # -- reading

    def look(self, options):
        """The processes that are meant, with what is needed to judge and to undo."""
        pids = _find(options["target"])
        if not pids:
            raise BadOption(*_nobody(options["target"]))
        protected = _protected()
        listening = listeners.listeners()
        found = []
        for pid in pids:
            start = processes.start_time(pid)
            if start is None:
                continue
            tree = [pid] + (_descendants(pid) if options["tree"] else [])
            found.append(
                {
                    "pid": pid,
                    "start": start,
                    "program": printable(os.path.basename((processes.argv(pid) or ["?"])[0]), 40),
                    "looked_after": processes.parent(pid) not in (0, 1, None),
                    "restartable": revival.restartable(pid),
                    "command": revival.digest(processes.argv(pid)),
                    "uid": processes.uid(pid),
                    "ports": sorted({each.port for each in listening if set(each.pids) & set(tree)}),
                    "tree": [[each, processes.start_time(each)] for each in tree if processes.start_time(each) is not None],
                    "protected": next((why for each in tree for why in [protected.get(each)] if why), None),
                }
            )
        return {"found": found, "uid": os.geteuid()}

    # -- planning

    def plan(self, options, facts):
        """Steps for the processes that were found; refuses those that must not be touched."""
        found = facts["found"]
        if len(found) > options["limit"]:
            raise Refused("limit", "%d processes match and limit is %d" % (len(found), options["limit"]), "limit")
        for each in found:
            if each["protected"]:
                raise Refused("protected process", "process %d is %s" % (each["pid"], each["protected"]))
            if facts["uid"] and each["uid"] != facts["uid"]:
                raise Refused("permission", "process %d belongs to another user and this run has no root" % each["pid"], remedy="use become: true")
        steps = []
        notes = []
        for each in found:
            if options["action"] != "pause" and not each["restartable"]:
                if not each["looked_after"] and not options["force"]:
                    raise Refused(
                        "revival", "process %d has written over its command line and has no parent that would start it again" % each["pid"], "force"
                    )
                notes.append("process %d cannot be started again by us: only its own supervisor can" % each["pid"])
            label = "process %d (%s)" % (each["pid"], each["program"])
            if options["action"] == "pause":
                steps.append(
                    step(
                        "pause",
                        "stop %s and %d more of its tree" % (label, len(each["tree"]) - 1),
                        {"tree": each["tree"]},
                        [undo("process.resume", pid=pid, start=start) for pid, start in each["tree"]],
                    )
                )
            else:
                same = {"pid": each["pid"], "start": each["start"], "command": each["command"], "ports": each["ports"], "old": each["tree"], "fault": "$ID"}
                again = undo("process.ensure_running", name=each["program"], **same)
                args = dict(same, signal=options["signal"], restartable=each["restartable"])
                if options["action"] == "restart":
                    args.update(grace_s=options["grace_s"], respawn_s=options["respawn_s"])
                says = "send signal %d to %s%s" % (options["signal"], label, ", wait for its end and have it started again" if options["action"] == "restart" else "")
                steps.append(step(options["action"], says, args, [again]))
        if len(found) > 1 and options["action"] != "pause":
            raise Refused("limit", "%d processes match and %s takes one at a time" % (len(found), options["action"]), remedy="name one of them")
        return plan(
            "process",
            options["action"],
            "signals",
            {"processes": len(found), "signal": "STOP" if options["action"] == "pause" else options["signal"]},
            steps,
            ["process:%d" % each["pid"] for each in found],
            notes,
            event=options["action"] != "pause",
        )

    # -- doing

    def do_pause(self, ctx, args):
        """Parents first, so that no new child escapes; children that appeared meanwhile are stopped too."""
        stopped = set()
        for pid, start in args["tree"]:
            if processes.send(pid, start, signal.SIGSTOP):
                stopped.add(pid)
        for pid in [child for root in args["tree"][:1] for child in _descendants(root[0])]:
            start = processes.start_time(pid)
            if pid not in stopped and start is not None and len(args["tree"]) > 1:
                ctx.add_undo("process.resume", pid=pid, start=start)
                processes.send(pid, start, signal.SIGSTOP)
        ctx.memory.setdefault("paused", []).extend(tuple(each) for each in args["tree"])

    def _end(self, ctx, args):
        """Keep aside what is needed to start it again, then send the signal."""
        captured = revival.capture(args["pid"]) if args["restartable"] else None
        if captured:
            revival.keep(args["fault"], captured)
        ctx.memory.update(args=args, captured=captured)
        ctx.happened()
        if not processes.send(args["pid"], args["start"], args["signal"]):
            raise HostError("process %d ended by itself before it was to be ended" % args["pid"])

    def do_kill(self, ctx, args):
        """One signal; whether the process comes back is up to the host."""
        self._end(ctx, args)
        if args["signal"] == signal.SIGKILL:
            processes.wait_gone(args["pid"], args["start"], 2.0)

    def do_restart(self, ctx, args):
        """A graceful end; whoever looks after the process may start it again, else we do."""
        self._end(ctx, args)
        if not processes.wait_gone(args["pid"], args["start"], args["grace_s"]):
            processes.send(args["pid"], args["start"], signal.SIGKILL)
            processes.wait_gone(args["pid"], args["start"], 2.0)
            ctx.memory["forced"] = True
        if not revival.wait(args["command"], args["ports"], args["old"], args["respawn_s"]):
            if ctx.memory["captured"]:
                revival.start(ctx.memory["captured"])
                ctx.memory["by_us"] = True

    def measure(self, ctx):
        """Stopped as ps sees it; or gone, and when it was back."""
        if "paused" in ctx.memory:
            alive = [(pid, start) for pid, start in ctx.memory["paused"] if processes.alive(pid, start)]
            stopped = [pid for pid, start in alive if processes.state(pid) == "T"]
            bitten = bool(alive) and len(stopped) == len(alive)
            return {"effect": "confirmed" if bitten else "mismatch", "measured": {"stopped": len(stopped), "of": len(alive)}, "note": ""}
        args = ctx.memory["args"]
        gone = not processes.alive(args["pid"], args["start"])
        if gone and "back" not in ctx.memory:
            found = revival.successor(args["command"], args["ports"], args["old"])
            if found:
                ctx.memory["back"] = (found, _age_at(found[1], ctx.moment["monotonic"]))
        measured = {"ended": gone, "back_after_s": None, "back_pid": None, "started_by": None}
        if "back" in ctx.memory:
            found, after = ctx.memory["back"]
            measured.update(back_after_s=after, back_pid=found[0], started_by="this fault" if ctx.memory.get("by_us") else "the host")
        if ctx.memory.get("forced"):
            measured["forced"] = True
        return {"effect": "confirmed" if gone else "mismatch", "measured": measured, "note": "" if gone else "the process is still there"}


def _age_at(start_ticks, moment):
    """Seconds from ``moment`` (CLOCK_MONOTONIC) to the start of a process (ticks since boot; the same clock but for suspends)."""
    started = start_ticks / float(os.sysconf("SC_CLK_TCK"))
    suspended = time.clock_gettime(time.CLOCK_BOOTTIME) - time.monotonic()
    return round(max(0.0, started - suspended - moment), 2)


def _nobody(target):
    option, value = next(iter(target.items()))
    return option, value, "matches no running process", "look at what runs with ps or magsasa.chaos.endpoint_info"


def _find(target):
    option, value = next(iter(target.items()))
    if option == "pid":
        return [value] if processes.start_time(value) is not None else []
    if option == "pid_file":
        try:
            with open(value) as source:
                text = source.read(32).strip()
        except OSError as error:
            raise BadOption("pid_file", value, "cannot be read (%s)" % error.strerror, "name the file that the service writes")
        return [int(text)] if text.isdigit() and processes.start_time(int(text)) is not None else []
    if option == "port":
        pids = sorted({pid for each in listeners.listeners() if each.port == value for pid in each.pids})
        top = listeners.top_of_tree(pids)
        return [top] if top else []
    ours = set(_ancestors(os.getpid()))
    found = []
    for pid in processes.pids():
        if pid in ours or processes.start_time(pid) is None:
            continue
        argv = processes.argv(pid)
        if option == "process_name":
            hit = processes.comm(pid) == value or (argv and os.path.basename(argv[0]) == value)
        else:
            hit = bool(argv) and re.search(value, " ".join(argv)[:4096]) is not None
        if hit:
            found.append(pid)
    chosen = set(found)
    return sorted(pid for pid in found if processes.parent(pid) not in chosen)


def _ancestors(pid):
    while pid and pid > 0:
        yield pid
        pid = processes.parent(pid)


def _descendants(root):
    """Pids below a process, parents before children."""
    children = {}
    for pid in processes.pids():
        children.setdefault(processes.parent(pid), []).append(pid)
    found = []
    queue = [root]
    while queue:
        for child in children.get(queue.pop(0), []):
            found.append(child)
            queue.append(child)
    return found


def _protected():
    """{pid: why} of the processes that no fault may touch: init, ourselves, and what carries the control connection."""
    found = {1: "the host's init"}
    for pid in _ancestors(os.getpid()):
        found.setdefault(pid, "what runs this very task or carries its connection")
    for pid in processes.pids():
        if processes.comm(pid) == "sshd" and processes.parent(pid) == 1:
            found.setdefault(pid, "the SSH daemon, the way back into this host")
        elif not processes.argv(pid) and processes.parent(pid) in (0, 2):
            found.setdefault(pid, "a kernel thread")
    return found


FAMILY = Process()
