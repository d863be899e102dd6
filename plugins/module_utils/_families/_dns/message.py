# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions to name servers and answers to them as bytes (RFC 1035). Pure. Private to magsasa.chaos."""

from __future__ import annotations

import ipaddress
import struct
from collections import namedtuple

CODES = {"nxdomain": 3, "servfail": 2, "refused": 5}
TYPES = {4: 1, 6: 28}  # A, AAAA
_RESPONSE, _OPCODE, _RECURSION_DESIRED, _RECURSION_AVAILABLE = 0x8000, 0x7800, 0x0100, 0x0080
_POINTER = 0xC0
_INTERNET = 1

Question = namedtuple(
    "Question", "number flags name kind raw"
)  # name: lower case, no dot at the end; raw: the question as it came
Answer = namedtuple("Answer", "number code addresses")


def question(data):
    """Question of a query, or None for anything else."""
    if len(data) < 17:
        return None
    number, flags, count, answers, authorities = struct.unpack_from("!HHHHH", data)
    if flags & (_RESPONSE | _OPCODE) or count != 1 or answers or authorities:
        return None
    name, at = _name(data, 12)
    if name is None or at + 4 > len(data):
        return None
    kind, family = struct.unpack_from("!HH", data, at)
    return Question(number, flags, name, kind, data[12 : at + 4]) if family == _INTERNET else None


def _name(data, at):
    """(name, index after it) of a name without pointers; (None, 0) when it is none."""
    labels, length = [], 0
    while at < len(data):
        size = data[at]
        at += 1
        if not size:
            return ".".join(labels), at
        length += size + 1
        if size > 63 or length > 254 or at + size > len(data):
            return None, 0
        labels.append(data[at : at + size].decode("latin-1").lower())
        at += size
    return None, 0


def query(number, name, version):
    """Bytes of a question for the addresses of a name."""
    labels = b"".join(struct.pack("B", len(each)) + each.encode("ascii") for each in name.split("."))
    return (
        struct.pack("!HHHHHH", number, _RECURSION_DESIRED, 1, 0, 0, 0)
        + labels
        + b"\0"
        + struct.pack("!HH", TYPES[version], _INTERNET)
    )


def reply(asked, code=0, address=None):
    """Bytes of an answer to a Question: an error, or the address where its kind is asked for. Nobody may keep it
    (TTL 0).
    """
    flags = _RESPONSE | (asked.flags & _RECURSION_DESIRED) | _RECURSION_AVAILABLE | code
    record = b""
    if address is not None:
        found = ipaddress.ip_address(address)
        if TYPES[found.version] == asked.kind:
            record = (
                struct.pack("!HHHIH", _POINTER << 8 | 12, asked.kind, _INTERNET, 0, len(found.packed)) + found.packed
            )
    return struct.pack("!HHHHHH", asked.number, flags, 1, 1 if record else 0, 0, 0) + asked.raw + record


def answer(data):
    """Answer of a response to one question (addresses: texts), or None for anything else."""
    if len(data) < 12:
        return None
    number, flags, questions, answers = struct.unpack_from("!HHHH", data)
    if not flags & _RESPONSE or questions != 1:
        return None
    name, at = _name(data, 12)
    if name is None:
        return None
    at += 4
    found = []
    for _each in range(answers):
        at = _skip(data, at)
        if at + 10 > len(data):
            return None
        kind, _family, _ttl, length = struct.unpack_from("!HHIH", data, at)
        at += 10 + length
        if at > len(data):
            return None
        if (kind, length) in ((TYPES[4], 4), (TYPES[6], 16)):
            found.append(str(ipaddress.ip_address(data[at - length : at])))
    return Answer(number, flags & 0xF, found)


def _skip(data, at):
    """Index after a name that may end in a pointer."""
    while at < len(data) and data[at]:
        if data[at] & _POINTER == _POINTER:
            return at + 2
        at += data[at] + 1
    return at + 1
