# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that a worker of ours holds back, loses in bursts, damages or sends twice: nftables hands them over
(NFQUEUE). Private to magsasa.chaos.
"""

from __future__ import annotations

from ..._plan import plan, step, undo
from . import effects, nftables, queue_worker, rules, scope as scopes, tree as trees


class Nfqueue:
    """Backend: one table of our own, and a worker."""

    name = "NFQUEUE and a worker"
    does = "delay"

    def cannot(self, options):
        """Why it can never do this, or "". Pure."""
        if options["action"] in effects.BLOCKING or (options["effects"] == ["loss"] and "gemodel" not in options):
            return "nftables can do it by itself"
        if "rate" in options["effects"]:
            return "the worker cannot limit bandwidth"
        if options.get("distribution", "normal") not in ("normal", "uniform"):
            return "the worker supports only the distributions normal and uniform"
        return ""

    def obstacle(self, options, facts):
        """The error that says why it cannot be had on this host, or None. Pure."""
        return nftables.obstacle(facts)

    def plan(self, options, facts):
        """One table of our own, and the worker that it hands packets to."""
        meant = scopes.describe(options)
        figures = {key: options[key] for key in trees.FIGURES if key in options}
        late, rest = "delay_ms" in options, bool(set(figures) - set(trees.LATE))
        args = {"table": nftables.TABLE, "figures": figures}
        args["rules"] = rules.queued(late, rest, options, facts["control"], "duplicate_pct" in figures)
        # Carried out from the last to the first.
        undone = [
            undo("nft.remove_table", table=nftables.TABLE),
            undo("workers.end", fault="$ID"),
            undo("nft.release_packets", fault="$ID"),
        ]
        made = step("delay", "%s %s" % (effects.verb(options), meant), args, undone, tool="nft")
        return plan(
            "network",
            options["action"],
            self.name,
            dict(effects.requested(options), scope=meant),
            [made],
            ["network " + meant],
            _notes(options),
        )

    def carry_out(self, ctx, args):
        """The worker, the table, and the proof that the kernel holds it as planned."""
        queue_worker.start(ctx, args)
        nftables.prove(args)
        ctx.check_workers()

    def measure(self, ctx):
        """Whether the rules stand, and what the worker counted."""
        found, wrong = nftables.standing(ctx.record["steps"][0]["args"])
        if found is None:
            return {"effect": "mismatch", "measured": {}, "note": wrong}
        matched = rules.packets(found, "match")
        if wrong:
            return {"effect": "mismatch", "measured": {"packets_matched": matched}, "note": wrong}
        shown = queue_worker.measured(ctx)
        return dict(queue_worker.judge(ctx.record["requested"], shown), measured=dict(shown, packets_matched=matched))


def _notes(options):
    found = []
    if "delay_ms" in options:
        found.append(
            "a delay counts once per round trip: %s"
            % ("outgoing packets wait" if options["direction"] == "out" else "incoming packets wait")
        )
    if "duplicate_pct" in options:
        found.append(
            "the copy of an incoming packet arrives on lo; a program that listens on one other interface alone does not"
            " receive it"
        )
    if "delay_ms" in options and options["direction"] == "out":
        found.append(
            "with outgoing packets delayed, a TCP connection has little throughput, because TCP counts waiting packets"
            " as unsent"
        )
    return found
