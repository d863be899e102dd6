# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What packets look like to the classifier u32: words of their headers. Pure. Private to magsasa.chaos.

A filter is ``[protocol, target, keys]``: ``protocol`` "ip" or "ipv6", ``target`` the band (0 passes), ``keys``
``[[value, mask, offset]]`` of 32
bits each in the order of their offsets (RFC 791, RFC 8200). ARP and other protocols are never meant. A fragment that is
not the first has no
ports and is not recognised by them.
"""

from __future__ import annotations

import ipaddress
import itertools

PASS = 0
TCP, UDP = 6, 17
ICMP = {4: 1, 6: 58}
SOURCE, TARGET = {4: 12, 6: 8}, {4: 16, 6: 24}  # where the addresses are
PORTS = {4: 20, 6: 40}  # where the ports are, without options
NAMES = {4: "ip", 6: "ipv6"}
NEIGHBOURS = (133, 134, 135, 136)  # types of ICMPv6 that do for IPv6 what ARP does for IPv4


def meant(scope, way, target):
    """Filters for what a scope means in one direction (``in`` or ``out``)."""
    return [[NAMES[version], target, keys] for version in (4, 6) for keys in _headers(scope, way, version)]


def too_many(scope, most):
    """Whether a scope takes more filters than that; looks no further."""
    found = itertools.chain.from_iterable(_headers(scope, "out", version) for version in (4, 6))
    return sum(1 for _each in itertools.islice(found, most + 1)) > most


def exempt(scope, way, control):
    """Filters for what must pass: the connections by which the host is managed, and how neighbours find each other."""
    found = []
    for peer, port in control:
        versions = (6 if ":" in peer else 4,) if peer else (4, 6)
        for version in versions:
            address = (
                []
                if not peer
                else _address(ipaddress.ip_network(peer), SOURCE[version] if way == "in" else TARGET[version])
            )
            found.append(
                [
                    NAMES[version],
                    PASS,
                    _merged(
                        address
                        + _protocol(version, TCP)
                        + _port(version, "dport" if way == "in" else "sport", port, 0xFFFF)
                    ),
                ]
            )
    if not scope["ports"] and scope["protocol"] in ("any", "icmp") and any(_headers(scope, way, 6)):
        found += [
            ["ipv6", PASS, _merged(_protocol(6, ICMP[6]) + [[kind << 24, 0xFF000000, PORTS[6]]])] for kind in NEIGHBOURS
        ]
    return found


def _headers(scope, way, version):
    peers = scope["peers%d" % version]
    if not peers and (scope["peers4"] or scope["peers6"]):
        return
    side = SOURCE[version] if way == "in" else TARGET[version]
    for address in [_address(ipaddress.ip_network(peer), side) for peer in peers] or [[]]:
        for transport in _transports(scope, way, version):
            yield _merged(address + transport)


def _transports(scope, way, version):
    protocol = scope["protocol"]
    numbers = {"any": [TCP, UDP] if scope["ports"] else [None], "tcp": [TCP], "udp": [UDP], "icmp": [ICMP[version]]}[
        protocol
    ]
    here, there = ("dport", "sport") if way == "in" else ("sport", "dport")
    ends = {"host": [here], "peer": [there], "either": [here, there]}[scope["port_of"]]
    for number in numbers:
        head = _protocol(version, number) if number is not None else []
        if not scope["ports"]:
            yield head
            continue
        for end in ends:
            for low, high in scope["ports"]:
                for value, mask in blocks(low, high):
                    yield head + _port(version, end, value, mask)


def blocks(low, high):
    """``[(value, mask)]`` of 16 bits that hold exactly the numbers from ``low`` to ``high``."""
    while low <= high:
        size = low & -low if low else 1 << 16
        while low + size - 1 > high:
            size >>= 1
        yield low, 0xFFFF & ~(size - 1)
        low += size


def _address(network, offset):
    """Words of an address or network at an offset."""
    words = network.max_prefixlen // 32
    value, mask = int(network.network_address), int(network.netmask)
    found = []
    for number in range(words):
        shift = 32 * (words - 1 - number)
        if mask >> shift & 0xFFFFFFFF:
            found.append([value >> shift & 0xFFFFFFFF, mask >> shift & 0xFFFFFFFF, offset + 4 * number])
    return found


def _protocol(version, number):
    return [[number << 16, 0x00FF0000, 8]] if version == 4 else [[number << 8, 0x0000FF00, 4]]


def _port(version, end, value, mask):
    shift = 16 if end == "sport" else 0
    found = [[value << shift, mask << shift, PORTS[version]]]
    if version == 4:  # no options before the ports, and not a later fragment
        found += [[0x05000000, 0x0F000000, 0], [0, 0x00001FFF, 4]]
    return found


def _merged(keys):
    """One key for each word; without any, one that everything fits."""
    words = {}
    for value, mask, offset in keys:
        before = words.get(offset, (0, 0))
        words[offset] = (before[0] | value, before[1] | mask)
    return [[value, mask, offset] for offset, (value, mask) in sorted(words.items())] or [[0, 0, 0]]
