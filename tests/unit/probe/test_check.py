# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks judge as documented, against real servers, programs and files."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
import sys
import threading
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import MissingTool
from ansible_collections.magsasa.chaos.plugins.module_utils._check import check, http, spec, sql
from support.http_server import Server, answer, closed_port, endless, say


def checked(timeout_s=5.0, **given):
    options = {name: option.get("default") for name, option in spec.OPTIONS.items()}
    return check.run(spec.parse(dict(options, **given), timeout_s))


HEALTH = {
    "status": "ok",
    "version": 3,
    "ratio": 0.5,
    "on": True,
    "none": None,
    "checks": {"database": {"status": "up"}},
    "list": [{"a": 1}],
}


@pytest.mark.parametrize(
    "given, error",
    [
        ({}, ""),
        ({"status": ["200"]}, ""),
        ({"status": ["204", "300-399"]}, "status"),
        ({"json": {"checks.database.status": "up"}}, ""),
        ({"json": {"checks.database.status": "down"}}, "assertion"),
        ({"json": {"checks.database.status": ["ok", "up"]}}, ""),
        ({"json": {"checks.database": "up"}}, "assertion"),
        ({"json": {"checks.missing.status": "up"}}, "assertion"),
        ({"json": {"version": 3, "ratio": 0.5, "on": True, "none": None, "list.0.a": 1}}, ""),
        ({"json": {"version": "3", "on": "true", "list.0.a": "1"}}, ""),
        ({"json": {"on": 1}}, "assertion"),
        ({"json": {"version": 4}}, "assertion"),
        ({"json": {"list.5.a": 1}}, "assertion"),
        ({"matches": '"version": [0-9]'}, ""),
        ({"matches": "^nothing"}, "assertion"),
    ],
)
def test_http(given, error):
    with Server(say(answer(HEALTH))) as server:
        outcome = checked(url=server.url, **given)
        assert (outcome.error, outcome.ok, outcome.status) == (error, not error, 200)
        assert bool(outcome.detail) == bool(error)


def test_http_answers_that_are_no_json():
    for body in (b"<html>", b"[" * 60000, b"\xff"):
        with Server(say(answer(body))) as server:
            assert checked(url=server.url, json={"a": 1}).error == "assertion"


def test_http_failures_keep_their_kind():
    assert checked(url="http://127.0.0.1:%d" % closed_port()).error == "refused"
    with Server(say(answer(status=503))) as server:
        outcome = checked(url=server.url)
        assert (outcome.ok, outcome.status, outcome.error, outcome.detail) == (False, 503, "status", "it answered 503")


def test_latency_is_measured_and_bounded():
    with Server(say(answer(), delay=0.2)) as server:
        assert 0.2 <= checked(url=server.url).latency_s < 2
        slow = checked(url=server.url, max_latency="100ms")
        assert (slow.ok, slow.error) == (False, "assertion") and "limit is 100 ms" in slow.detail
        assert checked(url=server.url, max_latency="5s").ok


def test_tcp():
    with Server() as server:
        assert checked(tcp="127.0.0.1:%d" % server.port).ok
    assert checked(tcp="127.0.0.1:%d" % closed_port()).error == "refused"


@pytest.mark.parametrize(
    "said, pattern, error",
    [
        (b"220 mail\r\n", "^220 ", ""),
        (b"220 mail\r\n", "^SSH", "assertion"),
        (b"x" * 10000, "y", "assertion"),
        (None, "x", "timeout"),
    ],
)
def test_tcp_banner(said, pattern, error):
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve():
            connection, _peer = listening.accept()
            with connection, contextlib.suppress(OSError):  # the check hangs up when it has heard enough
                if said is None:
                    connection.recv(1)
                else:
                    for at in range(0, len(said), 4):
                        connection.sendall(said[at : at + 4])

        threading.Thread(target=serve, daemon=True).start()
        assert (
            checked(
                0.5 if said is None else 5.0, tcp="127.0.0.1:%d" % listening.getsockname()[1], matches=pattern
            ).error
            == error
        )


@pytest.mark.parametrize(
    "code, given, status, error",
    [
        ("pass", {}, 0, ""),
        ("raise SystemExit(3)", {}, 3, "status"),
        ("raise SystemExit(3)", {"rc": [0, 3]}, 3, ""),
        ("print('ready')", {"matches": "ready"}, 0, ""),
        ("print('not')", {"matches": "ready"}, 0, "assertion"),
    ],
)
def test_command(code, given, status, error):
    outcome = checked(20.0, command=[sys.executable, "-c", code], **given)
    assert (outcome.status, outcome.error) == (status, error)


def test_command_that_does_not_end_or_does_not_exist():
    begun = time.monotonic()
    assert checked(0.3, command=["sleep", "30"]).error == "timeout"
    assert time.monotonic() - begun < 3
    assert checked(command=["/nonexistent/program"]).error == "unreachable"


def test_sqlite(tmp_path):
    path = tmp_path / "a b.db"
    url = "sqlite:///%s" % path
    assert checked(database=url).error == "unreachable" and not path.exists()
    connection = sqlite3.connect(str(path))
    connection.execute("CREATE TABLE t (a)")
    connection.commit()
    assert checked(database=url).ok
    connection.execute("BEGIN EXCLUSIVE")
    begun = time.monotonic()
    assert checked(0.3, database=url).error == "timeout"
    assert 0.25 < time.monotonic() - begun < 3
    connection.rollback()
    assert checked(database=url).ok
    connection.close()
    path.write_bytes(b"no database at all" * 100)
    assert checked(database=url).error == "garbage"


@pytest.fixture(name="psql")
def _psql(tmp_path, monkeypatch):
    """A stand-in for psql: what it is given, and what it says, without a server."""
    program = tmp_path / "psql"
    monkeypatch.setattr(sql._cmd, "which", lambda name: str(program))

    def says(code, out="", err=""):
        told = tmp_path / "told"
        program.write_text(
            "#!/bin/sh\nenv > %s\necho \"$@\" > %s.argv\nprintf '%s'\nprintf '%s' >&2\nexit %d\n"
            % (told, told, out, err, code)
        )
        program.chmod(0o755)
        return told

    return says


def test_postgresql_keeps_the_password_out_of_argv(psql):
    told = psql(0, "1\\n")
    assert checked(database="postgresql://shop:hunter2@127.0.0.1:5433/db?sslmode=disable").ok
    environment = told.read_text().splitlines()
    for pair in (
        "PGHOST=127.0.0.1",
        "PGPORT=5433",
        "PGUSER=shop",
        "PGPASSWORD=hunter2",
        "PGDATABASE=db",
        "PGSSLMODE=disable",
    ):
        assert pair in environment
    assert "hunter2" not in (told.parent / "told.argv").read_text()


@pytest.mark.parametrize(
    "said, error",
    [
        ("connection to server failed: Connection refused", "refused"),
        ("timeout expired", "timeout"),
        ("FATAL: the database system is starting up", "refused"),
        ("odd", "garbage"),
    ],
)
def test_postgresql_failures(psql, said, error):
    psql(2, "", said)
    outcome = checked(database="postgresql://127.0.0.1/db")
    assert outcome.error == error and said.split()[0] in outcome.detail


def test_postgresql_without_its_client(monkeypatch):
    monkeypatch.setattr(sql._cmd, "which", lambda name: None)
    with pytest.raises(MissingTool) as caught:
        checked(database="postgresql://127.0.0.1/db")
    assert "postgresql-client" in str(caught.value)


def test_postgresql_that_nobody_serves():
    if sql._cmd.which("psql") is None:
        pytest.skip("psql is not installed")
    assert checked(10.0, database="postgresql://u@127.0.0.1:%d/db" % closed_port()).error == "refused"


@pytest.mark.parametrize(
    "document, state",
    [
        ({"checks": {"database": {"status": "up", "latency_ms": 1}}}, "up"),
        ({"database": "down"}, "down"),
        ({"db": True}, "true"),
        ({"status": "UP", "components": {"db": {"status": "UP"}}}, "UP"),
        ({"checks": {"postgres:connections": [{"status": "pass"}]}}, "pass"),
        ({"dependencies": {"redis": {"status": "up"}}}, None),
        ({"database": {"other": 1}}, None),
        ({"database": "\x1b[31m" + "x" * 500}, "?[31m" + "x" * 52 + "..."),
        ([], None),
        (None, None),
    ],
)
def test_database_state_as_services_tell_it(document, state):
    assert http.database_status(json.loads(json.dumps(document))) == state


SIZE = 300_000  # more than is kept of an answer
LARGE = {
    "length": b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (SIZE, b"x" * SIZE),
    "chunked": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    + b"".join(b"%x\r\n%s\r\n" % (SIZE // 3, b"x" * (SIZE // 3)) for _chunk in range(3))
    + b"0\r\n\r\n",
    "close": b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * SIZE,
}


@pytest.mark.parametrize("form", LARGE)
def test_a_large_answer_is_good_when_all_of_it_came(form):
    with Server(say(LARGE[form])) as server:
        assert checked(url=server.url).ok
    with Server(endless(b"HTTP/1.1 200 OK\r\n\r\n", b"x" * 65536)) as server:
        assert checked(url=server.url, timeout_s=30.0).ok  # 8 MiB of it came


@pytest.mark.parametrize("form", ["length", "chunked"])
def test_a_large_answer_that_breaks_off_is_none(form):
    """However much of it is looked at."""
    with Server(say(LARGE[form][:200_000])) as server:
        outcome = checked(url=server.url)
    assert (outcome.ok, outcome.error, outcome.status) == (False, "reset", 200)


@pytest.mark.parametrize("form", LARGE)
def test_a_large_answer_that_does_not_go_on_is_none(form):
    def stall(connection, _request):
        connection.sendall(LARGE[form][:200_000])
        connection.recv(1)

    with Server(stall) as server:
        outcome = checked(url=server.url, timeout_s=1.0)
    assert (outcome.ok, outcome.error) == (False, "timeout") and outcome.latency_s >= 1.0
