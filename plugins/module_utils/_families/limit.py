# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits: less for a systemd unit, or no more descriptors, tasks or inodes. Private to magsasa.chaos."""

from __future__ import annotations

from .._errors import BadOption
from ._limit import descriptors, inodes, tasks, unit

ACTIONS = {"unit": unit, "descriptors": descriptors, "tasks": tasks, "inodes": inodes}


class Limit:
    """The limit family; each action is a file of its own with OPTIONS, parse, inspect, make_plan, start and measure."""

    name = "limit"
    settle_s = 0.3
    options = {
        "action": {"type": "str", "choices": sorted(ACTIONS)},
        "unit": {"type": "str"},
        "cpu": {"type": "str"},
        "memory": {"type": "str"},
        "tasks": {"type": "int"},
        "io_read": {"type": "str"},
        "io_write": {"type": "str"},
        "path": {"type": "str"},
        "pid": {"type": "int"},
        "leave_free": {"type": "int"},
        "reserve": {"type": "int"},
    }

    def parse(self, params):
        """Figures of the options of one action; an option of another one is an error, not ignored."""
        action = params["action"]
        if not action:
            raise BadOption("action", "", "is missing", "use one of %s" % ", ".join(sorted(ACTIONS)))
        for option in self.options:
            if option != "action" and params[option] is not None and option not in ACTIONS[action].OPTIONS:
                fits = [each for each in sorted(ACTIONS) if option in ACTIONS[each].OPTIONS]
                raise BadOption(
                    option,
                    params[option],
                    "has no effect with action=%s" % action,
                    "leave it out, or use action=%s" % " or ".join(fits),
                )
        for option in ("leave_free", "reserve"):
            if params[option] is not None and params[option] < 0:
                raise BadOption(option, params[option], "is below zero", "use 0 or more")
        return dict(ACTIONS[action].parse(params), action=action)

    def claims(self, options):
        """One fault at a time for each thing: where it is used up already, a second look would only tell how little
        is left.
        """
        return ACTIONS[options["action"]].claims(options)

    def inspect(self, options):
        """Facts of the action's own."""
        return ACTIONS[options["action"]].inspect(options)

    def plan(self, options, facts):
        """See the action's own."""
        return ACTIONS[options["action"]].make_plan(options, facts)

    def do_unit(self, ctx, args):
        """Set the limits of a unit."""
        unit.start(ctx, args)

    def do_process(self, ctx, args):
        """Set the limit of a process."""
        descriptors.lower(ctx, args)

    def do_descriptors(self, ctx, args):
        """Use up the host's descriptors."""
        descriptors.start(ctx, args)

    def do_tasks(self, ctx, args):
        """Use up the host's tasks."""
        tasks.start(ctx, args)

    def do_inodes(self, ctx, args):
        """Use up a file system's inodes."""
        inodes.start(ctx, args)

    def measure(self, ctx):
        """See the action's own."""
        return ACTIONS[ctx.record["action"]].measure(ctx)

    def trace(self, ctx):
        """See the action's own; what the others count is what is taken and what is free."""
        if ctx.record["action"] == "unit":
            return unit.trace(ctx.record["measured"])
        return {"now": {key: ctx.record["measured"].get(key) for key in ("free", "taken")}}


FAMILY = Limit()
