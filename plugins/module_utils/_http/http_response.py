# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An HTTP/1 answer read off a wire.Stream: head, framing, body (RFC 9112). Private to magsasa.chaos.

http.client would do, at twice the CPU: it hands every head to the e-mail parser. A recorder reads thousands of answers
on the
host that it watches, and what it reads is untrusted: everything here has a bound.
"""

from __future__ import annotations

import re
from collections import namedtuple

from .._errors import printable
from . import framing
from .deadline_socket import WireError

# plain: whether reason and headers are short and printable as they are
Head = namedtuple("Head", "status reason headers version plain")
MOST_HEAD = 64 * 1024  # bytes
MOST_HEADERS = 100
OF_CHUNK = 8  # bytes that each chunk costs beside its content, about
MOST_INTERIM = 10  # answers of the 1xx class before the real one
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: (.*))?", re.DOTALL)
_USUAL_START = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})[ \r]")
_USUAL_NAME = re.compile("[a-z0-9-]{1,60}")


def head(stream):
    """The Head of the next answer that is not an interim one. Raises WireError."""
    for _each in range(MOST_INTERIM):
        found = _head(stream)
        if found.status >= 200 or found.status == 101:
            return found
    raise WireError("garbage", "the answer contains no final status")


def _head(stream):
    found = _usual(stream)
    if found is not None:
        return found
    lines = [_line(stream, MOST_HEAD, first=True)]
    match = _STATUS_LINE.fullmatch(lines[0])
    if not match:
        raise WireError("garbage", "the answer is not HTTP")
    size = len(lines[0])
    headers = {}
    name = None
    for _each in range(MOST_HEADERS + 1):
        line = _line(stream, MOST_HEAD - size)
        if not line:
            break
        size += len(line)
        text = line.decode("latin-1")
        if text[0] in " \t":  # a folded line goes on with the value before it
            if name:
                headers[name] += " " + text.strip()
            continue
        key, colon, value = text.partition(":")
        name = key.strip().lower() if colon else None
        if name and name in headers:
            headers[name] += ", " + value.strip()
        elif name:
            headers[name] = value.strip()
    else:
        raise WireError("too_large", "there are more than %d headers" % MOST_HEADERS)
    return Head(
        int(match.group(2)), (match.group(3) or b"").decode("latin-1").strip(), headers, int(match.group(1)), False
    )


_USUAL_SIZE = 1000  # bytes; longer heads go line by line
_latest = (b"", None)  # the last usual head and what it says: a service that is probed says the same again and again


def _usual(stream):
    """The Head of an answer that came in one piece and holds nothing odd, or None. Same result as line by line,
    with less to do.
    """
    global _latest
    if not stream.buffer and not stream.more():
        return None
    end = stream.buffer.find(b"\r\n\r\n", 0, _USUAL_SIZE)
    if end < 0:
        return None
    text = stream.buffer[:end]
    known, found = _latest
    if known != text:
        found = _read_usual(text)
        if found is None:
            return None
        _latest = (text, found)  # one assignment: other threads see the old pair or the new one
    stream.buffer = stream.buffer[end + 4 :]
    return found


def _read_usual(text):
    match = _USUAL_START.match(text + b"\r")
    if not match:
        return None
    status, *lines = text.decode("latin-1").split("\r\n")
    headers = {}
    for line in lines:
        key, colon, value = line.partition(":")
        key = key.lower()
        if not colon or key in headers or not _USUAL_NAME.fullmatch(key) or not line.isprintable():
            return None
        headers[key] = value.strip()
    if not status.isprintable():
        return None
    return Head(int(match.group(2)), status[13:].strip(), headers, int(match.group(1)), True)


def _line(stream, limit, first=False):
    """One line without its end; the first one of an answer must begin as HTTP does."""
    while True:
        line = stream.line()
        if line is not None and len(line) <= limit:
            return line
        if len(stream.buffer) > limit or line is not None:
            raise WireError("too_large", "the head of the answer is larger than allowed")
        if first and stream.buffer and not stream.buffer.startswith(b"HTTP/"[: len(stream.buffer)]):
            raise WireError("garbage", "the answer is not HTTP")
        if not stream.more():
            if first and not stream.buffer:
                raise WireError("reset", "the connection was closed without an answer")
            raise _cut()


def _cut():
    return WireError("reset", "the connection ended in the middle of the answer")


def body(stream, found, method, most, drain=0):
    """(bytes, truncated, reusable): at most ``most`` bytes of the body; whether the connection may carry another
    exchange.

    Up to ``drain`` bytes behind them are received too: an answer that breaks off there is not whole.
    """
    stays = found.version == 1 and "close" not in found.headers.get("connection", "").lower()
    if framing.is_bodiless(method, found.status):
        return b"", False, stays and found.status != 101
    coding = found.headers.get("transfer-encoding", "").lower()
    if coding.rpartition(",")[2].strip() == "chunked":
        content, truncated = _chunked(stream, most, drain)
    elif "content-length" in found.headers and not coding:
        length = framing.length_of(
            [text.strip().encode("latin-1") for text in found.headers["content-length"].split(",")]
        )
        if length is None:
            raise WireError("garbage", "the answer does not state its length")
        content, rest = stream.take(min(length, most)), max(length - most, 0)
        if len(content) < min(length, most):
            raise _cut()
        truncated = _skip(stream, rest, drain)
    else:
        content = stream.take(most + 1)
        truncated = len(content) > most and (not drain or stream.skip(drain) == drain)
        return content[:most], truncated, False
    return content, truncated, stays and not truncated and not stream.buffer


def _skip(stream, count, spare):
    """Pass over bytes that nobody keeps, ``spare`` at most; returns whether there are more. Raises WireError."""
    if stream.skip(min(count, spare)) < min(count, spare):
        raise _cut()
    return count > spare


def _chunked(stream, most, drain):
    pieces = []
    left, spare = most, drain
    while True:
        size = framing.chunk_size(_line(stream, 1024))
        if size is None:
            raise WireError("garbage", "a chunk does not state its size")
        if size == 0:
            break
        here = min(size, left)
        pieces.append(stream.take(here))
        if len(pieces[-1]) < here:
            raise _cut()
        left -= here
        if size > here:
            if _skip(stream, size - here, spare):
                return b"".join(pieces), True
            spare = max(spare - (size - here) - OF_CHUNK, 0)
        if _line(stream, 2):
            raise WireError("garbage", "a chunk is not as long as stated")
    for _each in range(MOST_HEADERS):  # trailers say nothing to us
        if not _line(stream, MOST_HEAD):
            return b"".join(pieces), False
    raise WireError("too_large", "there are more than %d headers" % MOST_HEADERS)


def shown(headers):
    """Headers for results and messages: no control characters, bounded."""
    return {
        printable(name, 100): value if value.isprintable() and len(value) <= 1000 else printable(value, 1000)
        for name, value in headers.items()
    }
