# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder keeps its bounds, tells what it saw, and leaves nothing behind. How true its times are: tests/solo."""

from __future__ import annotations

import json
import os
import signal
import stat
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils import _errors
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import collect, control, samples
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import recorders as probes
from support import http_server
from support.http_server import Server, answer, closed_port, say
from support.modules import run_module
from support.recorders import UP, left, missed, options, own_state, recorders, start, stop
from support.waiting import wait_for


@pytest.fixture(name="state")
def _state(tmp_path, monkeypatch):
    with own_state(tmp_path / "state", monkeypatch) as folder:
        yield folder


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


def test_lease_that_nobody_renews_ends_it_and_leaves_nothing(state):
    with Server(say(UP)) as server:
        shown = start(url=server.url, lease="6s")
        time.sleep(1.0)
        assert run_module("fault_lease", {}, state)["changed"] is False
        assert processes.alive(shown["pid"], processes.start_time(shown["pid"]))
        assert wait_for(lambda: left(state) == [], 30), left(state)
        assert wait_for(lambda: processes.start_time(shown["pid"]) is None), "it takes its files away before it ends"
