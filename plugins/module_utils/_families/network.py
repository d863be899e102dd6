# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network: packets that are late, lost, damaged, dropped or rejected. Private to magsasa.chaos.

``effects.py``: what happens; ``scope.py``: to which packets; ``choose.py``: who does it.
"""

from __future__ import annotations

import os
import socket

from .. import _cmd
from .._errors import BadOption, NotHere, Refused
from .._host import management_connections
from .._host.packets import address_translation, iptables as xt, nft
from ._network import backends, effects, scope as scopes, traffic_control

FOLLOWING = (
    "tc htb",
    "tc netem",
    "nftables",
    "NFQUEUE and a worker",
)  # backends that also meet what this host leads elsewhere
PAST = "this host forwards connections to other addresses or ports (DNAT or redirect), which the fault may not affect"


class Network:
    """The network family."""

    name = "network"
    settle_s = 0.2
    options = dict(effects.OPTIONS, **scopes.OPTIONS)

    def parse(self, params):
        """Figures of the family's options."""
        found = dict(scopes.parse(params), **effects.parse(params))
        if found["action"] == "reset":
            if found["protocol"] not in ("any", "tcp"):
                raise BadOption(
                    "protocol",
                    found["protocol"],
                    "has no connections to reset",
                    "use tcp or leave it out, or use action=reject",
                )
            found["protocol"] = "tcp"
        return found

    def inspect(self, options):
        """What there is to do it with, and what must not be touched."""
        there = _cmd.which("nft") is not None
        uid = os.geteuid()
        found = {
            "nft": there,
            "uid": uid,
            "obstacle": nft.obstacle() if there and not uid else "",
            "control": management_connections.connections(),
        }
        found["ways_in"] = management_connections.ways_in()
        found["interfaces"] = sorted(name for _number, name in socket.if_nameindex())
        if not uid and (not there or found["obstacle"]):
            found["iptables"] = xt.inspect()
        if not uid:
            found["translations"] = address_translation.inspect(there and not found["obstacle"])
        if options["effects"] and not uid:
            found["tc"] = traffic_control.inspect(options)
        return found

    def plan(self, options, facts):
        """The plan of the first backend that can do it."""
        _guard(options)
        if facts["uid"]:
            raise NotHere("packet rules need root, and this task does not run as root", "use become: true")
        missing = sorted(set(options["interfaces"]) - set(facts["interfaces"]))
        if missing:
            raise BadOption(
                "interface",
                missing[0],
                "is not an interface of this host",
                "use one shown by ip link, without the part after @",
            )
        facts = dict(facts, control=facts["control"] + _ways_in(options, facts))
        led = facts.get("translations")
        options = dict(options, translated=address_translation.meet(led, options["ports"]))
        backend, passed_over = backends.choose(options, facts)
        found = backend.plan(options, facts)
        found["notes"] = passed_over + _notes(options, facts) + found["notes"]
        if options["translated"]:
            found["notes"].append(_led(options, led, backend))
            found["steps"][0]["args"]["led"] = backend.name not in FOLLOWING
        return found

    def do_rules(self, ctx, args):
        """See nftables.py."""
        backends.BY_STEP["rules"].carry_out(ctx, args)

    def do_chains(self, ctx, args):
        """See iptables.py."""
        backends.BY_STEP["chains"].carry_out(ctx, args)

    def do_delay(self, ctx, args):
        """See nfqueue.py."""
        backends.BY_STEP["delay"].carry_out(ctx, args)

    def do_shape(self, ctx, args):
        """See shaping.py."""
        backends.BY_STEP["shape"].carry_out(ctx, args)

    def measure(self, ctx):
        """By whoever carried it out."""
        step = ctx.record["steps"][0]
        found = backends.BY_STEP[step["do"]].measure(ctx)
        if step["args"].get("led") and found["effect"] == "confirmed":
            found = dict(found, effect="inconclusive", note="%s; %s" % (found["note"], PAST))
        return found

    def trace(self, ctx):
        """Packets that came by, and what became of them, by whoever counts them."""
        measured, requested = ctx.record["measured"], ctx.record["requested"]
        if "packets_passed" in measured:
            lost, waiting = measured["packets_dropped"], measured["packets_waiting"]
            total = {"packets_per_s": measured["packets_passed"] + lost + waiting}
            if lost or {"loss_pct", "gemodel_p_pct", "rate_bps"} & set(requested):
                total["hit_per_s"] = lost
            if "rate_bps" in requested and "bytes" in ctx.memory:
                total["rate_bps"] = 8 * ctx.memory["bytes"]
            return {
                "now": {"packets_waiting": waiting} if {"delay_ms", "rate_bps"} & set(requested) else {},
                "total": total,
            }
        seen = next((measured[key] for key in ("packets_matched", "packets_seen") if key in measured), None)
        lost = next((measured[key] for key in ("packets_hit", "packets_lost") if key in measured), None)
        return {"total": {"packets_per_s": seen, "hit_per_s": lost, "held_per_s": measured.get("packets_held")}}


def _ways_in(options, facts):
    """``[["", port]]``: the ports by which this host is or may be managed, for whoever comes: an administrator may come
    from elsewhere this time.

    A fault that names such a port (scope.names) is about that very port; then those who are there now are exempt alone.
    """
    ports = sorted({port for _peer, port in facts["control"]} | set(facts["ways_in"]))
    return [["", port] for port in ports if not scopes.names(options["ports"], port)]


def _guard(options):
    """A fault that leaves nothing of the network, or of what the host says to itself, is asked for twice."""
    if options["force"] or not (options["action"] in effects.BLOCKING or effects.lost_pct(options) > effects.MOST_LOST):
        return
    scope = scopes.nearly_everyone(options)
    if scope:
        raise Refused("scope", "%s, so this %s would isolate the host" % (scope, options["action"]), "force")
    if scopes.all_loopback(options):
        raise Refused("scope", "this %s would affect all loopback traffic" % options["action"], "force")


def _led(options, led, backend):
    """What a user must know where this host forwards what is meant."""
    ports = "port %s" % ",".join(scopes.show_ports(led["ports"])) if led["ports"] and not led["all"] else "connections"
    if backend.name in FOLLOWING:
        return (
            "this host forwards %s to other addresses or ports (DNAT or redirect); the fault selects them by the port"
            " that clients use" % ports
        )
    return (
        "this host forwards %s to other addresses or ports (DNAT or redirect), which %s cannot follow; the effect stays"
        " inconclusive" % (ports, backend.name)
    )


def _notes(options, facts):
    found = [
        "exempt: %s and port %d of this host (used to manage it)" % (peer or "everybody", port)
        for peer, port in facts["control"][:8]
    ]
    if len(facts["control"]) > 8:
        found.append("exempt: %d more such connections" % (len(facts["control"]) - 8))
    if scopes.everyone(options) and not scopes.own_meant(options):
        found.append("loopback traffic is exempt; name a port, a peer or the interface lo to include it")
    return found


FAMILY = Network()
