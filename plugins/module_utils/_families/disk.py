# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Disk: load it, or fill it. Private to magsasa.chaos."""

from __future__ import annotations

from .._errors import BadOption
from ._disk import fill, io, space

ACTIONS = {"io": io, "fill": fill}
ONLY = {  # options that mean nothing with the other action
    "io": ("workers", "mode", "fsync", "block_size", "file_size", "rate"),
    "fill": ("size", "leave_free"),
}


class Disk:
    """The disk family."""

    name = "disk"
    settle_s = 0.3
    options = {
        "action": {"type": "str", "choices": ["io", "fill"], "default": "io"},
        "path": {"type": "str", "default": "/var/tmp"},
        "reserve": {"type": "str"},
        "workers": {"type": "int"},
        "mode": {"type": "str", "choices": ["write", "read", "mixed"]},
        "fsync": {"type": "bool"},
        "block_size": {"type": "str"},
        "file_size": {"type": "str"},
        "rate": {"type": "str"},
        "size": {"type": "str"},
        "leave_free": {"type": "str"},
    }

    def parse(self, params):
        """Figures of the options of one action; options of the other one are an error, not ignored."""
        action = params["action"]
        other = "fill" if action == "io" else "io"
        for option in ONLY[other]:
            if params[option] is not None:
                raise BadOption(
                    option,
                    params[option],
                    "has no effect with action=%s" % action,
                    "leave it out, or use action=%s" % other,
                )
        reserve, reserve_pct = space.parse_amount(params, "reserve")
        parsed = {"action": action, "path": params["path"], "reserve": reserve, "reserve_pct": reserve_pct}
        parsed.update(ACTIONS[action].parse(params))
        return parsed

    def inspect(self, options):
        """Facts of the folder."""
        return space.inspect(options["path"])

    def plan(self, options, facts):
        """See the action's own."""
        notes = space.in_memory(facts, options["force"])
        return ACTIONS[options["action"]].make_plan(options, facts, notes)

    def do_io(self, ctx, args):
        """Start the load."""
        io.start(ctx, args)

    def do_fill(self, ctx, args):
        """Fill the file system."""
        fill.start(ctx, args)

    def measure(self, ctx):
        """See the action's own."""
        return ACTIONS[ctx.record["action"]].measure(ctx)

    def trace(self, ctx):
        """See the action's own."""
        return ACTIONS[ctx.record["action"]].trace(ctx)


FAMILY = Disk()
