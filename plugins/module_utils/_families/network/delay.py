# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets held back by a worker of ours: the kernel hands their ids over (NFQUEUE), the worker says when each may go on.

When the worker dies, the kernel lets further packets pass at once (bypass). Private to magsasa.chaos.
"""
from __future__ import annotations

import heapq
import math
import mmap
import os
import random
import select
import signal
import struct
import time

from ..._errors import HostError
from ..._host import nfnetlink, nft
from . import rules

MOST_HELD = 65536  # packets; further ones pass
URGENT = -15  # nice: a packet must go on when its time has come, also on a busy host
LATE_MS = 2.0  # how late on average still counts as confirmed
QUEUE = "QUEUE"


class Held:
    """How many packets were held, and for how long; written by the worker, read by the supervisor."""

    def __init__(self):
        self._memory = mmap.mmap(-1, 24)

    def add(self, seconds):
        count, total, squares = struct.unpack("=ddd", self._memory[:24])
        self._memory[:24] = struct.pack("=ddd", count + 1, total + seconds, squares + seconds * seconds)

    def figures(self):
        """(count, mean in ms, standard deviation in ms)."""
        count, total, squares = struct.unpack("=ddd", self._memory[:24])
        mean = total / count if count else 0.0
        spread = math.sqrt(max(0.0, squares / count - mean * mean)) if count else 0.0
        return int(count), mean * 1000, spread * 1000


def start(ctx, args):
    """The worker first, then the rules that send packets to it."""
    held = Held()
    try:
        netlink, number = nfnetlink.queue(1024 + int(ctx.id[:4], 16) % 60000, MOST_HELD)
    except OSError as error:
        raise HostError("this host's kernel hands no packets over (NFQUEUE): %s" % error)
    ctx.memory["held"] = held
    ctx.spawn("chaos-net", work, netlink, number, args["delay_ms"] / 1000.0, args["jitter_ms"] / 1000.0, held)
    netlink.close()  # the worker's alone: the kernel must see it go when the worker does
    planned = numbered(args["rules"], number)
    try:
        nft.load(args["table"], rules.text(args["table"], planned))
    except HostError:
        # A kernel whose nftables has no queue of its own still has the target of xtables.
        nft.load(args["table"], rules.text(args["table"], [each for each in planned if each[0] != "act"], ["act"]))
        try:
            nfnetlink.add_queue_rule(args["table"], "act", number, "hit")
        except OSError as error:
            raise HostError("this host's kernel has neither the queue of nftables nor the target NFQUEUE: %s" % error)
    return planned


def numbered(planned, number):
    """The rules with the queue's number in them."""
    return [[chain, label, text.replace(QUEUE, "%d" % number)] for chain, label, text in planned]


def work(netlink, number, delay_s, jitter_s, held):
    """Hold every packet for its time; on SIGTERM let all go and end."""
    ended = []
    signal.signal(signal.SIGTERM, lambda _number, _frame: ended.append(1))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    try:
        os.setpriority(os.PRIO_PROCESS, 0, URGENT)
    except OSError:
        pass
    waiting = []  # (when it may go, id, when it came)
    while not ended:
        patience = max(0.0, waiting[0][0] - time.monotonic()) if waiting else None
        ready, _writable, _failed = select.select([netlink, reading], [], [], patience)
        if netlink in ready:
            _take(netlink, waiting, delay_s, jitter_s)
        _let_go(netlink, number, waiting, held, time.monotonic())
    _let_go(netlink, number, waiting, None, math.inf)


def _take(netlink, waiting, delay_s, jitter_s):
    for _many in range(64):
        try:
            data = netlink.recv(65536)
        except BlockingIOError:
            return
        now = time.monotonic()
        for packet in nfnetlink.packet_ids(data):
            wait = max(0.0, random.gauss(delay_s, jitter_s)) if jitter_s else delay_s
            heapq.heappush(waiting, (now + wait, packet, now))


def _let_go(netlink, number, waiting, held, until):
    while waiting and waiting[0][0] <= until:
        _when, packet, came = heapq.heappop(waiting)
        netlink.send(nfnetlink.release(number, packet))
        if held is not None:
            held.add(time.monotonic() - came)


def measured(ctx):
    """Figures of the packets that were held."""
    count, mean, spread = ctx.memory["held"].figures()
    return {"packets_held": count, "delay_ms": round(mean, 2), "jitter_ms": round(spread, 2)} if count else {"packets_held": 0}


def judge(requested, shown):
    """``{"effect", "note"}`` from the packets that were held."""
    count = shown["packets_held"]
    if not count:
        return {"effect": "confirmed", "note": "by the rules as the kernel gives them back; no packet that is meant has come by"}
    note = "by the worker: %d packets held for %g ms on average" % (count, shown["delay_ms"])
    chance = 4 * requested["jitter_ms"] / math.sqrt(count)
    off = shown["delay_ms"] - requested["delay_ms"]
    return {"effect": "confirmed" if abs(off) <= max(LATE_MS, 0.05 * requested["delay_ms"]) + chance else "mismatch", "note": note}
