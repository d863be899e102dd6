# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: kill, pause, restart. Private to magsasa.chaos.

A kill or a restart happens at one moment; the rest of the duration is the time that the host gets to bring the process
back.
At its end the undo starts the process again when nothing else did.
"""

from __future__ import annotations

import os
import re
import signal

from .. import _quantity
from .._errors import BadOption, HostError, Refused, printable
from .._plan import plan, step, undo
from .._host import command, listeners, process_restore, processes, sigstop_tree, streams, successors, told_to_end
from .._host.systemd import dependents, services, transient_units
from ._process import find

TARGETS = ("pid", "process_name", "pattern", "pid_file", "port")
LONGEST_PATTERN = 200
MOST_SHOWN = 64  # processes that are looked at closely; more are only counted
SEE = "list processes with ps or magsasa.chaos.endpoint_info"
UNSERVED_S = 2.0  # the workers of a server that was ended see that a moment later
BRIEF_S = 0.5  # a process that is younger is not told as back yet
SETTLED_S = 2.0  # a process that came back counts as being there when it is this old
# grace and respawn_within of a restart together: an injection has 60 s, and 20 of them are for the rest of it
LONGEST_RESTART_S = 40.0
UNIT_RESTART_S = 50.0  # as service_fault


def _number(text):
    """A whole number written in plain digits, or None."""
    text = str(text).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 20 else None


class Process:
    """The process family."""

    name = "process"
    settle_s = 0.05
    traced = {"now": {"stopped": "stopped"}}
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
            raise BadOption(
                "target",
                ", ".join(given) or "nothing",
                "does not select one process",
                "give exactly one of %s" % ", ".join(TARGETS),
            )
        chosen = {name: params[name] for name in given}
        if "pattern" in chosen:
            if len(chosen["pattern"]) > LONGEST_PATTERN:
                raise BadOption(
                    "pattern", chosen["pattern"], "is too long", "use at most %d characters" % LONGEST_PATTERN
                )
            try:
                re.compile(chosen["pattern"])
            except (re.error, OverflowError, RecursionError) as error:
                raise BadOption(
                    "pattern", chosen["pattern"], "is not a regular expression of Python (%s)" % error, "correct it"
                )
        if "port" in chosen:
            number = None if isinstance(chosen["port"], bool) else _number(chosen["port"])
            if number is None or not 0 < number < 65536:
                raise BadOption("port", chosen["port"], "is not a port", "use a number from 1 to 65535")
            chosen["port"] = number
        if "pid" in chosen and chosen["pid"] < 1:
            raise BadOption("pid", chosen["pid"], "is not a process id", "use 1 or more")
        if params["limit"] < 1:
            raise BadOption("limit", params["limit"], "is not a number of processes", "use 1 or more")
        if params["signal"] and params["action"] == "pause":
            raise BadOption(
                "signal", params["signal"], "has no effect with action=pause", "leave it out, or use action=kill"
            )
        grace_s = _quantity.duration(params["grace"], "grace", high=300.0)
        respawn_s = _quantity.duration(params["respawn_within"], "respawn_within", high=300.0)
        if params["action"] == "restart" and grace_s + respawn_s > LONGEST_RESTART_S:
            option, other = ("grace", "respawn_within") if grace_s >= respawn_s else ("respawn_within", "grace")
            raise BadOption(
                option,
                params[option],
                "is too long: with %s (%s) a restart may take %s, and it must be over within %g s"
                % (other, params[other], _quantity.show_duration(grace_s + respawn_s), LONGEST_RESTART_S),
                "shorten %s" % option,
            )
        return {
            "action": params["action"],
            "target": chosen,
            "signal": _quantity.ending_signal(
                params["signal"] or ("TERM" if params["action"] == "restart" else "KILL")
            ),
            "limit": params["limit"],
            "tree": params["tree"],
            "grace_s": grace_s,
            "respawn_s": respawn_s,
        }

    # -- reading

    def inspect(self, options):
        """The processes that are meant, with what is needed to judge and to undo."""
        option, value = next(iter(options["target"].items()))
        pids = find.pids(options["target"], options["action"] == "pause")
        if not pids:
            remedy = SEE if os.geteuid() == 0 else SEE + ", or use become: true"
            raise BadOption(option, value, "matches no running process that is visible to this user", remedy)
        protected, ends = find.Protected(), options["action"] != "pause"
        children = processes.families()
        trees = {pid: [pid] + processes.below(pid, children) for pid in pids[:MOST_SHOWN]}
        # Who listens where takes a look at each file that a process has open, so only at those that are meant.
        listening = listeners.listeners(sorted({each for tree in trees.values() for each in tree})) if ends else []
        found = [_describe(pid, tree, protected, listening, ends) for pid, tree in trees.items()]
        return {"found": found, "matching": len(pids), "uid": os.geteuid()}

    # -- planning

    def plan(self, options, facts):
        """Steps for the processes that were found; refuses those that must not be touched."""
        action = options["action"]
        most = options["limit"] if action == "pause" else 1
        if facts["matching"] > most:
            if action != "pause" and options["limit"] > 1:
                raise Refused(
                    "limit",
                    "%d processes match, and %s accepts only one" % (facts["matching"], action),
                    remedy="name one of them",
                )
            raise Refused(
                "limit", "%d processes match, and limit is %d" % (facts["matching"], options["limit"]), "limit"
            )
        steps = []
        notes = []
        for each in facts["found"]:
            self._guard(each, options, facts["uid"])
            steps.append(self._pause(each, options) if action == "pause" else self._event(each, options, notes))
        started = [way["args"]["unit"] for each in steps for way in each["undo"] if way["op"] == "service.start"]
        return plan(
            "process",
            action,
            "systemd" if any(each["do"] == "unit_restart" for each in steps) else "signals",
            {
                "processes": len(steps),
                "signal": "STOP" if action == "pause" else signal.Signals(options["signal"]).name[3:],
            },
            steps,
            ["process:%d" % each["pid"] for each in facts["found"]] + dependents.claims(started),
            notes,
            event=action != "pause",
        )

    def _guard(self, each, options, uid):
        """Refuse what no key lifts: a protected process anywhere in what would be touched, and what the kernel
        forbids us.
        """
        touched = each["tree"] if options["action"] == "pause" and options["tree"] else each["tree"][:1]
        for pid, _start, _state, owner, why in touched:
            if why:
                raise Refused("protected process", "process %d is %s" % (pid, why))
            if uid and owner != uid:
                raise Refused(
                    "permission",
                    "process %d belongs to another user, and this task does not run as root" % pid,
                    remedy="use become: true",
                )

    def _pause(self, each, options):
        """The process first, then what is below; one that somebody else had stopped before stays as it is."""
        chosen = each["tree"] if options["tree"] else each["tree"][:1]
        running = [[pid, start] for pid, start, state, _owner, _why in chosen if state != "T"]
        more = " and %d more of its tree" % (len(running) - 1) if len(running) > 1 else ""  # none running: see do_pause
        return step(
            "pause",
            "freeze process %d (%s)%s (SIGSTOP)" % (each["pid"], each["program"], more),
            {"root": each["pid"], "processes": running, "tree": options["tree"]},
            [undo("process.resume", pid=pid, start=start) for pid, start in running],
        )

    def _event(self, each, options, notes):
        """One signal, and the way back: the service manager's, or our own copy of how it was started."""
        label = "process %d (%s)" % (each["pid"], each["program"])
        args = {
            "marks": each["marks"],
            "signal": options["signal"],
            "fault": "$ID",
            "capture": each["restartable"] and not each["unit"],
        }
        if options["action"] == "restart":
            args.update(grace_s=options["grace_s"], respawn_s=options["respawn_s"])
        if each["unit"]:
            if options["action"] == "kill":  # a restart is one job of systemd, which keeps the unit until it is over
                self._may_be_started_by_systemd(each, options, label)
            ending = dependents.ending(each["unit"], each["around"])
            starts = dependents.starts(ending) + [undo("service.start", unit=each["unit"])]
            notes += dependents.notes(ending)
            args["unit"] = each["unit"]
            if options["action"] == "restart":
                return step(
                    "unit_restart",
                    "restart service %s" % each["unit"],
                    args,
                    starts,
                    tool="systemctl",
                )
            return step(
                "kill", "send signal %d to %s of service %s" % (options["signal"], label, each["unit"]), args, starts
            )
        self._may_be_given_back(each, options, label, notes)
        args.update(above=each["above"], whole=not each["lost"], name=each["program"])
        says = "send signal %d to %s" % (options["signal"], label)
        if options["action"] == "restart":
            says += ", wait for its end, and start it again unless something else does"
        return step(
            options["action"],
            says,
            args,
            [undo("process.ensure_running", name=each["program"], fault="$ID", marks=each["marks"])],
        )

    @staticmethod
    def _may_be_started_by_systemd(each, options, label):
        """Refuse what systemd has only as long as it runs, unless systemd itself starts it again."""
        if not each["transient"]:
            return
        if not each["transient"]["killed" if options["signal"] == signal.SIGKILL else "ended"]:
            raise Refused(
                "revival",
                "%s is the main process of %s, a transient unit, which ceases to exist when it ends"
                % (label, each["unit"]),
                remedy="give the service a unit file, or start it by systemd-run --property=Restart=always",
            )

    @staticmethod
    def _may_be_given_back(each, options, label, notes):
        """Refuse what the undo could start again with other rights only, which no key lifts, or not wholly as it
        was.
        """
        if not each["restartable"]:
            if not each["marks"]["parent"] and not options["force"]:
                raise Refused(
                    "revival",
                    "%s has overwritten its command line, and nothing else would start it again" % label,
                    "force",
                )
            notes.append("%s cannot be started again by this fault, only by its own supervisor" % label)
            return
        if each["obstacle"]:
            raise Refused(
                "revival", "%s could not be restarted as it was: %s" % (label, each["obstacle"]), remedy=each["remedy"]
            )
        if not each["lost"]:
            return
        if not options["force"] and (not each["kept"] or each["at_terminal"]):
            raise Refused(
                "revival", "%s could not be restarted as it was: %s" % (label, "; ".join(each["lost"])), "force"
            )
        notes.append("if this fault has to start it again: %s, and would be /dev/null then" % "; ".join(each["lost"]))

    # -- doing

    def do_pause(self, ctx, args):
        """See freezing.stop. What is stopped already is told only here: if another fault did it, that conflict was
        told before.
        """
        if not args["processes"]:
            raise HostError("process %d is already stopped; continue it first" % args["root"])
        ctx.memory.setdefault("paused", []).extend(
            sigstop_tree.stop(ctx, args["root"], args["processes"], args["tree"])
        )

    def _end(self, ctx, args):
        """Keep aside what is needed to start it again, then send the signal."""
        captured = None
        if args["capture"]:
            captured = [process_restore.capture(args["marks"]["pid"], args["whole"])] + process_restore.captures(
                args["above"]
            )
            process_restore.keep(args["fault"], captured)
        ctx.memory.update(args=args, captured=captured)
        marks = args["marks"]
        ending = told_to_end.note(marks["pid"], marks["start"], args["signal"], args.get("grace_s"))
        if args.get("unit"):
            ctx.add_undo("service.start", unit=args["unit"], ending=ending)
        else:
            ctx.add_undo("process.ensure_running", name=args["name"], fault=ctx.id, marks=marks, ending=ending)
        ctx.happened()
        if not processes.send(args["marks"]["pid"], args["marks"]["start"], args["signal"]):
            raise HostError("process %d ended by itself before the fault ended it" % args["marks"]["pid"])

    def do_kill(self, ctx, args):
        """One signal; whether the process comes back is up to the host."""
        self._end(ctx, args)
        if processes.wait_gone(
            args["marks"]["pid"], args["marks"]["start"], 2.0 if args["signal"] == signal.SIGKILL else 0.2
        ):
            successors.wait_unserved(args["marks"], UNSERVED_S)

    def do_restart(self, ctx, args):
        """A graceful end; whoever looks after the process may start it again, else we do."""
        marks = args["marks"]
        self._end(ctx, args)
        if not processes.wait_gone(marks["pid"], marks["start"], args["grace_s"]):
            processes.send(marks["pid"], marks["start"], signal.SIGKILL)
            processes.wait_gone(marks["pid"], marks["start"], 2.0)
            ctx.memory["forced"] = True
        successors.wait_unserved(marks, UNSERVED_S)
        patience = args["respawn_s"] if marks["parent"] and processes.alive(*marks["parent"]) else 0.0
        if ctx.memory["captured"] and not successors.wait(marks, patience):
            successors.end_leftovers(marks)
            process_restore.start(process_restore.chosen(ctx.memory["captured"]))
            ctx.memory["by_us"] = True
            successors.wait(marks, 2.0)
        else:
            successors.staying(marks, BRIEF_S)  # so that the first look can tell who started it

    def do_unit_restart(self, ctx, args):
        """systemd ends and starts its own service."""
        ctx.memory.update(args=args, captured=None)
        ctx.happened()
        services.control("restart", args["unit"], timeout=UNIT_RESTART_S)

    # -- measuring

    def measure(self, ctx):
        """From /proc: stopped; or gone, and when it was back."""
        return self._measure_pause(ctx) if "paused" in ctx.memory else self._measure_event(ctx)

    @staticmethod
    def _measure_pause(ctx):
        alive = [pid for pid, start in ctx.memory["paused"] if processes.alive(pid, start)]
        stopped = [pid for pid in alive if processes.state(pid) == "T"]
        bitten = bool(alive) and len(stopped) == len(alive)
        return {
            "effect": "confirmed" if bitten else "mismatch",
            "measured": {"stopped": len(stopped), "of": len(alive)},
            "note": "",
        }

    @staticmethod
    def _measure_event(ctx):
        marks = ctx.memory["args"]["marks"]
        gone = not processes.alive(marks["pid"], marks["start"])
        serving = successors.still_served(marks)
        measured = {"ended": gone, "back_after_s": None, "back_pid": None, "started_by": None}
        note = "" if gone else "the process is still running"
        if gone and serving:
            note = "the process has ended, but port %d is still served by process %d (%s)" % serving[0]
        found = successors.successor(marks) if gone else None
        if found and (ctx.memory.get("by_us") or processes.age_s(found[1]) >= BRIEF_S):  # else it may end at once
            # One that fails again at once is none: it must stay for a while, and listen. Then nothing is left to hold,
            # or to undo.
            ctx.over = processes.age_s(found[1]) >= SETTLED_S and successors.serves(marks)
            measured.update(
                back_after_s=processes.since(found[1], ctx.moment["monotonic"]),
                back_pid=found[0],
                started_by="this fault" if ctx.memory.get("by_us") else "the host",
            )
        if ctx.memory.get("forced"):
            measured["forced"] = True
        return {"effect": "confirmed" if gone and not serving else "mismatch", "measured": measured, "note": note}


def _describe(pid, tree, protected, listening, ends):
    """Facts of one process: JSON-able; ``tree``: it and what is below; ``ends``: what is needed to start it again,
    too.
    """
    tree = [each for each in tree if processes.start_time(each) is not None]
    facts = {
        "pid": pid,
        "program": printable(os.path.basename((processes.argv(pid) or [processes.comm(pid) or "?"])[0]), 40),
        "tree": [
            [each, processes.start_time(each), processes.state(each), processes.uid(each), protected.why(each)]
            for each in tree
        ],
    }
    if not ends:
        return facts
    unit = services.unit_of(pid)
    obstacle, remedy = (None, None) if unit else process_restore.obstacle(pid)
    found = [] if unit or obstacle else streams.read(pid)
    return dict(
        facts,
        restartable=command.names_program(pid),
        unit=unit,
        around=dependents.around(unit),
        transient=_transient(unit),
        obstacle=obstacle,
        remedy=remedy,
        lost=streams.lost(found),
        at_terminal=any(each["kind"] == streams.TERMINAL for each in found),
        kept=_looked_after(pid),
        above=[[each, processes.start_time(each)] for each in _wrappers(pid, protected)],
        marks=successors.mark(pid, [[each, processes.start_time(each)] for each in tree], listening),
    )


def _transient(unit):
    """Whether systemd itself starts a transient unit again after SIGKILL, and after any other end; None for one that
    has a unit file, or for none.
    """
    if not unit or not transient_units.is_transient(unit):
        return None
    return {"killed": transient_units.comes_back(unit, True), "ended": transient_units.comes_back(unit, False)}


def _looked_after(pid):
    """Whether its parent may start it again: one that is no shell that somebody types into."""
    above = processes.parent(pid)
    return bool(above) and above > 1 and not processes.at_terminal(above)


def _wrappers(pid, protected):
    """What is above it in its session and may end with it (a shell that runs it, a reloader), the next one first."""
    for above in list(processes.above(pid))[1:]:
        if (
            above <= 1
            or protected.why(above)
            or processes.at_terminal(above)
            or processes.session(above) != processes.session(pid)
            or services.unit_of(above)
        ):
            break
        yield above


FAMILY = Process()
