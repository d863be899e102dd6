# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections that keep one deadline from the first name lookup to the last byte. Private to magsasa.chaos.

A socket's own time-out starts anew with every operation, so a server that sends one byte a second never meets it.
Here every operation gets what is left of the whole. Deadlines are readings of the monotonic clock, in seconds.
"""

from __future__ import annotations

import errno
import os
import socket
import threading
import time

from . import long_wait

try:
    import ssl
except ImportError:  # a Python built without it: plain connections still work
    ssl = None

PIECE = 16384
HANGING_LOOKUPS = 64  # the resolver cannot be interrupted; how many lookups may hang at once
_lookups = threading.Semaphore(HANGING_LOOKUPS)
_contexts = {}
_numeric = {}  # (host, port): addresses of hosts that are given as addresses
_MOST_NUMERIC = 256


class WireError(Exception):
    """The other side or the way to it failed; ``kind`` is one of the kinds that http.fetch documents."""

    def __init__(self, kind, message):
        super().__init__(message)
        self.kind = kind


def left(deadline):
    """Seconds until ``deadline``; raises WireError("timeout") when there are none."""
    seconds = deadline - time.monotonic()
    if seconds <= 0:
        raise WireError("timeout", "no answer within the time limit")
    return seconds


def from_os_error(error):
    """The WireError of an OSError of a socket (TLS errors are such, too)."""
    if isinstance(error, socket.timeout):
        return WireError("timeout", "no answer within the time limit")
    if ssl is not None and isinstance(error, ssl.SSLError):
        reason = getattr(error, "verify_message", None) or getattr(error, "reason", None) or "unknown reason"
        return WireError("tls", "TLS failed: %s" % str(reason).replace("_", " ").lower())
    if isinstance(error, socket.gaierror):
        return WireError("dns", "the name cannot be resolved: %s" % (error.strerror or error))
    if isinstance(error, ConnectionRefusedError):
        return WireError("refused", "the connection was refused")
    if isinstance(error, (ConnectionResetError, ConnectionAbortedError, BrokenPipeError)):
        return WireError("reset", "the connection was reset")
    if error.errno == errno.ETIMEDOUT:
        return WireError("timeout", "the connection timed out")
    return WireError("unreachable", "the host cannot be reached: %s" % (error.strerror or error))


def resolve(host, port, deadline):
    """Addresses of ``host`` as getaddrinfo(3) gives them, within the deadline. Raises WireError."""
    known = _numeric.get((host, port))
    if known:
        return known
    key, host = (host, port), host.encode(
        "ascii", "replace"
    )  # bytes: Python would run text through its IDNA codec each time
    try:
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
        if len(_numeric) < _MOST_NUMERIC:
            _numeric[key] = found
        return found
    except socket.gaierror:
        pass  # a name: ask the resolver, which may hang for longer than we may wait
    if not _lookups.acquire(blocking=False):
        raise WireError("dns", "the resolver does not answer")
    found = []
    done = threading.Event()

    def ask():
        try:
            found.append(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except OSError as error:
            found.append(error)
        finally:
            _lookups.release()
            done.set()

    long_wait.end()
    try:
        threading.Thread(target=ask, name="lookup", daemon=True).start()
    except RuntimeError:
        _lookups.release()
        raise WireError("dns", "no thread is available for the lookup")
    if not done.wait(left(deadline)):
        raise WireError("timeout", "the name was not resolved within the time limit")
    if isinstance(found[0], OSError):
        raise from_os_error(found[0])
    return found[0]


def connect(host, port, deadline):
    """A connected TCP socket that does not block; every address of ``host`` gets its share of the time. Raises
    WireError.
    """
    addresses = resolve(host, port, deadline)
    failure = None
    for index, (family, kind, protocol, _name, address) in enumerate(addresses):
        sock = None
        try:
            sock = socket.socket(family, kind, protocol)
            _connect(sock, address, left(deadline) / (len(addresses) - index))
            return sock
        except OSError as error:
            failure = from_os_error(error)
        except WireError as error:
            failure = failure or error
        sock_close(sock)
        if failure.kind == "timeout" and time.monotonic() >= deadline:
            break
    raise failure or WireError("dns", "the name has no address")


def _connect(sock, address, seconds):
    """Connect within ``seconds``. Raises OSError."""
    until = time.monotonic() + seconds
    sock.setblocking(False)
    code = sock.connect_ex(address)
    if code == errno.EINPROGRESS and not _is_connected(sock):
        long_wait.wait(sock, writing=True)
        if not long_wait.ready(sock, True, max(until - time.monotonic(), 0.0)):
            raise socket.timeout()
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code and code != errno.EINPROGRESS:
        raise OSError(code, os.strerror(code))


def _is_connected(sock):
    """Whether there is another side already: on the same host there is, before connect(2) returns."""
    try:
        sock.getpeername()
        return True
    except OSError:
        return False


def sock_close(sock):
    """Close without complaint."""
    if sock is not None:
        try:
            sock.close()
        except OSError:
            pass


def _context(verify):
    """One TLS client context for each way to verify (loading the trust store takes milliseconds)."""
    if verify not in _contexts:
        context = ssl.create_default_context()
        if not verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        _contexts[verify] = context
    return _contexts[verify]


def secure(sock, host, deadline, verify):
    """TLS over a connected socket; takes the socket over, also when it fails. Raises WireError."""
    if ssl is None:
        sock_close(sock)
        raise WireError("tls", "this Python does not support TLS")
    long_wait.end()
    try:
        sock.settimeout(left(deadline))
        return _context(verify).wrap_socket(sock, server_hostname=host.partition("%")[0])
    except WireError:
        sock_close(sock)
        raise
    except OSError as error:
        sock_close(sock)
        raise from_os_error(error)
    except ValueError:
        sock_close(sock)
        raise WireError("tls", "TLS failed: the host name cannot be verified")


def send(sock, data, deadline):
    """Send all of ``data`` before the deadline. Raises WireError."""
    view = memoryview(data)
    try:
        while view:
            sent = _attempt(sock, sock.send, view, deadline)
            if sent is None:
                _await(sock, True, deadline)
            else:
                view = view[sent:]
    except OSError as error:
        raise from_os_error(error)


def receive(sock, most, deadline):
    """What is there, at most ``most`` bytes; b"" when the other side ended. Waits for it until the deadline. Raises
    WireError.
    """
    long_wait.wait(sock)
    left(deadline)  # whoever always has something to say ends here
    try:
        while True:
            piece = _attempt(sock, sock.recv, most, deadline)
            if piece is not None:
                return piece
            _await(sock, False, deadline)
    except OSError as error:
        raise from_os_error(error)


def _attempt(sock, act, argument, deadline):
    """Result of a send or recv, or None when it would have to wait. A TLS socket waits by itself, for what is left
    of the time.
    """
    if sock.gettimeout() != 0.0:
        sock.settimeout(left(deadline))
        return act(argument)
    try:
        return act(argument)
    except BlockingIOError:
        return None


def _await(sock, writing, deadline):
    if not long_wait.ready(sock, writing, left(deadline)):
        raise socket.timeout()


class Stream:
    """The receiving side of a socket: lines and counted bytes, one deadline and one budget of bytes for all of them."""

    def __init__(self, sock, deadline, budget):
        self._sock = sock
        self._deadline = deadline
        self._budget = budget
        self.buffer = b""  # received and not yet taken

    def more(self):
        """Receive what is there; returns whether the other side still sends. Raises WireError."""
        if self._budget <= 0:
            raise WireError("too_large", "the answer is larger than allowed")
        piece = receive(self._sock, PIECE, self._deadline)
        self._budget -= len(piece)
        self.buffer = self.buffer + piece if self.buffer else piece
        return bool(piece)

    def line(self):
        """The next whole line of the buffer without its end, or None."""
        text, end, rest = self.buffer.partition(b"\n")
        if not end:
            return None
        self.buffer = rest
        return text[:-1] if text.endswith(b"\r") else text

    def take(self, count):
        """The next ``count`` bytes; fewer only when the other side ended."""
        pieces = []
        while count > 0:
            if not self.buffer and not self.more():
                break
            piece = self.buffer[:count]
            self.buffer = self.buffer[len(piece) :]
            count -= len(piece)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def skip(self, count):
        """Receive the next ``count`` bytes and forget them; returns how many there were: fewer only when the other side
        ended.
        """
        left = count
        while left > 0 and (self.buffer or self.more()):
            step = min(left, len(self.buffer))
            self.buffer = self.buffer[step:]
            left -= step
        return count - left
