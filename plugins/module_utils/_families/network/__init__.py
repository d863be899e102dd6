# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network: partition, reject, loss. Private to magsasa.chaos."""
from __future__ import annotations

import math
import os

from ... import _cmd, _quantity
from ..._errors import BadOption, HostError, MissingTool, Refused
from ..._fault.plan import plan, step, undo
from ..._host import nft
from . import control, rules, scope as scopes

LEAST_LOSS = 0.001  # percent
ENOUGH = 200  # packets; of fewer no share can be judged
SIGMAS = 5  # how far off chance alone may take the share


class Network:
    """The network family."""

    name = "network"
    settle_s = 0.2
    options = dict(
        {"action": {"type": "str", "choices": ["loss", "partition", "reject"]}, "loss": {"type": "str"}},
        **scopes.OPTIONS
    )

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"]
        if not action:
            raise BadOption("action", "", "is missing", "use loss, partition or reject")
        if action == "loss" and params["loss"] is None:
            raise BadOption("loss", "", "is missing", "say how much is lost, such as 30%")
        if action != "loss" and params["loss"] is not None:
            raise BadOption("loss", params["loss"], "means nothing with action=%s" % action, "leave it out, or use action=loss")
        loss = None if action != "loss" else _quantity.percent(params["loss"], "loss", low=LEAST_LOSS)
        return dict(scopes.parse(params), action=action, loss_pct=loss)

    def look(self, options):
        """What there is to do it with, and what must not be touched."""
        there = _cmd.which("nft") is not None
        uid = os.geteuid()
        return {"nft": there, "uid": uid, "obstacle": nft.obstacle() if there and not uid else "", "control": control.connections()}

    def plan(self, options, facts):
        """One table of our own."""
        _guard(options)
        if not facts["nft"]:
            raise MissingTool("nft", nft.PACKAGES, nft.PURPOSE)
        if facts["uid"]:
            raise Refused("permission", "rules about packets need root and this run has none", remedy="use become: true")
        if facts["obstacle"]:
            raise HostError("this host lets nobody make rules about packets: %s" % facts["obstacle"])
        table = "magsasa_chaos_$ID"
        action, meant = options["action"], scopes.describe(options)
        verb = {"loss": "lose %g %% of" % (options["loss_pct"] or 0), "partition": "drop", "reject": "reject"}[action]
        planned = rules.plan(action, options["loss_pct"], options, facts["control"])
        requested = {"scope": meant}
        if action == "loss":
            requested = {"loss_pct": options["loss_pct"], "scope": meant}
        made = step("rules", "%s %s" % (verb, meant), {"table": table, "rules": planned}, [undo("nft.remove_table", table=table)], tool="nft")
        return plan("network", action, "nftables", requested, [made], ["network " + meant], _notes(options, facts))

    def do_rules(self, ctx, args):
        """The whole table at once, then the proof that the kernel holds it as planned: exemptions before everything else."""
        nft.load(args["table"], rules.text(args["table"], args["rules"]))
        wrong = rules.difference(args["rules"], nft.read(args["table"]))
        if wrong:
            raise HostError("the rules are not as planned: %s" % wrong)

    def measure(self, ctx):
        """Whether the rules stand, and what they counted."""
        args = ctx.record["steps"][0]["args"]
        if not nft.there(args["table"]):
            return {"effect": "mismatch", "measured": {}, "note": "somebody took the table away"}
        found = nft.read(args["table"])
        matched, hit = rules.packets(found, "match"), rules.packets(found, "hit")
        measured = {"packets_matched": matched, "packets_hit": hit}
        if matched:
            measured["hit_pct"] = round(100.0 * hit / matched, 2)
        wrong = rules.difference(args["rules"], found)
        return dict(judge(ctx.record["action"], ctx.record["requested"], matched, hit, wrong), measured=measured)


def _guard(options):
    """A fault that leaves nothing of the network, or of what the host says to itself, is asked for twice."""
    if options["force"] or (options["action"] == "loss" and options["loss_pct"] < 100):
        return
    if scopes.everyone(options):
        raise Refused("scope", "neither peer nor port narrows this %s: the host would be alone" % options["action"], "force")
    if scopes.all_loopback(options):
        raise Refused("scope", "all that this host says to itself would go in this %s" % options["action"], "force")


def _notes(options, facts):
    found = ["exempt: %s and port %d of this host (how this host is managed)" % (peer, port) for peer, port in facts["control"][:8]]
    if len(facts["control"]) > 8:
        found.append("exempt: %d more connections like these" % (len(facts["control"]) - 8))
    if scopes.everyone(options):
        found.append("what this host says to itself is left alone: name a port or a peer for that")
    if options["direction"] != "in" and options["action"] != "reject" and options["protocol"] != "tcp":
        found.append("for what leaves this host, a program here that sends UDP or ICMP is told (EPERM); loss on the way in is silent")
    return found


def judge(action, requested, matched, hit, wrong):
    """``{"effect", "note"}`` from what the rules counted; ``wrong``: see rules.difference."""
    if wrong:
        return {"effect": "mismatch", "note": wrong}
    if not matched:
        return {"effect": "confirmed", "note": "by the rules as the kernel gives them back; no packet that is meant has come by"}
    note = "by the counters of the rules: %d of %d packets" % (hit, matched)
    if action == "loss" and matched >= ENOUGH:
        share = requested["loss_pct"] / 100.0
        if abs(hit / float(matched) - share) > SIGMAS * math.sqrt(share * (1 - share) / matched) + 1e-9:
            return {"effect": "mismatch", "note": note}
    return {"effect": "confirmed", "note": note}


FAMILY = Network()
