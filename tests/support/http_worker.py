# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker of HTTP faults without the kernel's part: connections come to it directly, and it is told where the
service is.
"""

from __future__ import annotations

import contextlib
import socket
import threading

from ansible_collections.magsasa.chaos.plugins.module_utils._families._http import counts, worker

ABOVE = {"action": "status", "delay_s": 0.0, "status": 503, "percent": 100.0, "paths": ["/hit"], "methods": []}


class Direct(worker.Proxy):
    """A worker that is told where the service is."""

    service = None

    def target(self, transport):
        return socket.AF_INET, self.service

    @staticmethod
    def own(connection):
        pass

    def serve(self):
        self.loop.add_signal_handler = lambda *_what: None  # not the main thread
        super().serve()


class Service:
    """A TCP server; ``handle(connection)`` runs in a thread for each connection. ``heard`` holds all bytes, one
    entry a connection.
    """

    def __init__(self, handle):
        self._handle = handle
        self.heard = []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = self.socket.getsockname()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                connection = self.socket.accept()[0]
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        heard = bytearray()
        self.heard.append(heard)
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            self._handle(connection, heard)


def answers(connection, heard):
    """An HTTP/1.1 service: every request is answered with its method, path and length of its body, in chunks."""
    source = connection.makefile("rb")
    while True:
        line = source.readline()
        heard += line
        if not line:
            return
        if line == b"\r\n":
            continue
        length, chunked = 0, False
        while True:
            field = source.readline()
            heard += field
            if field.lower().startswith(b"content-length"):
                length = int(field.split(b":")[1])
            chunked = chunked or field.lower().startswith(b"transfer-encoding")
            if field in (b"\r\n", b""):
                break
        body = source.read(length)
        while chunked:
            size = source.readline()
            piece = source.read(int(size, 16))
            heard += size + piece + source.readline()
            body += piece
            chunked = piece != b""
        heard += body if length else b""
        said = b" ".join(line.split()[:2] + [b"%d" % len(body)])
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n" % (len(said), said)
        )


def echoes(connection, heard):
    """A service that sends everything back."""
    while True:
        data = connection.recv(65536)
        if not data:
            return
        heard += data
        connection.sendall(data)


@contextlib.contextmanager
def running(handle, **options):
    """(address of the worker, its Proxy, the Service)."""
    service = Service(handle)
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    proxy = Direct({4: listener}, dict(ABOVE, **options), counts.new())
    proxy.service = service.address
    thread = threading.Thread(target=proxy.serve, daemon=True)
    thread.start()
    try:
        yield listener.getsockname(), proxy, service
    finally:
        if thread.is_alive():
            proxy.loop.call_soon_threadsafe(proxy.drain)
        thread.join(worker.PATIENCE + 2)
        service.socket.close()
        assert not thread.is_alive(), "the worker did not end"
