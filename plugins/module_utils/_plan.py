# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A plan: what a fault will do, as data that a person can read and the supervisor can carry out. Private to
magsasa.chaos.
"""

from __future__ import annotations


def undo(op, **args):
    """One undo operation (see _undo/operations)."""
    return {"op": op, "args": args}


def step(do, says, args=None, undo=(), tool=None):
    """One step: ``do`` names a ``do_<step>`` of the family, ``says`` tells a person what it changes."""
    return {"do": do, "says": says, "args": args or {}, "undo": list(undo), "tool": tool}


def plan(family, action, backend, requested, steps, claims, notes=(), event=False):
    """The whole plan.

    ``requested``: figures with their unit in the key, as the report prints them. ``claims``: what only one fault at a
    time may
    hold. ``notes``: fallbacks and limits that a user must know. ``event``: it happens at one moment (a kill).
    """
    return {
        "family": family,
        "action": action,
        "backend": backend,
        "requested": requested,
        "steps": list(steps),
        "claims": list(claims),
        "notes": list(notes),
        "event": event,
    }


def all_undo(found):
    """Undo operations of every step, in the order of the steps."""
    return [entry for each in found["steps"] for entry in each["undo"]]


def readable(found):
    """The steps as a user sees them: what, how undone, with which tool."""
    return [
        {"says": each["says"], "undo": [describe(entry) for entry in each["undo"]], "tool": each["tool"]}
        for each in found["steps"]
    ]


def describe(entry):
    """One undo operation as text: "file.remove path=/var/tmp/x". Values that may be secret are not part of undo data.

    A dictionary is for the operation, not for a reader, and is left out.
    """
    return entry["op"] + "".join(
        " %s=%s" % (key, value) for key, value in sorted(entry["args"].items()) if not isinstance(value, dict)
    )
