# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Netlink messages of netfilter (netlink(7), linux/netfilter/nfnetlink*.h), as far as a queue needs them. Private
to magsasa.chaos.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
import struct

NETLINK_NETFILTER = 12
_REQUEST, _ACK, _CREATE, _APPEND = 0x1, 0x4, 0x400, 0x800
_ERROR = 2
_NESTED = 0x8000
_QUEUE, _TABLES = 3, 10  # subsystems
PACKET, VERDICT, CONFIG = _QUEUE << 8, _QUEUE << 8 | 1, _QUEUE << 8 | 2
_NEW_RULE = _TABLES << 8 | 6
_BATCH_BEGIN, _BATCH_END = 0x10, 0x11
_INET = 1
_NO_ENOBUFS, _SOL_NETLINK = 5, 270
_RCVBUFFORCE = getattr(socket, "SO_RCVBUFFORCE", 33)
_BIND, _COPY_META, _COPY_PACKET = 1, 1, 2
_FAIL_OPEN, _GSO = 0x1, 0x4
_DROP, _ACCEPT = 0, 1


def attribute(kind, data):
    """One attribute, padded."""
    length = 4 + len(data)
    return struct.pack("=HH", length, kind) + data + b"\0" * (-length % 4)


def _nested(kind, *parts):
    return attribute(kind | _NESTED, b"".join(parts))


def message(kind, flags, sequence, family, resource, body=b""):
    """One message of a subsystem of netfilter."""
    return (
        struct.pack("=IHHIIBB", 20 + len(body), kind, flags, sequence, 0, family, 0)
        + struct.pack("!H", resource)
        + body
    )


def opened():
    """A socket to netfilter."""
    found = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, NETLINK_NETFILTER)
    found.bind((0, 0))
    return found


def _asked(netlink, data, answers):
    """Send and read that many acknowledgements; raises OSError with what the kernel says."""
    netlink.settimeout(5.0)
    netlink.send(data)
    while answers:
        for kind, body in messages(netlink.recv(65536)):
            if kind == _ERROR:
                answers -= 1
                number = -struct.unpack_from("=i", body)[0]
                if number:
                    raise OSError(number, os.strerror(number))


def messages(data):
    """(kind, body) of each message in what one recv gave."""
    at = 0
    while at + 16 <= len(data):
        length, kind = struct.unpack_from("=IH", data, at)
        if length < 16:
            return
        yield kind, data[at + 16 : at + length]
        at += (length + 3) & ~3


def queue(first, most_held, copied=0, merged=True):
    """(socket, number) of a queue of our own: the first free number from ``first`` on.

    Packets come with the first ``copied`` bytes of their content. When more than ``most_held`` wait, the kernel lets
    further ones pass.
    ``merged``: what the kernel put together for a while (GSO) may come as one packet, and without checksums; else each
    comes as it travels.
    """
    for number in range(first, first + 64):
        netlink = opened()
        try:
            _configure(netlink, number, attribute(1, struct.pack("!BBH", _BIND, 0, 0)))
        except OSError as error:
            netlink.close()
            if error.errno in (errno.EBUSY, errno.EPERM):  # somebody else's
                continue
            raise
        wanted = _FAIL_OPEN | (_GSO if merged else 0)
        flags = attribute(4, struct.pack("!I", wanted)) + attribute(5, struct.pack("!I", wanted))
        copy = attribute(2, struct.pack("!IB", copied, _COPY_PACKET if copied else _COPY_META))
        _configure(netlink, number, copy + flags + attribute(3, struct.pack("!I", most_held)))
        netlink.setsockopt(_SOL_NETLINK, _NO_ENOBUFS, 1)
        netlink.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, 8 << 20)
        netlink.setblocking(False)
        return netlink, number
    raise OSError(errno.EBUSY, "no packet queue is free")


def _configure(netlink, number, body):
    _asked(netlink, message(CONFIG, _REQUEST | _ACK, 0, 0, number, body), 1)


def packet_ids(data):
    """Ids of the packets in what one recv gave."""
    return (packet for packet, _content in packets(data))


def packets(data):
    """(id, content) of the packets in what one recv gave: the attributes NFQA_PACKET_HDR and NFQA_PAYLOAD."""
    for kind, body in messages(data):
        if kind != PACKET:
            continue
        at, packet, content = 4, None, b""
        while at + 4 <= len(body):
            length, attr = struct.unpack_from("=HH", body, at)
            if attr & 0x3FFF == 1:
                packet = struct.unpack_from("!I", body, at + 4)[0]
            elif attr & 0x3FFF == 10:
                content = body[at + 4 : at + length]
            at += max(4, (length + 3) & ~3)
        if packet is not None:
            yield packet, content


def release(number, packet, lost=False, content=None):
    """Message that lets one packet go on, with another content or as it is, or lets it be lost."""
    body = attribute(2, struct.pack("!II", _DROP if lost else _ACCEPT, packet))
    return message(VERDICT, _REQUEST, 0, 0, number, body + (attribute(10, content) if content is not None else b""))


def add_queue_rule(table, chain, number, comment):
    """Append ``counter queue num N bypass`` to a chain of family inet, for kernels whose nftables has no queue of its
    own.

    The target NFQUEUE of xtables does it there, by way of nft_compat.
    """
    info = struct.pack("=HHHxx", number, 1, 1)  # xt_NFQ_info_v3: queue, how many, bypass; aligned to 8
    target = _nested(2, attribute(1, b"NFQUEUE\0"), attribute(2, struct.pack("!I", 3)), attribute(3, info))
    counter = _nested(1, attribute(1, b"counter\0"), _nested(2))
    expressions = _nested(4, counter, _nested(1, attribute(1, b"target\0"), target))
    text = comment.encode("ascii") + b"\0"
    where = attribute(1, table.encode("ascii") + b"\0") + attribute(2, chain.encode("ascii") + b"\0")
    body = where + expressions + attribute(7, struct.pack("=BB", 0, len(text)) + text)
    with opened() as netlink:
        parts = message(_BATCH_BEGIN, _REQUEST, 1, 0, _TABLES), message(
            _NEW_RULE, _REQUEST | _ACK | _CREATE | _APPEND, 2, _INET, 0, body
        )
        _asked(netlink, b"".join(parts) + message(_BATCH_END, _REQUEST, 3, 0, _TABLES), 1)


def begin_worker(priority):
    """``(ended, descriptor)`` for a worker that decides about packets: SIGTERM fills the list and wakes whoever selects
    on the descriptor.

    The worker gets the ``priority`` where it may.
    """
    ended = []
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.append(1))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, priority)
    except OSError:
        pass
    return ended, reading
