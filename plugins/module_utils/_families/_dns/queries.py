# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions that this host asks name servers: held, answered or lost by a worker of ours. Private to magsasa.chaos.

The kernel hands over what leaves for port 53 (UDP), with its content (NFQUEUE), and waits for the verdict. What is not
meant goes on as it is, to
the server that was asked. No address is translated and nothing is kept; when the worker dies, the kernel lets all pass
(bypass).
"""

from __future__ import annotations

import heapq
import random
import select
import socket
import time

from ..._errors import HostError
from ..._host.packets import nfnetlink, nft
from ..._host.counters import Counters
from . import datagram, message

NAMES = (
    "checks",
    "queries",
    "matched",
    "hit",
    "held",
    "held_s",
)  # checks: questions of our own; they count nowhere else
MOST_HELD = 16384  # questions; further ones pass
COPIED = 4096  # bytes of a packet
URGENT = -10  # nice
AGAIN = 2.0  # seconds: a stub of this host asks its own server what it was asked
CHECK = "%s.magsasa-chaos.invalid"  # RFC 6761: no server ever has it
PRIORITY = -10
LABELS = {"output": "match", "act": "hit"}


class Wanted:
    """Which names are meant: ``names`` (exact, or "*.example.org" for everything below), all when empty, but never
    ``exempt``.
    """

    def __init__(self, names, exempt):
        self._all = not names
        self._exact = frozenset(each for each in names if not each.startswith("*."))
        self._below = tuple(each[1:] for each in names if each.startswith("*."))
        self._exempt = frozenset(exempt)

    def meant(self, name):
        """Whether a question for ``name`` (lower case) is meant."""
        if name in self._exempt or name.partition(".")[0] in self._exempt:
            return False
        return self._all or name in self._exact or name.endswith(self._below)


def start(ctx, args):
    """The worker first, then the table that hands questions to it."""
    counted = ctx.memory["counts"] = Counters(NAMES)
    try:
        netlink, number = nfnetlink.queue(2048 + int(ctx.id[:4], 16) % 60000, MOST_HELD, COPIED)
    except OSError as error:
        raise HostError("the kernel of this host does not support NFQUEUE: %s" % error)
    ctx.spawn("chaos-dns", work, netlink, number, args, CHECK % ctx.id, counted)
    netlink.close()  # the worker's alone: the kernel must see it go when the worker does
    table = args["table"]
    try:
        nft.load(table, text(table, "counter queue num %d bypass" % number))
    except HostError:
        # A kernel whose nftables has no queue of its own still has the target of xtables.
        nft.load(table, text(table))
        try:
            nfnetlink.add_queue_rule(table, "act", number, LABELS["act"])
        except OSError as error:
            raise HostError("the kernel of this host has neither the nftables queue nor the target NFQUEUE: %s" % error)
    if difference(nft.read(table)):
        raise HostError("the rules are not as planned: %s" % difference(nft.read(table)))
    ctx.check_workers()


def text(table, verdict=None):
    """One transaction for ``nft -f``; without a verdict the chain ``act`` is still empty."""
    lines = [
        "create table inet %s" % table,  # create, not add: one that is there already is not ours to change
        "add chain inet %s act" % table,
        "add chain inet %s output { type filter hook output priority %d; policy accept; }" % (table, PRIORITY),
        'add rule inet %s output udp dport 53 counter goto act comment "%s"' % (table, LABELS["output"]),
    ]
    if verdict:
        lines.append('add rule inet %s act %s comment "%s"' % (table, verdict, LABELS["act"]))
    return "\n".join(lines) + "\n"


def difference(found):
    """What of the rules read back (see nft.read) is not as planned: one sentence, or ""."""
    got = sorted((rule.get("chain"), rule.get("comment", "")) for rule in found)
    return (
        ""
        if got == sorted(LABELS.items())
        else "the table contains %d rules, which are not the %d planned ones" % (len(got), len(LABELS))
    )


def work(netlink, number, args, check, counted):
    """Decide about every question until SIGTERM; then let all go and end."""
    ended, reading = nfnetlink.begin_worker(URGENT)
    desk = Desk(lambda packet, lost: netlink.send(nfnetlink.release(number, packet, lost)), send, args, check, counted)
    while not ended:
        ready, _writable, _failed = select.select([netlink, reading], [], [], desk.patience(time.monotonic()))
        if netlink in ready:
            _take(netlink, desk)
        desk.let_go(time.monotonic())
    desk.end()


def _take(netlink, desk):
    for _many in range(64):
        try:
            data = netlink.recv(65536)
        except BlockingIOError:
            return
        for packet, content in nfnetlink.packets(data):
            desk.take(packet, content, time.monotonic())


def send(found):
    """Put a Datagram on its way to this host, as if it came from where it says."""
    family = socket.AF_INET if len(found.source) == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_RAW, socket.IPPROTO_RAW) as raw:
        raw.sendto(datagram.build(found), (socket.inet_ntop(family, found.target), 0))


class Desk:
    """What is decided about each packet. ``verdict(packet, lost)`` tells the kernel, ``send(Datagram)`` answers."""

    def __init__(self, verdict, answer, args, check, counted):
        self._verdict, self._send, self._check, self._counted = verdict, answer, check, counted
        self._action, self._failure, self._address, self._delay = (
            args["action"],
            args["failure"],
            args["address"],
            args["delay_s"],
        )
        self._wanted = Wanted(args["names"], args["exempt"])
        self._waiting = (
            []
        )  # (when it may go, packet, when it came, what answers it or None, what a stub was asked or None)
        self._passed = {}  # what a server on loopback was asked: until when it may ask the same

    def patience(self, now):
        """Seconds until the next one may go, or None."""
        return max(0.0, self._waiting[0][0] - now) if self._waiting else None

    def take(self, packet, content, now):
        """One packet came."""
        found = datagram.parse(content)
        asked = (
            message.question(found.data)
            if found and found.target_port == 53 and not datagram.linked(found.source)
            else None
        )
        if asked is None:
            self._verdict(packet, False)
            return
        ours = asked.name == self._check
        if ours:
            self._counted.add("checks")
        else:
            self._counted.add("queries")
            if not self._wanted.meant(asked.name):
                self._verdict(packet, False)
                return
            self._counted.add("matched")
        if self._action == "delay":
            self._hold(packet, found, asked, ours, now)
            return
        self._counted.add("hit", 0 if ours else 1)
        if self._failure != "timeout":
            self._send_quietly(
                datagram.back(found, message.reply(asked, message.CODES.get(self._failure, 0), self._address))
            )
        self._verdict(packet, True)

    def _hold(self, packet, found, asked, ours, now):
        key = asked.name, asked.kind
        if not datagram.looped(found.target) and self._passed.get(key, 0) > now:
            self._verdict(packet, False)  # it has waited on its way to the stub
            return
        self._counted.add("hit", 0 if ours else 1)
        answer = datagram.back(found, message.reply(asked, message.CODES["nxdomain"])) if ours else None
        stub = key if datagram.looped(found.target) else None
        heapq.heappush(self._waiting, (now + self._delay, packet, now, answer, stub))

    def let_go(self, now):
        """Those whose time has come."""
        while self._waiting and self._waiting[0][0] <= now:
            _when, packet, came, answer, stub = heapq.heappop(self._waiting)
            if stub:
                self._passed = {key: until for key, until in self._passed.items() if until > now}
                self._passed[stub] = now + AGAIN
            if answer is not None:
                self._send_quietly(answer)
            else:
                self._counted.add("held")
                self._counted.add("held_s", time.monotonic() - came)
            self._verdict(packet, answer is not None)

    def end(self):
        """All that are held go on."""
        while self._waiting:
            self._verdict(heapq.heappop(self._waiting)[1], False)

    def _send_quietly(self, answer):
        try:
            self._send(answer)
        except OSError:
            pass  # then nobody answers, which is a failure too


def ask(server, name, version, patience):
    """(Answer or None, seconds) of one question of our own, by UDP; raises OSError when it cannot be asked."""
    number = random.randrange(1 << 16)
    began = time.monotonic()
    with socket.socket(socket.AF_INET6 if ":" in server else socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect((server, 53))
        client.send(message.query(number, name, version))
        while True:
            client.settimeout(max(0.001, began + patience - time.monotonic()))
            try:
                found = message.answer(client.recv(4096))
            except socket.timeout:
                return None, time.monotonic() - began
            if found and found.number == number:
                return found, time.monotonic() - began
