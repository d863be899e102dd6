# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Host: the whole machine goes down. Private to magsasa.chaos.

It happens a little after the module has ended, so that its answer gets out. The supervisor does it itself: whatever
ends that in time
calls it off. What it did is written down by whoever is there when the host ends, or at the first contact after it
booted again.
"""

from __future__ import annotations

import os
import time

from .. import _clock, _cmd, _quantity
from .._errors import BadOption, NotHere, Refused
from .._plan import plan, step
from .._host import containers, processes
from .._host.systemd import services

ACTIONS = ("reboot", "shutdown", "panic", "reset")
SYSRQ = "/proc/sysrq-trigger"
LETTERS = {"panic": "c", "reset": "b"}  # Documentation/admin-guide/sysrq.rst
COMMANDS = {"reboot": "reboot", "shutdown": "poweroff"}
LONGEST_ANSWER_S = 60.0  # that the module is waited for
OVERDUE_S = 30.0  # after which a host that is still there did not go down
PANIC = "/proc/sys/kernel/panic"  # seconds after which a kernel that panicked boots again; 0: never
SAYS = {
    "reboot": "reboot this host",
    "shutdown": "shut this host down",
    "panic": "panic the kernel of this host",
    "reset": "reset this host at once, as a power cut does",
}


class Host:
    """The host family."""

    name = "host"
    settle_s = 0.0
    steer_every_s = 0.1
    options = {"action": {"type": "str", "choices": list(ACTIONS)}, "delay": {"type": "str", "default": "2s"}}

    def parse(self, params):
        """``{"action", "delay_s"}``."""
        if not params["action"]:
            raise BadOption("action", "", "is missing", "use %s" % ", ".join(ACTIONS))
        return {"action": params["action"], "delay_s": _quantity.duration(params["delay"], "delay", low=1.0, high=60.0)}

    def claims(self, options):
        """The present boot: ``revert`` takes its end for what was asked."""
        return ["boot"]

    def inspect(self, options):
        """What there is to do it with."""
        if options["action"] in COMMANDS and not os.geteuid():
            services.require("take this host down")
        return {
            "uid": os.geteuid(),
            "systemd": services.available(),
            "container": containers.inside(),
            "sysrq": os.access(SYSRQ, os.W_OK),
            "panic_s": _number(PANIC),
        }

    # -- planning

    def plan(self, options, facts):
        """One step that nothing undoes; it can be called off in time."""
        action = options["action"]
        if not options.get("force"):
            raise Refused("host", "%s ends everything that runs on this host" % action, "force")
        if facts["uid"]:
            raise NotHere("taking the host down needs root, and this task does not run as root", "use become: true")
        if action in LETTERS and (facts["container"] or not facts["sysrq"]):
            why = (
                "a container shares the kernel of its host"
                if facts["container"]
                else "this kernel accepts no requests through %s" % SYSRQ
            )
            raise NotHere("%s needs a host with its own kernel (%s)" % (action, why), "use action=reboot")
        if action == "panic" and not facts["panic_s"]:
            remedy = "set kernel.panic to the seconds after which it boots again, or use action=reset"
            raise Refused("panic", "kernel.panic is %s, so the host would stay down" % facts["panic_s"], remedy=remedy)
        if action in COMMANDS and not facts["systemd"]:
            raise NotHere(
                "%s needs systemd, which does not run this host" % action,
                "use action=reset, which loses unwritten data",
            )
        backend = "systemctl" if action in COMMANDS else "sysrq"
        says = "%s, %g s after the answer" % (SAYS[action], options["delay_s"])
        made = step("go_down", says, {"action": action, "delay_s": options["delay_s"]}, tool=backend)
        notes = ["this collection cannot start the host again"] if action == "shutdown" else []
        notes.append("a probe on this host ends with it; probe from an observer")
        return plan(
            "host", action, backend, {"delay_s": options["delay_s"]}, [made], self.claims(options), notes, event=True
        )

    # -- doing

    def do_go_down(self, ctx, args):
        """Nothing happens yet, see steer, which sets the moment right, too."""
        ctx.happened()

    def steer(self, ctx):
        """Once the module that asked for it has ended, wait for the delay, and go."""
        if ctx.memory.get("gone") or "injected_at" not in ctx.record:
            return
        args, now = ctx.record["steps"][0]["args"], time.monotonic()
        asker = ctx.record.get("writer") or {}
        if "due" not in ctx.memory:
            if (
                asker
                and processes.alive(asker["pid"], asker["start"])
                and now < ctx.record["injected_at"]["monotonic"] + LONGEST_ANSWER_S
            ):
                return
            ctx.memory["due"] = now + args["delay_s"]
            ctx.record["injected_at"] = _clock.later(_clock.now(), args["delay_s"])
            ctx.ledger.write(ctx.record)
        if now >= ctx.memory["due"]:
            ctx.memory["gone"] = True
            _go_down(args["action"])

    # -- measuring

    def measure(self, ctx):
        """Whether the host is on its way down. Who sees that is seldom still there to tell: revert looks, too."""
        if not ctx.memory.get("gone"):
            return {"effect": "inconclusive", "measured": {}, "note": "the host is about to go down"}
        late = time.monotonic() - ctx.memory["due"]
        if services.host_ends():
            return {"effect": "confirmed", "measured": {"going_down": True}, "note": ""}
        if late > OVERDUE_S:
            return {"effect": "mismatch", "measured": {"going_down": False}, "note": "the host is still up"}
        return None


def _number(path):
    try:
        with open(path) as source:
            return int(source.read())
    except (OSError, ValueError):
        return None


def _go_down(action):
    if action in COMMANDS:
        _cmd.run(["systemctl", "--no-block", COMMANDS[action]], timeout=30)
        return
    with open(SYSRQ, "w") as trigger:
        trigger.write(LETTERS[action])


FAMILY = Host()
