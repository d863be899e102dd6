# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a health endpoint could do to whoever asks it: behaviours for http_server.Server."""

from __future__ import annotations

import zlib

from support.http_server import answer, drip, endless, reset, say, silent

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
ESCAPES = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e\r\n{{ 6 * 7 }}<script>"
WELL = '{"status": "ok", "service": "shop"}'


def _zeros(pack):
    """64 MiB of zeros, packed."""
    pieces = [pack.compress(b"\0" * (1 << 20)) for _each in range(64)]
    return b"".join(pieces) + pack.flush()


def _packed(coding, data):
    return say(answer(data, headers=[("Content-Encoding", coding), ("Content-Type", "application/json")]))


def _json(text):
    return say(answer(text.encode()))


def _head(*lines):
    return say(OK + b"\r\n".join(lines) + b"\r\nContent-Length: 2\r\n\r\n{}")


def interim(connection, request):
    """An answer 100 after the other, and never the real one."""
    return endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n")(connection, request)


BEHAVIOURS = {
    "an endless body": endless(OK + b"\r\n", b"x" * 65536),
    "endless chunks": endless(CHUNKED, b"10000\r\n" + b"x" * 65536 + b"\r\n"),
    "chunks of one byte": endless(CHUNKED, b"1\r\nx\r\n" * 5000),
    "an endless head": endless(OK, b"X-Flood: " + b"y" * 1000 + b"\r\n"),
    "an endless line": endless(OK + b"X: ", b"y" * 65536),
    "an endless status": endless(b"HTTP/1.1 200 ", b"y" * 65536),
    "interim answers for ever": interim,
    "a head byte by byte": drip(OK + b"X-Slow: " + b"y" * 1000, 0.2),
    "a body byte by byte": drip(OK + b"Content-Length: 1000\r\n\r\n" + b"{" * 1000, 0.2),
    "no answer": silent,
    "a reset": reset,
    "a gzip bomb": _packed("gzip", _zeros(zlib.compressobj(9, zlib.DEFLATED, 31))),
    "a deflate bomb": _packed("deflate", _zeros(zlib.compressobj(9))),
    "deep lists": _json("[" * 60000),
    "deep objects": _json('{"status":' * 6000),
    "a huge number": _json('{"status": %s}' % ("9" * 60000)),
    "a huge exponent": _json('{"status": 1e999999999, "database": {"status": -1e999999}}'),
    "no number": _json('{"status": NaN, "database": {"status": Infinity, "port": NaN}}'),
    "duplicate keys": _json("{%s}" % ", ".join(['"status": "ok"', '"status": "down\\u001b[2J"'] * 1000)),
    "many keys": _json("{%s}" % ", ".join('"k%d": {}' % number for number in range(5000))),
    "odd values": _json(
        '{"status": {"a": [null]}, "service": [], "version": {}, "checks": {"database": [[]]}, "database": 7}'
    ),
    "surrogates": _json('{"status": "\\ud800", "service": "\\udfff\\u0000\\u202e"}'),
    "escapes": say(
        answer(
            {
                "status": ESCAPES,
                "service": ESCAPES,
                "version": ESCAPES,
                "database": {"status": ESCAPES, "host": ESCAPES},
            }
        )
    ),
    "escapes in the head": _head(
        b"Server: \x1b]0;owned\x07\x9b31m", b"X-\x1b[2J: y", b"\x1b: z", b"Set-Cookie: " + b"c" * 5000
    ),
    "escapes in the status": say(b"HTTP/1.1 500 \x1b[2J\x07\x9b\r\nContent-Length: 0\r\n\r\n"),
    "a title": say(answer(b"<html><title>\x1b[2J\r\n<script>\xff\xfe</title>" + b"<title" * 9000)),
    "a flood of headers": _head(*[b"X-%d: y" % number for number in range(5000)]),
    "the same header": _head(*[b"X: y"] * 99),
    "folded headers": _head(b"X: y", *[b" more" for _each in range(98)]),
    "no chunk size": say(CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n"),
    "a chunk below nothing": say(CHUNKED + b"-5\r\nhello\r\n0\r\n\r\n"),
    "a chunk without end": say(CHUNKED + b"ffffffffffffff\r\nhello"),
    "a chunk that is longer": say(CHUNKED + b"2\r\nhello\r\n0\r\n\r\n"),
    "endless trailers": endless(CHUNKED + b"2\r\n{}\r\n0\r\n", b"X: y\r\n"),
    "an endless chunk size": endless(CHUNKED, b"0" * 65536),
    "lengths that differ": say(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x"),
    "a length below nothing": say(OK + b"Content-Length: -1\r\n\r\n{}"),
    "a huge length": say(OK + b"Content-Length: 999999999999999999\r\n\r\n{}"),
    "a length of digits": say(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}"),
    "nothing but zeros": endless(b"\0", b"\0" * 65536),
    "another protocol": say(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "a redirect without end": say(answer(status=302, headers=[("Location", "/again" + "n" * 3000)])),
    "a redirect to no address": say(
        answer(status=302, headers=[("Location", "http://[::1:\x1b[2J/\u202e".encode().decode("latin-1"))])
    ),
}
BY_DAY = (
    "an endless body",
    "an endless head",
    "a body byte by byte",
    "a gzip bomb",
    "deep objects",
    "escapes",
    "escapes in the head",
)
