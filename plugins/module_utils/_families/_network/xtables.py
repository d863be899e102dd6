# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Rules of one fault in the words of iptables and ip6tables. Pure. Private to magsasa.chaos.

The same as in rules.py, in chains of our own in the table filter: ``in`` and ``out``, to which the chains of the host
jump first, let pass what manages
the host and send what is meant to ``act``, which decides. What is not decided about goes back (RETURN, never ACCEPT) to
the rules of the host.
A rule is ``[chain, label, words]``; labels stay with us, rules are told apart by their places.
"""

from __future__ import annotations

from . import rules, scope as scopes

MOST_PORTS = 15  # numbers that a match of multiport takes; a range counts as two
MOST_RULES = 1024  # of one chain; each packet is compared with one after the other
OWN = {"in": "-i lo ", "out": "-o lo "}
ICMP = {4: "icmp", 6: "ipv6-icmp"}
UNREACHABLE = {4: "--icmp-type destination-unreachable", 6: "--icmpv6-type destination-unreachable"}
REJECTION = {4: "icmp-port-unreachable", 6: "icmp6-port-unreachable"}
NEIGHBOURS = (133, 134, 135, 136)  # types of ICMPv6 that do for IPv6 what ARP does for IPv4


def versions(scope):
    """IP versions that are meant."""
    everybody = not scope["peers4"] and not scope["peers6"]
    return [version for version in (4, 6) if everybody or scope["peers%d" % version]]


def plan(action, loss_pct, scope, control, version):
    """``[[chain, label, words]]`` in order, for one IP version. ``control``: see control.connections."""

    def headers(wanted, way):
        return _headers(wanted, way, version)

    matches = {
        "in": rules.coming(False, scope, headers, _of_others, OWN["in"]),
        "out": _of_others("out", scope, headers(scope, "out")) if scope["direction"] != "in" else [],
    }
    found = [["act", label, words] for label, words in _decision(action, loss_pct, version)]
    for way in ("in", "out"):
        if matches[way]:
            found += [[way, label, words] for label, words in _exempt(way, scope, control, version)]
            found += [
                [way, "match %d" % number, " ".join((each + " -g act").split())]
                for number, each in enumerate(matches[way])
            ]
    return found


def too_many(planned):
    """Whether a chain of a plan is longer than packets can be asked to pass."""
    return any(sum(1 for chain, _label, _words in planned if chain == way) > MOST_RULES for way in ("in", "out"))


def _of_others(way, scope, headers):
    if not scope["interfaces"]:
        return ["! " + OWN[way] + each for each in headers]
    return [
        "-%s %s %s" % (way[0], name, each)
        for name in scope["interfaces"]
        if name != scopes.LOOPBACK
        for each in headers
    ]


def _decision(action, loss_pct, version):
    if action == "loss" and loss_pct < 100:
        return [("hit", "-m statistic --mode random --probability %.9f -j DROP" % (loss_pct / 100))]
    if action not in ("reject", "reset"):
        return [("hit", "-j DROP")]
    found = [("answer reset", "-p tcp --tcp-flags RST RST -j RETURN")]
    if action == "reset":
        return found + [
            ("beginning", "-p tcp --tcp-flags SYN SYN -j RETURN"),
            ("hit tcp", "-p tcp -j REJECT --reject-with tcp-reset"),
        ]
    return found + [
        ("answer icmp", "-p %s %s -j RETURN" % (ICMP[version], UNREACHABLE[version])),
        ("hit tcp", "-p tcp -j REJECT --reject-with tcp-reset"),
        ("hit other", "-j REJECT --reject-with " + REJECTION[version]),
    ]


def _exempt(way, scope, control, version):
    side, port = ("-s", "--dport") if way == "in" else ("-d", "--sport")
    for number, (peer, number_of_port) in enumerate(control):
        if not peer or (":" in peer) == (version == 6):
            who = "%s %s " % (side, peer) if peer else ""
            yield "exempt control %d" % number, "%s-p tcp %s %d -j RETURN" % (who, port, number_of_port)
    if version == 6 and not scope["ports"] and scope["protocol"] in ("any", "icmp"):
        for kind in NEIGHBOURS:
            yield "exempt neighbours", "-p ipv6-icmp --icmpv6-type %d -j RETURN" % kind


def _headers(scope, way, version):
    side = "-s" if way == "in" else "-d"
    peers = ["%s %s " % (side, peer) for peer in scope["peers%d" % version]] or [""]
    return [peer + transport for peer in peers for transport in _transports(scope, way, version)]


def _transports(scope, way, version):
    protocol = scope["protocol"]
    if not scope["ports"]:
        return ["" if protocol == "any" else "-p " + (ICMP[version] if protocol == "icmp" else protocol)]
    here, there = ("--dports", "--sports") if way == "in" else ("--sports", "--dports")
    ends = {"host": [here], "peer": [there], "either": [here, there]}[scope["port_of"]]
    kinds = ["tcp", "udp"] if protocol == "any" else [protocol]
    return [
        "-p %s -m multiport %s %s" % (kind, end, ports)
        for kind in kinds
        for end in ends
        for ports in _portions(scope["ports"])
    ]


def _portions(ports):
    """Texts of ports, as many as one match takes in each."""
    found, slots_left = [], 0
    for low, high in ports:
        size = 1 if low == high else 2
        if size > slots_left:
            found.append([])
            slots_left = MOST_PORTS
        found[-1].append("%d" % low if low == high else "%d:%d" % (low, high))
        slots_left -= size
    return [",".join(each) for each in found]


def difference(planned, found):
    """What of the rules read back (``{chain: [(target, packets)]}``) is not as planned: one sentence, or ""."""
    for chain in dict.fromkeys(chain for chain, _label, _words in planned):
        wanted = [
            words.split()[-3 if "--reject-with" in words else -1] for where, _label, words in planned if where == chain
        ]
        got = [target for target, _packets in found.get(chain, [])]
        if wanted != got:
            return "chain %s has %d rules, which are not the %d planned ones in order" % (chain, len(got), len(wanted))
    return ""


def packets(planned, found, label):
    """Packets that the rules counted whose label begins with ``label``. Both as in ``difference``."""
    total = 0
    for chain in dict.fromkeys(chain for chain, _label, _words in planned):
        labels = [said for where, said, _words in planned if where == chain]
        total += sum(count for said, (_target, count) in zip(labels, found.get(chain, [])) if said.startswith(label))
    return total
