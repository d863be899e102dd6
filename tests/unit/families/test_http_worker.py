# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker of HTTP faults between real sockets: what passes is byte for byte what was said, what is hit is hit, and
nobody is left waiting.

Only the way to it is not the kernel's: connections come to it directly, and it is told where the service is.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from ansible_collections.magsasa.chaos.plugins.module_utils._families._http import worker
from support.http_worker import answers, echoes, running
from support.waiting import wait_for


def connected(address):
    return contextlib.closing(http.client.HTTPConnection(*address, timeout=10))


def asked(client, path="/", method="GET", **more):
    client.request(method, path, **more)
    found = client.getresponse()
    return found.status, found.read()


def everything(address, data, pieces=()):
    """All that comes back for bytes sent in pieces, when the sender then ends."""
    with socket.create_connection(address, 10) as client:
        at = 0
        for cut in [*pieces, len(data)]:
            client.sendall(data[at:cut])
            at = cut
            if pieces:
                time.sleep(0.001)
        client.shutdown(socket.SHUT_WR)
        found = bytearray()
        while True:
            more = client.recv(65536)
            if not more:
                return bytes(found)
            found += more


def test_on_one_connection_some_requests_are_answered_by_us_and_the_service_sees_the_others():
    with running(answers) as (address, proxy, service):
        with connected(address) as client:
            assert asked(client, "/a") == (200, b"GET /a 0")
            assert asked(client, "/hit", "POST", body=b"x" * 300000)[0] == 503
            assert asked(client, "/hit/more", "HEAD") == (503, b"")
            assert asked(client, "/b", "POST", body=b"y" * 300000) == (200, b"POST /b 300000")
            assert asked(client, "/c", "PUT", body=iter([b"abc", b"de"])) == (200, b"PUT /c 5")
            assert asked(client, "/hit", "PUT", body=iter([b"abc", b"de"]))[0] == 503
            assert asked(client, "/d") == (200, b"GET /d 0")
            heard = bytes(service.heard[0])
    assert len(service.heard) == 1 and b"/hit" not in heard and b"xx" not in heard and heard.count(b"HTTP/1.1") == 4
    found = proxy.counts.figures()
    assert (found["connections"], found["requests"], found["matched"], found["hit"], found["unread"]) == (1, 7, 3, 3, 0)


def test_pipelined_requests_are_answered_in_their_order():
    data = b"".join(b"GET %s HTTP/1.1\r\n\r\n" % path for path in (b"/a", b"/hit", b"/b", b"/hit", b"/hit", b"/c"))
    with running(answers) as (address, _proxy, service):
        found = everything(address, data)
    assert [part for part in (b"GET /a", b"GET /b", b"GET /c") if part in found] == [b"GET /a", b"GET /b", b"GET /c"]
    order = sorted((found.find(each), each) for each in (b"GET /a", b"GET /b", b"GET /c"))
    assert [each for _at, each in order] == [b"GET /a", b"GET /b", b"GET /c"]
    assert [piece.split(b" ")[0] for piece in found.split(b"HTTP/1.1 ")[1:]] == [
        b"200",
        b"503",
        b"200",
        b"503",
        b"503",
        b"200",
    ]
    assert bytes(service.heard[0]) == b"".join(b"GET %s HTTP/1.1\r\n\r\n" % path for path in (b"/a", b"/b", b"/c"))


def test_a_delay_holds_what_is_meant_and_nothing_else():
    with running(answers, action="delay", delay_s=1.0, status=None) as (address, proxy, _service):
        with connected(address) as client:
            assert asked(client, "/a")[0] == 200 and proxy.counts.figures()["held"] == 0
            start = time.monotonic()
            assert asked(client, "/hit", "POST", body=b"z" * 1000000) == (200, b"POST /hit 1000000")
            assert 1.0 <= time.monotonic() - start < 5
            figures = proxy.counts.figures()
            assert figures["held"] == 1 and 1.0 <= figures["held_s"] < 2.0, "once, and not twice"


def test_a_service_that_closes_idle_connections_meanwhile_is_asked_again():
    def impatient(connection, heard):
        connection.settimeout(0.1)
        with contextlib.suppress(socket.timeout):
            answers(connection, heard)

    with running(impatient, action="delay", delay_s=0.4, status=None) as (address, _proxy, service):
        with connected(address) as client:
            assert asked(client, "/hit") == (200, b"GET /hit 0")
            assert len(service.heard) > 1


def test_an_abort_resets_the_client_and_the_service_never_sees_the_request():
    with running(answers, action="abort", status=None) as (address, _proxy, service):
        with connected(address) as client:
            assert asked(client, "/a")[0] == 200
            with pytest.raises(ConnectionResetError):
                asked(client, "/hit")
    assert b"/hit" not in bytes(service.heard[0])


def test_a_client_that_waits_for_leave_to_send_gets_our_answer_and_an_end():
    request = b"POST /hit HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
    with running(answers) as (address, _proxy, _service):
        with socket.create_connection(address, 10) as client:
            client.sendall(request)
            found = b""
            while True:
                more = client.recv(4096)
                if not more:
                    break
                found += more
    assert found.startswith(b"HTTP/1.1 503 ") and b"Connection: close" in found


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00" * 50,
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PING\r\n",
        b"GET /hit\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\nabc",
    ],
)
def test_what_is_not_http_passes_as_it_is(data):
    with running(echoes) as (address, proxy, service):
        assert everything(address, data) == data == bytes(service.heard[0])
    assert proxy.counts.figures()["unread"] == 1 and not proxy.counts.figures()["hit"]


def test_after_an_upgrade_bytes_pass_unread():
    def upgrades(connection, heard):
        heard += connection.recv(4096)
        connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nhello")
        echoes(connection, heard)

    with running(upgrades) as (address, _proxy, service):
        with socket.create_connection(address, 10) as client:
            client.sendall(b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
            found = b""
            while not found.endswith(b"hello"):
                found += client.recv(4096)
            client.sendall(b"GET /hit HTTP/1.1\r\n\r\n")
            assert client.recv(4096) == b"GET /hit HTTP/1.1\r\n\r\n"
    assert b"/hit" in bytes(service.heard[0])


def test_an_answer_without_a_length_ends_with_the_connection():
    def brief(connection, heard):
        heard += connection.recv(4096)
        connection.sendall(b"HTTP/1.0 200 OK\r\n\r\nall of it")

    with running(brief) as (address, _proxy, _service):
        with connected(address) as client:
            assert asked(client) == (200, b"all of it")


def test_a_service_that_is_not_there_resets_and_is_counted():
    with running(answers) as (address, proxy, service):
        with connected(address) as client:
            proxy.service = ("127.0.0.1", 1)
            with pytest.raises((ConnectionResetError, http.client.RemoteDisconnected, BrokenPipeError)):
                asked(client)
            assert proxy.counts.figures()["unreachable"] == 1 and not service.heard


def test_a_service_that_resets_resets_the_client():
    def rude(connection, heard):
        heard += connection.recv(4096)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")

    with running(rude) as (address, _proxy, _service):
        with connected(address) as client:
            with pytest.raises(ConnectionResetError):
                asked(client)


def test_a_client_that_reads_slowly_does_not_fill_the_memory():
    size = 64 << 20

    def floods(connection, heard):
        heard += connection.recv(4096)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        sent = 0
        connection.settimeout(1.0)
        with contextlib.suppress(socket.timeout):
            while sent < size:
                sent += connection.send(b"x" * 65536)
        heard += b"sent %d" % sent

    with running(floods) as (address, _proxy, service):
        with socket.create_connection(address, 10) as client:
            client.sendall(b"GET / HTTP/1.1\r\n\r\n")
            limit = time.monotonic() + 8
            while b"sent" not in bytes(service.heard[0] if service.heard else b"") and time.monotonic() < limit:
                time.sleep(0.05)
            assert int(bytes(service.heard[0]).rpartition(b" ")[2]) < size / 2


def test_a_client_that_pours_while_it_is_held_does_not_fill_the_memory():
    size = 64 << 20
    with running(answers, action="delay", delay_s=1.5, status=None) as (address, _proxy, _service):
        with socket.create_connection(address, 10) as client:
            client.sendall(b"POST /hit HTTP/1.1\r\nContent-Length: %d\r\n\r\n" % size)
            client.settimeout(0.5)
            sent = 0
            with contextlib.suppress(socket.timeout):
                while sent < size:
                    sent += client.send(b"x" * 65536)
            assert sent < size / 2


def test_what_a_client_asked_that_went_away_with_a_reset_never_reaches_the_service():
    with running(answers, action="delay", delay_s=0.3, status=None) as (address, proxy, service):
        with socket.create_connection(address, 10) as client:
            client.sendall(b"GET /hit HTTP/1.1\r\n\r\n")
            assert wait_for(lambda: proxy.counts.figures()["hit"])
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        time.sleep(0.5)
        assert not bytes(service.heard[0]) and not proxy.counts.figures()["held"]


def test_at_the_end_held_requests_go_on_idle_connections_end_and_answers_are_finished():
    begun = threading.Event()

    def slow(connection, heard):
        heard += connection.recv(4096)
        begun.set()
        time.sleep(0.6)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        echoes(connection, heard)

    with running(slow, action="delay", delay_s=30.0, status=None) as (address, proxy, _service):
        with connected(address) as held, connected(address) as busy:
            held.request("GET", "/hit")
            busy.request("GET", "/a")
            assert begun.wait(5)
            proxy.loop.call_soon_threadsafe(proxy.drain)
            start = time.monotonic()
            assert [each.getresponse().read() for each in (held, busy)] == [b"ok", b"ok"]
            assert time.monotonic() - start < 15  # half of the delay
            for each in (held, busy):
                assert each.sock.recv(1) == b"", "the connection is still open"


def test_at_the_end_a_tunnel_is_closed_and_a_new_connection_is_served():
    with running(answers, percent=100.0) as (address, proxy, service):
        with socket.create_connection(address, 10) as tunnel, connected(address) as fresh:
            tunnel.sendall(b"\x16\x03")
            fresh.connect()
            assert wait_for(lambda: len(service.heard) > 1)
            proxy.loop.call_soon_threadsafe(proxy.drain)
            assert tunnel.recv(1) == b""
            assert asked(fresh, "/hit") == (200, b"GET /hit 0")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    some.lists(some.tuples(some.binary(max_size=60), some.booleans()), min_size=1, max_size=5),
    some.lists(some.integers(1, 400), max_size=6),
)
def test_what_passes_is_byte_for_byte_what_was_said(bodies, cuts):
    data = b""
    for body, chunked in bodies:
        if chunked:
            half = len(body) // 2
            chunks = (
                b"".join(b"%X\r\n%s\r\n" % (len(each), each) for each in (body[:half], body[half:]) if each)
                + b"0\r\n\r\n"
            )
            data += b"POST /a HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
        else:
            data += b"POST /b HTTP/1.1\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)
    with shared() as (address, proxy, service):
        before, seen = proxy.counts.figures()["requests"], len(service.heard)
        assert everything(address, data, sorted({each for each in cuts if each < len(data)})) == data
        assert bytes(service.heard[seen]) == data and proxy.counts.figures()["requests"] == before + len(bodies)


_RUNNING = {}


@contextlib.contextmanager
def shared():
    """One worker and one echoing service for all examples; an echo is no answer of HTTP/1.1, which must not matter."""
    if not _RUNNING:
        stack = contextlib.ExitStack()
        _RUNNING["stack"], _RUNNING["found"] = stack, stack.enter_context(running(mirror))
    yield _RUNNING["found"]


def mirror(connection, heard):
    """Sends everything back once the client has ended."""
    while True:
        data = connection.recv(65536)
        if not data:
            break
        heard += data
    connection.sendall(bytes(heard))


@pytest.fixture(scope="module", autouse=True)
def end_the_shared_one():
    yield
    if _RUNNING:
        _RUNNING.pop("stack").close()
        _RUNNING.clear()


@pytest.mark.root
def test_two_faults_listen_at_once_on_loopback_alone():
    """Each at ports that the kernel chose, so that the second fault of a host does not find those of the first."""
    with contextlib.ExitStack() as stack:
        places = []
        for _each in range(2):
            found = worker.listening()
            for version, one in found.items():
                stack.enter_context(one)
                places.append(one.getsockname()[:2])
                assert one.getsockname()[0] == {4: "127.0.0.1", 6: "::1"}[version]
        assert len(set(places)) == len(places) >= 2
