# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes: a kill that bites, a way back whoever takes it, a pause of a whole tree, and hands off what must live."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from support import little_server
from support.faults import (
    do_repeat_check_undo,
    end,
    fresh_state,
    inject,
    killed_part_ends_all,
    ledger,
    left,
    pids,
    refused_rows,
    wait_for,
)
from support.kinds import OWN
from support.modules import run_module
from support.ports import free_port

PARTS = (("chaos-fault", "supervisor_died"), ("chaos-guardian", "guardian_died"))


@pytest.fixture(name="state")
def _state(tmp_path, port):
    try:
        with fresh_state(tmp_path) as folder:
            yield folder
    finally:
        end_serving(port)  # a test that failed in the middle of a kill: the undo has started it again since


@pytest.fixture(name="port")
def _port():
    return free_port()


@contextlib.contextmanager
def running(folder, port, *arguments, keep=None, word="first"):
    """The little server (or its keeper); whatever listens on the port in the end is ended."""
    what = ["keep", str(keep), str(port)] if keep is not None else [str(port), *arguments]
    with open(folder / "server.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-S", little_server.__file__, *what],
            env=dict(os.environ, LITTLE_WORD=word),
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        assert wait_for(lambda: ask(port)), (folder / "server.log").read_text()
        yield process
    finally:
        process.kill()  # first what would start it again
        process.wait(10)
        end_serving(port)
        assert wait_for(lambda: not serving(port))


def end_serving(port):
    """End every little server of that port."""
    for pid in serving(port):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def serving(port):
    """Pids of little servers of that port, masters first."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            argv = Path("/proc", entry, "cmdline").read_bytes().rstrip(b"\0").split(b"\0")
            if (
                little_server.__file__.encode() in argv
                and str(port).encode() in argv
                and letter(int(entry)) not in "ZX"
            ):
                found.append(int(entry))
    return sorted(found, key=lambda pid: (parent(pid) in found, pid))


def fields(pid):
    """Of /proc/PID/stat, after the name."""
    return Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()


def letter(pid):
    """State of a process, "X" when it is gone."""
    try:
        return fields(pid)[0]
    except OSError:
        return "X"


def parent(pid):
    """Pid of the parent, 0 when it is gone."""
    try:
        return int(fields(pid)[1])
    except OSError:
        return 0


def ask(port, timeout=2.0):
    """[worker pid, word, folder] of the server, or None."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=timeout) as connection:
            connection.settimeout(timeout)
            return connection.recv(4096).decode().split(" ", 2) or None
    except OSError:
        return None


def answers(port):
    """Whether there is an answer with all its parts."""
    found = ask(port, 0.5)
    return bool(found) and len(found) == 3


def ignored_signals(pid):
    """Mask of the signals below 32 that a process ignores; two above belong to the C library."""
    return int(re.search(r"SigIgn:\s*(\w+)", Path("/proc/%d/status" % pid).read_text()).group(1), 16) & 0x7FFFFFFF


# -- kill


def test_killed_process_that_nobody_brings_back_is_started_as_it_was(state, tmp_path, port):
    with running(tmp_path, port, word="s3cret-word") as server:
        ignored = ignored_signals(serving(port)[0])
        began = time.monotonic()
        fault = inject("process_fault", {"name": "crash", "action": "kill", "port": port, "duration": "7s"}, state)
        assert fault["effect"] == "confirmed" and fault["event"] and fault["measured"]["ended"]
        assert server.wait(5) == -signal.SIGKILL
        (spool,) = (state / "run").glob("*.spool")
        assert spool.stat().st_mode & 0o777 == 0o600 and "s3cret-word" in spool.read_text()
        assert "s3cret-word" not in str(fault) + "".join(
            path.read_text() for path in (state / "ledger").rglob("*.json")
        )
        assert wait_for(lambda: not answers(port), 5)  # its workers see a moment later that it is gone
        assert wait_for(lambda: answers(port), 20) and time.monotonic() - began > 6.5
        assert wait_for(lambda: not left(state)), left(state)
        past = ledger(state)[-1]
        assert (past["revert_cause"], past["residue"], past["measured"]["back_pid"]) == ("deadline", [], None)
        _pid, word, folder = ask(port)
        assert (word, folder) == ("s3cret-word", str(tmp_path))
        master = serving(port)[0]
        assert len(serving(port)) == 1 + little_server.WORKERS and os.getsid(master) != os.getsid(0)
        assert ignored_signals(master) == ignored
        assert "MAGSASA" not in Path("/proc/%d/environ" % master).read_bytes().decode()


@pytest.mark.nightly
def test_killed_process_that_is_looked_after_comes_back_once(state, tmp_path, port):
    with running(tmp_path, port, keep=1.0):
        before = serving(port)
        began = time.monotonic()
        fault = inject("process_fault", {"name": "crash", "action": "kill", "port": port, "duration": "4s"}, state)
        assert fault["effect"] == "confirmed"
        assert wait_for(lambda: answers(port), 12)
        assert wait_for(lambda: not left(state), 12), left(state)
        assert time.monotonic() - began >= 3.9
        past = ledger(state)[-1]
        assert past["measured"]["started_by"] == "the host" and 0.9 < past["measured"]["back_after_s"] < 4.0
        after = [pid for pid in serving(port) if pid not in before]
        assert len(after) == 1 + little_server.WORKERS and past["measured"]["back_pid"] in after


def test_another_of_the_same_command_line_is_no_successor(state):
    command = [sys.executable, "-S", "-c", "import time; time.sleep(602.75%s)" % OWN]
    pair = [subprocess.Popen(command) for _number in range(2)]
    mine = []
    try:
        inject("process_fault", {"name": "crash", "action": "kill", "pid": pair[0].pid, "duration": "1s"}, state)
        assert pair[0].wait(5) == -signal.SIGKILL
        assert wait_for(lambda: not left(state)), left(state)
        assert ledger(state)[-1]["measured"]["back_pid"] is None
        for entry in filter(str.isdigit, os.listdir("/proc")):
            with contextlib.suppress(OSError):
                if (
                    Path("/proc", entry, "cmdline").read_bytes() == "\0".join([*command, ""]).encode()
                    and int(entry) != pair[1].pid
                ):
                    mine.append(int(entry))
        assert len(mine) == 1
    finally:
        for pid in mine:
            os.kill(pid, signal.SIGKILL)
        for each in pair:
            each.kill()
            each.wait()


@pytest.mark.nightly
def test_ended_early_the_keeper_still_gets_its_chance(state, tmp_path, port):
    with running(tmp_path, port, keep=1.0):
        inject("process_fault", {"name": "crash", "action": "kill", "port": port, "duration": "60s"}, state)
        end("process_fault", "crash", state)
        assert wait_for(lambda: answers(port))
        assert sum(1 for pid in serving(port) if parent(pid) not in serving(port)) == 1  # the keeper alone is a root


def test_signal_that_the_process_ignores_is_a_mismatch(state, tmp_path, port):
    with running(tmp_path, port, "stubborn") as server:
        fault = inject(
            "process_fault",
            {"name": "soft", "action": "kill", "pid": server.pid, "signal": "TERM", "duration": "2s"},
            state,
        )
        assert fault["effect"] == "mismatch" and not fault["measured"]["ended"] and "still running" in fault["note"]
        assert wait_for(lambda: not left(state)), left(state)
        assert serving(port)[0] == server.pid


DRAINS = """import signal, sys, time
def drain(number, frame):
    time.sleep(float(sys.argv[-1]))
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
print("ready", flush=True)
while True:
    signal.pause()
"""


@contextlib.contextmanager
def draining(seconds):
    """A process that takes so long to end; ``[argv, process]``, and whatever has its command line is ended."""
    argv = [sys.executable, "-S", "-c", DRAINS, OWN, str(seconds)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout.readline() == b"ready\n"
        yield argv, process
    finally:
        for pid in with_argv(argv):
            os.kill(pid, signal.SIGKILL)
        process.wait(10)
        process.stdout.close()


def with_argv(argv):
    """Living processes of that very command line."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            wanted = "\0".join([*argv, ""]).encode()
            if Path("/proc", entry, "cmdline").read_bytes() == wanted and letter(int(entry)) not in "ZX":
                found.append(int(entry))
    return found


def test_a_process_that_is_still_ending_is_not_taken_for_given_back(state):
    with draining(15) as (argv, process):
        options = {"name": "slow", "action": "kill", "pid": process.pid, "signal": "TERM", "duration": "60s"}
        inject("process_fault", dict(options, force=True), state)
        ended = run_module("process_fault", {"name": "slow", "state": "absent"}, state)
        assert ended["failed"] and "process %d is still ending (signal 15)" % process.pid in ended["msg"], ended
        assert process.wait(60) == 0
        assert wait_for(lambda: not left(state)), left(state)
        assert ledger(state)[-1]["residue"] == []
        assert len(with_argv(argv)) == 1 and process.pid not in with_argv(argv)


def test_a_restart_whose_keepers_are_killed_in_its_grace_ends_the_process_after_it(state):
    with draining(300) as (argv, process):
        options = {"name": "slow", "action": "restart", "pid": process.pid, "grace": "12s", "respawn_within": "0s"}
        with contextlib.ExitStack() as stack:
            killer = threading.Thread(target=kill_supervisor_when_told, args=(state,))
            killer.start()
            stack.callback(killer.join)
            result = run_module("process_fault", dict(options, force=True, duration="60s"), state)
        assert result["failed"]
        assert process.wait(60) == -signal.SIGKILL
        assert wait_for(lambda: not left(state)), left(state)
        assert len(with_argv(argv)) == 1


def kill_supervisor_when_told(state):
    """SIGKILL to the supervisor once the ledger says that a signal is on its way."""

    def told():
        return [
            record
            for record in active(state)
            if any("ending" in entry["args"] for entry in record["undo"]) and record.get("supervisor")
        ]

    assert wait_for(told)
    os.kill(told()[0]["supervisor"]["pid"], signal.SIGKILL)


def active(state):
    """Records of the faults that are in."""
    found = []
    for path in (state / "ledger").rglob("*.json"):
        with contextlib.suppress(OSError, ValueError):
            found.append(json.loads(path.read_text()))
    return [each for each in found if isinstance(each, dict) and "undo" in each]


@pytest.mark.parametrize("victim, cause", PARTS)
def test_sigkill_of_a_keeper_of_the_fault_brings_the_process_back(state, tmp_path, port, victim, cause):
    with running(tmp_path, port):
        killed_part_ends_all(
            "process_fault", {"name": "crash", "action": "kill", "port": port, "duration": "60s"}, state, victim, cause
        )
        assert wait_for(lambda: answers(port))


# -- restart


def test_restart_of_a_process_that_nobody_looks_after(state, tmp_path, port):
    with running(tmp_path, port) as server:
        # the test itself is the parent; it lets the dead child be a zombie, as some parents do
        fault = inject(
            "process_fault",
            {"name": "again", "action": "restart", "port": port, "respawn_within": "0.5s", "duration": "3s"},
            state,
        )
        assert (
            fault["effect"] == "confirmed"
            and fault["measured"]["started_by"] == "this fault"
            and "forced" not in fault["measured"]
        )
        assert fault["measured"]["back_pid"] == serving(port)[0] != server.pid
        assert wait_for(lambda: answers(port))
        assert wait_for(lambda: not left(state)), left(state)
        assert len(serving(port)) == 1 + little_server.WORKERS


def test_restart_of_a_process_that_is_looked_after(state, tmp_path, port):
    with running(tmp_path, port, keep=0.2):
        options = {"name": "again", "action": "restart", "port": port, "respawn_within": "30s", "duration": "60s"}
        fault = inject("process_fault", options, state)
        assert fault["measured"]["started_by"] == "the host" and fault["measured"]["ended"]
        assert wait_for(lambda: answers(port))
        end("process_fault", "again", state)
        assert wait_for(lambda: not left(state)), left(state)
        assert len(serving(port)) == 2 + little_server.WORKERS  # the keeper's command line names the port too


@pytest.mark.nightly
def test_restart_kills_what_does_not_end_in_its_grace(state, tmp_path, port):
    with running(tmp_path, port, "stubborn") as server:
        options = {
            "name": "again",
            "action": "restart",
            "port": port,
            "grace": "1s",
            "respawn_within": "0s",
            "duration": "2s",
        }
        fault = inject("process_fault", options, state)
        assert fault["measured"]["forced"] and server.wait(5) == -signal.SIGKILL
        assert wait_for(lambda: answers(port))
        end("process_fault", "again", state)


# -- pause


def test_pause_stops_the_tree_and_lets_it_go(state, tmp_path, port):
    with running(tmp_path, port):
        tree = serving(port)
        fault = inject("process_fault", {"name": "frozen", "action": "pause", "port": port, "duration": "7s"}, state)
        assert fault["effect"] == "confirmed" and fault["measured"] == {"stopped": 3, "of": 3}
        assert [letter(pid) for pid in tree] == ["T"] * 3 and not answers(port)
        assert wait_for(lambda: not left(state), 15), left(state)
        assert wait_for(lambda: answers(port)) and serving(port) == tree


@pytest.mark.nightly
def test_pause_of_one_worker_alone(state, tmp_path, port):
    with running(tmp_path, port):
        master, worker, other = serving(port)
        inject(
            "process_fault",
            {"name": "frozen", "action": "pause", "pid": master, "tree": False, "duration": "30s"},
            state,
        )
        inject("process_fault", {"name": "frozen-too", "action": "pause", "pid": worker, "duration": "30s"}, state)
        assert [letter(pid) for pid in (master, worker)] == ["T", "T"] and letter(other) != "T"
        end("process_fault", "frozen", state)
        assert letter(master) != "T" and letter(worker) == "T"
        end("process_fault", "frozen-too", state)
        assert letter(worker) != "T"


def test_what_somebody_else_stopped_stays_stopped(state, tmp_path, port):
    with running(tmp_path, port):
        master, worker, _other = serving(port)
        os.kill(worker, signal.SIGSTOP)
        assert wait_for(lambda: letter(worker) == "T")
        inject("process_fault", {"name": "frozen", "action": "pause", "port": port, "duration": "30s"}, state)
        end("process_fault", "frozen", state)
        assert letter(master) != "T" and letter(worker) == "T"
        refused = run_module(
            "process_fault", {"name": "frozen", "action": "pause", "pid": worker, "duration": "3s"}, state
        )
        assert refused["failed"] and "already stopped" in refused["msg"]
        os.kill(worker, signal.SIGCONT)


def test_paused_process_that_is_killed_meanwhile_leaves_nothing(state, tmp_path, port):
    with running(tmp_path, port):
        tree = serving(port)
        inject("process_fault", {"name": "frozen", "action": "pause", "port": port, "duration": "30s"}, state)
        os.kill(tree[1], signal.SIGKILL)
        final = end("process_fault", "frozen", state)
        assert final["residue"] == [] and letter(tree[0]) != "T"


@pytest.mark.parametrize("victim, cause", PARTS)
def test_sigkill_of_a_keeper_of_the_fault_ends_the_pause(state, tmp_path, port, victim, cause):
    with running(tmp_path, port):
        killed_part_ends_all(
            "process_fault",
            {"name": "frozen", "action": "pause", "port": port, "duration": "60s"},
            state,
            victim,
            cause,
        )
        assert answers(port)


def test_life_of_a_pause(state, tmp_path, port):
    with running(tmp_path, port):
        do_repeat_check_undo(
            "process_fault", {"name": "frozen", "action": "pause", "port": port, "duration": "60s"}, state
        )
        assert answers(port)


# -- the ways to name a process


def test_every_way_to_name_a_process(state, tmp_path, port):
    with running(tmp_path, port) as server:
        (tmp_path / "server.pid").write_text("%d\n" % server.pid)
        program = tmp_path / "a-server-of-its-own"
        program.symlink_to(sys.executable)
        named = subprocess.Popen([str(program), "-S", "-c", "import time; time.sleep(600)"])
        try:
            ways = [
                ({"pid": server.pid}, server.pid),
                ({"pid_file": str(tmp_path / "server.pid")}, server.pid),
                ({"port": port}, server.pid),
                ({"pattern": r"little_server\.py %d$" % port}, server.pid),
                ({"process_name": "a-server-of-its-own"}, named.pid),
            ]
            for way, pid in ways:
                planned = run_module(
                    "process_fault", dict(way, name="look", action="pause", duration="3s"), state, check=True
                )
                assert "process %d " % pid in planned["fault"]["plan"][0]["says"], (way, planned)
        finally:
            named.kill()
            named.wait()


def test_limit_counts_what_matches(state, tmp_path):
    sleepers = [
        subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(601.25%s)" % OWN])
        for _number in range(3)
    ]
    options = {"name": "sleepers", "pattern": r"time\.sleep\(601\.25%s\)$" % OWN, "action": "pause", "duration": "30s"}
    try:
        refused = run_module("process_fault", options, state)
        assert (
            refused["failed"] and "3 processes match, and limit is 1" in refused["msg"] and list(state.iterdir()) == []
        )
        fault = inject("process_fault", dict(options, limit=3), state)
        assert fault["measured"] == {"stopped": 3, "of": 3} and [letter(each.pid) for each in sleepers] == ["T"] * 3
        end("process_fault", "sleepers", state)
        refused = run_module("process_fault", dict(options, action="kill", limit=3), state)
        assert refused["failed"] and "accepts only one" in refused["msg"]
    finally:
        for each in sleepers:
            each.kill()
            each.wait()


def test_parts_of_the_collection_are_protected(state):
    fault = inject("cpu_fault", {"name": "busy", "load": "1%", "cores": 1, "duration": "60s"}, state)
    victim = pids(state, fault, "chaos-guardian")[0]
    refused = run_module("process_fault", {"name": "own", "pid": victim, "action": "pause", "duration": "3s"}, state)
    assert (
        refused["failed"]
        and "refused by the protected process guard" in refused["msg"]
        and "this collection" in refused["msg"]
    )
    end("cpu_fault", "busy", state)


def test_bad_input(state, tmp_path):
    (tmp_path / "empty.pid").write_text("")
    (tmp_path / "odd.pid").write_text("none\n")
    base = {"name": "crash", "action": "pause", "pid": 1, "duration": "3s"}
    free = dict(base, pid=None)
    rows = [
        ({}, "refused by the protected process guard: process 1 is the host's init"),
        ({"pid": os.getpid()}, "refused by the protected process guard"),
        ({"action": None}, "action: '' is missing"),
        ({"action": "explode"}, "action"),
        ({"pid": None}, "target: 'nothing'"),
        ({"port": 1}, "target: 'pid, port'"),
        ({"pid": 0}, "pid: '0'"),
        ({"pid": 99999999}, "pid: '99999999' matches no running process"),
        ({"pid": "me"}, "pid"),
        (dict(free, port=99999), "port: '99999'"),
        (dict(free, port="http"), "port: 'http'"),
        (dict(free, port=1), "port: '1' matches no running process"),
        (dict(free, pattern="("), "pattern: '('"),
        (dict(free, pattern="x" * 300), "is too long"),
        (dict(free, pattern="no-such-program-anywhere-[0-9]{9}$"), "matches no running process"),
        (dict(free, process_name="no-such-name"), "process_name: 'no-such-name' matches no running process"),
        (dict(free, pid_file="/nowhere/x.pid"), "pid_file: '/nowhere/x.pid' cannot be read"),
        (dict(free, pid_file=str(tmp_path / "empty.pid")), "does not contain a process id"),
        (dict(free, pid_file=str(tmp_path / "odd.pid")), "does not contain a process id"),
        ({"signal": "TERM"}, "signal: 'TERM' has no effect"),
        ({"action": "kill", "signal": "BANG"}, "signal: 'BANG'"),
        ({"action": "kill", "signal": "99"}, "signal: '99'"),
        ({"action": "kill", "signal": "STOP"}, "signal: 'STOP'"),
        ({"limit": 0}, "limit: '0'"),
        ({"grace": "soon"}, "grace: 'soon'"),
        ({"respawn_within": "-1s"}, "respawn_within: '-1s'"),
    ]
    refused_rows("process_fault", base, rows, state)


@pytest.mark.root
def test_processes_of_others_need_root(state, tmp_path):
    """Run as a user who may signal nobody else's process."""
    victim = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    try:
        code = (
            "import os, sys; os.setgroups([]); os.setgid(65534); os.setuid(65534); sys.path.insert(0, sys.argv[1]);from"
            " ansible_collections.magsasa.chaos.plugins.module_utils._families.process import FAMILY;options ="
            " {'action': 'pause', 'target': {'pid': int(sys.argv[2])}, 'tree': True, 'limit': 1, 'force': False,"
            " 'signal': 9};FAMILY.plan(options, FAMILY.inspect(options))"
        )
        argv = [
            "/usr/bin/python3",
            "-B",
            "-c",
            code,
            str(Path(little_server.__file__).parents[2] / ".collections"),
            str(victim.pid),
        ]
        done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)
        assert "belongs to another user, and this task does not run as root" in done.stderr, done.stderr
    finally:
        victim.kill()
        victim.wait()
