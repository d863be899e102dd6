# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One HTTP exchange against real sockets with every kind of bad manners: bounded in time and size, never raising."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._http import deadline_socket, exchange
from support import http_server
from support.http_server import Server, answer, drip, endless, say, self_signed

GRACE = 1.5  # seconds that a busy machine may add to a deadline


def fetch(server, path="/", **options):
    options.setdefault("timeout", 5.0)
    return exchange.fetch(server.url + path, **options)


def test_a_whole_answer():
    with Server(
        say(answer(b'{"a": 1}', 201, [("Content-Type", "application/json"), ("X-A", "1"), ("x-a", "2")]))
    ) as server:
        response = fetch(server, "/a%20b?c=d", headers={"X-Token": "t"}, method="POST", body="caf\u00e9")
        assert (response.status, response.reason, response.body, response.truncated) == (
            201,
            "Scripted",
            b'{"a": 1}',
            False,
        )
        assert response.headers == {"content-type": "application/json", "x-a": "1, 2", "content-length": "8"}
        assert response.error is None and response.error_kind is None and 0 < response.elapsed_s < 5
        sent = server.requests[0][1]
        assert sent.startswith(b"POST /a%20b?c=d HTTP/1.1\r\n") and b"\r\nHost: 127.0.0.1:%d\r\n" % server.port in sent
        assert (
            b"\r\nX-Token: t\r\n" in sent
            and b"\r\nContent-Length: 5\r\n" in sent
            and sent.endswith("\r\n\r\ncaf\u00e9".encode())
        )


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "data, method, body",
    [
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", "GET", b"until the end"),
        (b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok", "GET", b"ok"),
        (b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok", "GET", b"ok"),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "GET", b"ok"),
        (CHUNKED + b"2\r\nok\r\n3;ext=1\r\n yes\r\n"[:-6] + b"yes\r\n0\r\n\r\n", "GET", b"okyes"),
        (CHUNKED + b"2\r\nok\r\n0\r\nX-Trailer: 1\r\n\r\n", "GET", b"ok"),
        (b"HTTP/1.1 204 No\r\nContent-Length: 5\r\n\r\n", "GET", b""),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "HEAD", b""),
        (b"HTTP/1.1 200 OK\r\nX: a\r\n b\r\nno colon\r\nContent-Length: 2\r\n\r\nok", "GET", b"ok"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2, 2\r\n\r\nok", "GET", b"ok"),
    ],
)
@pytest.mark.parametrize("slowly", [False, True])
def test_forms_of_answers(data, method, body, slowly):
    with Server(drip(data, 0.0005) if slowly else say(data)) as server:
        response = fetch(server, method=method)
        assert (response.error, response.status, response.body) == (None, 204 if b" 204 " in data else 200, body)


def test_a_switch_of_protocols_is_the_answer():
    """No other answer follows a 101: what comes then is not HTTP any more."""
    with Server(say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02ok")) as server:
        response = fetch(server)
        assert (response.error, response.status) == (None, 101)


@pytest.mark.parametrize("value", ["\x00", "a\nb", "a\r", "\x1f", "\x7f", "x" * 8193])
def test_values_of_headers_that_are_refused(value):
    with pytest.raises(BadOption) as caught:
        exchange.prepare("http://h/", headers={"X-Token": value})
    assert caught.value.details["option"] == "headers"


@pytest.mark.parametrize("value", ["", "a\tb", " ", "~", "\x80", "x" * 8192])
def test_values_of_headers_that_are_sent(value):
    assert exchange.prepare("http://h/", headers={"X-Token": value}).headers == {"X-Token": value}


@pytest.mark.parametrize(
    "data, kind",
    [
        (b"", "reset"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "garbage"),
        (b"\x16\x03\x01\x02\x00", "garbage"),
        (b"HTTP/1.1 abc\r\n\r\n", "garbage"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "garbage"),
        (b"HTTP/1.1 200 OK\r\nContent-", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", "reset"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nx", "garbage"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nxx", "garbage"),
        (CHUNKED + b"zz\r\n", "garbage"),
        (CHUNKED + b"-5\r\n", "garbage"),
        (CHUNKED + b"2\r\nokX\r\n", "garbage"),
        (CHUNKED + b"5\r\nok", "reset"),
        (CHUNKED + b"2\r\nok\r\n", "reset"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 100, "garbage"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "too_large"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100000 + b"\r\n\r\n", "too_large"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100000, "too_large"),
        (CHUNKED + b"2\r\nok\r\n0\r\n" + b"X: y\r\n" * 200, "too_large"),
    ],
)
def test_answers_that_are_none(data, kind):
    with Server(say(data)) as server:
        response = fetch(server)
        assert response.error_kind == kind and response.body == b""
        assert response.error and "\n" not in response.error


@pytest.mark.parametrize(
    "behave",
    [
        http_server.silent,
        drip(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 90, 0.05),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000, 0.05),
        drip(CHUNKED + b"1\r\nx\r\n" * 1000, 0.05),
        drip(b"HTTP/1.1 100 C\r\n\r\n" * 100, 0.05),
    ],
)
def test_one_deadline_for_everything(behave):
    with Server(behave) as server:
        begun = time.monotonic()
        response = fetch(server, timeout=0.5)
        took = time.monotonic() - begun
        assert response.error_kind == "timeout"
        assert 0.45 <= response.elapsed_s <= took <= 0.5 + GRACE


@pytest.mark.parametrize(
    "behave, kind",
    [
        (endless(b"HTTP/1.1 200 OK\r\n", b"X-Header: y\r\n" * 100), "too_large"),
        (endless(b"HTTP/1.1 200 OK\r\nX: ", b"y" * 10000), "too_large"),
        (endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), "garbage"),
        (endless(CHUNKED, b"0;" + b"x" * 5000), "too_large"),
        (endless(CHUNKED + b"0\r\n", b"X: y\r\n"), "too_large"),
        (endless(CHUNKED, b"1;" + b"x" * 900 + b"\r\nx\r\n"), "too_large"),
    ],
)
def test_endless_heads_are_bounded(behave, kind):
    with Server(behave) as server:
        assert fetch(server, timeout=20.0).error_kind == kind


@pytest.mark.parametrize(
    "head, piece",
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 1000),
        (CHUNKED, b"1\r\nx\r\n" * 100),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n", b"x" * 1000),
    ],
)
def test_endless_bodies_are_cut(head, piece):
    with Server(endless(head, piece)) as server:
        response = fetch(server, timeout=20.0, max_bytes=5000)
        assert (response.error, response.status, response.body, response.truncated) == (None, 200, b"x" * 5000, True)


@pytest.mark.parametrize("size, truncated", [(99, False), (100, False), (101, True)])
@pytest.mark.parametrize("form", ["length", "close", "chunked"])
def test_the_bound_of_the_body(size, truncated, form):
    body = b"x" * size
    data = {
        "length": answer(body),
        "close": answer(body, length=False),
        "chunked": CHUNKED + b"%x\r\n%s\r\n0\r\n\r\n" % (size, body),
    }[form]
    with Server(say(data)) as server:
        response = fetch(server, max_bytes=100)
        assert (response.body, response.truncated) == (body[:100], truncated)


def test_nobody_listens():
    response = exchange.fetch("http://127.0.0.1:%d/" % http_server.closed_port(), timeout=5.0)
    assert response.error_kind == "refused" and response.status is None and response.elapsed_s < 5


def test_a_full_backlog_is_a_timeout():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        port = listening.getsockname()[1]
        fillers = []
        try:
            for _each in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(("127.0.0.1", port))
                fillers.append(filler)
            time.sleep(0.1)
            begun = time.monotonic()
            assert exchange.fetch("http://127.0.0.1:%d/" % port, timeout=0.4).error_kind == "timeout"
            assert time.monotonic() - begun < 0.4 + GRACE
        finally:
            for filler in fillers:
                filler.close()


def test_a_reset():
    with Server(http_server.reset) as server:
        assert fetch(server).error_kind == "reset"


def test_a_name_that_does_not_resolve(monkeypatch):
    monkeypatch.setattr(
        deadline_socket.socket,
        "getaddrinfo",
        resolver(lambda: (each for each in ()).throw(socket.gaierror(-2, "Name or service not known"))),
    )
    assert exchange.fetch("http://name.test/", timeout=5.0).error_kind == "dns"


def test_a_resolver_that_hangs_keeps_the_deadline_and_a_bound(monkeypatch):
    release = threading.Event()
    monkeypatch.setattr(deadline_socket.socket, "getaddrinfo", resolver(lambda: release.wait(30) and []))
    monkeypatch.setattr(deadline_socket, "_lookups", threading.Semaphore(2))
    try:
        begun = time.monotonic()
        kinds = [exchange.fetch("http://name.test/", timeout=0.2).error_kind for _each in range(3)]
        assert kinds == ["timeout", "timeout", "dns"]
        assert time.monotonic() - begun < 0.4 + GRACE
    finally:
        release.set()


def resolver(behave):
    """A resolver with no network: numeric lookups fail as for a name, others do what the test wants."""

    def getaddrinfo(_host, _port, _family=0, _kind=0, _protocol=0, flags=0):
        if flags & socket.AI_NUMERICHOST:
            raise socket.gaierror(-2, "not numeric")
        return behave()

    return getaddrinfo


def test_names_and_ipv6():
    try:
        server = Server(host="::1")
    except OSError:
        pytest.skip("this host has no IPv6 loopback")
    with server:
        assert fetch(server).status == 200
        assert b"\r\nHost: [::1]:%d\r\n" % server.port in server.requests[0][1]
    with Server() as server:
        assert exchange.fetch("http://localhost:%d/" % server.port, timeout=5.0).status == 200


@pytest.fixture(name="tls")
def _tls(tmp_path):
    context = self_signed(tmp_path)
    if context is None:
        pytest.skip("openssl is not installed")
    return context


def test_tls(tls):
    with Server(context=tls) as server:
        refused = fetch(server)
        assert refused.error_kind == "tls" and refused.status is None and "certificate" in refused.error
        assert fetch(server, verify_tls=False).status == 200


def test_tls_on_a_plain_port_and_the_other_way_round(tls):
    with Server(whole_requests=False) as server:
        assert exchange.fetch("https://127.0.0.1:%d/" % server.port, timeout=5.0).error_kind == "tls"
    with Server(context=tls) as server:
        assert exchange.fetch("http://127.0.0.1:%d/" % server.port, timeout=5.0).error_kind in ("garbage", "reset")


def test_a_tls_handshake_that_never_comes():
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        begun = time.monotonic()
        response = exchange.fetch("https://127.0.0.1:%d/" % listening.getsockname()[1], timeout=0.4)
        assert response.error_kind == "timeout" and time.monotonic() - begun < 0.4 + GRACE


def redirecting(where, status=302):
    def behave(connection, request):
        path = request.split()[1]
        connection.sendall(answer(b"end") if path == b"/end" else answer(b"", status, [("Location", where)]))
        return False

    return behave


def test_redirects_are_not_followed_unless_asked():
    with Server(redirecting("/end")) as server:
        assert fetch(server).status == 302 and len(server.requests) == 1
        assert fetch(server, follow=True).body == b"end"


def test_redirects_to_another_host_are_not_followed():
    with Server() as other, Server(redirecting("http://localhost:%d/end" % other.port)) as server:
        response = fetch(server, follow=True)
        assert (response.status, response.headers["location"]) == (302, "http://localhost:%d/end" % other.port)
        assert other.requests == []


def test_secrets_go_to_the_same_port_only():
    with Server() as other, Server(redirecting("http://127.0.0.1:%d/end" % other.port, 307)) as server:
        url = server.url.replace("://", "://user:hunter2@")
        assert exchange.fetch(url, "POST", {"X-Token": "hunter2"}, "hunter2", 5.0, follow=True).status == 200
        assert server.requests[0][1].count(b"hunter2") == 2 and b"Authorization: Basic" in server.requests[0][1]
        assert b"hunter2" not in other.requests[0][1] and b"Authorization" not in other.requests[0][1]


def test_redirects_without_end_are_bounded():
    with Server(redirecting("/again")) as server:
        assert fetch(server, follow=True).status == 302
        assert len(server.requests) == exchange.MOST_REDIRECTS + 1


def test_hostile_text_is_made_printable():
    with Server(
        say(b"HTTP/1.1 200 \x1b[31mred\x07\r\nX-\x1b: \x1b]0;owned\x07\r\nContent-Length: 0\r\n\r\n")
    ) as server:
        response = fetch(server)
        for text in [response.reason] + [part for pair in response.headers.items() for part in pair]:
            assert text.isprintable()


def test_a_kept_connection_is_used_again_and_replaced_when_the_server_closed_it():
    with Server(say(answer(b"ok"), keep=True)) as server:
        session = exchange.Session(keepalive=True)
        request = exchange.prepare(server.url + "/")
        try:
            assert [session.fetch(request).body for _each in range(3)] == [b"ok"] * 3
            assert server.connections == 1
            for connection in list(server._open):
                connection.shutdown(socket.SHUT_RDWR)
            time.sleep(0.05)
            assert session.fetch(request).body == b"ok"
            assert server.connections == 2
        finally:
            session.close()


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 smuggled\r\n\r\n",
    ],
)
def test_connections_that_may_not_be_kept(data):
    with Server(say(data, keep=True)) as server:
        session = exchange.Session(keepalive=True)
        try:
            assert [session.fetch(exchange.prepare(server.url)).status for _each in range(2)] == [200, 200]
            assert server.connections == 2
        finally:
            session.close()


def test_no_descriptor_is_left():
    import os

    def count():
        return len(os.listdir("/proc/self/fd"))

    with Server(http_server.reset) as bad, Server() as good, Server(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x")) as long:
        for server in (bad, good, long):
            fetch(server)
        time.sleep(0.2)
        before = count()
        for _each in range(20):
            for server in (bad, good, long):
                fetch(server, max_bytes=10)
            exchange.fetch("http://127.0.0.1:%d/" % http_server.closed_port())
        limit = time.monotonic() + 5
        while count() > before and time.monotonic() < limit:
            time.sleep(0.05)
        assert count() <= before


def test_input_that_is_no_request():
    for given in (
        {"url": "nonsense"},
        {"url": "http://h/", "method": "A B"},
        {"url": "http://h/", "headers": {"a b": "c"}},
    ):
        with pytest.raises(BadOption):
            exchange.fetch(**given)
