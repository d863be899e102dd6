# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets of IPv4 and IPv6 that carry UDP, as bytes (RFC 791, 8200, 768). Pure. Private to magsasa.chaos."""

from __future__ import annotations

import ipaddress
import struct
from collections import namedtuple

UDP = 17
TTL = 64

Datagram = namedtuple("Datagram", "source source_port target target_port data")  # addresses: bytes, 4 or 16


def parse(packet):
    """Datagram of a whole packet, or None for anything else (a fragment, other headers between)."""
    if len(packet) >= 28 and packet[0] >> 4 == 4:
        head = (packet[0] & 15) * 4
        fragment = struct.unpack_from("!H", packet, 6)[0] & 0x3FFF
        if packet[9] != UDP or fragment or head < 20:
            return None
        source, target = packet[12:16], packet[16:20]
    elif len(packet) >= 48 and packet[0] >> 4 == 6:
        head = 40
        if packet[6] != UDP:
            return None
        source, target = packet[8:24], packet[24:40]
    else:
        return None
    if len(packet) < head + 8:
        return None
    source_port, target_port, length = struct.unpack_from("!HHH", packet, head)
    if length < 8 or head + length > len(packet):
        return None
    return Datagram(source, source_port, target, target_port, packet[head + 8 : head + length])


def build(found):
    """Bytes of a whole packet."""
    length = 8 + len(found.data)
    udp = struct.pack("!HHHH", found.source_port, found.target_port, length, 0) + found.data
    ends = found.source + found.target
    summed = _sum(ends + struct.pack("!II", length, UDP) + udp) or 0xFFFF
    udp = udp[:6] + struct.pack("!H", summed) + udp[8:]
    if len(found.source) == 16:
        return struct.pack("!IHBB", 6 << 28, length, UDP, TTL) + ends + udp
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + length, 0, 0, TTL, UDP, 0) + ends
    return head[:10] + struct.pack("!H", _sum(head)) + head[12:] + udp


def _sum(data):
    """The checksum of the Internet (RFC 1071)."""
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def back(found, data):
    """The datagram that answers one."""
    return Datagram(found.target, found.target_port, found.source, found.source_port, data)


def linked(address):
    """Whether an address (bytes) means something on one link only."""
    return ipaddress.ip_address(address).is_link_local and len(address) == 16


def looped(address):
    """Whether an address (bytes) is this host's own loopback."""
    return ipaddress.ip_address(address).is_loopback
