# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where messages of HTTP/1.1 begin and end, however the bytes come."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.magsasa.chaos.plugins.module_utils._http import deadline_socket, framing, http_response
from ansible_collections.magsasa.chaos.plugins.module_utils._http.framing import CHUNKED, UNTIL_CLOSE, Body, NotHttp

LINE = b"GET /a HTTP/1.1\r\n"


@pytest.mark.parametrize(
    "data, end",
    [
        (LINE + b"Host: a\r\n\r\nrest", len(LINE) + 11),
        (b"GET / HTTP/1.1\nHost: a\n\nrest", 24),
        (b"GET / HTTP/1.1\r\n\r\n", 18),
        (b"\r\n\r\nGET / HTTP/1.0\r\n\r\nx", 22),
        (b"", 0),
        (b"\r\n", 0),
        (b"G", 0),
        (b"GET", 0),
        (b"GET /very/long", 0),
        (b"GET / HTTP/1.1", 0),
        (b"GET / HTTP/1.1\r", 0),
        (LINE, 0),
        (LINE + b"Host: a\r\n", 0),
        (LINE + b"Host: a\r\n\r", 0),
    ],
)
def test_the_end_of_a_head(data, end):
    assert framing.head_end(data) == end


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00",
        b"\x00\x00\x00\x08\x04\xd2\x16\x2f",
        b"PRI * HTTP/2.0\r\n",
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"PING\r\n",
        b"*1\r\n$4\r\nPING\r\n",
        b"GET /\r\n",
        b"GET / HTTP/3.0\r\n",
        b"a" * 33,
        b"\r\n" * 40,
        b"GET\t/ HTTP/1.1\r\n",
        LINE + b"a: " + b"b" * framing.LONGEST_HEAD,
        b"GET /" + b"b" * framing.LONGEST_HEAD,
    ],
)
def test_what_cannot_become_a_request_is_known_at_once(data):
    with pytest.raises(NotHttp):
        framing.head_end(data)


@pytest.mark.parametrize(
    "head, expected",
    [
        (LINE + b"\r\n", ("GET", "/a", 0, False)),
        (b"\r\n" + LINE + b"\r\n", ("GET", "/a", 0, False)),
        (b"POST /b?c HTTP/1.1\r\nContent-Length: 17\r\n\r\n", ("POST", "/b?c", 17, False)),
        (b"POST / HTTP/1.1\r\ncontent-length:17\r\nCONTENT-LENGTH: 17\r\n\r\n", ("POST", "/", 17, False)),
        (b"PUT / HTTP/1.1\nTransfer-Encoding: gzip, Chunked\n\n", ("PUT", "/", CHUNKED, False)),
        (b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", ("POST", "/", 5, True)),
        (b"GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", ("GET", "/", 0, True)),
        (b"GET / HTTP/1.0\r\n\r\n", ("GET", "/", 0, True)),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", ("GET", "/", 0, False)),
        (b"GET / HTTP/1.1\r\nX-Content-Length: 5\r\nA: content-length: 6\r\n\r\n", ("GET", "/", 0, False)),
    ],
)
def test_requests(head, expected):
    assert framing.request(head) == expected


UNCLEAR = [
    b"Content-Length: 5\r\nContent-Length: 6\r\n",
    b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: gzip\r\n",
    b"Transfer-Encoding: chunked, gzip\r\n",
    b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding : chunked\r\n",
    b"Content-Length: 5,5\r\n",
    b"Content-Length: +5\r\n",
    b"Content-Length: 0x5\r\n",
    b"Content-Length: " + b"9" * 19 + b"\r\n",
    b"Content-Length:\r\n",
    b"A: b\r\n Transfer-Encoding: chunked\r\n",
]


@pytest.mark.parametrize("fields", UNCLEAR)
def test_what_two_readers_could_understand_in_two_ways_is_not_read(fields):
    with pytest.raises(NotHttp):
        framing.request(b"POST / HTTP/1.1\r\n" + fields + b"\r\n")
    with pytest.raises(NotHttp):
        framing.response(b"HTTP/1.1 200 OK\r\n" + fields + b"\r\n", "GET")


def test_a_tunnel_is_not_read():
    with pytest.raises(NotHttp):
        framing.request(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    with pytest.raises(NotHttp):
        framing.request(b"CONNECT a:1 HTTP/1.1\r\n\r\n")
    with pytest.raises(NotHttp):
        framing.response(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "GET")


@pytest.mark.parametrize(
    "head, method, expected",
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "GET", (200, 5)),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", (200, 0)),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", (304, 0)),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", (204, 0)),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "POST", (100, 0)),
        (b"HTTP/1.0 200 OK\r\n\r\n", "GET", (200, UNTIL_CLOSE)),
        (b"HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n", "GET", (200, CHUNKED)),
    ],
)
def test_responses(head, method, expected):
    assert framing.response_end(head + b"rest") == len(head)
    assert framing.response(head, method) == expected


@pytest.mark.parametrize("data", [b"H", b"HTTP/1.", b"HTTP/1.1 200 OK\r\nA: b\r\n"])
def test_a_response_that_is_not_all_there(data):
    assert framing.response_end(data) == 0


@pytest.mark.parametrize("data", [b"220 mail\r\n", b"HTTP/2 200\r\n\r\n"])
def test_what_is_no_response(data):
    with pytest.raises(NotHttp):
        if framing.response_end(data):
            framing.response(data, "GET")


@pytest.mark.parametrize(
    "data", [b"x\r\n", b"\r\n", b"-1\r\n", b"3\r\nabcd\r\n", b"1" * 16 + b"\r\n", b"1;" + b"a" * framing.LONGEST_LINE]
)
def test_broken_chunks(data):
    with pytest.raises(NotHttp):
        Body(CHUNKED).take(data)


CHUNKS = some.lists(some.binary(min_size=1, max_size=40), max_size=6)
CUTS = some.lists(some.integers(0, 300), max_size=12)


def cut(data, cuts):
    """The bytes in pieces."""
    at = sorted({0, len(data)} | {each for each in cuts if each < len(data)})
    return [data[low:high] for low, high in zip(at, at[1:])]


@given(
    CHUNKS, CUTS, some.sampled_from([b"", b";name=value"]), some.sampled_from([b"", b"Trailer: x\r\n"]), some.booleans()
)
def test_chunks_end_where_they_end_however_they_come(chunks, cuts, extension, trailer, bare):
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(each), extension, each) for each in chunks) + b"0\r\n" + trailer + b"\r\n"
    if bare and not any(b"\r" in each or b"\n" in each for each in chunks):
        body = body.replace(b"\r\n", b"\n")
    follow, taken = Body(CHUNKED), 0
    for piece in cut(body + b"GET /next", cuts):
        taken += follow.take(piece)
        if follow.done:
            break
    assert follow.done and taken == len(body)


@given(some.integers(0, 100), CUTS)
def test_a_length_is_counted_however_the_bytes_come(length, cuts):
    follow, taken = Body(length), 0
    for piece in cut(b"x" * length + b"rest", cuts):
        if not follow.done:
            taken += follow.take(piece)
    assert follow.done and taken == length


@given(some.binary(max_size=200))
def test_any_bytes_are_read_or_are_not_http(data):
    for reads in (framing.head_end, framing.response_end, framing.request, Body(CHUNKED).take):
        try:
            reads(data)
        except NotHttp:
            pass


ENDS = [b"2", b"02", b"0", b"-1", b"+2", b"2 3", b"2,2", b"2a", b"", b"9" * 19]


@pytest.mark.parametrize("text", ENDS)
def test_the_probe_reads_lengths_and_chunks_by_the_same_grammar(text):
    """What the worker takes for a length or a size is one for the probe, and the same one; only the list "2,2" it
    reads, too.
    """
    told = framing.length_of([text])
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: " + text + b"\r\n\r\nab"
    assert _body_read(answer) == ((b"ab"[:told] if told is not None else b"ab" if text == b"2,2" else "garbage"))
    size = framing.chunk_size(text)
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + text + b"\r\nab\r\n0\r\n\r\n"
    assert _body_read(chunked) == ("garbage" if size is None else b"ab"[:size] if size <= 2 else "reset")


def _body_read(answer):
    """The body of an answer as the probe reads it, or the kind of its error."""

    class Wire:
        line, take, skip = deadline_socket.Stream.line, deadline_socket.Stream.take, deadline_socket.Stream.skip
        buffer = answer

        def more(self):
            return False

    stream = Wire()
    try:
        return http_response.body(stream, http_response.head(stream), "GET", 1000)[0]
    except deadline_socket.WireError as error:
        return error.kind
