# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder tells the truth about services with known behaviour, keeps its bounds, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import stat
import statistics
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils import _errors
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import collect, control, samples
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import recorders as probes
from support import http_server
from support.http_server import Server, answer, closed_port, say
from support.modules import run_module
from support.waiting import wait_for

UP = answer({"status": "ok"})


@pytest.fixture(name="state")
def _state(tmp_path, monkeypatch):
    """A state folder of its own; whatever a failed test leaves running is ended."""
    folder = tmp_path / "state"
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(folder))
    yield folder
    run = str(folder / "run")
    for name in probes.names(run):
        probes.discard(run, name)
    assert recorders(folder) == []


def recorders(folder):
    """Pids of living processes that belong to probes of this state folder."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%s/environ" % entry, "rb") as source:
                pairs = source.read().split(b"\0")
            with open("/proc/%s/stat" % entry) as source:
                gone = source.read().rpartition(")")[2].split()[0] in "ZX"
        except (OSError, ValueError):
            continue
        if (
            not gone
            and b"MAGSASA_CHAOS_STATE=%s" % str(folder).encode() in pairs
            and any(pair.startswith(b"MAGSASA_CHAOS_PROBE=") for pair in pairs)
        ):
            found.append(int(entry))
    return found


def left(folder):
    """Files of the run folder."""
    return (
        sorted(str(path.relative_to(folder)) for path in (folder / "run").rglob("*"))
        if (folder / "run").exists()
        else []
    )


def options(**given):
    found = {name: option.get("default") for name, option in spec.OPTIONS.items()}
    found.update(name="p", rate=20.0, timeout="2s", max_duration="2m", max_in_flight=None, keepalive=False, lease=None)
    found.update(given)
    return found


def start(**given):
    more = {key: given.pop(key) for key in ("linger_s",) if key in given}
    return control.start(dict(control.parse(options(**given)), **more))[1]


def stop(name="p"):
    """(samples, result) of a recorder."""
    changed, result = collect.stop(name)
    assert changed
    return samples.unpack(result["samples"]), result


def missed(rows, rate):
    """How many of the probes that were due left no sample, the last ones aside (they may have been under way)."""
    first = rows[0].intended_s
    numbers = [round((row.intended_s - first) * rate) for row in rows]
    assert len(set(numbers)) == len(numbers)
    return len(set(range(numbers[-1] - 2)) - set(numbers))


def test_life_through_ansible(state):
    with Server(say(UP)) as server:
        given = {
            "name": "shop",
            "url": server.url.replace("://", "://me:hunter2@"),
            "rate": 50,
            "headers": {"X-Token": "s3cr3t-token"},
        }
        planned = run_module("probe", given, state, check=True)
        assert planned["changed"] and not planned["probe"]["running"] and left(state) == [] and server.requests == []

        started = run_module("probe", given, state)
        assert started["changed"] and started["probe"]["running"], started
        again = run_module("probe", given, state)
        assert again["changed"] is False and again["probe"]["pid"] == started["probe"]["pid"]
        other = run_module("probe", dict(given, rate=51), state)
        assert (
            other["failed"]
            and other["msg"].startswith("name: ")
            and "other options" in other["msg"]
            and "\n" not in other["msg"]
        )

        assert wait_for(lambda: len(server.requests) > 20)
        live = run_module("probe", {"name": "shop", "state": "status", "window": "30s"}, state)
        assert (
            live["changed"] is False
            and live["probe"]["sent"] > 10
            and live["probe"]["failed"] == 0
            and live["probe"]["p50_ms"] > 0
        )
        listed = run_module("fault_info", {}, state)["probes"]
        assert [each["name"] for each in listed] == ["shop"] and listed[0]["sent"] > 10

        pid = started["probe"]["pid"]
        with open("/proc/%d/cmdline" % pid, "rb") as source:
            shown = source.read()
        with open("/proc/%d/environ" % pid, "rb") as source:
            shown += source.read()
        for path in (state / "run").rglob("*"):
            assert not path.stat().st_mode & 0o077, path
            shown += path.read_bytes() if path.is_file() and path.suffix != ".pyz" else b""
        assert stat.S_IMODE((state / "run").stat().st_mode) == 0o700
        for secret in (b"hunter2", b"s3cr3t-token", b"bWU6aHVudGVyMg"):
            assert secret not in shown
        assert b"X-Token: s3cr3t-token" in server.requests[0][1]

        assert run_module("probe", {"name": "shop", "state": "stopped"}, state, check=True)["changed"]
        assert recorders(state) == [pid]
        stopped = run_module("probe", {"name": "shop", "state": "stopped"}, state)
        assert stopped["changed"] and stopped["died"] is False
        rows = samples.unpack(stopped["samples"])
        assert (
            stopped["summary"]["sent"] == len(rows) > 20 and stopped["summary"]["failed"] == 0 and missed(rows, 50) == 0
        )
        assert "hunter2" not in json.dumps([started, again, live, listed, stopped]) and "s3cr3t" not in json.dumps(
            [started, live, stopped]
        )
        assert left(state) == [] and recorders(state) == []

        once_more = run_module("probe", {"name": "shop", "state": "stopped"}, state)
        assert once_more["changed"] is False and once_more["samples"] is None
        assert run_module("probe", {"name": "shop", "state": "status"}, state)["probe"] is None


@pytest.mark.parametrize(
    "given, starts",
    [
        ({"name": "../x", "tcp": "h:1"}, "name: "),
        ({"name": "p"}, "state is started but any of the following are missing"),
        ({"name": "p", "url": "nonsense"}, "url: "),
        ({"name": "p", "tcp": "h:1", "rate": 5000}, "rate: "),
        ({"name": "p", "tcp": "h:1", "timeout": "-1s"}, "timeout: "),
        ({"name": "../x", "state": "stopped"}, "name: "),
    ],
)
def test_wrong_input_is_one_sentence_and_leaves_nothing(state, given, starts):
    result = run_module("probe", given, state)
    assert result["failed"] and result["msg"].startswith(starts) and "\n" not in result["msg"], result
    assert left(state) == []


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


def test_a_service_slowed_by_200_ms_is_reported_as_that(state):
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
        assert abs(impact - 200.0) < 5.0, impact


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


def test_the_bound_of_probes_in_flight_is_kept_and_counted(state):
    with Server(http_server.silent) as server:
        start(url=server.url, rate=50.0, timeout="5s", max_in_flight=5)
        assert wait_for(lambda: (control.look("p", 30.0) or {}).get("sent", 0) >= 20)
        rows, result = stop()
        # Those under way are awaited: no probe that was due is without a sample.
        timed_out = [row for row in rows if row.error == "timeout"]
        assert (
            len(timed_out) == server.connections
            and {row.error for row in rows} == {"dropped", "timeout"}
            and not any(row.ok for row in rows)
        )
        summary = result["summary"]
        assert summary["errors"] == {"dropped": len(rows) - len(timed_out), "timeout": len(timed_out)} and summary[
            "failed"
        ] == len(rows)
        assert summary["due"] == summary["sent"] == len(rows) and missed(rows, 50) == 0
        assert summary["threads"] <= 6  # five probes, and who has the clock


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


def test_why_probes_failed_is_told_while_it_runs_and_at_the_end(state):
    """The kind: a service that says it is ill is taken for well."""
    with Server(say(answer({"status": "DOWN"}))) as server:
        start(url=server.url, rate=20.0)
        assert wait_for(lambda: (control.look("p", 30.0) or {}).get("why"))
        shown = control.look("p", 30.0)
        assert (
            shown["why"] == "it answered 200 and reported DOWN"
            and shown["last_error"] == "said_ill"
            and shown["failed"] == shown["answered"] > 0
        )
        rows, result = stop()
    assert {(row.ok, row.status, row.error) for row in rows} == {(False, 200, "said_ill")}
    assert [(each["detail"], each["count"]) for each in result["summary"]["reasons"]] == [
        ("it answered 200 and reported DOWN", len(rows))
    ]


def test_who_hangs_is_overdue(state):
    """A hang at the end of a baseline is seen before its probes time out."""
    with Server(say(UP)) as server:
        server.outage = http_server.silent
        start(url=server.url, rate=20.0, timeout="30s")
        assert (
            wait_for(lambda: (control.look("p", 30.0) or {}).get("sent", 0) >= 5)
            and control.look("p", 30.0)["overdue"] == 0
        )
        server.down_from, server.down_to = time.monotonic(), float("inf")
        assert wait_for(lambda: control.look("p", 30.0)["overdue"] >= 10)
        probes.discard(str(state / "run"), "p")


def test_probes_that_time_out_are_failed_ones(state):
    with Server(http_server.silent) as server:
        start(url=server.url, rate=20.0, timeout="300ms")
        assert wait_for(lambda: (control.look("p", 30.0) or {}).get("sent", 0) >= 10)
        rows, _result = stop()
    assert {(row.ok, row.error) for row in rows} == {(False, "timeout")}
    assert all(295.0 <= row.latency_ms for row in rows) and min(row.latency_ms for row in rows) < 600.0


def test_kinds_of_failure(state):
    start(name="closed", tcp="127.0.0.1:%d" % closed_port(), rate=50.0)
    start(name="program", command=["/bin/false"], rate=10.0)
    for name, error, status in (("closed", "refused", None), ("program", "status", 1)):
        assert wait_for(lambda name=name: control.look(name, 30.0)["sent"] >= 3)
        rows, _result = stop(name)
        assert {(row.error, row.status) for row in rows} == {(error, status)}


@pytest.mark.parametrize("keepalive", [False, True])
def test_connections(state, keepalive):
    with Server(say(UP, keep=True)) as server:
        start(url=server.url, rate=50.0, keepalive=keepalive)
        assert wait_for(lambda: len(server.requests) >= 40)
        rows, _result = stop()
        assert all(row.ok for row in rows)
        assert server.connections <= 10 if keepalive else server.connections >= len(rows)


def test_a_killed_recorder_leaves_its_samples_and_says_so(state):
    with Server(say(UP)) as server:
        described = start(url=server.url, rate=50.0)
        assert wait_for(lambda: control.look("p", 30.0)["sent"] >= 25)
        os.kill(described["pid"], signal.SIGKILL)
        assert wait_for(lambda: not control.look("p", 30.0)["running"])
        result = run_module("probe", {"name": "p", "state": "stopped"}, state)
        rows = samples.unpack(result["samples"])
        assert result["changed"] and result["died"] is True and len(rows) >= 25 and missed(rows, 50) == 0
        assert left(state) == []


def test_a_killed_recorder_of_a_command_leaves_no_program(state):
    described = start(command=["sleep", "60"], timeout="30s", rate=2.0)
    assert wait_for(lambda: len(recorders(state)) >= 2)
    os.kill(described["pid"], signal.SIGKILL)
    _rows, result = stop()
    assert result["died"] and wait_for(lambda: recorders(state) == [])


def test_stopping_ends_what_a_command_runs(state):
    start(command=["sleep", "60"], timeout="2s", rate=2.0)
    assert wait_for(lambda: len(recorders(state)) >= 2)
    rows, _result = stop()
    assert {row.error for row in rows} == {"timeout"} and wait_for(lambda: recorders(state) == [])


def test_it_ends_by_itself_and_keeps_the_samples_for_a_while(state):
    with Server(say(UP)) as server:
        start(url=server.url, rate=50.0, max_duration="1s", linger_s=30.0)
        assert wait_for(lambda: control.look("p", 30.0)["running"] is False)
        count = len(server.requests)
        assert count == 50
        time.sleep(0.3)
        assert len(server.requests) == count
        rows, result = stop()
        assert len(rows) == result["summary"]["due"] == 50  # what was still under way at the end was awaited
        assert result["summary"]["ended_by"] == "max_duration" and result["died"] is False


def test_samples_that_nobody_collects_are_removed(state):
    with Server(say(UP)) as server:
        start(url=server.url, max_duration="1s", linger_s=0.3)
        assert wait_for(lambda: recorders(state) == [] and left(state) == [])
        assert collect.stop("p") == (False, {"samples": None, "summary": None, "died": False})


def test_a_folder_taken_away_ends_the_recorder(state):
    import shutil

    with Server(say(UP)) as server:
        start(url=server.url)
        shutil.rmtree(str(state / "run" / "probes" / "p"))
        assert wait_for(lambda: recorders(state) == [])


def test_one_that_is_over_gives_way_to_a_new_one(state):
    with Server(say(UP)) as server:
        old = start(url=server.url)
        os.kill(old["pid"], signal.SIGKILL)
        assert wait_for(lambda: not control.look("p", 1.0)["running"])
        new = start(url=server.url, rate=30.0)
        assert new["running"] and new["pid"] != old["pid"]
        rows, result = stop()
        assert result["died"] is False and result["summary"]["rate"] == 30.0


def test_a_missing_tool_is_told_and_leaves_nothing(state, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    if any(os.path.exists(folder + "/psql") for folder in ("/usr/sbin", "/usr/local/sbin", "/sbin")):
        pytest.skip("psql is where this test cannot hide it")
    with pytest.raises(_errors.ChaosError) as caught:
        start(database="postgresql://127.0.0.1/x")
    assert "psql is not installed" in str(caught.value)
    assert left(state) == []


@pytest.mark.nightly
def test_nothing_grows_while_it_runs(state):
    with Server(say(UP)) as server:
        pid = start(url=server.url, rate=200.0)["pid"]

        def measure():
            with open("/proc/%d/status" % pid) as source:
                lines = dict(line.split(":", 1) for line in source)
            return len(os.listdir("/proc/%d/fd" % pid)), int(lines["Threads"]), int(lines["VmRSS"].split()[0])

        assert wait_for(lambda: len(server.requests) >= 200)
        before = measure()
        assert wait_for(lambda: len(server.requests) >= 1000, 30.0)
        after = measure()
        bound = control.parse(options(url=server.url, rate=200.0))["max_in_flight"]
        assert after[0] <= before[0] + after[1] and after[1] <= bound + 1
        assert after[2] - before[2] < 4096 and after[2] < 30 * 1024 + 64 * after[1]
        stop()


def test_nobody_waits_for_the_recorder(state):
    """It is in a session of its own, holds no descriptor of its starter, and hears no hang-up."""
    with Server(say(UP)) as server:
        pid = start(url=server.url)["pid"]
        assert os.getsid(pid) == pid
        targets = [os.readlink("/proc/%d/fd/%s" % (pid, entry)) for entry in os.listdir("/proc/%d/fd" % pid)]
        assert not [target for target in targets if target.startswith(("/dev/pts", "/dev/tty"))]
        os.kill(pid, signal.SIGHUP)
        seen = len(server.requests)
        assert wait_for(lambda: len(server.requests) > seen + 3)
        stop()


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


def test_lease_that_nobody_renews_ends_it_and_leaves_nothing(state):
    with Server(say(UP)) as server:
        shown = start(url=server.url, lease="6s")
        time.sleep(1.0)
        assert run_module("fault_lease", {}, state)["changed"] is False
        assert processes.alive(shown["pid"], processes.start_time(shown["pid"]))
        assert wait_for(lambda: left(state) == [], 30), left(state)
        assert processes.start_time(shown["pid"]) is None
