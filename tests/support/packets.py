# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Datagrams between two network namespaces of one host, timed and counted one by one; runs there as a script, prints
JSON.

``packets.py round-trips FROM TO ADDRESS PORT COUNT PAUSE_MS``: milliseconds of each round trip whose answer came.
``packets.py one-way FROM TO ADDRESS PORT COUNT [PAUSE_MS]``: ``{"came", "different", "overtaken", "early_ms",
"median_ms", "mean_ms",
"spread_ms", "heard": {the same four}}`` at the other end; a tenth of the packets takes less than ``early_ms``, where a
busy machine adds little.
The times are from before a packet is handed to the kernel until the kernel gets it at the other end, whenever a program
wakes up for it.
What a packet filter of the receiver holds comes after that stamp: it is in ``heard``, which ends when the program has
the packet.
A namespace is its name, or "-" for the host's own.
"""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
import sys
import time

STAMP = 35  # SO_TIMESTAMPNS: when the kernel got a packet (socket(7))
QUIET = 1.5  # seconds without a packet after which no more will come


def opened():
    """A socket with room for all that may come at once."""
    found = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    found.setsockopt(socket.SOL_SOCKET, 33, 1 << 23)  # SO_RCVBUFFORCE
    return found


def in_namespace(name, *arguments):
    """Another one of this script, in a namespace; it has said that it is ready."""
    argv = ([] if name == "-" else ["ip", "netns", "exec", name]) + [sys.executable, __file__, *map(str, arguments)]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline() == "ready\n"
    return child


def echo(address, port):
    """Give every datagram back."""
    with opened() as server:
        server.bind((address, port))
        print("ready", flush=True)
        while True:
            data, peer = server.recvfrom(64)
            server.sendto(data, peer)


def figures(times):
    """What many times (ms) come to."""
    mean, ordered = sum(times) / len(times), sorted(times)
    spread = (sum((each - mean) ** 2 for each in times) / len(times)) ** 0.5
    return {
        "early_ms": ordered[len(times) // 10],
        "median_ms": ordered[len(times) // 2],
        "mean_ms": mean,
        "spread_ms": spread,
    }


def wake_early():
    """Be woken before others when a packet is there, where that may be had."""
    try:
        os.setpriority(os.PRIO_PROCESS, 0, -20)
    except OSError:
        pass


def count(address, port):
    """What came of numbered datagrams, until it has been quiet for a while."""
    wake_early()
    numbers, times, heard = [], [], []
    with opened() as server:
        server.setsockopt(socket.SOL_SOCKET, STAMP, 1)
        server.bind((address, port))
        server.settimeout(20)
        print("ready", flush=True)
        try:
            while True:
                data, more, _flags, _peer = server.recvmsg(64, 64)
                number, sent = struct.unpack("=Id", data)
                seconds, nanoseconds = next(struct.unpack("=qq", each[2]) for each in more if each[1] == STAMP)
                numbers.append(number)
                heard.append(1000 * (time.time() - sent))
                times.append(1000 * (seconds - sent + nanoseconds / 1e9))
                server.settimeout(QUIET)
        except OSError:
            pass
    highest, overtaken = -1, 0
    for number in numbers:
        overtaken += number < highest
        highest = max(highest, number)
    found = {"came": len(numbers), "different": len(set(numbers)), "overtaken": overtaken}
    if times:
        found.update(figures(times), heard=figures(heard))
    print(json.dumps(found))


def ask(address, port, many, pause_ms):
    """Milliseconds of the round trips."""
    print("ready", flush=True)
    found, due = [], time.monotonic()
    with opened() as client:
        client.connect((address, port))
        sent = 0
        quiet = time.monotonic() + QUIET
        while sent < many or (len(found) < many and time.monotonic() < quiet):
            now = time.monotonic()
            if sent < many and now >= due:
                client.send(struct.pack("=Id", sent, now))
                sent, due, quiet = sent + 1, due + pause_ms / 1000.0, now + QUIET
            client.settimeout(max(0.0001, min(due - time.monotonic(), 0.1)) if sent < many else 0.05)
            try:
                data = client.recv(64)
            except OSError:
                continue
            found.append(1000 * (time.monotonic() - struct.unpack("=Id", data)[1]))
            quiet = time.monotonic() + QUIET
    print(json.dumps(found))


def send(address, port, many, pause_ms=0.2):
    """Numbered datagrams, a little apart, with the time at which each was sent."""
    print("ready", flush=True)
    with opened() as client:
        for number in range(many):
            client.sendto(struct.pack("=Id", number, time.time()), (address, port))
            time.sleep(pause_ms / 1000.0)


def main(what, *words):
    """Both ends of a measurement, or one of them."""
    if what in ("echo", "count"):
        return {"echo": echo, "count": count}[what](words[0], int(words[1]))
    if what in ("ask", "send"):
        return {"ask": ask, "send": send}[what](words[0], int(words[1]), int(words[2]), *map(float, words[3:]))
    sender, receiver, address, port = words[:4]
    far = in_namespace(receiver, "echo" if what == "round-trips" else "count", address, port)
    near = in_namespace(sender, "ask" if what == "round-trips" else "send", address, port, *words[4:])
    try:
        print((near if what == "round-trips" else far).stdout.read())
        near.wait()
    finally:
        far.kill()
        far.wait()
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
