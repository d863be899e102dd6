# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of one fault as data and as text for nft. Pure. Private to magsasa.chaos.

A packet that is meant goes to the chain ``act``, which decides once about it. What the host says to itself passes both
hooks: it is
decided about on its way in only, where a dropped packet is lost as on a wire (on the way out the sender would be told).
"""

from __future__ import annotations

from . import scope as scopes

PRIORITY = -10  # before the host's own filter
DECIDING = ("act", "late")  # chains that no hook calls
QUEUE = "QUEUE"  # stands for the number of a queue, which is known when the queue is there
MARK = 0x4E  # on what a worker of ours sends once more
OF_A_MILLION = 1000000
VERDICTS = ("accept", "drop", "goto", "reject", "queue")
NEIGHBOURS = (  # IPv6's ARP
    "icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert }"
)


def plan(action, loss_pct, scope, control):
    """``[[chain, label, text]]`` in order; the label is the rule's comment. ``control``: see control.connections."""
    found = [["act", label, text] for label, text in _decision(action, loss_pct)]
    return found + _chains(scope, control, [("match", "act", _ways(False, scope))])


TRANSLATED = "ct status dnat ct direction %s "  # of a connection that this host leads to another port or address


def _translated(scope):
    """``{chain: [headers]}``: packets of connections whose clients know them by another port or address than this
    host's own filter sees.

    Clients of a published port never meet the chains of the host's own packets: they are forwarded. By direction: what
    the client sends comes in.
    """
    if not scope.get("translated"):
        return {"input": [], "output": [], "forward": []}
    peers = [
        "ct original %s saddr %s " % (family, _set(scope[key]))
        for family, key in (("ip", "peers4"), ("ip6", "peers6"))
        if scope[key]
    ]
    flows = [peer + each for peer in peers or [""] for each in _translated_transports(scope)]
    sent = [(TRANSLATED % "original" + each).strip() for each in flows] if scope["direction"] != "out" else []
    answered = [(TRANSLATED % "reply" + each).strip() for each in flows] if scope["direction"] != "in" else []
    forward = _of_others("in", scope, sent) + _of_others("out", scope, answered)
    if not scope["ports"]:  # what stays here is met without that
        return {"input": [], "output": [], "forward": forward}
    own = (
        sent if scopes.own_meant(scope) and not scope["interfaces"] else []
    )  # the way out of what is translated is still lo here
    return {
        "input": _of_others("in", scope, sent),
        "output": own + _of_others("out", scope, answered),
        "forward": forward,
    }


def _translated_transports(scope):
    protocol = scope["protocol"]
    if not scope["ports"]:
        return {"any": [""], "icmp": []}.get(protocol, ["meta l4proto " + protocol])
    ends = {"host": ["proto-dst"], "peer": ["proto-src"], "either": ["proto-dst", "proto-src"]}[scope["port_of"]]
    head = "meta l4proto { tcp, udp }" if protocol == "any" else "meta l4proto " + protocol
    return ["%s ct original %s %s" % (head, end, _set(scopes.show_ports(scope["ports"]))) for end in ends]


def queued(late, rest, scope, control, twice=False):
    """The same for a worker that packets are handed to. ``late``: some are held; ``rest``: more than that is done;
    ``twice``: some are sent again.

    What is held waits once in a round trip, and the rest happens in each direction: with both, what is to be held goes
    to a chain of its own.
    """
    matches = (
        [("match late" if rest else "match", "late" if rest else "act", _ways(True, _once(scope)))] if late else []
    )
    matches += [("match", "act", _ways(False, scope))] if rest else []
    found = [
        [chain, "hit", "counter queue num %s bypass" % QUEUE]
        for chain in DECIDING
        if any(goal == chain for _label, goal, _where in matches)
    ]
    return found + _chains(scope, control, matches, "meta mark %#x counter accept" % MARK if twice else "")


def _ways(late, scope):
    """``{chain: [headers]}``: what packets look like that are decided about on their way in, out, and where they
    are forwarded.
    """
    going = _headers(scope, "out") if scope["direction"] != "in" else []
    led = _translated(scope)
    return {
        "input": coming(late, scope, _headers, _of_others, 'iifname "lo" ') + led["input"],
        "output": _of_others("out", scope, going) + led["output"],
        "forward": led["forward"],
    }


def _chains(scope, control, matches, passed=""):
    """Rules of the chains that the hooks call. ``matches``: ``[(label, chain to go to, ways)]`` in order."""
    found = []
    for chain, way in (("input", "in"), ("output", "out"), ("forward", "led")):
        if any(ways[chain] for _label, _goal, ways in matches):
            found += [[chain, "exempt again", passed]] if passed else []
            found += [[chain, label, text] for label, text in _exempt(way, scope, control)]
            for said, goal, ways in matches:
                found += [
                    [chain, "%s %d" % (said, number), "%s counter goto %s" % (each.strip(), goal)]
                    for number, each in enumerate(ways[chain])
                ]
    return found


def coming(late, scope, headers, of_others, of_own):
    """What packets look like that are decided about on their way in.

    ``headers(scope, way)``, ``of_others("in", scope, headers)`` and ``of_own`` (what an own packet has before its
    headers) are in the words of one
    program.
    """
    headers_in = headers(scope, "in") if scope["direction"] != "out" else []
    headers_out = headers(scope, "out") if scope["direction"] != "in" else []
    own = headers_in + [each for each in headers_out if each not in headers_in]  # what the host says to itself
    once = late and scope["port_of"] == "either"
    if once:  # else a request would wait, and its answer too
        own = headers(dict(scope, port_of="host"), scope["direction"])
    if not scopes.own_meant(scope):
        return of_others("in", scope, headers_in)
    if not scope["interfaces"] and not once:
        return headers_in + [of_own + each for each in own[len(headers_in) :]]
    return of_others("in", scope, headers_in) + [of_own + each for each in own]


def _of_others(way, scope, headers):
    """The headers, of what comes from or goes to others by the interfaces of the scope."""
    key = {"in": "iifname", "out": "oifname"}[way]
    if not scope["interfaces"]:
        return ['%s != "lo" %s' % (key, each) for each in headers]
    names = ['"%s"' % name for name in scope["interfaces"] if name != scopes.LOOPBACK]
    return ["%s %s %s" % (key, _set(names), each) for each in headers] if names else []


def _once(scope):
    """A delay counts once in a round trip: what comes in waits, the answer does not."""
    return dict(scope, direction="in") if scope["direction"] == "both" else scope


def _decision(action, loss_pct):
    if action == "loss" and loss_pct < 100:
        return [
            ("hit", "numgen random mod %d < %d counter drop" % (OF_A_MILLION, round(loss_pct * OF_A_MILLION / 100)))
        ]
    if action == "reset":
        # who begins is answered as ever, so that it is a connection that is reset; what a reset sends must pass
        return [
            ("answer reset", "tcp flags & rst == rst counter accept"),
            ("beginning", "tcp flags & syn == syn counter accept"),
            ("hit tcp", "meta l4proto tcp counter reject with tcp reset"),
        ]
    if action != "reject":
        return [("hit", "counter drop")]
    return [  # what a rejection itself sends, and what answers to one, must pass
        ("answer reset", "tcp flags & rst == rst counter accept"),
        ("answer icmp", "icmp type destination-unreachable counter accept"),
        ("answer icmpv6", "icmpv6 type destination-unreachable counter accept"),
        ("hit tcp", "meta l4proto tcp counter reject with tcp reset"),
        ("hit other", "counter reject with icmpx type port-unreachable"),
    ]


def _exempt(way, scope, control):
    if way == "led":
        for number, (peer, port) in enumerate(control):
            who = "ct original %s saddr %s " % ("ip6" if ":" in peer else "ip", peer) if peer else ""
            yield "exempt control %d" % number, "%smeta l4proto tcp ct original proto-dst %d counter accept" % (
                who,
                port,
            )
        return
    side, port = ("saddr", "dport") if way == "in" else ("daddr", "sport")
    for number, (peer, number_of_port) in enumerate(control):
        who = "%s %s %s " % ("ip6" if ":" in peer else "ip", side, peer) if peer else ""  # else everybody
        yield "exempt control %d" % number, "%stcp %s %d counter accept" % (who, port, number_of_port)
    if not scope["ports"] and scope["protocol"] in ("any", "icmp"):
        yield "exempt neighbours", NEIGHBOURS + " counter accept"


def _headers(scope, way):
    """What a packet of one direction looks like, one text for each rule that it takes."""
    side = "saddr" if way == "in" else "daddr"
    peers = [
        "%s %s %s" % (family, side, _set(scope[key]))
        for family, key in (("ip", "peers4"), ("ip6", "peers6"))
        if scope[key]
    ]
    return [
        " ".join(filter(None, (peer, transport))) for peer in peers or [""] for transport in _transports(scope, way)
    ]


def _transports(scope, way):
    protocol = scope["protocol"]
    if not scope["ports"]:
        return [{"any": "", "icmp": "meta l4proto { icmp, ipv6-icmp }"}.get(protocol, "meta l4proto " + protocol)]
    here, there = ("dport", "sport") if way == "in" else ("sport", "dport")
    ends = {"host": [here], "peer": [there], "either": [here, there]}[scope["port_of"]]
    head = "meta l4proto { tcp, udp } th" if protocol == "any" else protocol
    return ["%s %s %s" % (head, end, _set(scopes.show_ports(scope["ports"]))) for end in ends]


def _set(values):
    return "{ %s }" % ", ".join(values)


def text(table, rules, more_chains=()):
    """One transaction for ``nft -f``: a new table with its chains and rules."""
    lines = ["create table inet %s" % table]  # create, not add: one that is there already is not ours to change
    for chain in dict.fromkeys(list(more_chains) + [chain for chain, _label, _text in rules]):
        hook = "" if chain in DECIDING else " { type filter hook %s priority %d; policy accept; }" % (chain, PRIORITY)
        lines.append("add chain inet %s %s%s" % (table, chain, hook))
    lines += ['add rule inet %s %s %s comment "%s"' % (table, chain, rule, label) for chain, label, rule in rules]
    return "\n".join(lines) + "\n"


def difference(rules, found):
    """What of the rules read back (see nft.read) is not as planned: one sentence, or ""."""
    for chain in dict.fromkeys(chain for chain, _label, _text in rules):
        wanted = [(label, _verdict_planned(rule)) for where, label, rule in rules if where == chain]
        got = [(each.get("comment", ""), _verdict_read(each)) for each in found if each.get("chain") == chain]
        if wanted != got:
            return "chain %s has %d rules, which are not the %d planned ones in order" % (chain, len(got), len(wanted))
    return ""


def _verdict_planned(rule):
    words = rule.split()
    return next(word for word in VERDICTS if word in words)


def _verdict_read(rule):
    keys = [key for part in rule.get("expr", ()) for key in part]
    found = next((key for key in keys if key in VERDICTS + ("xt",)), None)
    return "queue" if found == "xt" else found  # how nft gives the target NFQUEUE back


def packets(found, label):
    """Packets that the rules counted whose comment begins with ``label``."""
    parts = [part for rule in found if rule.get("comment", "").startswith(label) for part in rule.get("expr", ())]
    return sum(part["counter"]["packets"] for part in parts if isinstance(part.get("counter"), dict))
