# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that a worker of ours decides about: the kernel hands them over (NFQUEUE), the worker says when each may go
on, or that it is lost.

When the worker dies, the kernel lets further packets pass at once (bypass). Private to magsasa.chaos.
"""

from __future__ import annotations

import heapq
import math
import mmap
import select
import socket
import struct
import time

from ..._errors import HostError
from ..._host.packets import nfnetlink, nft
from ..._host.counters import Counters
from .. import _statistics
from . import impairments, nftables, rules

MOST_HELD = 65536  # packets; further ones pass
WHOLE = 65531  # bytes of a packet that the kernel hands over at most, for what needs its content
URGENT = -15  # nice: a packet must go on when its time has come, also on a busy host
LATE_MS = 2.0  # how late on average still counts as confirmed
COUNTED = ("seen", "lost", "duplicated", "damaged", "ahead")


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
    figures = args["figures"]
    held, counted = Held(), Counters(COUNTED)
    chains = [chain for chain in rules.DECIDING if any(where == chain for where, _label, _text in args["rules"])]
    copied = WHOLE if "duplicate_pct" in figures or "corrupt_pct" in figures else 0
    queues, number = [], 1024 + int(ctx.id[:4], 16) % 60000
    try:
        for chain in chains:
            netlink, number = nfnetlink.queue(number, MOST_HELD, copied, merged=not copied)
            queues.append((netlink, number, chain))
            number += 1
    except OSError as error:
        raise HostError("the kernel of this host does not support NFQUEUE: %s" % error)
    ctx.memory.update(held=held, counted=counted)
    ctx.spawn("chaos-net", work, queues, figures, held, counted)
    for netlink, _number, _chain in queues:
        netlink.close()  # the worker's alone: the kernel must see it go when the worker does
    planned = numbered(args["rules"], {chain: number for _netlink, number, chain in queues})
    try:
        nft.load(args["table"], rules.text(args["table"], planned))
    except HostError:
        # A kernel whose nftables has no queue of its own still has the target of xtables.
        nft.load(args["table"], rules.text(args["table"], [each for each in planned if each[0] not in chains], chains))
        try:
            for _netlink, number, chain in queues:
                nfnetlink.add_queue_rule(args["table"], chain, number, "hit")
        except OSError as error:
            raise HostError("the kernel of this host has neither the nftables queue nor the target NFQUEUE: %s" % error)
    return planned


def numbered(planned, numbers):
    """The rules with the numbers of the queues in them: ``{chain: number}``."""
    return [
        [chain, label, text.replace(rules.QUEUE, "%d" % numbers[chain]) if chain in numbers else text]
        for chain, label, text in planned
    ]


def work(queues, figures, held, counted):
    """Decide about every packet until SIGTERM; then let all go and end."""
    ended, reading = nfnetlink.begin_worker(URGENT)
    desk = Desk(figures, held, counted, again)
    alone = len(queues) == 1 and "delay_ms" in figures  # then all that comes is to be late
    netlinks = {netlink: (number, alone or chain == "late") for netlink, number, chain in queues}
    while not ended:
        ready, _writable, _failed = select.select(list(netlinks) + [reading], [], [], desk.patience(time.monotonic()))
        for netlink in ready:
            if netlink in netlinks:
                _take(desk, netlink, *netlinks[netlink])
        desk.let_go(time.monotonic())
    desk.let_go(math.inf)


def _take(desk, netlink, number, late):
    for _many in range(64):
        try:
            data = netlink.recv(1 << 17)
        except BlockingIOError:
            return
        for packet, content in nfnetlink.packets(data):
            desk.take(netlink, number, packet, content, late, time.monotonic())


def again(content):
    """Send a whole packet once more, to the host that it goes to; it carries our mark, by which it is not decided
    about again.
    """
    family = socket.AF_INET if content[0] >> 4 == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_MARK, rules.MARK)
        raw.sendto(content, (socket.inet_ntop(family, impairments.target(content)), 0))


class Desk:
    """What is decided about each packet, and what waits. ``twice(content)`` sends a packet once more."""

    def __init__(self, figures, held, counted, twice):
        self._figures, self._held, self._counted, self._twice = figures, held, counted, twice
        self._fates = impairments.Fates(figures)
        self._waiting = []  # (when it may go, tie, when it came, netlink, message, what is sent once more or None)
        self._tie = 0

    def patience(self, now):
        """Seconds until the next packet may go, or None."""
        return max(0.0, self._waiting[0][0] - now) if self._waiting else None

    def take(self, netlink, number, packet, content, late, now):
        """One packet came."""
        lost, twice, damaged = self._fates.decide()
        self._counted.add("seen")
        known = impairments.whole(content)
        twice = twice and known
        if lost:
            self._counted.add("lost")
            if not twice:
                netlink.send(nfnetlink.release(number, packet, lost=True))
                return
        changed = impairments.damaged(content) if damaged and known else None
        if changed:
            self._counted.add("damaged")
        if twice:
            self._counted.add("duplicated")
        verdict = nfnetlink.release(number, packet, content=changed)
        wait = impairments.wait(self._figures) if late else 0.0
        if late and not wait:
            self._counted.add("ahead")
        self._tie += 1
        heapq.heappush(
            self._waiting,
            (now + wait, self._tie, now if wait else None, netlink, verdict, content if twice and not lost else None),
        )

    def let_go(self, until):
        """Let all go whose time has come."""
        while self._waiting and self._waiting[0][0] <= until:
            _when, _tie, came, netlink, verdict, more = heapq.heappop(self._waiting)
            netlink.send(verdict)
            if came is not None and until != math.inf:
                self._held.add(time.monotonic() - came)
            if more is not None:
                try:
                    self._twice(more)
                except OSError:  # where a raw packet cannot go
                    self._counted.add("duplicated", -1)


def measured(ctx):
    """Figures of the packets that were decided about."""
    return shown(ctx.record["requested"], ctx.memory["held"].figures(), ctx.memory["counted"].figures())


def shown(requested, held, counted):
    """The same, of what was counted: those that say something about what was asked for."""
    found = {}
    if "delay_ms" in requested:
        count, mean, spread = held
        found = (
            {"packets_held": count, "delay_ms": round(mean, 2), "jitter_ms": round(spread, 2)}
            if count
            else {"packets_held": 0}
        )
    wanted = [
        ("loss_pct", "lost"),
        ("gemodel_p_pct", "lost"),
        ("duplicate_pct", "duplicated"),
        ("corrupt_pct", "damaged"),
        ("reorder_pct", "ahead"),
    ]
    found.update({"packets_" + name: counted[name] for key, name in wanted if key in requested})
    return (
        dict(found, packets_seen=counted["seen"]) if set(found) - {"packets_held", "delay_ms", "jitter_ms"} else found
    )


def judge(requested, figures):
    """``{"effect", "note"}`` from what was counted; ``figures``: see shown."""
    wrong, note = _shares(requested, figures)
    if "packets_held" not in figures or wrong:
        quiet = "inconclusive" if figures.get("packets_seen") == 0 else "confirmed"
        return {"effect": "mismatch" if wrong else quiet, "note": note}
    found = _late(requested, figures)
    return dict(found, note="%s, %s" % (found["note"], note)) if note and figures["packets_seen"] else found


def _shares(requested, figures):
    """``(whether a share is not what chance can explain, sentence)``."""
    if "packets_seen" not in figures:
        return False, ""
    seen = figures["packets_seen"]
    if not seen:
        return False, nftables.QUIET % "rules stand"
    wanted = [
        (key, requested[key] / 100.0, 1.0) for key in ("loss_pct", "duplicate_pct", "corrupt_pct") if key in requested
    ]
    if "gemodel_p_pct" in requested:
        model = {
            key[len("gemodel_") : -len("_pct")]: value for key, value in requested.items() if key.startswith("gemodel_")
        }
        wanted.append(("gemodel",) + impairments.lost_on_average({"gemodel": model}))
    names = {"loss_pct": "lost", "gemodel": "lost", "duplicate_pct": "duplicated", "corrupt_pct": "damaged"}
    parts = ["%d %s" % (figures["packets_" + names[key]], names[key]) for key, _share, _weight in wanted]
    parts += ["%d ahead" % figures["packets_ahead"]] if "packets_ahead" in figures else []
    wrong = any(
        _statistics.unlikely(100.0 * share, weight * figures["packets_" + names[key]], weight * seen)
        for key, share, weight in wanted
    )
    return wrong, "by the worker: of %d packets, %s" % (seen, ", ".join(parts))


def _late(requested, shown):
    count = shown["packets_held"]
    if not count:
        return {"effect": "inconclusive", "note": nftables.QUIET % "rules stand"}
    note = "by the worker: %d packets held for %g ms on average" % (count, shown["delay_ms"])
    chance = 4 * requested["jitter_ms"] / math.sqrt(count)
    off = shown["delay_ms"] - requested["delay_ms"]
    return {
        "effect": "confirmed" if abs(off) <= max(LATE_MS, 0.05 * requested["delay_ms"]) + chance else "mismatch",
        "note": note,
    }
