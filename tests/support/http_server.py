# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real HTTP server whose behaviour a test scripts: status, delay, outages at known times, and every kind of bad
manners.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import ssl
import struct
import subprocess
import threading
import time


def answer(body=b"{}", status=200, headers=(), length=True):
    """The bytes of a whole answer."""
    body = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = ["HTTP/1.1 %d Scripted" % status] + ["%s: %s" % pair for pair in headers]
    lines += ["Content-Length: %d" % len(body)] if length else []
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Server:
    """Listens on a free loopback port; ``behave(connection, request)`` handles one request and returns whether to keep
    the connection.

    ``requests`` holds (monotonic time, bytes of the head) of every request. ``down_from``/``down_to`` are monotonic
    bounds of an
    outage in which ``outage(connection, request)`` handles requests instead. Without ``whole_requests`` any bytes are a
    request.
    """

    def __init__(self, behave=None, host="127.0.0.1", context=None, whole_requests=True):
        self.behave = behave or say(answer())
        self.outage = say(answer(status=503))
        self.down_from = self.down_to = None
        self.requests = []
        self.connections = 0
        self._context = context
        self._whole = whole_requests
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._socket = socket.socket(family, socket.SOCK_STREAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, 0))
        self._socket.listen(512)
        self.port = self._socket.getsockname()[1]
        self._open = set()
        self._closed = threading.Event()
        self._threads = []
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()
        shown = "[%s]" % host if ":" in host else host
        self.url = "%s://%s:%d" % ("https" if context else "http", shown, self.port)

    def _accept(self):
        while not self._closed.is_set():
            try:
                connection, _peer = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            self._open.add(connection)
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            thread.start()

    def _serve(self, connection):
        try:
            if self._context:
                plain = connection
                connection = self._context.wrap_socket(plain, server_side=True)
                self._open.discard(plain)
                self._open.add(connection)
            while not self._closed.is_set():
                request = self._read(connection)
                if not request:
                    return
                now = time.monotonic()
                self.requests.append((now, request))
                down = self.down_from is not None and self.down_from <= now < self.down_to
                if not (self.outage if down else self.behave)(connection, request):
                    return
        except OSError:
            pass
        finally:
            self._open.discard(connection)
            with contextlib.suppress(OSError):
                connection.close()

    def _read(self, connection):
        head = b""
        while b"\r\n\r\n" not in head and not (head and not self._whole):
            piece = connection.recv(65536)
            if not piece:
                return b""
            head += piece
        return head

    def wait(self, seconds):
        """For behaviours: sleep, but not beyond the life of the server; returns whether it still lives."""
        return not self._closed.wait(seconds)

    def close(self):
        self._closed.set()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._socket.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._accepting.join(5)

    def __enter__(self):
        return self

    def __exit__(self, *_exception):
        self.close()


def say(data, delay=0.0, keep=False):
    """Behaviour: send these bytes after a delay, then close unless told to keep."""

    def behave(connection, _request):
        time.sleep(delay)
        connection.sendall(data)
        return keep

    return behave


def silent(connection, _request):
    """Behaviour: accept, read, never answer (until the other side goes away)."""
    connection.recv(1)
    return False


def drip(data, pause):
    """Behaviour: one byte at a time."""

    def behave(connection, _request):
        for byte in data:
            connection.sendall(bytes([byte]))
            time.sleep(pause)
        return False

    return behave


def endless(head, piece):
    """Behaviour: the same piece for ever."""

    def behave(connection, _request):
        connection.sendall(head)
        while True:
            connection.sendall(piece)

    return behave


def reset(connection, _request):
    """Behaviour: close with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def self_signed(folder):
    """A TLS server context with a certificate for localhost that nobody vouches for; None where openssl is not
    installed.
    """
    key, certificate = os.path.join(str(folder), "key.pem"), os.path.join(str(folder), "cert.pem")
    argv = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    argv += ["-subj", "/CN=localhost", "-keyout", key, "-out", certificate]
    try:
        subprocess.run(argv, check=True, capture_output=True, timeout=30)
    except FileNotFoundError:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def closed_port():
    """A loopback port on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
