# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clock: a time of day that is wrong. Private to magsasa.chaos.

Everything of ours counts by the monotonic clock: a wrong time of day moves no deadline.
"""

from __future__ import annotations

import os

from .. import _clock, _quantity
from .._errors import BadOption, HostError, NotHere, Refused
from .._plan import plan, step, undo
from .._host import capabilities, processes, time_of_day
from .._host.systemd import dependents, services

LEAST_S = 1.0
MOST_S = 24 * 3600.0  # without force: further away certificates, tickets and logins end
UTMOST_S = 3650 * 86400.0
EXACT_S = 0.2  # how far from the offset the clock may be found; drift and slewing within the longest fault are less
DAEMONS = ("chronyd", "ntpd", "openntpd", "systemd-timesyn")  # as /proc/PID/comm shows them, 15 letters


class Clock:
    """The clock family."""

    name = "clock"
    settle_s = 0.0
    traced = {"now": {"offset_s": "offset_s"}}
    options = {"offset": {"type": "str"}}

    def parse(self, params):
        """``{"offset_s"}``, negative for a clock that is late."""
        text = (params["offset"] or "").strip()
        if not text:
            raise BadOption("offset", "", "is missing", "give the offset of the wall clock, such as +5m or -1h")
        sign = -1.0 if text.startswith("-") else 1.0
        seconds = _quantity.duration(text[1:] if text[0] in "+-" else text, "offset", low=LEAST_S, high=UTMOST_S)
        return {"offset_s": sign * seconds}

    def claims(self, options):
        """There is one time of day."""
        return ["clock"]

    def inspect(self, options):
        """Who may move it, who would move it back, and where it is."""
        keepers = time_of_day.keepers()
        return {
            "able": capabilities.held(capabilities.SYS_TIME),
            "uid": os.geteuid(),
            "keepers": keepers,
            "around": {unit: dependents.around(unit) for unit in keepers},
            "daemons": sorted({name for name in map(processes.comm, processes.pids()) if name in DAEMONS}),
            "anchor": time_of_day.reading(),
            "boot_id": _clock.boot_id(),
        }

    # -- planning

    def plan(self, options, facts):
        """Stop what keeps the time right, then move it."""
        offset = options["offset_s"]
        if not facts["able"]:
            if facts["uid"]:
                raise NotHere("setting the wall clock needs root", "use become: true")
            why = "this host cannot set the wall clock (no CAP_SYS_TIME; a container shares the clock of its host)"
            raise NotHere(why, "run it on a host with its own kernel")
        if abs(offset) > MOST_S and not options.get("force"):
            raise Refused(
                "offset",
                "%s is more than one day, which invalidates certificates and logins"
                % _quantity.show_duration(abs(offset)),
                "force",
            )
        if facts["daemons"] and not facts["keepers"]:
            why = (
                "%s synchronises the clock and is not a systemd service, so it cannot be stopped and started again"
                % ", ".join(facts["daemons"])
            )
            raise Refused("time service", why, remedy="stop it first")
        steps, stopped = [], []
        for unit in facts["keepers"]:
            says = "stop %s, which would correct the clock" % unit
            ending = dependents.ending(unit, facts["around"][unit])
            starts = dependents.starts(ending) + [undo("service.start", unit=unit)]
            steps.append(step("hold_off", says, {"unit": unit}, starts, tool="systemctl"))
            stopped += [each for each in ending if each not in facts["keepers"] and each not in stopped]
        back = undo("clock.move_back", offset_s=offset, anchor=facts["anchor"], boot_id=facts["boot_id"])
        says = "move the wall clock %s by %s" % (
            "forward" if offset > 0 else "back",
            _quantity.show_duration(abs(offset)),
        )
        steps.append(step("move", says, {"offset_s": offset, "anchor": facts["anchor"]}, [back]))
        notes = (
            []
            if facts["keepers"]
            else ["no time service was found; an agent of the hypervisor may still correct the clock"]
        )
        if offset < 0:
            notes.append("programs that wait by the wall clock wait longer while it is behind")
        notes += dependents.notes(stopped)
        return plan("clock", "offset", "clock_settime", {"offset_s": offset}, steps, self.claims(options), notes)

    # -- doing

    def do_hold_off(self, ctx, args):
        """Stopped and not disabled: a boot starts it as always."""
        services.control("stop", args["unit"])

    def do_move(self, ctx, args):
        """One step, as somebody who types a wrong date does it."""
        try:
            time_of_day.move(args["offset_s"])
        except OSError as error:
            raise HostError("the wall clock cannot be set: %s" % error.strerror)

    # -- measuring

    def measure(self, ctx):
        """How far the time of day is from where it was, by a clock that nobody can set."""
        args = ctx.record["steps"][-1]["args"]
        found = time_of_day.moved(args["anchor"])
        if abs(found - args["offset_s"]) <= EXACT_S:
            return {"effect": "confirmed", "measured": {"offset_s": round(found, 3)}, "note": ""}
        return {
            "effect": "mismatch",
            "measured": {"offset_s": round(found, 3)},
            "note": "another process set the wall clock meanwhile",
        }


FAMILY = Clock()
