# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One target against real sockets with every kind of manners: what it is told to be, and the time that it may take."""

from __future__ import annotations

import socket
import threading
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import ask, candidates
from support.http_server import Server, answer, closed_port, drip, endless, say, self_signed, silent

GRACE = 1.5  # seconds that a busy machine may add to a deadline
HEALTH = {
    "service": "shop",
    "version": "1.2",
    "status": "ok",
    "checks": {"database": {"status": "up", "backend": "sqlite", "path": "/s.db"}},
}


def path_of(request):
    return request.split(b" ")[1].decode()


def paths(table, other=answer(b"nothing here", 404)):
    """Behaviour: for each path the bytes of an answer, or another behaviour."""

    def behave(connection, request):
        found = table.get(path_of(request), other)
        return found(connection, request) if callable(found) else say(found)(connection, request)

    return behave


def asked(server):
    return [path_of(request) for _at, request in server.requests]


def ask_port(port, addresses=("127.0.0.1",), seconds=10.0, health_paths=ask.HEALTH_PATHS, url=None):
    """The answer, and the seconds that it took."""
    candidate = candidates.choose(url, (port,), {}, ())[0]
    target = candidates.Target(candidate, list(addresses), True, [])
    began = time.monotonic()
    return ask.ask(target, health_paths, began + seconds), time.monotonic() - began


def test_a_health_document():
    with Server(paths({"/health": answer(HEALTH, 200, [("Server", "gunicorn")])})) as server:
        found, _took = ask_port(server.port)
        assert (found["speaks"], found["healthy"], found["status"], found["error"], found["scheme"]) == (
            True,
            True,
            200,
            None,
            "http",
        )
        assert (found["service"], found["version"], found["framework"]) == ("shop", "1.2", "gunicorn")
        assert (found["url"], found["health_url"]) == (server.url, server.url + "/health")
        assert found["database"]["path"] == "/s.db" and found["unanswered"] == []
        assert asked(server) == ["/health"]


@pytest.mark.parametrize(
    "table, health_path, healthy, status, count",
    [
        ({"/live": answer(HEALTH)}, "/live", True, 200, 4),
        ({"/": answer(b"<html>")}, "/", True, 200, 6),
        ({}, "/health", False, 404, 6),
        ({"/health": answer(HEALTH, 503), "/live": answer(HEALTH)}, "/health", False, 503, 1),
        ({"/health": answer(b"sorry", 500), "/live": answer(HEALTH)}, "/health", False, 500, 1),
        ({"/health": answer(dict(HEALTH, status="DOWN")), "/live": answer(HEALTH)}, "/health", False, 200, 1),
        ({"/health": answer(b"", 401), "/healthz": answer(b"ok")}, "/healthz", True, 200, 2),
        (
            {"/health": answer(b"", 301, [("Location", "/health/")]), "/health/": answer(HEALTH)},
            "/health/",
            True,
            200,
            2,
        ),
    ],
)
def test_the_first_path_with_a_verdict_counts(table, health_path, healthy, status, count):
    with Server(paths(table)) as server:
        found, _took = ask_port(server.port)
        assert (found["health_url"], found["healthy"], found["status"]) == (server.url + health_path, healthy, status)
        assert len(server.requests) == count


def test_own_paths_and_the_path_of_a_url():
    with Server(paths({"/a?b=c": answer(HEALTH)})) as server:
        assert ask_port(server.port, health_paths=("/x", "/a?b=c"))[0]["healthy"] and asked(server) == ["/x", "/a?b=c"]
        server.requests.clear()
        found, _took = ask_port(server.port, url="http://bob:hunter2@127.0.0.1:%d/a?b=c" % server.port)
        assert found["healthy"] and asked(server) == ["/a?b=c"] and "hunter2" not in str(found)
        assert b"\r\nAuthorization: Basic Ym9iOmh1bnRlcjI=\r\n" in server.requests[0][1]


def test_a_redirect_to_another_host_or_port_is_reported_and_not_followed():
    with Server(say(answer(HEALTH))) as other, Server() as server:
        for location in (
            other.url + "/health?token=hunter2",
            "http://localhost:%d/health" % other.port,
            "https://127.0.0.1:%d/" % server.port,
        ):
            server.behave = say(answer(b"", 302, [("Location", location)]))
            found, _took = ask_port(server.port)
            assert (found["speaks"], found["healthy"], found["status"]) == (True, False, 302)
            assert found["redirect"].startswith(location.partition("?")[0]) and "hunter2" not in str(found)
        assert other.connections == 0


def test_a_redirect_loop_ends():
    with Server(say(answer(b"", 302, [("Location", "/health")]))) as server:
        found, took = ask_port(server.port)
        assert not found["healthy"] and found["redirect"] == "/health" and took < 10
        assert len(server.requests) == 2 * len(ask.HEALTH_PATHS)


def test_nobody_listens():
    found, took = ask_port(closed_port(), ("127.0.0.1", "::1"))
    assert (found["speaks"], found["error"]) == (False, "refused") and took < 10


def test_the_next_address_when_nobody_listens_on_the_first():
    with Server(say(answer(HEALTH)), host="::1") as server:
        found, _took = ask_port(server.port, ("127.0.0.1", "::1"))
        assert found["healthy"] and (found["address"], found["url"]) == ("::1", "http://[::1]:%d" % server.port)


def test_accepts_and_never_answers():
    with Server(silent) as server:
        found, took = ask_port(server.port, seconds=1.0)
        assert (found["speaks"], found["error"]) == (False, "timeout") and 0.9 < took < 1.0 + GRACE


def test_listens_and_never_accepts():
    with socket.create_server(("127.0.0.1", 0), backlog=0) as server:
        found, took = ask_port(server.getsockname()[1], seconds=1.0)
        assert (found["speaks"], found["error"]) == (False, "timeout") and took < 1.0 + GRACE


@pytest.mark.parametrize(
    "garbage",
    [
        b"SSH-2.0-OpenSSH_9\r\n",
        b"-ERR unknown command\r\n",
        b"\x00\xff" * 100,
        b"HTTP/9 hello\r\n\r\n",
        b"220 smtp ready\r\n",
    ],
)
def test_garbage(garbage):
    with Server(say(garbage), whole_requests=False) as server:
        found, _took = ask_port(server.port)
        assert (found["speaks"], found["error"]) == (False, "garbage, and no TLS")


def test_hangs_up():
    with Server(say(b""), whole_requests=False) as server:
        found, _took = ask_port(server.port)
        assert not found["speaks"] and found["error"].startswith("reset")


def test_tls_on_the_port(tmp_path):
    context = self_signed(tmp_path)
    if context is None:
        pytest.skip("openssl is not installed")
    with Server(say(answer(HEALTH)), context=context) as server:
        found, _took = ask_port(server.port)
        assert (found["healthy"], found["scheme"], found["service"]) == (True, "https", "shop")
        assert found["health_url"] == "https://127.0.0.1:%d/health" % server.port
        assert not ask_port(server.port, url="http://127.0.0.1:%d" % server.port)[0]["speaks"]  # the user said http


def test_a_tls_port_that_complains_in_plain_http():
    complaint = answer(b"<h1>The plain HTTP request was sent to HTTPS port</h1>", 400)
    with Server(say(complaint), whole_requests=False) as server:
        found, _took = ask_port(server.port)
        assert (found["speaks"], found["error"]) == (False, "garbage, and no TLS")
        assert len(server.requests) == 2 and server.requests[1][1][:1] == b"\x16"  # the second one is a TLS handshake


def test_a_slow_health_endpoint_counts_before_quick_ones_after_it():
    with Server(paths({"/health": say(answer(HEALTH), delay=2.0), "/live": answer({"service": "live"})})) as server:
        found, _took = ask_port(server.port, seconds=8.0)
        assert "/live" in asked(server)  # it was not held up
        assert (found["service"], found["healthy"], found["unanswered"]) == ("shop", True, [])
        assert found["answer_s"] >= 2.0


def test_a_health_endpoint_that_is_too_slow_does_not_hide_the_next():
    with Server(paths({"/health": silent, "/live": answer({"service": "live"})})) as server:
        found, took = ask_port(server.port, seconds=2.0)
        assert (found["service"], found["healthy"], found["unanswered"]) == ("live", True, ["/health"])
        assert found["health_url"].endswith("/live") and took < 2.0 + GRACE


def test_a_head_without_the_end_of_its_body():
    with Server(say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")) as server:
        found, _took = ask_port(server.port)
        assert (found["speaks"], found["healthy"], found["status"], found["error"]) == (True, False, 200, "reset")


def test_one_byte_at_a_time():
    with Server(drip(answer(HEALTH), 0.2)) as server:
        found, took = ask_port(server.port, seconds=1.0)
        assert not found["healthy"] and took < 1.0 + GRACE


def test_a_body_that_does_not_end_in_time():
    with Server(drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000, 0.01)) as server:
        found, _took = ask_port(server.port, seconds=2.0)
        assert (found["speaks"], found["healthy"], found["error"], found["unanswered"]) == (
            True,
            False,
            "timeout",
            ["/health"],
        )


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n"]
)
def test_an_endless_body(head):
    with Server(endless(head + b'{"service": "', b"x" * 65536)) as server:
        found, took = ask_port(server.port)
        assert (found["healthy"], found["truncated"], found["service"]) == (True, True, None)
        assert took < 10 and len(str(found)) < 2000


def test_an_endless_head():
    with Server(endless(b"HTTP/1.1 200 OK\r\n", b"x: y\r\n" * 1000)) as server:
        found, took = ask_port(server.port)
        assert not found["healthy"] and took < 10


def test_hostile_text_is_bounded_and_printable():
    evil = {"service": "a\x1b[2J\n" * 100, "version": "\u202e" + "9" * 500, "status": "x" * 9999}
    headers = [("Server", "evil\x07" + "y" * 500), ("Location", "http://x/" + "z" * 5000)]
    with Server(say(answer(evil, 200, headers))) as server:
        found, _took = ask_port(server.port)
        for key in ("service", "version", "says", "framework"):
            assert found[key].isprintable() and 0 < len(found[key]) <= 80, key


def test_no_thread_is_left_when_everything_answers():
    before = threading.active_count()
    with Server(paths({})) as server:
        ask_port(server.port)
    limit = time.monotonic() + 5
    while threading.active_count() > before and time.monotonic() < limit:
        time.sleep(0.02)
    assert threading.active_count() <= before
