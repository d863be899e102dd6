# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""health_check as a playbook uses it: one check, a wait, the same keys either way, one sentence for wrong input."""

from __future__ import annotations

import threading
import time

import pytest

from support.http_server import Server, answer, closed_port, say
from support.modules import run_module

KEYS = {
    "healthy",
    "target",
    "attempts",
    "successes",
    "elapsed_s",
    "status",
    "latency_ms",
    "error",
    "detail",
    "database",
}
UP = answer({"status": "ok", "checks": {"database": {"status": "up"}}})
DOWN = answer({"status": "bad", "checks": {"database": {"status": "down"}}}, 503)


@pytest.mark.parametrize("check", [False, True])
def test_healthy(tmp_path, check):
    with Server(say(UP)) as server:
        result = run_module(
            "health_check",
            {"url": server.url, "json": {"checks.database.status": "up"}, "successes": 3, "interval": "50ms"},
            tmp_path,
            check=check,
        )
        assert not result.get("failed") and result["changed"] is False and KEYS <= set(result)
        assert (result["healthy"], result["attempts"], result["status"], result["database"], result["error"]) == (
            True,
            3,
            200,
            "up",
            "",
        )
        assert len(server.requests) == 3 and result["latency_ms"] > 0
    assert not list(tmp_path.iterdir())  # it leaves nothing on the host


def test_unhealthy_has_the_same_keys_and_says_what_the_service_said(tmp_path):
    with Server(say(DOWN)) as server:
        result = run_module("health_check", {"url": server.url}, tmp_path)
        assert result["failed"] and result["changed"] is False and KEYS <= set(result)
        assert (result["healthy"], result["attempts"], result["status"], result["database"], result["error"]) == (
            False,
            1,
            503,
            "down",
            "status",
        )
        assert result["msg"].count("\n") == 0 and "it answered 503" in result["msg"]


def test_waits_until_the_service_is_back(tmp_path):
    with Server(say(UP)) as server:
        server.outage = say(DOWN)
        server.down_from, server.down_to = 0.0, time.monotonic() + 3.0
        result = run_module(
            "health_check", {"url": server.url, "timeout": "60s", "interval": "200ms", "successes": 2}, tmp_path
        )
        assert result["healthy"] and result["attempts"] >= 3 and result["successes"] == 2
        good = [at for at, _request in server.requests if at >= server.down_to]
        assert len(good) == 2  # it stopped as soon as two came in a row


def test_a_wait_ends_in_time_whatever_the_service_does(tmp_path):
    hold = threading.Event()

    def never(_connection, _request):
        hold.wait(30)
        return False

    with Server(never) as server:
        result = run_module("health_check", {"url": server.url, "timeout": "1s", "check_timeout": "20s"}, tmp_path)
        hold.set()
    assert result["failed"] and result["error"] == "timeout" and result["attempts"] == 1
    assert 0.9 <= result["elapsed_s"] < 4


def test_tcp_and_database(tmp_path):
    assert run_module("health_check", {"tcp": "127.0.0.1:%d" % closed_port()}, tmp_path)["error"] == "refused"
    result = run_module("health_check", {"database": "sqlite:///%s" % (tmp_path / "none.db")}, tmp_path)
    assert result["failed"] and "none.db" in result["msg"]


@pytest.mark.parametrize(
    "given, starts",
    [
        ({"url": "http://u:hunter2@h:99999/"}, "url: "),
        ({"url": "http://h/", "timeout": "30 parsecs"}, "timeout: "),
        ({"url": "http://h/", "successes": 0}, "successes: "),
        ({}, "one of the following is required"),
        ({"url": "http://h/", "tcp": "h:1"}, "parameters are mutually exclusive"),
    ],
)
def test_wrong_input_is_one_sentence(tmp_path, given, starts):
    result = run_module("health_check", given, tmp_path)
    assert result["failed"] and result["msg"].startswith(starts) and "\n" not in result["msg"]
    assert "hunter2" not in str(result)


def test_credentials_are_sent_and_not_shown(tmp_path):
    with Server(say(DOWN)) as server:
        result = run_module(
            "health_check",
            {"url": server.url.replace("://", "://me:hunter2@"), "headers": {"X-Token": "s3cr3t-token"}},
            tmp_path,
        )
        assert (
            b"Authorization: Basic bWU6aHVudGVyMg==" in server.requests[0][1]
            and b"s3cr3t-token" in server.requests[0][1]
        )
    assert "hunter2" not in str(result) and "s3cr3t-token" not in str(result)
