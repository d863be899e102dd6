# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The application through real outages of its database: another process locks the file, PostgreSQL is stopped,
PostgreSQL hangs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time

import psycopg
import pytest

from running import alive, wait_for

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=20)
connection.execute("BEGIN EXCLUSIVE")
print("held", flush=True)
sys.stdin.read()
"""
# A request may wait 350 ms for the database. The rest is room for a busy machine; what it must not do is to hang for
# seconds.
FAST_S = 2.0


@contextlib.contextmanager
def locked(path):
    """Another process holds the exclusive lock of an SQLite file."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.stdin.close()
        holder.wait(10)


def outage_of(postgres, kind):
    """Context manager: PostgreSQL is "stopped" or "paused"."""

    @contextlib.contextmanager
    def manager():
        if kind == "stopped":
            postgres.stop()
        else:
            postgres.signal(signal.SIGSTOP)
        try:
            yield
        finally:
            if kind == "stopped":
                postgres.start()
            else:
                postgres.signal(signal.SIGCONT)

    return manager()


def fails_fast(app, seconds=3.0):
    """Ask for the database and for life all the time, 20 times a second from several clients; return the answers of
    the former.
    """
    down, live = [], []
    until = time.monotonic() + seconds

    def client():
        while time.monotonic() < until:
            down.append(app.ask("/health"))
            down.append(app.ask("/api/farmers"))
            live.append(app.ask("/live"))
            time.sleep(0.1)

    clients = [threading.Thread(target=client) for _each in range(4)]
    for each in clients:
        each.start()
    for each in clients:
        each.join(60)
    assert {answer.status for answer in live} == {200}
    assert {answer.status for answer in down} == {503}
    assert all(answer.headers["Retry-After"] == "1" for answer in down)
    assert max(answer.seconds for answer in down + live) < FAST_S
    late = sorted(answer.seconds for answer in down)
    assert late[len(late) // 2] < 0.3  # the breaker is open: most do not even wait for the deadline
    return down


def test_a_locked_sqlite_file(start):
    app = start()
    with locked(app.database):
        answers = fails_fast(app)
        check = [answer.body["checks"]["database"] for answer in answers if "checks" in answer.body][-1]
        assert check == {
            "backend": "sqlite",
            "path": str(app.database),
            "status": "down",
            "latency_ms": None,
            "error": "Unavailable",
        }
        assert app.ask("/ready").status == 503
        assert "\ndatabase_up 0.0" in app.ask("/metrics").body
    wait_for(lambda: app.status() == 200, 3, "the application to be well again")
    assert app.ask("/ready").status == 200 and "\ndatabase_up 1.0" in app.ask("/metrics").body


@pytest.mark.parametrize("kind", ["stopped", "paused"])
def test_postgresql(start, postgres, kind):
    app = start(DATABASE_URL=postgres.url)
    assert app.ask("/health").body["checks"]["database"]["port"] == postgres.port
    worker = app.workers()
    with outage_of(postgres, kind):
        fails_fast(app, 4.0)
    wait_for(lambda: app.status() == 200, 5, "the application to be well again")
    assert [app.status("/api/orders") for _each in range(20)] == [
        200
    ] * 20  # no connection from before the outage is handed out
    assert app.workers() == worker
    assert "secret-word" not in app.log.read_text() + str(app.ask("/health").body)


def fills_its_pool(app, postgres):
    """Pids of the sessions when there is one for each thread of the application, else None; a table is locked for a
    moment.
    """
    wait_for(lambda: app.status() == 200, 10, "the application to be well")
    clients = [threading.Thread(target=app.status, args=("/api/farmers",)) for _each in range(8)]
    with psycopg.connect(postgres.url) as connection:
        connection.execute("LOCK TABLE farmers")
        for each in clients:
            each.start()
        time.sleep(0.1)
    for each in clients:
        each.join(20)
    sessions = postgres.sessions()
    return sessions if len(sessions) >= 8 else None


def test_connections_that_hang_for_ever_are_left_behind(start, postgres):
    app = start(DATABASE_URL=postgres.url)
    stuck = wait_for(lambda: fills_its_pool(app, postgres), 30, "the application to use all connections of its pool")
    for pid in stuck:
        os.kill(pid, signal.SIGSTOP)
    try:
        wait_for(
            lambda: [app.status() for _each in range(20)] == [200] * 20,
            20,
            "new connections instead of those that hang",
        )
        assert all(alive(pid) for pid in stuck)
    finally:
        for pid in stuck:
            os.kill(pid, signal.SIGCONT)


def test_what_was_given_up_is_not_done_later(start, postgres):
    app = start(DATABASE_URL=postgres.url)
    before = app.ask("/api/payments?limit=1").body["total"]
    with outage_of(postgres, "paused"):
        assert app.ask("/api/payments", "POST", {"farmer_id": 1, "amount": "12.50"}).status == 503
    wait_for(lambda: app.status() == 200, 5, "the application to be well again")
    time.sleep(0.5)  # the thread that hung goes on now
    assert app.ask("/api/payments?limit=1").body["total"] == before


def test_ends_in_time_while_threads_hang(start, postgres):
    app = start(DATABASE_URL=postgres.url)
    family = [app.process.pid] + app.workers()
    with outage_of(postgres, "paused"):
        assert app.ask("/health").status == 503
        app.process.terminate()
        assert app.process.wait(4) == 0  # gunicorn would kill its worker after 5 s
        assert not [pid for pid in family if alive(pid)]


def test_starts_without_its_database(start, postgres):
    postgres.stop()
    try:
        app = start(DATABASE_URL=postgres.url)
        assert (app.status("/live"), app.status("/health")) == (200, 503)
    finally:
        postgres.start()
    wait_for(lambda: app.status() == 200, 5, "the application to find its database")
    assert app.ask("/api/farmers").body["total"] == 60


def test_starts_while_its_file_is_locked(start, tmp_path):
    with locked(tmp_path / "shop.db"):
        app = start()
        assert (app.status("/live"), app.status("/health")) == (200, 503)
    wait_for(lambda: app.status() == 200, 5, "the application to make its tables")
    assert app.ask("/api/farmers").body["total"] == 60


def test_one_slow_answer_does_not_open_the_breaker(start):
    app = start()
    with locked(app.database):
        assert app.ask("/health").status == 503
    assert app.ask("/health").status == 200  # at once: nothing has to be re-checked first
    assert "answering 503" not in app.log.read_text()


def test_fragile_hangs_and_cannot_even_say_that_it_lives(start):
    app = start(FRAGILE="1")
    assert app.ask("/health").status == 200
    with locked(app.database):
        got = []
        clients = [
            threading.Thread(target=lambda path=path: got.append(app.ask(path))) for path in ("/api/farmers", "/live")
        ]
        for each in clients:
            each.start()
            time.sleep(0.2)
        time.sleep(2)
        assert not got  # both hang: one worker, and it waits for the lock
    for each in clients:
        each.join(60)
    assert [answer.status for answer in got] == [200, 200] and min(answer.seconds for answer in got) > 1.5


def test_fragile_answers_500_when_postgresql_was_restarted(start, postgres):
    app = start(FRAGILE="1", DATABASE_URL=postgres.url)
    assert app.status("/api/farmers") == 200
    postgres.stop()
    try:
        assert app.status("/api/farmers") == 500
    finally:
        postgres.start()
