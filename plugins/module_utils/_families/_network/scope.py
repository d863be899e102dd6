# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which packets are meant: peers, ports, protocol, direction. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import ipaddress
import re

from ..._errors import BadOption

MOST_PEERS = 256
MOST_PORTS = 64
MOST_INTERFACES = 16
LONGEST_NAMED = 1000  # ports of a range that are still about services that somebody means
LOOPBACK = "lo"
IPV4 = ipaddress.ip_network("0.0.0.0/0")
GLOBAL_IPV6 = ipaddress.ip_network("2000::/3")
OPTIONS = {
    "peer": {"type": "list", "elements": "str", "aliases": ["to"]},
    "port": {"type": "list", "elements": "str", "aliases": ["ports"]},
    "port_of": {"type": "str", "choices": ["either", "host", "peer"], "default": "either"},
    "protocol": {"type": "str", "choices": ["any", "tcp", "udp", "icmp"], "default": "any"},
    "direction": {"type": "str", "choices": ["both", "in", "out"], "default": "both"},
    "interface": {"type": "list", "elements": "str"},
}


def parse(params):
    """Options as data: ``{"peers4", "peers6": [network], "ports": [[low, high]], "port_of", "protocol", "direction",
    "interfaces": [name]}``."""
    networks = [_network(text) for text in _listed(params, "peer", MOST_PEERS)]
    ports = _merged(_ports(text) for text in _listed(params, "port", MOST_PORTS))
    if ports and params["protocol"] == "icmp":
        raise BadOption(
            "port", params["port"][0], "has no effect with protocol=icmp", "leave it out, or use protocol=tcp or udp"
        )
    if not ports and params["port_of"] != "either":
        raise BadOption("port_of", params["port_of"], "has no effect without a port", "set port too, or leave it out")
    return {
        "peers4": _collapsed(networks, 4),
        "peers6": _collapsed(networks, 6),
        "ports": ports,
        "port_of": params["port_of"],
        "protocol": params["protocol"],
        "direction": params["direction"],
        "interfaces": sorted({_interface(text) for text in _listed(params, "interface", MOST_INTERFACES)}),
    }


def _listed(params, option, most):
    given = params[option]
    if given is None:
        return []
    if not given:
        raise BadOption(option, "[]", "is an empty list", "name at least one, or leave it out for all")
    if len(given) > most:
        raise BadOption(option, "%d entries" % len(given), "are too many", "use at most %d" % most)
    return [text.strip() for text in given]


def _interface(text):
    """As the kernel has them: 1 to 15 characters, no slash and no space; quotes would only be trouble."""
    if not re.fullmatch(r"[A-Za-z0-9_.:+-]{1,15}", text) or text in (".", ".."):
        raise BadOption(
            "interface",
            text,
            "is not the name of an interface",
            "use one such as eth0, as shown by ip link, without the part after @",
        )
    return text


def _network(text):
    """One address or network; an IPv4 address in IPv6 dress is meant as IPv4."""
    try:
        found = ipaddress.ip_network(text)
    except ValueError:
        try:
            meant = ipaddress.ip_network(text, strict=False)
        except ValueError:
            raise BadOption(
                "peer",
                text,
                "is not an IPv4 or IPv6 address or network",
                "use one such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32",
            )
        raise BadOption(
            "peer",
            text,
            "is an address inside a network",
            "write the network %s, or the address without its prefix" % meant,
        )
    if getattr(found.network_address, "scope_id", None) or "%" in text:
        raise BadOption("peer", text, "names an interface", "write the address without it")
    mapped = getattr(found.network_address, "ipv4_mapped", None)
    if mapped is not None and found.prefixlen >= 96:
        return ipaddress.ip_network("%s/%d" % (mapped, found.prefixlen - 96))
    return found


def _collapsed(networks, version):
    return [str(each) for each in ipaddress.collapse_addresses(each for each in networks if each.version == version)]


def _ports(text):
    low, dash, high = text.partition("-")
    bounds = [low.strip(), high.strip() if dash else low.strip()]
    if not all(each.isascii() and each.isdigit() and len(each) < 6 and 0 < int(each) < 65536 for each in bounds):
        raise BadOption("port", text, "is not a port", "use a number from 1 to 65535, or a range such as 8000-8010")
    low, high = map(int, bounds)
    if low > high:
        raise BadOption("port", text, "is a range that ends before it begins", "write %d-%d" % (high, low))
    return [low, high]


def _merged(ranges):
    """Ranges in ascending order, those that touch or overlap made one."""
    found = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1][1] = max(found[-1][1], high)
        else:
            found.append([low, high])
    return found


def everyone(scope):
    """Whether no port and no peer narrows it: none is given, or one that means all addresses."""
    peers = scope["peers4"] + scope["peers6"]
    return not scope["ports"] and (not peers or any(ipaddress.ip_network(each).prefixlen == 0 for each in peers))


def nearly_everyone(scope):
    """What a scope that leaves next to nothing out, however it is spelled, comes to (text), or None.

    More than half of all ports, or of all addresses of a version, is no limit.
    """
    if _few_ports(scope):
        return None
    peers = scope["peers4"] + scope["peers6"]
    shares = [_share(scope["peers4"], IPV4), _share(scope["peers6"], GLOBAL_IPV6)]
    if peers and max(shares) <= 0.5:
        return None
    limits = []
    if scope["ports"]:
        limits.append("%s is %d of 65535 ports" % (",".join(show_ports(scope["ports"])), _count(scope["ports"])))
    if peers:
        limits.append("the peers are %.3g %% of all IPv%d addresses" % (max(shares) * 100, 4 if shares[0] > 0.5 else 6))
    return " and ".join(limits) or "neither peer nor port limits it"


def names(ports, port):
    """Whether ``port`` is meant by itself or in a short range: a long one is not about one service."""
    return any(low <= port <= high and high - low < LONGEST_NAMED for low, high in ports)


def _count(ports):
    return sum(high - low + 1 for low, high in ports)


def _few_ports(scope):
    return 0 < _count(scope["ports"]) <= 32767


def _share(networks, space):
    """Of the addresses of ``space`` those that ``networks``, which do not overlap, hold (0 to 1)."""
    within = (each for each in map(ipaddress.ip_network, networks) if each.overlaps(space))
    return sum(min(each.num_addresses, space.num_addresses) for each in within) / float(space.num_addresses)


def own_meant(scope):
    """Whether what this host says to itself may be meant: with a peer or a port, and by its interface."""
    return (
        LOOPBACK in scope["interfaces"]
        if scope["interfaces"]
        else bool(scope["peers4"] or scope["peers6"] or scope["ports"])
    )


def all_loopback(scope):
    """Whether it holds all that this host says to itself."""
    homes = [ipaddress.ip_address(text) for text in ("127.0.0.1", "::1")]
    peers = map(ipaddress.ip_network, scope["peers4"] + scope["peers6"])
    return not _few_ports(scope) and any(
        home.version == each.version and home in each for each in peers for home in homes
    )


def describe(scope):
    """Text for a person: "tcp and udp port 5432 of 192.0.2.7, both directions"."""
    protocol = {"any": "tcp and udp" if scope["ports"] else "everything"}.get(scope["protocol"], scope["protocol"])
    words = [protocol]
    if scope["ports"]:
        whose = {"either": "", "host": " of this host", "peer": " of the peer"}[scope["port_of"]]
        words.append("port %s%s" % (",".join(show_ports(scope["ports"])), whose))
    peers = scope["peers4"] + scope["peers6"]
    if peers:
        words.append(
            "with %s"
            % (", ".join(peers) if len(peers) < 5 else "%s and %d more" % (", ".join(peers[:3]), len(peers) - 3))
        )
    words.append({"both": "in and out", "in": "in", "out": "out"}[scope["direction"]])
    if scope["interfaces"]:
        words.append("by %s" % ", ".join(scope["interfaces"]))
    return " ".join(words)


def show_ports(ports):
    """["80", "8000-8010"]."""
    return ["%d" % low if low == high else "%d-%d" % (low, high) for low, high in ports]
