# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A head means the same whether it comes in one piece, which is read the short way, or byte by byte."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._http import deadline_socket, http_response
from hypothesis import given
from hypothesis import strategies as st


class Pieces:
    """A wire.Stream over given pieces."""

    line, take = deadline_socket.Stream.line, deadline_socket.Stream.take

    def __init__(self, pieces):
        self.pieces, self.buffer = list(pieces), b""

    def more(self):
        piece = self.pieces.pop(0) if self.pieces else b""
        self.buffer += piece
        return bool(piece)


def read(data, size):
    """(status, reason, headers, version, what is behind the head) or the kind of the error, of ``data`` in pieces
    of ``size``.
    """
    stream = Pieces(data[at : at + size] for at in range(0, len(data), size))
    try:
        head = http_response.head(stream)
    except deadline_socket.WireError as error:
        return error.kind
    return head[:4], stream.buffer + b"".join(stream.pieces)


HEADS = [
    b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi",
    b"HTTP/1.0 204\r\n\r\n",
    b"HTTP/1.1 503 Service Unavailable\r\nRetry-After:5\r\nX-Y:  a b \r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: 1\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nFolded: a\r\n b\r\nC: d\r\n\r\n",
    b"HTTP/1.1 200 OK\nA: 1\n\nrest",
    b"HTTP/1.1 200 OK\r\nno colon\r\nA : 1\r\n: empty\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: \x1b[31mred\xff\r\n\r\n",
    b"HTTP/1.1 200\tOK\r\n\r\n",
    b"HTTP/1.1 200 \x00\r\n\r\n",
    b"HTTP/2 200\r\n\r\n",
    b"SSH-2.0-OpenSSH\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: " + b"x" * 2000 + b"\r\n\r\n",
    b"HTTP/1.1 200 OK\r\nA: 1\r\n",
    b"",
]


@pytest.mark.parametrize("data", HEADS)
def test_known_heads(data):
    assert read(data, 1 << 20) == read(data, 1)


def test_the_short_way_is_taken_for_usual_heads():
    assert [http_response.head(Pieces([data])).plain for data in HEADS[:3]] == [True, True, True]
    assert http_response.head(Pieces([HEADS[4]])).plain is False


LINE = st.text(alphabet=st.sampled_from("aB-_: \t\r\n\x00\x85\xa0\xe9,1;"), max_size=20).map(
    lambda text: text.encode("latin-1")
)


@given(
    st.sampled_from([b"HTTP/1.1 200 OK", b"HTTP/1.0 404", b"HTTP/1.1 500  x "]),
    st.lists(LINE, max_size=6),
    st.sampled_from([b"\r\n", b"\n"]),
)
def test_any_head(status, lines, end):
    data = end.join([status, *lines]) + end + end + b"body"
    assert read(data, 1 << 20) == read(data, 1)
