# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory taken from a host. Private to magsasa.chaos.

The size is what the fault as a whole takes: the worker maps what was asked less what our own processes need. So the
memory
available on the host falls by the size, and the worker's resident size is close to it as well.
"""

from __future__ import annotations

import os
import time

from .. import _quantity
from .._errors import BadOption, HostError, Refused
from .._plan import plan, step, undo
from ._memory import headroom, hold

MIB = 1024.0 * 1024.0
LEAST = 16 * 1024 * 1024  # our own processes take most of that
TOLERANCE = 0.02  # share of the size by which asked and held may differ and still count as confirmed
BLUR = 1024 * 1024  # and what our own processes' memory moves
RESERVE_LEAST = 512 * 1024 * 1024
RESERVE_PCT = 10
INJECT_S = 10.0  # most seconds that injecting waits for a large size; the rest is taken during the hold
STUCK_S = 1.0


def default_reserve(total):
    """The larger of 512 MiB and 10 % of what there is."""
    return max(RESERVE_LEAST, total * RESERVE_PCT // 100)


class Memory:
    """The memory family."""

    name = "memory"
    traced = {"now": {"held_mib": "held_mib", "available_mib": "available_mib"}}
    options = {
        "size": {"type": "str"},
        "ramp": {"type": "str", "default": "0s"},
        "reserve": {"type": "str"},
        "back_off": {"type": "bool", "default": True},
    }

    def parse(self, params):
        """``{size: bytes | None, size_pct, ramp_s, reserve: bytes | None, reserve_pct, back_off}``."""
        if params["size"] is None:
            raise BadOption("size", "", "is missing", "give the memory to take, such as 256M or 30%")
        parsed = {"size": None, "size_pct": None, "reserve": None, "reserve_pct": None, "back_off": params["back_off"]}
        if _quantity.is_percent(params["size"]):
            parsed["size_pct"] = _quantity.percent(params["size"], "size", low=1.0)
        else:
            parsed["size"] = _quantity.size(params["size"], "size", low=LEAST)
        parsed["ramp_s"] = _quantity.duration(params["ramp"], "ramp")
        if _quantity.is_percent(params["reserve"]):
            parsed["reserve_pct"] = _quantity.percent(params["reserve"], "reserve")
        elif params["reserve"] is not None:
            parsed["reserve"] = _quantity.size(params["reserve"], "reserve")
        return parsed

    def inspect(self, options):
        """What is there and what is available, in bytes."""
        return headroom.Headroom().inspect()

    def plan(self, options, facts):
        """One worker; the memory goes with it."""
        size = options["size"]
        if size is None:
            size = int(facts["available"] * options["size_pct"] / 100.0)
            if size < LEAST:
                few, least = _quantity.show_size(size), _quantity.show_size(LEAST)
                raise BadOption(
                    "size", "%g%%" % options["size_pct"], "is only %s here" % few, "use more, at least %s" % least
                )
        reserve = options["reserve"]
        if options["reserve_pct"] is not None:
            reserve = int(facts["total"] * options["reserve_pct"] / 100.0)
        elif reserve is None:
            reserve = default_reserve(facts["total"])
        self._admit(size, reserve, facts)
        notes = []
        if facts["limited_by"] != "host":
            notes.append("a control group limits the memory to less than the host has; that limit counts")
        if not options["back_off"]:
            notes.append("back_off is off: the memory is held even if the host runs short of it")
        return plan(
            "memory",
            "hold",
            "own worker",
            {"size_mib": round(size / MIB, 1), "reserve_mib": round(reserve / MIB, 1), "ramp_s": options["ramp_s"]},
            [
                step(
                    "hold",
                    "take %s of memory (%s is available, %s stays in reserve)"
                    % tuple(_quantity.show_size(count) for count in (size, facts["available"], reserve)),
                    {"size": size, "ramp_s": options["ramp_s"], "reserve": reserve, "back_off": options["back_off"]},
                    [undo("workers.end", fault="$ID")],
                )
            ],
            ["memory"],
            notes,
        )

    @staticmethod
    def _admit(size, reserve, facts):
        """The guard: what stays available must not be less than the reserve."""
        left = facts["available"] - size
        if left < reserve:
            figure = "%s of memory was requested, %s is available (%s), and %s must stay available" % (
                _quantity.show_size(size),
                _quantity.show_size(facts["available"]),
                facts["limited_by"],
                _quantity.show_size(reserve),
            )
            if left < 0:
                raise Refused("memory", figure, remedy="request less than what is available")
            raise Refused("memory", figure, "reserve")

    def do_hold(self, ctx, args):
        """Start the worker; without a ramp, wait until it holds everything or cannot get on."""
        keepers = [ctx.record[key]["pid"] for key in ("supervisor", "guardian")]
        before = headroom.Headroom().inspect()["available"] + sum(headroom.taken(pid)[0] for pid in keepers)
        shared = hold.Shared()
        pid, _start = ctx.spawn(
            "chaos-memory", hold.run, shared, args["size"], args["ramp_s"], args["reserve"], args["back_off"], keepers
        )
        ctx.memory.update(
            shared=shared, args=args, pid=pid, pids=keepers + [pid], before=before, since=time.monotonic()
        )
        if not args["ramp_s"]:
            self._wait(ctx, shared)

    @staticmethod
    def _wait(ctx, shared):
        began = moved = time.monotonic()
        last = -1
        while True:
            ctx.check_workers()
            now = time.monotonic()
            held, goal, refused = (shared.get(key) for key in ("held", "goal", "errno"))
            if refused:
                raise HostError(
                    "the host provided only %s of memory: %s (overcommit setting or a limit of the process); request"
                    " less" % (_quantity.show_size(held), os.strerror(refused))
                )
            if held != last:
                last, moved = held, now
            # the goal is a whole number of bytes, memory comes in pages
            if (goal and held > goal - 65536) or now - moved > STUCK_S or now - began > INJECT_S:
                return
            time.sleep(0.01)

    def measure(self, ctx):
        """What our processes really take, as the kernel counts it, and what is left on the host."""
        memory = ctx.memory
        shared, args = memory["shared"], memory["args"]
        found = [headroom.taken(pid) for pid in memory["pids"]]
        held, swapped = (sum(each[index] for each in found) for index in (0, 1))
        available = headroom.Headroom().inspect()["available"]
        shown = {
            "held_mib": round(held / MIB, 1),
            "worker_rss_mib": round(headroom.resident(memory["pid"]) / MIB, 1),
            "available_mib": round(available / MIB, 1),
            "available_drop_mib": round((memory["before"] - available) / MIB, 1),
            "given_back_mib": round(shared.get("given_back") / MIB, 1),
            "back_offs": shared.get("back_offs"),
            "swapped_mib": round(swapped / MIB, 1),
        }
        if abs(held - args["size"]) <= TOLERANCE * args["size"] + BLUR:
            return {"effect": "confirmed", "measured": shown, "note": ""}
        if time.monotonic() - memory["since"] < args["ramp_s"]:
            return {"effect": "inconclusive", "measured": shown, "note": "still ramping up"}
        return {"effect": "mismatch", "measured": shown, "note": self._why(shared, swapped)}

    @staticmethod
    def _why(shared, swapped):
        if shared.get("errno"):
            return "the host provided no more: %s" % os.strerror(shared.get("errno"))
        if shared.get("back_offs"):
            return "gave memory back: %s" % hold.WHY[shared.get("why")]
        if swapped > BLUR:
            return "the kernel moved part of it to swap"
        return "less was taken so far: the available memory is near the reserve, or the host is slow"


FAMILY = Memory()
