# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that nftables drops or rejects by itself. Private to magsasa.chaos."""

from __future__ import annotations

from ..._errors import HostError, MissingTool, NotHere
from ..._plan import plan, step, undo
from ..._host.packets import nft
from .. import _statistics
from . import effects, rules, scope as scopes

QUIET = "the %s as planned, but no selected packet has passed; there is no evidence that the fault took effect"
TABLE = "magsasa_chaos_$ID"


class Nftables:
    """Backend: one table of our own."""

    name = "nftables"
    does = "rules"  # the step that it carries out

    def cannot(self, options):
        """Why it can never do this, or "". Pure."""
        if options["effects"] not in ([], ["loss"]) or "gemodel" in options:
            return "nftables can only lose, drop, reject and reset"
        return ""

    def obstacle(self, options, facts):
        """The error that says why it cannot be had on this host, or None. Pure."""
        return obstacle(facts)

    def plan(self, options, facts):
        """One table of our own."""
        meant = scopes.describe(options)
        planned = rules.plan(options["action"], options.get("loss_pct"), options, facts["control"])
        made = step(
            "rules",
            "%s %s" % (effects.verb(options), meant),
            {"table": TABLE, "rules": planned},
            [undo("nft.remove_table", table=TABLE)],
            tool="nft",
        )
        return plan(
            "network",
            options["action"],
            self.name,
            dict(effects.requested(options), scope=meant),
            [made],
            ["network " + meant],
            notes(options),
        )

    def carry_out(self, ctx, args):
        """The whole table at once, then the proof that the kernel holds it as planned: exemptions before everything
        else.
        """
        nft.load(args["table"], rules.text(args["table"], args["rules"]))
        prove(args)

    def measure(self, ctx):
        """Whether the rules stand, and what they counted."""
        args = ctx.record["steps"][0]["args"]
        found, wrong = standing(args)
        if found is None:
            return {"effect": "mismatch", "measured": {}, "note": wrong}
        matched, hit = rules.packets(found, "match"), rules.packets(found, "hit")
        return measurement(ctx.record, matched, hit, wrong)


def obstacle(facts):
    """Why this host has no nftables for us, as an error, or None."""
    if not facts["nft"]:
        return MissingTool("nft", nft.PURPOSE)
    if facts["obstacle"]:
        return NotHere(
            "packet rules cannot be set (%s)" % facts["obstacle"], "needs CAP_NET_ADMIN and a kernel with nf_tables"
        )
    return None


def standing(args):
    """``(rules as read back, what is wrong with them or "")``; None for the rules when the table is gone."""
    if not nft.there(args["table"]):
        return None, "another process removed the table"
    found = nft.read(args["table"])
    return found, rules.difference(args["rules"], found)


def prove(args):
    """Raise HostError unless the kernel holds the rules as planned."""
    wrong = rules.difference(args["rules"], nft.read(args["table"]))
    if wrong:
        raise HostError("the rules are not as planned: %s" % wrong)


def notes(options):
    if options["direction"] != "in" and options["action"] not in ("reject", "reset") and options["protocol"] != "tcp":
        return [
            "a program on this host is told when its outgoing UDP or ICMP packet is dropped (EPERM); loss of incoming"
            " packets is silent"
        ]
    if options["action"] == "reset":
        return ["an open connection is reset with its next packet; an idle one is not"]
    return []


def measurement(record, matched, hit, wrong):
    """What measure() returns, from what the rules counted."""
    measured = {"packets_matched": matched, "packets_hit": hit}
    if matched:
        measured["hit_pct"] = round(100.0 * hit / matched, 2)
    return dict(judge(record["action"], record["requested"], matched, hit, wrong), measured=measured)


def judge(action, requested, matched, hit, wrong):
    """``{"effect", "note"}`` from what the rules counted; ``wrong``: see rules.difference."""
    if wrong:
        return {"effect": "mismatch", "note": wrong}
    if not matched:
        return {"effect": "inconclusive", "note": QUIET % "rules stand"}
    note = "by the counters of the rules: %d of %d packets" % (hit, matched)
    if action == "loss" and _statistics.unlikely(requested["loss_pct"], hit, matched):
        return {"effect": "mismatch", "note": note}
    return {"effect": "confirmed", "note": note}
