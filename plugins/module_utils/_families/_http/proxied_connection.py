# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client's connection and the one to the service behind it: bytes go through, requests that are hit do not, or
later. Private to magsasa.chaos.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque

from ..._http import framing
from . import choice as choices

MOST_WAITING = 262144  # bytes of a client that wait here; then it is not read from
LINGER = 2.0  # seconds for a client to read our last answer
HEAD, PASS, SWALLOW, HELD, WAITING, BLIND, ENDING = range(7)  # what is done with the next bytes of the client


class Side(asyncio.Protocol):
    """One of the two ends; what happens there is told to the link."""

    def __init__(self, made, data, ended, lost, full):
        self.connection_made, self.data_received, self.eof_received, self.connection_lost, self._full = (
            made,
            data,
            ended,
            lost,
            full,
        )

    def pause_writing(self):
        """This end takes no more: the other one is not read from."""
        self._full(True)

    def resume_writing(self):
        """It takes more again."""
        self._full(False)


class Link:
    """``proxy``: the worker, with what is to be done (see worker.Proxy)."""

    def __init__(self, proxy):
        self._proxy = proxy
        self._client = self._app = self._reaching = self._timer = self._request = self._body = self._reply = None
        self._state = HEAD
        self._buffer = b""  # of the client, not handled yet
        self._answer = b""  # of the service: the head that is not all there
        self._awaited = deque()  # methods of requests that the service has not answered
        self._served = self._due = self._client_ended = self._app_ended = False
        self._since = 0.0
        self._stops = set()  # why the client is not read from

    def side(self):
        """The client's end, for the server."""
        return Side(self._accepted, self._from_client, self._client_eof, self._client_lost, self._app_stop)

    # -- the two ends

    def _accepted(self, transport):
        self._client = transport
        self._proxy.links.add(self)
        if self._proxy.target(transport) is None:
            self._reset()
            return
        self._proxy.counts.add("connections")
        # Not at once: until Python 3.11 a transport begins to read after connection_made, whatever was said there.
        self._proxy.loop.call_soon(lambda: self._stop("reach", self._app is None))
        self._reach()

    def _reach(self):
        self._reaching = self._proxy.loop.create_task(self._connect())

    async def _connect(self):
        family, where = self._proxy.target(self._client)
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.setblocking(False)
            self._proxy.own(found)
            await self._proxy.loop.sock_connect(found, where)
            made = Side(
                self._reached, self._from_app, self._app_eof, self._app_lost, lambda full: self._stop("full", full)
            )
            await self._proxy.loop.create_connection(lambda: made, sock=found)
        except OSError:
            found.close()
            self._proxy.counts.add("unreachable")
            self._reset()
        except asyncio.CancelledError:
            found.close()
            raise

    def _reached(self, transport):
        self._app = transport
        self._reaching = None
        if self._client.is_closing():
            self._close()
            return
        self._stop("reach", False)
        if self._due:
            self._go_on()
        else:
            self._advance()

    def _stop(self, why, on):
        """Whether the client is read from."""
        before = bool(self._stops)
        (self._stops.add if on else self._stops.discard)(why)
        if bool(self._stops) != before:
            (self._client.pause_reading if self._stops else self._client.resume_reading)()

    def _app_stop(self, full):
        if self._app is not None:
            (self._app.pause_reading if full else self._app.resume_reading)()

    # -- from the client

    def _from_client(self, data):
        if self._state == BLIND:
            self._app.write(data)
            return
        self._buffer = self._buffer + data if self._buffer else data
        self._advance()

    def _advance(self):
        """Handle what waits, as far as that is possible now."""
        try:
            while self._buffer and self._step():
                pass
        except framing.NotHttp:
            self._go_blind()
        self._stop("much", len(self._buffer) > MOST_WAITING)
        if self._client_ended and self._app is not None and self._state in (HEAD, PASS, BLIND):
            self._pass_eof()

    def _step(self):
        """One piece of what waits; False when more must come, or happen, first."""
        if self._app is None:
            return False
        if self._state == HEAD:
            end = framing.head_end(self._buffer)
            if not end:
                return False
            self._request = framing.request(self._buffer[:end]), end
            self._decide()
        elif self._state in (PASS, SWALLOW):
            end = self._body.take(self._buffer)
            if self._state == PASS:
                self._app.write(self._buffer[:end])
            self._buffer = self._buffer[end:]
            if self._body.done:
                self._state = HEAD
        elif self._state == ENDING:
            self._buffer = b""
        else:
            return False
        return True

    def _decide(self):
        proxy, self._served = self._proxy, True
        proxy.counts.add("requests")
        if proxy.draining or not proxy.choice.matches(self._request[0]):
            self._pass()
            return
        proxy.counts.add("matched")
        if not proxy.choice.hit():
            self._pass()
            return
        proxy.counts.add("hit")
        self._hit()

    def _hit(self):
        if self._awaited and self._proxy.action != "delay":  # answers go out in the order of the requests
            self._state = WAITING
        elif self._proxy.delay_s:
            self._state, self._since = HELD, self._proxy.loop.time()
            self._timer = self._proxy.loop.call_later(self._proxy.delay_s, self._waited)
        else:
            self._act()

    def _waited(self):
        self._timer = None
        self._proxy.counts.add("held")
        self._proxy.counts.add("held_s", self._proxy.loop.time() - self._since)
        self._go_on()

    def _go_on(self):
        """The time of the request that waits has come."""
        self._due = self._app is None
        if not self._due:
            self._act()
            self._advance()

    def _act(self):
        if self._proxy.action == "delay" or self._proxy.draining:
            self._pass()
        elif self._proxy.action == "abort":
            self._reset()
        else:
            self._say()

    def _pass(self):
        """The request goes to the service, as it came."""
        request, end = self._request
        self._awaited.append(request.method)
        self._app.write(self._buffer[:end])
        self._follow_body(request, end, PASS)

    def _follow_body(self, request, end, state):
        self._buffer = self._buffer[end:]
        self._body = framing.Body(request.length)
        self._state = HEAD if self._body.done else state

    def _say(self):
        """The answer is ours; the service never sees the request."""
        request, end = self._request
        if self._app_ended or self._client.is_closing():
            self._close()
            return
        self._client.write(choices.answer(self._proxy.status, request.method, request.last))
        self._follow_body(request, end, SWALLOW)
        if request.last:
            self._state = ENDING
            self._client.write_eof()
            self._app.close()
            self._proxy.loop.call_later(LINGER, self._close)

    def _go_blind(self):
        """From here on bytes go both ways unread."""
        if self._state == BLIND or self._app is None:
            return
        self._proxy.counts.add("unread")
        self._cancel()
        self._state = BLIND
        if self._buffer:
            self._app.write(self._buffer)
            self._buffer = b""
        self._stop("much", False)
        if self._client_ended:
            self._pass_eof()
        if self._proxy.draining:
            self._close()

    # -- from the service

    def _from_app(self, data):
        if self._client.is_closing():
            return
        self._client.write(data)
        if self._state != BLIND:
            try:
                self._follow(data)
            except framing.NotHttp:
                self._go_blind()

    def _follow(self, data):
        """Notice where answers end."""
        at = 0
        while at < len(data):
            if self._reply is None:
                held = len(self._answer)
                self._answer += data[at:]
                end = framing.response_end(self._answer)
                if not end:
                    return
                if not self._awaited:
                    raise framing.NotHttp("an answer to nothing")
                found = framing.response(self._answer[:end], self._awaited[0])
                at, self._answer = at + end - held, b""
                if found.status < 200:
                    continue
                self._reply = framing.Body(found.length)
            if not self._reply.done:
                at = self._reply.take(data, at)
            if self._reply.done:
                self._reply = None
                self._awaited.popleft()
                if not self._awaited:
                    self._quiet()

    def _quiet(self):
        """Every request is answered."""
        if self._state == WAITING:
            self._hit()
            self._advance()
        elif self._proxy.draining and self._state == HEAD and not self._buffer:
            self._close()

    # -- ends

    def _client_eof(self):
        self._client_ended = True
        if self._app is None:
            return True
        if self._state in (HEAD, PASS, BLIND):
            self._pass_eof()
        elif self._state == ENDING:
            self._close()
        return True

    def _pass_eof(self):
        if self._buffer:
            self._app.write(self._buffer)
            self._buffer = b""
        if self._app_ended:
            self._close()
        elif not self._app.is_closing():
            self._app.write_eof()

    def _app_eof(self):
        if (
            self._state == HELD and not self._awaited and not self._proxy.draining
        ):  # the service closes idle connections sooner than this wait ends
            self._app.set_protocol(asyncio.Protocol())
            self._app.close()
            self._app = None
            self._reach()
            return False
        self._app_ended = True
        if self._client_ended or self._proxy.draining:
            self._close()
        elif not self._client.is_closing():
            self._client.write_eof()
        return True

    def _client_lost(self, error):
        self._proxy.links.discard(self)
        self._cancel()
        if self._reaching is not None:
            self._reaching.cancel()
        elif self._app is not None:
            _end(self._app, error)
        self._proxy.one_less()

    def _app_lost(self, error):
        if self._state != ENDING:
            _end(self._client, error)

    def _cancel(self):
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self):
        self._state = ENDING
        for each in (self._client, self._app):
            if each is not None:
                each.close()

    def _reset(self):
        self._state = ENDING
        for each in (self._client, self._app):
            if each is not None:
                _end(each, True)

    # -- the end of the fault

    def drain(self):
        """What waits here goes to the service at once; the connection ends when its requests are answered, and now
        when there is none.
        """
        if self._state in (HELD, WAITING):
            self._cancel()
            self._due = self._app is None
            if not self._due:
                self._pass()
                self._advance()
        elif self._state == BLIND or (self._served and self._state == HEAD and not self._buffer and not self._awaited):
            self._close()

    def leave_idle(self):
        """A connection that still carries no request ends."""
        if not self._served and not self._buffer:
            self._close()

    def cut(self):
        """No patience is left."""
        self._reset()


def _end(transport, broken):
    """Close one end; ``broken``: by a reset, as it came or as is asked for."""
    if broken and not transport.is_closing():
        try:
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        except OSError:
            pass
        transport.abort()
    else:
        transport.close()
