# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of podman and docker: kill, stop, pause, restart. Private to magsasa.chaos.

A kill goes to the container's first process, as a crash does: both engines take their own ``kill`` for the wish of a
person and
then leave the restart policy aside. A stop is just that wish, so it holds.
"""

from __future__ import annotations

import re
import time

from .. import _clock, _quantity
from .._errors import BadOption, HostError, Refused
from .._plan import plan, step, undo
from .._host import container_engines, processes
from ._container import find

ACTIONS = ("kill", "stop", "pause", "restart")
SETTLED_S = 2.0  # a container that came back counts as being there when it runs for so long
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,254}")


def _count(value):
    """None, "all" or a whole number."""
    if value is None or value == "all":
        return value
    text = "" if isinstance(value, bool) else str(value).strip()
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:6]) <= container_engines.MOST:
        raise BadOption(
            "count",
            value,
            "is not a number of containers",
            "use all, or a number from 1 to %d" % container_engines.MOST,
        )
    return int(text)


class Container:
    """The container family."""

    name = "container"
    settle_s = 0.05
    traced = {"now": {"stopped": "paused"}}
    options = {
        "action": {"type": "str", "choices": list(ACTIONS)},
        "engine": {"type": "str", "choices": ["auto", "podman", "docker"], "default": "auto"},
        "container": {"type": "str"},
        "label": {"type": "str"},
        "count": {"type": "raw"},
        "signal": {"type": "str"},
        "grace": {"type": "str", "default": "10s"},
        "podman_root": {"type": "path"},
        "podman_runroot": {"type": "path"},
        "docker_socket": {"type": "path"},
    }

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"]
        if not action:
            raise BadOption("action", "", "is missing", "use one of %s" % ", ".join(ACTIONS))
        if bool(params["container"]) == bool(params["label"]):
            given = "container, label" if params["container"] else "nothing"
            raise BadOption("target", given, "does not select a container", "give exactly one of container, label")
        if params["container"] and not _NAME.fullmatch(params["container"]):
            raise BadOption(
                "container",
                params["container"],
                "is not a name or id of a container",
                "use one shown by podman ps or docker ps",
            )
        if params["label"] and (
            not params["label"].isprintable() or len(params["label"]) > 300 or params["label"].startswith("=")
        ):
            raise BadOption(
                "label", params["label"], "is not a label", "write KEY or KEY=VALUE, at most 300 characters"
            )
        if params["signal"] and action != "kill":
            raise BadOption(
                "signal", params["signal"], "has no effect with action=%s" % action, "leave it out, or use action=kill"
            )
        if params["count"] is not None and params["container"]:
            raise BadOption(
                "count", params["count"], "has no effect with a single container", "leave it out, or select by label"
            )
        engine = params["engine"]
        for option, other in (("podman_root", "docker"), ("podman_runroot", "docker"), ("docker_socket", "podman")):
            path = params[option]
            if path and engine == other:
                raise BadOption(option, path, "has no effect with engine=%s" % engine, "leave it out")
            if path and (not path.startswith("/") or not path.isprintable()):
                raise BadOption(option, path, "is not an absolute path", "begin it with /")
        if params["docker_socket"] and (params["podman_root"] or params["podman_runroot"]):
            raise BadOption(
                "docker_socket",
                params["docker_socket"],
                "and the storage of podman exclude each other",
                "give one of them",
            )
        return {
            "action": action,
            "engine": engine,
            "container": params["container"] or None,
            "label": params["label"] or None,
            "count": _count(params["count"]),
            "signal": _quantity.ending_signal(params["signal"] or "KILL"),
            "grace_s": _quantity.duration(params["grace"], "grace", low=0.0, high=50.0),
            "podman_root": params["podman_root"],
            "podman_runroot": params["podman_runroot"],
            "docker_socket": params["docker_socket"],
        }

    def inspect(self, options):
        """What is meant, as the engine has it."""
        return find.inspect(options)

    def claims(self, options):
        """One that is held down does not match as it did before: the other fault is named instead."""
        return (
            ["container:%s" % options["container"]]
            if options["container"]
            else ["container-label:%s" % options["label"]]
        )

    # -- planning

    def plan(self, options, facts):
        """One step for all that are meant."""
        action, found, access = options["action"], facts["found"], facts["access"]
        if facts["matching"] > 1 and options["count"] is None:
            raise Refused("count", "%d containers match and count is not given" % facts["matching"], "count")
        notes = []
        if options["count"] not in (None, "all") and facts["matching"] < options["count"]:
            notes.append("only %d containers match" % facts["matching"])
        undone = []
        chosen = []
        for each in found:
            find.guard(each, options, facts)
            undone += self._undo(each, options, access)
            chosen.append({key: each[key] for key in ("id", "name", "pid", "start", "started")})
            if action == "kill" and each["id"] not in facts["visible"]:
                figure = "the first process of %s is not visible on this host" % each["name"]
                raise Refused("visible", figure, remedy="run the fault on the host of the containers")
            if action == "kill" and each["policy"] in ("", "no") and not each["labels"].get(find.UNIT):
                notes.append(
                    "nothing restarts %s by itself (its restart policy is no); the revert starts it" % each["name"]
                )
        undone.append(undo("workers.end", fault="$ID"))
        names = ", ".join("%s (%s)" % (each["name"], each["id"][:12]) for each in found)
        says = {
            "kill": "send signal %d to the first process of container %s" % (options["signal"], names),
            "stop": "stop container %s and keep it down" % names,
            "pause": "pause container %s" % names,
            "restart": "restart container %s" % names,
        }[action]
        requested = {"containers": len(found), "names": [each["name"] for each in found]}
        if action == "kill":
            requested["signal"] = options["signal"]
        args = {"access": access, "containers": chosen, "signal": options["signal"], "grace_s": options["grace_s"]}
        claims = ["container:%s" % each[key] for each in found for key in ("id", "name")] + [
            "process:%d" % each["pid"] for each in found if each["pid"]
        ]
        claims += [claim for claim in self.claims(options) if claim not in claims]
        carried = step(action, says, args, undone, tool=None if action == "kill" else access["engine"])
        backend = "signals" if action == "kill" else access["engine"]
        return plan(
            "container", action, backend, requested, [carried], claims, notes, event=action in ("kill", "restart")
        )

    @staticmethod
    def _undo(each, options, access):
        """How one container is put back."""
        unit = each["labels"].get(find.UNIT)
        if options["action"] == "pause":
            return [undo("container.unpause", access=access, id=each["id"], name=each["name"], started=each["started"])]
        if unit:
            return [undo("service.start", unit=unit)]
        started = each["started"] if options["action"] == "stop" else None
        return [
            undo(
                "container.start",
                access=access,
                id=each["id"],
                name=each["name"],
                started=started,
                boot=_clock.boot_id(),
                policy=each["policy"],
                grace_s=options["grace_s"],
            )
        ]

    # -- doing

    def do_pause(self, ctx, args):
        """The engine's freezer."""
        ctx.memory["args"] = args
        for each in args["containers"]:
            container_engines.run(args["access"], "pause", each["id"])

    def do_stop(self, ctx, args):
        """The engine's own stop, after which it does not start it by itself."""
        ctx.memory.update(
            args=args, again=0, took_s=0.0, started={each["id"]: each["started"] for each in args["containers"]}
        )
        before = time.monotonic()
        container_engines.stop(args["access"], [each["id"] for each in args["containers"]], args["grace_s"])
        ctx.memory["took_s"] = round(time.monotonic() - before, 2)

    def do_kill(self, ctx, args):
        """A signal from the host; whether it comes back is up to its restart policy."""
        ctx.memory["args"] = args
        ctx.happened()
        sent = [processes.send(each["pid"], each["start"], args["signal"]) for each in args["containers"]]
        if not any(sent):
            raise HostError("container %s ended by itself before it was killed" % args["containers"][0]["name"])
        for each in args["containers"]:
            processes.wait_gone(each["pid"], each["start"], 2.0 if args["signal"] == 9 else 0.2)

    def do_restart(self, ctx, args):
        """Its stop signal, SIGKILL after the grace, and a start."""
        ctx.memory["args"] = args
        ctx.happened()
        container_engines.restart(args["access"], [each["id"] for each in args["containers"]], args["grace_s"])

    # -- measuring

    def measure(self, ctx):
        """From the engine and /proc."""
        args = ctx.memory["args"]
        if ctx.record["event"]:
            return self._measure_event(ctx, args)
        now = [container_engines.one(args["access"], each["id"]) for each in args["containers"]]
        if ctx.record["action"] == "pause":
            paused = sum(1 for each in now if each and each["status"] == "paused")
            return _judged(paused == len(now), {"paused": paused, "of": len(now)}, "not every container is paused")
        stopped = 0
        for each, found in zip(args["containers"], now):
            if found and found["status"] in ("running", "restarting", "paused"):
                self._stop_again(ctx, args, each, found)
            else:
                stopped += not processes.alive(each["pid"], each["start"])
        measured = {
            "stopped": stopped,
            "of": len(now),
            "stopped_in_s": ctx.memory["took_s"],
            "started_by_others": ctx.memory["again"],
        }
        return _judged(stopped == len(now), measured, "something starts a container again; it is stopped each time")

    @staticmethod
    def _stop_again(ctx, args, each, found):
        """Somebody started it: down again, and from now on this is the start that the undo knows it by."""
        if found["started"] != ctx.memory["started"][each["id"]]:
            known = next(
                entry["args"]
                for entry in ctx.record["undo"]
                if entry["op"] == "container.start" and entry["args"]["id"] == each["id"]
            )
            ctx.add_undo("container.start", **dict(known, started=found["started"]))
            ctx.memory["started"][each["id"]] = found["started"]
            ctx.memory["again"] += 1
        container_engines.stop(args["access"], [each["id"]], min(args["grace_s"], 1.0))

    @staticmethod
    def _measure_event(ctx, args):
        """Ended, and when it was back: the last of them, when there are several."""
        gone = [not processes.alive(each["pid"], each["start"]) for each in args["containers"]]
        running = {each["name"]: each for each in container_engines.containers(args["access"], running=True)}
        back = []
        for each in args["containers"]:
            found = running.get(each["name"])  # one that its unit put in its place has the name and another id
            if (
                found
                and found["status"] == "running"
                and found["start"]
                and [found["pid"], found["start"]] != [each["pid"], each["start"]]
            ):
                back.append(found)
        measured = {
            "ended": all(gone),
            "containers": len(gone),
            "back": len(back),
            "back_after_s": None,
            "back_pid": None,
        }
        if back and len(back) == len(gone):
            last = max(back, key=lambda each: each["start"])
            measured.update(back_after_s=processes.since(last["start"], ctx.moment["monotonic"]), back_pid=last["pid"])
            ctx.over = processes.age_s(last["start"]) >= SETTLED_S
        return _judged(
            all(gone),
            measured,
            "the first process is still running; process 1 of a container ignores every signal without a handler except"
            " KILL",
        )


def _judged(bitten, measured, problem):
    return {"effect": "confirmed" if bitten else "mismatch", "measured": measured, "note": "" if bitten else problem}


FAMILY = Container()
