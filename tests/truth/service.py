# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The scripted services of all windows, and the independent observer: each a process of its own.

``service.py serve SPEC OUT`` and ``service.py observe SPEC OUT``; SPEC and OUT are pickled files. Both end when the
spec's file ``stop`` is there, and
write then what they saw. The services: {"requests": {number: [(arrived, who, kind, seconds, overdue)]}, "lag":
[(moment, seconds)], "segments": {number:
real segments}}. The observer: {number: [(due, begun, ended, ok, answered)]}.
"""

from __future__ import annotations

import asyncio
import gc
import os
import pickle
import random
import socket
import ssl
import struct
import sys
import time
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import script  # noqa: E402

BEAT_S = 0.01
FAR = float("inf")
OBSERVER_EVERY_S = 0.1


def whole(body, status=200, length=None):
    head = "HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % (
        status,
        len(body) if length is None else length,
    )
    return head.encode() + body


SAYS = {
    "good": whole(b'{"status": "UP"}'),
    "slow": whole(b'{"status": "UP"}'),
    "503": whole(b'{"status": "DOWN"}', 503),
    "down": whole(b'\xef\xbb\xbf{"status": "DOWN", "checks": {"database": "locked"}}'),
    "unhealthy": whole(b"Unhealthy"),
    "half": whole(b'{"status"', length=100),
    "garbage": b"this is not what was asked for\r\n",
    "tls": b"\x15\x03\x01\x00\x02\x02\x28",  # an alert: handshake failure
}


class Service:
    """One window's service."""

    def __init__(self, window, port, context):
        self.window, self.port, self.context = window, port, context if window.secure else None
        self.requests = []
        self._script, window.segments = window.segments, []  # those of the window are real ones from now on
        self._real = {}
        self._draw = random.Random(window.seed * 7919 + window.number)
        self._server = None

    async def run(self):
        await self._open()
        self.anchor("start", self.window.start)

    def anchor(self, name, moment):
        """A moment to which the script refers has come. What would have been before now begins now."""
        loop = asyncio.get_running_loop()
        for segment in self._script:
            if segment.since == name:
                real = script.Segment(
                    max(moment + segment.begin, time.monotonic()), FAR, segment.kind, segment.latency_s
                )
                self._real[id(segment)] = real
                loop.call_later(max(0.0, real.begin - time.monotonic()), self._begin, real)
            if segment.until == name:
                real = self._real[id(segment)]
                end = max(moment + segment.end, real.begin + 0.1)
                real.end = end if real.kind != "refused" else FAR
                loop.call_later(max(0.0, end - time.monotonic()), self._end, real)

    def _begin(self, segment):
        if segment.kind == "refused":
            self._server.close()
            segment.begin = time.monotonic()
        self.window.segments.append(segment)

    def _end(self, segment):
        if segment.kind == "refused":
            asyncio.ensure_future(self._reopen(segment))

    async def _reopen(self, segment):
        await self._open()
        segment.end = time.monotonic()

    async def _open(self):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, reuse_address=True, backlog=512)

    async def _serve(self, reader, writer):
        arrived = time.monotonic()
        segment = self.window.segment_at(arrived)
        overdue = 0.0
        kind, seconds, who = (
            (segment.kind, segment.latency_s if segment.kind == "slow" else 0.0, "?")
            if segment
            else ("good", script.GOOD_S, "?")
        )
        try:
            if kind == "tls":
                writer.write(SAYS["tls"])
            elif kind == "reset":
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            elif kind == "hang":
                await reader.read(1 << 16)
                await reader.read(1 << 16)
            else:
                if self.context:
                    await writer.start_tls(self.context)
                head = await reader.readuntil(b"\r\n\r\n")
                heard = time.monotonic()  # before that it waits for the other side
                who = "observer" if b"who=observer" in head else "probe"
                if kind == "good" and self.window.share and self._draw.random() < self.window.share:
                    kind = "503"
                elif kind == "good" and self.window.slow_share and self._draw.random() < self.window.slow_share:
                    kind, seconds = "slow", self.window.slow_s
                if seconds:
                    await asyncio.sleep(max(0.0, arrived + seconds - time.monotonic()))
                writer.write(SAYS[kind])
                overdue = max(0.0, time.monotonic() - max(arrived + seconds, heard))
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self.requests.append((arrived, who, kind, seconds, overdue))
            writer.transport.abort() if kind == "reset" else writer.close()


class Told(asyncio.DatagramProtocol):
    """Hears from the experiments when their anchors come: "NUMBER NAME MOMENT"."""

    def __init__(self, services):
        self._services = services

    def datagram_received(self, data, addr):
        number, name, moment = data.decode("ascii").split()
        self._services[int(number)].anchor(name, float(moment))


async def beat(lags, stop):
    """Until the file ``stop`` is there: how late this process is when it wants to run."""
    while not os.path.exists(stop):
        due = time.monotonic() + BEAT_S
        await asyncio.sleep(BEAT_S)
        lags.append((due, time.monotonic() - due))


async def serve(spec):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(spec["certificate"])
    services = [Service(window, port, context) for window, port in spec["windows"]]
    lags = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    running = [asyncio.ensure_future(each.run()) for each in services]
    told = Told({each.window.number: each for each in services})
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: told, ("127.0.0.1", spec["anchors"]))
    await beat(lags, spec["stop"])
    del running
    segments = {each.window.number: [asdict(segment) for segment in each.window.segments] for each in services}
    return {"requests": {each.window.number: each.requests for each in services}, "lag": lags, "segments": segments}


async def ask(window, port, context, due, seen):
    begun = time.monotonic()
    ok = answered = False
    writer = None

    async def exchange():
        nonlocal writer
        secured = {"ssl": context, "server_hostname": "localhost"} if window.secure else {}
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **secured)
        writer.write(b"GET /?who=observer HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return await reader.read()

    try:
        said = await asyncio.wait_for(exchange(), script.TIMEOUT_S)
        head, _blank, body = said.partition(b"\r\n\r\n")
        length = int(head.partition(b"Content-Length: ")[2].split(b"\r\n")[0] or -1)
        answered = head.startswith(b"HTTP/1.1 ") and len(body) == length
        ok = answered and head[9:12] == b"200" and body == b'{"status": "UP"}'
    except (OSError, ValueError, asyncio.TimeoutError, ssl.SSLError):
        pass
    finally:
        seen.append((due, begun, time.monotonic(), ok, answered))
        if writer:
            writer.close()


async def observe(spec):
    """Open loop: every window is asked at fixed moments, whatever became of the questions before."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    seen = {window.number: [] for window, _port in spec["windows"]}
    moments = []
    for window, port in spec["windows"]:
        due = window.start + 0.2
        while due < window.start + spec["lasts"]:
            moments.append((due, window.number, window, port))
            due += OBSERVER_EVERY_S
    running = set()
    for due, number, window, port in sorted(moments, key=lambda each: each[:2]):
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if os.path.exists(spec["stop"]):
            break
        task = asyncio.ensure_future(ask(window, port, context, due, seen[number]))
        running.add(task)
        task.add_done_callback(running.discard)
    await beat([], spec["stop"])
    return seen


def take_precedence():
    """As the recorder does where it may: what keeps time does not wait for a processor. Without the right to, the
    lateness is measured all the same.
    """
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        pass


if __name__ == "__main__":
    take_precedence()
    gc.disable()
    with open(sys.argv[2], "rb") as source:
        given = pickle.load(source)
    given["windows"] = [(script.restored(window), port) for window, port in given["windows"]]
    result = asyncio.run((serve if sys.argv[1] == "serve" else observe)(given))
    with open(sys.argv[3], "wb") as target:
        pickle.dump(result, target)
        target.flush()
    os._exit(0)  # what is under way has nobody left to talk to
