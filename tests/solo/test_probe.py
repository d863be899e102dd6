# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder tells the truth about services with known behaviour, to the millisecond."""

from __future__ import annotations

import os
import signal
import statistics
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import control

from support import http_server
from support.http_server import Server, say
from support.recorders import UP, missed, own_state, recorders, start, stop
from support.waiting import wait_for


@pytest.fixture(name="state")
def _state(tmp_path, monkeypatch):
    with own_state(tmp_path / "state", monkeypatch) as folder:
        yield folder


def test_an_outage_is_seen_within_one_interval(state):
    rate = 50.0
    with Server(say(UP)) as server:
        start(url=server.url, rate=rate)
        server.down_from = time.monotonic() + 1.0
        server.down_to = server.down_from + 1.5
        assert wait_for(lambda: server.requests and server.requests[-1][0] > server.down_to + 0.7)
        rows, result = stop()
        failed = [row for row in rows if not row.ok]
        assert {(row.status, row.error) for row in failed} == {(503, "status")}
        # What the server did to the request that each probe sent is known; the record must say the same of every one.
        down = sum(server.down_from <= at < server.down_to for at, _request in server.requests)
        assert len(failed) == down == result["summary"]["errors"]["status"]
        began = [row.intended_s + row.late_ms / 1000.0 for row in (failed[0], failed[-1])]
        slack = max(row.latency_ms for row in rows) / 1000.0
        assert server.down_from - slack <= began[0] <= server.down_from + 1 / rate + slack
        assert server.down_to - 1 / rate - slack <= began[1] <= server.down_to
        assert missed(rows, rate) == 0


def test_a_service_slowed_by_200_ms_is_reported_as_that(state, noise):
    with Server(say(UP)) as server:
        slow = say(UP, delay=0.2)
        server.outage = slow
        start(url=server.url, rate=25.0)
        server.down_from = time.monotonic() + 2.0
        server.down_to = server.down_from + 2.5
        assert wait_for(lambda: time.monotonic() > server.down_to)
        rows, _result = stop()
        before = [row.latency_ms for row in rows if row.intended_s < server.down_from - 0.1]
        during = [row.latency_ms for row in rows if row.intended_s > server.down_from + 0.1]
        impact = statistics.median(during) - statistics.median(before)
        # The service wakes up once more than before, as late as any sleep.
        assert abs(impact - 200.0) < 5.0 + 1e3 * noise.late_s, impact


def test_no_coordinated_omission(state):
    """The server answers nothing for a second: every probe that was due meanwhile must show how long it really
    waited.
    """
    rate = 50.0
    ends = []

    def stall(connection, _request):
        time.sleep(max(0.0, ends[0] - time.monotonic()))
        connection.sendall(UP)
        return False

    with Server(say(UP)) as server:
        server.outage = stall
        start(url=server.url, rate=rate, timeout="5s")
        server.down_from = time.monotonic() + 0.5
        server.down_to = server.down_from + 1.0
        ends.append(server.down_to)
        assert wait_for(lambda: server.requests and server.requests[-1][0] > server.down_to + 0.6)
        rows, _result = stop()
    in_stall = [row for row in rows if server.down_from + 0.1 < row.intended_s < server.down_to - 0.1]
    assert len(in_stall) >= 0.8 * rate - 2  # a closed loop would have sent one
    for row in in_stall:
        waited = (server.down_to - row.intended_s) * 1000.0
        assert waited - 2.0 <= row.latency_ms, (row, waited)
    typical = statistics.median(row.latency_ms - (server.down_to - row.intended_s) * 1000.0 for row in in_stall)
    assert typical < 100.0
    assert missed(rows, rate) == 0


def test_no_probe_is_lost_when_the_recorder_ends(state):
    """The kind: probes that were never answered vanish. The service hangs when the recorder is stopped: all that
    were due by then have failed.
    """
    with Server(say(UP)) as server:
        server.outage = http_server.silent
        first = start(url=server.url, rate=20.0, timeout="1s")
        assert wait_for(lambda: len(server.requests) >= 10)
        server.down_from, server.down_to = time.monotonic(), float("inf")
        since = server.down_from
        assert wait_for(lambda: time.monotonic() > since + 0.5)
        asked = time.monotonic()
        rows, result = stop()
    hanging = [row for row in rows if row.intended_s > since + 0.01]
    assert {(row.ok, row.error) for row in hanging} == {(False, "timeout")} and all(
        995.0 <= row.latency_ms for row in hanging
    )
    assert rows[-1].intended_s >= asked - 0.05 - max(row.late_ms for row in rows) / 1000.0 and missed(rows, 20) == 0
    summary = result["summary"]
    assert (
        summary["due"] == len(rows) == sum(row.ok for row in rows) + summary["failed"]
        and summary["ended_by"] == "stopped"
    )
    assert summary["reasons"] == [
        {"error": "timeout", "status": None, "detail": "no answer within the time limit", "count": summary["failed"]}
    ]
    assert first["running"] and recorders(state) == []


def test_what_is_answered_while_it_is_awaited_counts(state):
    with Server(say(UP, delay=0.8)) as server:
        start(url=server.url, rate=20.0, timeout="5s")
        assert wait_for(lambda: len(server.requests) >= 20)
        rows, result = stop()
    assert all(row.ok and row.latency_ms >= 800.0 for row in rows) and result["summary"]["due"] == len(rows) >= 20


def test_probes_that_time_out_are_failed_ones(state):
    with Server(http_server.silent) as server:
        start(url=server.url, rate=20.0, timeout="300ms")
        assert wait_for(lambda: (control.look("p", 30.0) or {}).get("sent", 0) >= 10)
        rows, _result = stop()
    assert {(row.ok, row.error) for row in rows} == {(False, "timeout")}
    assert all(295.0 <= row.latency_ms for row in rows) and min(row.latency_ms for row in rows) < 600.0


def test_a_stopped_clock_of_the_recorder_is_reported_as_its_own_lateness(state):
    """SIGSTOP: what was due meanwhile is sent late, and the record says that the recorder was late, not the service."""
    with Server(say(UP)) as server:
        pid = start(url=server.url, rate=20.0)["pid"]
        assert wait_for(lambda: len(server.requests) >= 5)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(1.0)
        os.kill(pid, signal.SIGCONT)
        seen = len(server.requests)
        assert wait_for(lambda: len(server.requests) >= seen + 25)
        rows, result = stop()
        assert result["summary"]["late_max_ms"] > 800.0
        assert all(row.latency_ms >= row.late_ms for row in rows) and missed(rows, 20) == 0
