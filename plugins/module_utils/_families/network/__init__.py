# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network: partition, reject, loss, delay. Private to magsasa.chaos."""
from __future__ import annotations

import math
import os

from ... import _cmd, _quantity
from ..._errors import BadOption, HostError, MissingTool, NotHere, Refused
from ..._fault.plan import plan, step, undo
from ..._host import control, nft
from . import delay, rules, scope as scopes

LEAST_LOSS = 0.001  # percent
ENOUGH = 200  # packets; of fewer no share can be judged
SIGMAS = 5  # how far off chance alone may take the share


class Network:
    """The network family."""

    name = "network"
    settle_s = 0.2
    options = dict(
        {
            "action": {"type": "str", "choices": ["delay", "loss", "partition", "reject"]},
            "loss": {"type": "str"},
            "delay": {"type": "str"},
            "jitter": {"type": "str"},
        },
        **scopes.OPTIONS
    )

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"] or next((name for name in ("delay", "loss") if params[name] is not None), None)
        if not action:
            raise BadOption("action", "", "is missing", "use delay, loss, partition or reject")
        for option, says in (("loss", "how much is lost, such as 30%"), ("delay", "how long, such as 200ms")):
            if action == option and params[option] is None:
                raise BadOption(option, "", "is missing", "say " + says)
            if action != option and params[option] is not None:
                raise BadOption(option, params[option], "means nothing with action=%s" % action, "leave it out, or use action=%s" % option)
        if action != "delay" and params["jitter"] is not None:
            raise BadOption("jitter", params["jitter"], "means nothing with action=%s" % action, "leave it out, or use action=delay")
        loss = None if action != "loss" else _quantity.percent(params["loss"], "loss", low=LEAST_LOSS)
        return dict(scopes.parse(params), action=action, loss_pct=loss, **_times(params, action))

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
            raise NotHere("rules about packets need root and this run has none", "use become: true")
        if facts["obstacle"]:
            raise NotHere("packets cannot be ruled on (%s)" % facts["obstacle"], "it takes CAP_NET_ADMIN and a kernel with nf_tables")
        table = "magsasa_chaos_$ID"
        action, meant = options["action"], scopes.describe(options)
        verb = {"loss": "lose %g %% of" % (options["loss_pct"] or 0), "partition": "drop", "reject": "reject", "delay": _hold(options)}[action]
        planned = rules.plan(action, options["loss_pct"], options, facts["control"])
        requested = {"scope": meant}
        if action == "loss":
            requested = {"loss_pct": options["loss_pct"], "scope": meant}
        args, undone, backend = {"table": table, "rules": planned}, [undo("nft.remove_table", table=table)], "nftables"
        if action == "delay":
            times = {"delay_ms": options["delay_ms"], "jitter_ms": options["jitter_ms"]}
            requested, args = dict(times, scope=meant), dict(args, **times)
            undone += [undo("workers.end", fault="$ID"), undo("nft.release_packets", fault="$ID")]  # carried out from the last to the first
            backend = "NFQUEUE and a worker of our own"
        made = step("delay" if action == "delay" else "rules", "%s %s" % (verb, meant), args, undone, tool="nft")
        return plan("network", action, backend, requested, [made], ["network " + meant], _notes(options, facts))

    def do_rules(self, ctx, args):
        """The whole table at once, then the proof that the kernel holds it as planned: exemptions before everything else."""
        nft.load(args["table"], rules.text(args["table"], args["rules"]))
        self._prove(args)

    def do_delay(self, ctx, args):
        """The same with a worker that holds the packets."""
        delay.start(ctx, args)
        self._prove(args)
        ctx.check_workers()

    @staticmethod
    def _prove(args):
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
        wrong = rules.difference(args["rules"], found)
        if ctx.record["action"] == "delay" and not wrong:
            shown = delay.measured(ctx)
            return dict(delay.judge(ctx.record["requested"], shown), measured=dict(shown, packets_matched=matched))
        measured = {"packets_matched": matched, "packets_hit": hit}
        if matched:
            measured["hit_pct"] = round(100.0 * hit / matched, 2)
        return dict(judge(ctx.record["action"], ctx.record["requested"], matched, hit, wrong), measured=measured)


def _times(params, action):
    if action != "delay":
        return {}
    wait = _quantity.duration(params["delay"], "delay", low=0.001, high=60.0)
    jitter = _quantity.duration(params["jitter"], "jitter", high=wait) if params["jitter"] is not None else 0.0
    return {"delay_ms": round(wait * 1000, 3), "jitter_ms": round(jitter * 1000, 3)}


def _hold(options):
    if options["action"] != "delay":
        return ""
    return "hold for %g ms%s" % (options["delay_ms"], " (standard deviation %g ms)" % options["jitter_ms"] if options["jitter_ms"] else "")


def _guard(options):
    """A fault that leaves nothing of the network, or of what the host says to itself, is asked for twice."""
    if options["force"] or options["action"] == "delay" or (options["action"] == "loss" and options["loss_pct"] < 100):
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
    if options["action"] == "delay":
        found.append("a delay counts once in a round trip: %s" % ("what leaves waits" if options["direction"] == "out" else "what comes in waits"))
        if options["direction"] == "out":
            found.append("held on the way out, one TCP connection carries little: TCP counts what waits here as unsent")
    elif options["direction"] != "in" and options["action"] != "reject" and options["protocol"] != "tcp":
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
