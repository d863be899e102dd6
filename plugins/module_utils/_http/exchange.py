# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange with one deadline for all of it. Private to magsasa.chaos."""

from __future__ import annotations

import re
import time
from collections import namedtuple

from .._errors import BadOption, printable
from . import deadline_socket, http_response
from . import url as urls

# status: int, or None when no answer came; headers: {lower-case name: text}; body: bytes; truncated: the body went on;
# elapsed_s: until the last byte that was read; error: one sentence or None; error_kind: a word of KINDS or None
Response = namedtuple("Response", "status reason headers body truncated elapsed_s error error_kind")
KINDS = ("timeout", "refused", "reset", "garbage", "tls", "dns", "unreachable", "too_large")
REDIRECTS = (301, 302, 303, 307, 308)
MOST_REDIRECTS = 5
_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")  # RFC 9110 section 5.6.2
_OURS = ("host", "connection", "content-length", "transfer-encoding")


def fetch(url, method="GET", headers=None, body=None, timeout=5.0, max_bytes=65536, verify_tls=True, follow=False):
    """Ask ``url`` once and return a Response; whatever the network or the server does ends within ``timeout`` seconds.

    ``body`` is bytes, text or None. At most ``max_bytes`` of the answer's body are kept. ``follow`` follows redirects
    that
    stay on the same host (headers and credentials only to the same port). Raises BadOption for input that is no
    request.
    """
    session = Session(verify_tls=verify_tls)
    try:
        return session.fetch(prepare(url, method, headers, body), timeout, max_bytes, follow)
    finally:
        session.close()


Request = namedtuple("Request", "url parsed method headers body")


def prepare(url, method="GET", headers=None, body=None):
    """Check the parts of a request once, to send it many times. Raises BadOption, which shows no header's value."""
    parsed = urls.parse(url)
    if not isinstance(method, str) or not _TOKEN.fullmatch(method):
        raise BadOption("method", method, "is not an HTTP method", "use one such as GET")
    checked = {}
    for name, value in (headers or {}).items():
        if not isinstance(name, str) or not _TOKEN.fullmatch(name):
            raise BadOption("headers", name, "is not a header name", "use letters, digits and dashes")
        if name.lower() in _OURS[1:]:
            raise BadOption("headers", name, "is set by the check itself", "leave it out")
        text = value if isinstance(value, str) else str(value)
        if any((ord(c) < 32 and c != "\t") or ord(c) == 127 for c in text) or len(text) > 8192:
            raise BadOption(
                "headers",
                name,
                "has a value with control characters or over 8192 characters",
                "use a shorter value on one line",
            )
        checked[name] = text
    if isinstance(body, str):
        body = body.encode("utf-8")
    return Request(url.strip(), parsed, method.upper(), checked, body)


def _bytes_of(request, keep, with_secrets=True):
    """The request as it goes over the wire."""
    given = request.headers if with_secrets else {}
    names = {name.lower() for name in given}
    lines = ["%s %s HTTP/1.1" % (request.method, request.parsed.target)]
    if "host" not in names:
        lines.append("Host: " + request.parsed.host_header)
    for name, value in (("User-Agent", "magsasa-chaos"), ("Accept", "*/*"), ("Accept-Encoding", "identity")):
        if name.lower() not in names:
            lines.append("%s: %s" % (name, value))
    if request.parsed.auth and with_secrets and "authorization" not in names:
        lines.append("Authorization: " + request.parsed.auth)
    lines.extend("%s: %s" % pair for pair in given.items())
    if request.body is not None or request.method in ("POST", "PUT", "PATCH"):
        lines.append("Content-Length: %d" % len(request.body or b""))
    lines.append("Connection: " + ("keep-alive" if keep else "close"))
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + (request.body or b"")


class Session:
    """Connections of one thread: with ``keepalive`` the last one is used again, as long as the server keeps it."""

    def __init__(self, verify_tls=True, keepalive=False):
        self._verify = verify_tls
        self._keep = keepalive
        self._held = None  # (origin, socket)
        self._last = None  # (request, with_secrets, bytes)

    def close(self):
        """Close what is held."""
        if self._held:
            deadline_socket.sock_close(self._held[1])
            self._held = None

    def fetch(self, request, timeout=5.0, max_bytes=65536, follow=False, drain=0):
        """As the function of this name, for a prepared request. ``drain``: how many bytes behind those that are kept
        are awaited too.
        """
        begun = time.monotonic()
        deadline = begun + timeout
        same_origin = True
        for _hop in range(MOST_REDIRECTS + 1):
            response = self._once(request, begun, deadline, (max_bytes, drain), same_origin)
            if not (
                follow and response.error is None and response.status in REDIRECTS and response.headers.get("location")
            ):
                return response
            leads = urls.followed(request.url, request.parsed, response.headers["location"])
            if leads is None:
                return response
            same_origin = same_origin and leads[1]
            method = request.method if response.status in (307, 308) or request.method == "HEAD" else "GET"
            request = request._replace(
                url=leads[0],
                parsed=urls.parse(leads[0])._replace(auth=request.parsed.auth),
                method=method,
                body=request.body if method == request.method and same_origin else None,
            )
        return response

    def _once(self, request, begun, deadline, bounds, with_secrets):
        origin = (request.parsed.scheme, request.parsed.host, request.parsed.port)
        reused = self._held is not None and self._held[0] == origin
        heard = []  # what was received, to know whether a connection died before any answer
        try:
            exchanged = self._exchange(request, origin, deadline, bounds, with_secrets, heard)
        except deadline_socket.WireError as error:
            self.close()
            # The server may have closed it while it was idle (RFC 9112 section 9.3.1); what is not idempotent is not
            # sent twice.
            if reused and error.kind == "reset" and not heard and request.method in ("GET", "HEAD", "OPTIONS"):
                return self._once(request, begun, deadline, bounds, with_secrets)
            status, reason, headers = heard[0] if heard else (None, "", {})
            return Response(status, reason, headers, b"", False, time.monotonic() - begun, str(error), error.kind)
        return Response(*exchanged, elapsed_s=time.monotonic() - begun, error=None, error_kind=None)

    def _text(self, request, with_secrets):
        """The request as bytes; made once, as a probe sends the same one again and again."""
        if self._last is None or self._last[0] is not request or self._last[1] != with_secrets:
            self._last = (request, with_secrets, _bytes_of(request, self._keep, with_secrets))
        return self._last[2]

    def _socket(self, origin, deadline):
        if self._held and self._held[0] == origin:
            sock, self._held = self._held[1], None
            return sock
        self.close()
        scheme, host, port = origin
        sock = deadline_socket.connect(host, port, deadline)
        return deadline_socket.secure(sock, host, deadline, self._verify) if scheme == "https" else sock

    def _exchange(self, request, origin, deadline, bounds, with_secrets, heard):
        """(status, reason, headers, body, truncated). ``bounds``: bytes of the body that are kept, and that are awaited
        behind them. Raises WireError.
        """
        max_bytes, drain = bounds
        sock = self._socket(origin, deadline)
        keep = False
        try:
            deadline_socket.send(sock, self._text(request, with_secrets), deadline)
            stream = deadline_socket.Stream(
                sock, deadline, 2 * http_response.MOST_HEAD + 8 * max_bytes + 2 * drain
            )  # a chunk of one byte takes six
            head = http_response.head(stream)
            told = (
                head.status,
                printable(head.reason, 80),
                head.headers if head.plain else http_response.shown(head.headers),
            )
            heard.append(told)
            body, truncated, reusable = http_response.body(stream, head, request.method, max_bytes, drain)
            keep = self._keep and reusable
            return told + (body, truncated)
        finally:
            if keep:
                self._held = (origin, sock)
            else:
                deadline_socket.sock_close(sock)


__all__ = ["fetch", "prepare", "Response", "Request", "Session", "KINDS"]
