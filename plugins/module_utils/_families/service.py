# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services of systemd: stop, kill, restart, mask. Private to magsasa.chaos.

A stopped service stays down for the whole duration, whoever wants it: what triggers it (sockets, timers, paths) is
stopped too, and
a drop-in below /run makes every start fail. What was active before is started at the end; what was not stays as it was.
"""

from __future__ import annotations

import re
import time

from .. import _cmd, _quantity
from .._errors import BadOption
from .._plan import plan, step, undo
from .._host import processes, told_to_end
from .._host.systemd import dependents, services
from ._service import units

ACTIONS = ("stop", "kill", "restart", "mask")
SETTLED_S = 2.0  # a service that came back counts as being there when it is active for so long
_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]{1,200}")
_OTHER_KIND = re.compile(r".*\.(socket|target|timer|path|mount|automount|swap|slice|scope|device)")


def unit_name(text):
    """Full name of a service: "web" and "web.service" are the same."""
    name = (text or "").strip()
    if not name:
        raise BadOption("unit", "", "is missing", "name a service of systemd, such as nginx")
    if not _NAME.fullmatch(name) or name.endswith("@.service") or name.endswith("@"):
        raise BadOption(
            "unit", name, "is not the name of a service", "use one shown by systemctl list-units --type=service"
        )
    if _OTHER_KIND.fullmatch(name):
        raise BadOption("unit", name, "is not a service but another kind of unit", "name the service itself")
    return name if name.endswith(".service") else name + ".service"


class Service:
    """The service family."""

    name = "service"
    settle_s = 0.05
    options = {
        "action": {"type": "str", "choices": list(ACTIONS)},
        "unit": {"type": "str"},
        "signal": {"type": "str"},
        "whom": {"type": "str", "choices": ["main", "all"]},
    }

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"]
        if not action:
            raise BadOption("action", "", "is missing", "use one of %s" % ", ".join(ACTIONS))
        if action != "kill":
            for option in ("signal", "whom"):
                if params[option] is not None:
                    raise BadOption(
                        option,
                        params[option],
                        "has no effect with action=%s" % action,
                        "leave it out, or use action=kill",
                    )
        return {
            "action": action,
            "unit": unit_name(params["unit"]),
            "signal": _quantity.ending_signal(params["signal"] or "KILL"),
            "whom": params["whom"] or "main",
        }

    def inspect(self, options):
        """The unit, what triggers it, what would end with it, and the units that carry this very task."""
        return units.inspect(options["unit"])

    # -- planning

    def plan(self, options, facts):
        """One step; refuses what must not be touched."""
        action, found = options["action"], facts["unit"]
        units.guard(action, facts)
        unit = found["id"]
        block = undo("service.unblock", unit=unit, fault="$ID", folder=not facts["folder"])
        ending = [] if action == "mask" or units.held(found) else dependents.ending(unit, facts)
        starts = dependents.starts(ending)
        if dependents.is_active(found):
            starts.append(undo("service.start", unit=unit))
        args = {
            "unit": unit,
            "pid": found["pid"],
            "start": found["start"],
            "invocation": found["invocation"],
            "fault": "$ID",
        }
        claimed = [unit] + ending
        requested = {"unit": unit}
        notes = dependents.notes(ending)
        if action == "stop":
            triggers = [each["id"] for each in facts["triggers"] if dependents.is_active(each)]
            claimed += triggers
            says = "stop service %s%s, and block every start" % (
                unit,
                " and its triggers (%s)" % ", ".join(triggers) if triggers else "",
            )
            undone = starts + [undo("service.start", unit=each) for each in triggers] + [block]
            chosen = step("stop", says, dict(args, triggers=triggers), undone, tool="systemctl")
        elif action == "mask":
            chosen = step(
                "mask",
                "block every start of service %s (it is %s and stays so)" % (unit, found["active"]),
                args,
                [block],
                tool="systemctl",
            )
        elif action == "restart":
            chosen = step("restart", "restart service %s" % unit, args, starts, tool="systemctl")
        else:
            whom = "the main process (%d)" % found["pid"] if options["whom"] == "main" else "every process"
            requested.update(signal=options["signal"], whom=options["whom"])
            says = "send signal %d to %s of service %s" % (options["signal"], whom, unit)
            chosen = step("kill", says, dict(args, signal=options["signal"], whom=options["whom"]), starts)
            if found["restart"] == "no":
                notes.append("systemd does not restart it (Restart=no); the revert starts it")
        claims = dependents.claims(claimed) + (["process:%d" % found["pid"]] if found["pid"] else [])
        return plan(
            "service", action, "systemd", requested, [chosen], claims, notes, event=action in ("kill", "restart")
        )

    # -- doing

    def do_stop(self, ctx, args):
        """Nothing may start it any more; then it ends as its unit says, its triggers first."""
        self.do_mask(ctx, args)
        before = time.monotonic()
        for unit in args["triggers"] + [args["unit"]]:
            services.control("stop", unit, timeout=45.0)
        ctx.memory["took_s"] = round(time.monotonic() - before, 2)

    def do_mask(self, ctx, args):
        """A drop-in that makes every start fail."""
        ctx.memory["args"] = args
        services.block(services.drop_in(args["unit"], ctx.id))

    def do_kill(self, ctx, args):
        """One signal; whether the service comes back is up to its unit."""
        ctx.memory["args"] = args
        ending = told_to_end.note(args["pid"], args["start"], args["signal"])
        ctx.add_undo("service.start", unit=args["unit"], ending=ending)
        ctx.happened()
        if args["whom"] == "all":
            _cmd.run(["systemctl", "kill", "--signal=%d" % args["signal"], "--", args["unit"]], timeout=10)
        else:
            processes.send(args["pid"], args["start"], args["signal"])
        processes.wait_gone(args["pid"], args["start"], 2.0 if args["signal"] == 9 else 0.2)

    def do_restart(self, ctx, args):
        """systemd ends and starts it."""
        ctx.memory["args"] = args
        ctx.happened()
        services.control("restart", args["unit"], timeout=50.0)

    # -- measuring

    def measure(self, ctx):
        """From systemd and /proc: down and not to be started; or ended, and when it was back."""
        args = ctx.memory["args"]
        found = units.describe(args["unit"])
        if ctx.record["event"]:
            return self._measure_event(ctx, args, found)
        blocked = services.drop_in(args["unit"], ctx.id) in found["drop_ins"]
        measured = {"active_state": found["active"], "main_pid": found["pid"], "blocked": blocked}
        if ctx.record["action"] == "mask":
            return {
                "effect": "confirmed" if blocked else "mismatch",
                "measured": measured,
                "note": "" if blocked else "systemd would still start it",
            }
        measured["stopped_in_s"] = ctx.memory["took_s"]
        down = found["active"] in ("inactive", "failed") and not processes.alive(args["pid"], args["start"])
        return {
            "effect": "confirmed" if down and blocked else "mismatch",
            "measured": measured,
            "note": "" if down else "the service is not down",
        }

    @staticmethod
    def _measure_event(ctx, args, found):
        again = found["invocation"] != args["invocation"]
        ended = again or not processes.alive(args["pid"], args["start"])
        measured = {"ended": ended, "back_after_s": None, "back_pid": None}
        if again and found["active"] == "active":
            measured.update(
                back_after_s=round(max(0.0, found["since"] - ctx.moment["monotonic"]), 2), back_pid=found["pid"]
            )
            ctx.over = time.monotonic() - found["since"] >= SETTLED_S
        return {
            "effect": "confirmed" if ended else "mismatch",
            "measured": measured,
            "note": "" if ended else "the service is still running",
        }


FAMILY = Service()
