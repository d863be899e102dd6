# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that the kernel itself holds, loses, damages or lines up: netem, and htb for a rate alone. Private to
magsasa.chaos.
"""

from __future__ import annotations

import time

from ... import _cmd
from ..._errors import HostError, MissingTool, NotHere
from ..._plan import plan, step, undo
from ..._host import capabilities
from ..._host.packets import tc
from .. import _statistics
from . import effects, interfaces, nftables, scope as scopes, tree as trees, u32_filters

EXTRA = (
    "install it (Debian, Ubuntu: linux-modules-extra of this kernel; RHEL, AlmaLinux, Rocky, Fedora:"
    " kernel-modules-extra; SUSE: kernel-default)"
)
MODULES = {"prio": ["sch_prio", "sch_netem", "cls_u32"], "htb": ["sch_htb", "cls_u32"]}
MODULES_IN = ["sch_ingress", "act_mirred", "ifb"]
TOO_FAST = 1.1  # of the rate that was asked for


class Shaping:
    """Backend: a tree of our own on each interface that leads to the peers. ``kind``: the discipline at its root."""

    does = "shape"

    def __init__(self, kind, name):
        self.kind = kind
        self.name = name

    def cannot(self, options):
        """Why it can never do this, or "". Pure."""
        if options["action"] in effects.BLOCKING:
            return "traffic control cannot send answers in the name of a peer"
        if self.kind == "htb" and options["effects"] != ["rate"]:
            return "htb can only limit the rate"
        return ""

    def obstacle(self, options, facts):
        """The error that says why it cannot be had on this host, or None. Pure."""
        seen = facts.get("tc") or {}
        if not seen.get("there"):
            return MissingTool(seen.get("missing", "tc"), tc.PURPOSE)
        if seen.get("denied"):
            return NotHere("traffic control cannot be changed", "needs CAP_NET_ADMIN")
        for kind in (["netem", "prio"] if self.kind == "prio" else ["htb"]):
            if seen["lacks"].get(kind):
                return NotHere(seen["lacks"][kind], EXTRA)
        wanted = options.get("distribution", "uniform")
        if wanted != "uniform" and not seen["tables"].get(wanted):
            return NotHere(
                "tc lacks the table of the distribution %s" % wanted,
                "install the complete tc package, or use distribution=uniform",
            )
        if u32_filters.too_many(options, trees.MOST_FILTERS):
            return NotHere(
                "so many peers and ports need more than %d traffic control filters" % trees.MOST_FILTERS,
                "name networks and ranges",
            )
        return interfaces.obstacle(options, seen["devices"])

    def plan(self, options, facts):
        """A tree on each interface; each undo takes away one thing that is ours."""
        meant = scopes.describe(options)
        planned = trees.plan(self.kind, options, facts["tc"]["devices"], facts["control"])
        made = [
            step("shape", _says(options, each, meant), {"fault": "$ID", "tree": each}, _undo(each), tool="tc")
            for each in planned
        ]
        claims = ["network " + meant] + ["traffic control of %s, %s" % (each["dev"], each["way"]) for each in planned]
        return plan(
            "network",
            options["action"],
            self.name,
            dict(effects.requested(options), scope=meant),
            made,
            claims,
            _notes(options, planned),
        )

    def carry_out(self, ctx, args):
        """The whole tree, then the proof that the kernel holds it as planned: exemptions before everything else."""
        tree, major, ifb = args["tree"], tc.major(args["fault"]), _ifb(args)
        tc.load_modules(MODULES[tree["kind"]] + (MODULES_IN if ifb else []))
        if ifb:
            tc.add_ifb(ifb)
        tc.batch(trees.commands(tree, major, ifb))
        _rows, wrong = _standing(args)
        if wrong:
            raise HostError("the traffic control is not as planned: %s" % wrong)

    def measure(self, ctx):
        """Whether the trees stand, and what their queues counted."""
        rows, wrong = [], ""
        for each in ctx.record["steps"]:
            found, difference = _standing(each["args"])
            rows += [(each["args"]["tree"], number, row) for number, row in enumerate(found)]
            wrong = wrong or difference
        shown = counted(rows)
        ctx.memory["bytes"] = sum(row.get("bytes", 0) for _tree, _number, row in rows)
        if wrong:
            return {"effect": "mismatch", "measured": shown, "note": wrong}
        speed = fastest(ctx.memory.setdefault("shaping", {}), rows, time.monotonic())
        if speed and "rate_bps" in ctx.record["requested"]:
            shown["rate_bps"] = speed
        return dict(judge(ctx.record["requested"], shown), measured=shown)


def _ifb(args):
    number = args["tree"]["ifb"]
    return None if number is None else tc.ifb_name(args["fault"], number)


def _standing(args):
    """``(rows of the queues of a tree, what is wrong with it or "")``."""
    tree, major, ifb = args["tree"], tc.major(args["fault"]), _ifb(args)
    holder = ifb or tree["dev"]
    if ifb and not tc.is_ifb(ifb):
        return [], "another process removed the device %s" % ifb
    rows = [row for row in tc.qdiscs(counters=True) if row["dev"] == holder]
    found = tc.filters(tree["dev"], "ingress" if ifb else major + ":")
    queues = [row for row in rows if row.get("parent", "").startswith(major + ":") and row["parent"] != major + ":1"]
    return queues, trees.difference(tree, major, ifb, rows, found)


def _says(options, tree, meant):
    part = (
        dict(options, **{key: None for key in trees.LATE})
        if not any("delay_ms" in leaf for leaf in tree["leaves"])
        else options
    )
    what = effects.verb({key: value for key, value in part.items() if value is not None})
    way = "what leaves by" if tree["way"] == "out" else "what comes in by"
    return "%s %s, in %s %s" % (what, meant, way, tree["dev"])


def _undo(tree):
    """Carried out from the last to the first."""
    if tree["way"] == "out":
        return [undo("tc.remove_root", fault="$ID", dev=tree["dev"], qlen=tree["qlen"])]
    name = "ch$ID%x" % tree["ifb"]
    return [undo("tc.remove_ifb", name=name), undo("tc.remove_ingress", fault="$ID", dev=tree["dev"], ifb=name)]


def _notes(options, planned):
    found = []
    if "delay_ms" in options:
        found.append(
            "a delay counts once per round trip: %s"
            % ("incoming packets wait" if options["direction"] == "in" else "outgoing packets wait")
        )
        found.append("packets still held at the end may leave within a second, and are lost after that")
    if "rate_bps" in options and options["direction"] == "both":
        found.append("the rate applies to each direction")
    if any(tree["way"] == "out" for tree in planned):
        names = ", ".join(tree["dev"] for tree in planned if tree["way"] == "out")
        found.append("the queue of %s is replaced meanwhile; other packets pass without delay" % names)
    return found


def counted(rows):
    """Figures of queues: ``rows`` are ``(tree, number of the leaf, row)``."""
    passed = sum(row.get("packets", 0) for _tree, _number, row in rows)
    dropped = sum(row.get("drops", 0) for _tree, _number, row in rows)
    waiting = sum(row.get("qlen", 0) for _tree, _number, row in rows)
    shown = {"packets_passed": passed, "packets_dropped": dropped, "packets_waiting": waiting}
    if passed + dropped + waiting:
        shown["dropped_pct"] = round(100.0 * dropped / (passed + dropped + waiting), 2)
    return shown


def fastest(memory, rows, now):
    """Bits per second of the fastest queue over a whole look in which it was never empty, or None; keeps its state
    in ``memory``.
    """
    for tree, number, row in rows:
        key = (tree["dev"], tree["way"], number)
        before, seen = memory.get(key), (now, row.get("bytes", 0), row.get("qlen", 0))
        memory[key] = seen
        if before and before[2] and seen[2] and now - before[0] >= 0.5:
            memory["fastest"] = max(memory.get("fastest", 0), int(8 * (seen[1] - before[1]) / (now - before[0])))
    return memory.get("fastest")


def judge(requested, shown):
    """``{"effect", "note"}`` from what stands and what was counted."""
    of = shown["packets_passed"] + shown["packets_dropped"] + shown["packets_waiting"]
    if not of:
        return {"effect": "inconclusive", "note": nftables.QUIET % "queues stand"}
    note = "by the queue read back from the kernel, and its counters: %d packets, %d of them dropped" % (
        of,
        shown["packets_dropped"],
    )
    if shown.get("rate_bps"):
        note += ", %d bit/s while it was full" % shown["rate_bps"]
    if shown.get("rate_bps", 0) > TOO_FAST * requested.get("rate_bps", 0):
        return {"effect": "mismatch", "note": note}
    if "loss_pct" in requested and "rate_bps" not in requested:  # what a full queue drops is no loss of netem's
        if _statistics.unlikely(_dropped(requested), shown["packets_dropped"], of):
            return {"effect": "mismatch", "note": note}
    return {"effect": "confirmed", "note": note}


def _dropped(requested):
    """Share (percent) of what netem passes on or drops that is dropped: a packet that is both lost and sent twice
    is seen once.
    """
    loss, twice = requested["loss_pct"] / 100.0, requested.get("duplicate_pct", 0) / 100.0
    return 100.0 * loss * (1 - twice) / (1 + twice - loss * twice)


def inspect(options):
    """What traffic control finds here: ``{"there", "missing", "denied", "lacks": {kind: why}, "tables": {name:
    bool}, "devices": [...]}``.
    """
    missing = [program for program in ("tc", "ip") if _cmd.which(program) is None]
    if missing:
        return {"there": False, "missing": " and ".join(missing)}
    if not capabilities.held(capabilities.NET_ADMIN):
        return {"there": True, "denied": True}
    lacks = {"htb": tc.lacks("htb")} if options["effects"] == ["rate"] else {}
    if options["effects"] != ["rate"] or lacks["htb"]:
        lacks["netem"] = tc.lacks("netem", ["delay", "1ms"])
        lacks["prio"] = lacks["netem"] or tc.lacks("prio")
    usable = not all(lacks.values())
    wanted = options.get("distribution")
    return {
        "there": True,
        "lacks": lacks,
        "tables": {wanted: tc.has_distribution(wanted)} if wanted else {},
        "devices": interfaces.inspect(options) if usable else [],
    }
