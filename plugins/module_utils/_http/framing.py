# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The grammar of HTTP/1 that all readers share, and where messages begin and end (RFC 9112), in bytes as they come.
Pure. Private to magsasa.chaos.

Nothing is rewritten. What is not plain HTTP/1.1, or what two readers could understand in two ways, is ``NotHttp``: it
is passed on unread.
"""

from __future__ import annotations

import re
from collections import namedtuple

LONGEST_HEAD = 65536  # bytes; a longer one is passed on unread
MOST_EMPTY = 64  # bytes of empty lines before a request
LONGEST_LINE = 4096  # bytes of the line before a chunk
_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}"
_BEGIN = re.compile(rb"(?:" + _TOKEN + rb"(?: [^\r\n]*)?)?\Z")
_REQUEST = re.compile(rb"(" + _TOKEN + rb") ([^\s]+) HTTP/1\.([01])\r?\n")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5][0-9][0-9])(?: [^\r\n]*)?\r?\n")
_BLANK = re.compile(rb"\n\r?\n")
_FIELDS = re.compile(rb"\n(content-length|transfer-encoding|expect|connection)([ \t]*):[ \t]*([^\r\n]*)", re.IGNORECASE)
_FOLDED = re.compile(rb"\n[ \t]")
_SIZE = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?", re.DOTALL)
_LENGTH = re.compile(rb"[0-9]{1,18}")
UNTIL_CLOSE = -1
CHUNKED = -2

# length: bytes of the body, or CHUNKED; last: whether no other request can be relied on after this one
Request = namedtuple("Request", "method target length last")
Response = namedtuple("Response", "status length")  # length: bytes of the body, CHUNKED or UNTIL_CLOSE


def chunk_size(line):
    """The size that the line before a chunk (bytes without its end) tells, or None."""
    found = _SIZE.fullmatch(line)
    return int(found.group(1), 16) if found else None


def length_of(values):
    """The one length that these values of Content-Length (bytes) tell, or None where they differ or are none."""
    return int(values[0]) if len(set(values)) == 1 and _LENGTH.fullmatch(values[0]) else None


def is_bodiless(method, status):
    """Whether the answer to a request of ``method`` ends with its head, whatever its fields say."""
    return method == "HEAD" or status < 200 or status in (204, 304)


class NotHttp(Exception):
    """The bytes are not HTTP/1.1, or not clearly so."""


def head_end(data):
    """Index just after the empty line that ends a head (empty lines before it are part of it), or 0 when it is not all
    there yet.

    Raises NotHttp as soon as the bytes cannot become a request.
    """
    begin = _begin(data)
    found = _BLANK.search(data, begin)
    if found:
        return found.end()
    if len(data) - begin > LONGEST_HEAD:
        raise NotHttp("a head longer than %d bytes" % LONGEST_HEAD)
    line_end = data.find(b"\n", begin)
    if line_end < 0:
        if begin > MOST_EMPTY or not _BEGIN.match(data[begin:].rstrip(b"\r")):
            raise NotHttp("no request line")
    elif not _REQUEST.match(data, begin):
        raise NotHttp("no request line of HTTP/1.1")
    return 0


def _begin(data):
    """Index of the first byte that is not of an empty line."""
    at = 0
    while data[at : at + 1] in (b"\r", b"\n"):
        at += 1
    return at


def request(head):
    """Request of a whole head; raises NotHttp."""
    found = _REQUEST.match(head, _begin(head))
    if not found:
        raise NotHttp("no request line of HTTP/1.1")
    method = found.group(1).decode("ascii")
    if method == "CONNECT":
        raise NotHttp("a tunnel is asked for")
    length, fields = _length(head)
    wishes = b",".join(fields.get(b"connection", ())).lower()
    last = b"close" in wishes or (found.group(3) == b"0" and b"keep-alive" not in wishes) or b"expect" in fields
    return Request(method, found.group(2).decode("latin-1"), length or 0, last)


def response(head, method):
    """Response of a whole head to a request of ``method``; raises NotHttp, also for a change of protocols (101)."""
    found = _STATUS.match(head)
    if not found:
        raise NotHttp("no status line of HTTP/1.1")
    status = int(found.group(1))
    if status == 101:
        raise NotHttp("another protocol from here on")
    length, _fields = _length(head)
    if is_bodiless(method, status):
        length = 0
    return Response(status, UNTIL_CLOSE if length is None else length)


def response_end(data):
    """Index just after the head of a response, or 0 when it is not all there yet; raises NotHttp."""
    found = _BLANK.search(data)
    if found:
        return found.end()
    if len(data) > LONGEST_HEAD or not (data.startswith(b"HTTP/1.") or b"HTTP/1.".startswith(data[:7])):
        raise NotHttp("no status line of HTTP/1.1")
    return 0


def _length(head):
    """(bytes of the body, CHUNKED, or None when nothing says; fields found); raises NotHttp where readers may
    differ.
    """
    if _FOLDED.search(head):
        raise NotHttp("a folded line")
    fields = {}
    for name, space, value in _FIELDS.findall(head):
        if space:
            raise NotHttp("a space before a colon")
        fields.setdefault(name.lower(), []).append(value.strip())
    lengths, codings = fields.get(b"content-length"), fields.get(b"transfer-encoding")
    if codings:
        if lengths or len(codings) > 1 or codings[0].lower().split(b",")[-1].strip() != b"chunked":
            raise NotHttp("an unclear length")
        return CHUNKED, fields
    if lengths:
        length = length_of(lengths)
        if length is None:
            raise NotHttp("an unclear length")
        return length, fields
    return None, fields


class Body:
    """Follows the body of one message through the bytes that come."""

    __slots__ = ("done", "_left", "_state", "_line")

    def __init__(self, length):
        self.done = length == 0
        self._left = length
        self._state = "size" if length == CHUNKED else "until close" if length == UNTIL_CLOSE else "plain"
        self._line = b""

    def take(self, data, at=0):
        """Index after the last byte of ``data`` that belongs to this body; sets ``done`` at its end. Raises NotHttp."""
        if self._state == "until close":
            return len(data)
        if self._state == "plain":
            step = min(self._left, len(data) - at)
            self._left -= step
            self.done = not self._left
            return at + step
        while at < len(data) and not self.done:
            at = self._chunk(data, at) if self._state == "data" else self._by_line(data, at)
        return at

    def _chunk(self, data, at):
        step = min(self._left, len(data) - at)
        self._left -= step
        if not self._left:
            self._state = "end"
        return at + step

    def _by_line(self, data, at):
        end = data.find(b"\n", at) + 1
        self._line += data[at : end or len(data)]
        if len(self._line) > LONGEST_LINE:
            raise NotHttp("a line of chunks longer than %d bytes" % LONGEST_LINE)
        if not end:
            return len(data)
        line, self._line = self._line, b""
        empty = line in (b"\r\n", b"\n")
        if self._state == "size":
            size = chunk_size(line[:-2] if line.endswith(b"\r\n") else line[:-1])
            if size is None:
                raise NotHttp("no size of a chunk")
            self._left = size
            self._state = "data" if self._left else "trailer"
        elif self._state == "end":
            if not empty:
                raise NotHttp("a chunk longer than its size")
            self._state = "size"
        else:
            self.done = empty
        return end
