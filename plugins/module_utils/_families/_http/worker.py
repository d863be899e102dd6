# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker: takes the connections that the kernel hands over, on loopback only, and passes them on. Private to
magsasa.chaos.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket

from .choice import Choice
from .proxied_connection import Link
from .rules import HOMES, MARK

URGENT = -10  # nice: what is not meant must not become slow because the host is busy
PATIENCE = 3.0  # seconds that answers under way have when the fault ends
NEW = 0.5  # seconds for a connection that has carried no request yet
_SO_MARK = getattr(socket, "SO_MARK", 36)
_TRANSPARENT = {4: (socket.SOL_IP, 19), 6: (socket.IPPROTO_IPV6, 75)}  # ip(7), linux/in6.h


def listening():
    """``{4: socket, 6: socket}`` on loopback, at ports that the kernel chose; without IPv6 there, only the first.
    Raises OSError.
    """
    found = {}
    for version, family in ((4, socket.AF_INET), (6, socket.AF_INET6)):
        one = socket.socket(family, socket.SOCK_STREAM)
        try:
            if version == 6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.setsockopt(*_TRANSPARENT[version], 1)
            one.bind((HOMES[version], 0))
            one.listen(4096)
            one.setblocking(False)
        except OSError:
            one.close()
            if version == 4:
                raise
            continue
        found[version] = one
    return found


def has_ipv6():
    """Whether this host has the loopback address of IPv6."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as one:
            one.bind((HOMES[6], 0))
    except OSError:
        return False
    return True


def work(sockets, options, counts):
    """Serve until SIGTERM, and until what is under way then is done (at most PATIENCE)."""
    for change in (_raise_descriptor_limit, lambda: os.setpriority(os.PRIO_PROCESS, 0, URGENT)):
        try:
            change()
        except (OSError, ValueError):
            pass
    Proxy(sockets, options, counts).serve()


def _raise_descriptor_limit():
    """Two descriptors a connection: as many as there may be."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Proxy:
    """``options``: action, delay_s, status, percent, paths, methods."""

    def __init__(self, sockets, options, counts):
        self.loop = asyncio.new_event_loop()
        self.counts = counts
        self.choice = Choice(options["paths"], options["methods"], options["percent"])
        self.action, self.delay_s, self.status = options["action"], options["delay_s"], options["status"]
        self.draining = False
        self.links = set()
        self._sockets = sockets
        self._own = {each.getsockname()[:2] for each in sockets.values()}
        self._servers = []

    def serve(self):
        """Runs the loop."""
        self.loop.set_exception_handler(lambda _loop, _context: None)
        for each in self._sockets.values():
            made = self.loop.create_server(lambda: Link(self).side(), sock=each, backlog=4096)
            self._servers.append(self.loop.run_until_complete(made))
        self.loop.add_signal_handler(signal.SIGTERM, self.drain)
        self.loop.run_forever()

    def target(self, transport):
        """(address family, address) that a client's connection was meant for; None: it was meant for us, and not
        for the service.
        """
        where = transport.get_extra_info("sockname")  # tproxy leaves it as the client knows it
        return None if where[:2] in self._own else (transport.get_extra_info("socket").family, where)

    @staticmethod
    def own(connection):
        """Let the rules know a socket that is about to connect to the service."""
        connection.setsockopt(socket.SOL_SOCKET, _SO_MARK, MARK)

    def drain(self):
        """No new connections, no request is hit any more; what is held goes on at once."""
        self.draining = True
        self.loop.call_later(0.02, self._close_servers)  # those that the kernel took for us until now are still ours
        for each in list(self.links):
            each.drain()
        self.loop.call_later(NEW, self._leave_idle)
        self.loop.call_later(PATIENCE, self._leave)

    def _close_servers(self):
        for each in self._servers:
            each.close()
        self._servers = []
        self.one_less()

    def one_less(self):
        """A connection ended."""
        if self.draining and not self.links and not self._servers:
            self.loop.call_soon(self.loop.stop)

    def _leave_idle(self):
        for each in list(self.links):
            each.leave_idle()

    def _leave(self):
        for each in list(self.links):
            each.cut()
        self.loop.call_later(0.05, self.loop.stop)
