# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is killed is what does the work; what is started again is what was there; and nobody gains by what he puts
in its way.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from support import direct, kinds
from support.faults import fresh_state, ledger, left, wait_for
from support.kinds import OWN
from support.ports import free_port

PYTHON = os.path.realpath(sys.executable)
SERVE = "import socket, time; s = socket.create_server(('127.0.0.1', int({port}))); time.sleep(600)"
# Starts itself below itself, as servers do that watch their files; the child alone listens, and the parent ends with
# it.
RELOADER = """import os, socket, subprocess, sys, time
if os.environ.get("BELOW"):
    s = socket.create_server(("127.0.0.1", int(sys.argv[1])))
    time.sleep(600)
sys.exit(subprocess.run([sys.executable, "-S"] + sys.argv, env=dict(os.environ, BELOW="1")).returncode)
"""


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture(name="port")
def _port():
    number = free_port()
    yield number
    for pid in having(str(number)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def having(word):
    """Pids of living processes with a command line that holds a word, the oldest first.

    The word stands by itself: the folders that Ansible makes for tests beside this one have long numbers in their
    names, which hold any port.
    """
    alone = re.compile(rb"(?:^|[\s(])%s(?:[\s)]|$)" % re.escape(word.encode()), re.MULTILINE)
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            fields = Path("/proc", entry, "stat").read_text().rpartition(")")[2].split()
            words = Path("/proc", entry, "cmdline").read_bytes().split(b"\0")
            if any(map(alone.search, words)) and fields[0] not in "ZX" and int(entry) != os.getpid():
                found.append((int(fields[19]), int(entry)))
    return [pid for _start, pid in sorted(found)]


def start(*argv, output="/dev/null", user=0, **more):
    """A process that leads a session of its own and that nobody looks after; returns its pid."""
    code = (
        "import os, sys; pid = os.fork(); pid and os._exit(0); os.setsid(); print(os.getpid(), flush=True); os.dup2(3,"
        " 1); os.dup2(3, 2); os.close(3);"
    )
    code += "user = %d; user and (os.setgroups([]), os.setgid(user), os.setuid(user));" % user
    code += "os.execv(sys.argv[1], sys.argv[2:])"
    with open(output, "ab") as log:
        done = subprocess.run(
            [
                PYTHON,
                "-S",
                "-c",
                "import os; os.dup2(%d, 3); %s" % (log.fileno(), code),
                shutil.which(str(argv[0])),
                *map(str, argv),
            ],
            pass_fds=(log.fileno(), 3),
            close_fds=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            check=True,
            text=True,
            **more,
        )
    return int(done.stdout)


def listens(port):
    """Whether somebody takes connections."""
    with socket.socket() as probe:
        probe.settimeout(5.0)  # where nobody accepts, each question fills a queue
        return probe.connect_ex(("127.0.0.1", port)) == 0


def comm(pid):
    return Path("/proc/%d/comm" % pid).read_text().strip()


def kill(state, **options):
    """Kill, which must not be refused."""
    (result,) = direct.run(state, ("process", dict({"name": "crash", "action": "kill", "duration": "60s"}, **options)))
    assert not result.get("failed"), result
    return result["fault"]


def refused(state, **options):
    (result,) = direct.run(state, ("process", dict({"name": "crash", "action": "kill", "duration": "60s"}, **options)))
    assert result.get("failed") and "\n" not in result["msg"], result
    return result["msg"]


def end(state):
    """End the fault; its last record, whatever it says."""
    direct.run(state, ("process", {"name": "crash", "state": "absent"}))
    past = ledger(state)
    assert past and wait_for(lambda: not left(state)), left(state)
    return past[-1]


# -- what is meant


def test_the_program_that_does_the_work_is_ended_and_not_the_shell_that_runs_it(state, port):
    shell = start("sh", "-c", '%s -S -c "%s" ; echo ended' % (PYTHON, SERVE.format(port=port)), cwd="/")
    assert wait_for(lambda: listens(port))
    worker = having(str(port))[-1]
    fault = kill(state, pattern="create_server.*%d" % port)
    assert fault["effect"] == "confirmed" and "to process %d " % worker in fault["plan"][0]["says"]
    assert not listens(port) and wait_for(lambda: having(str(port)) == [])  # the shell had nothing more to do
    past = end(state)
    assert (past["residue"], past["differences"]) == ([], [])
    assert (
        wait_for(lambda: listens(port))
        and [comm(pid) for pid in having(str(port))] == ["sh", comm_of_python()]
        and shell not in having(str(port))
    )


def comm_of_python():
    return os.path.basename(PYTHON)[:15]


def test_a_shell_that_is_ended_while_its_work_goes_on_is_a_mismatch(state, port):
    shell = start("sh", "-c", '%s -S -c "%s" ; echo ended' % (PYTHON, SERVE.format(port=port)), cwd="/")
    assert wait_for(lambda: listens(port))
    fault = kill(state, pid=shell)
    assert (
        fault["effect"] == "mismatch"
        and fault["measured"]["ended"]
        and "port %d is still served by process" % port in fault["note"]
    )
    past = end(state)
    assert (
        past["residue"] == [] and wait_for(lambda: listens(port)) and len(having(str(port))) == 2
    )  # and no second copy


def test_a_pid_file_of_an_earlier_process_is_refused(state, tmp_path):
    pid = start("sleep", "617.25" + OWN)
    try:
        old = tmp_path / "old.pid"
        old.write_text("%d\n" % pid)
        os.utime(old, (1700000000, 1700000000))
        said = refused(state, pid_file=str(old))
        assert (
            "was last changed at 2023-11-1" in said
            and "before process %d (sleep) started at %d" % (pid, time.localtime().tm_year) in said
        )
        os.mkfifo(tmp_path / "pipe.pid")
        assert "it is not a regular file" in refused(state, pid_file=str(tmp_path / "pipe.pid"))
        os.utime(old)
        assert kill(state, pid_file=str(old))["measured"]["ended"]
        assert end(state)["residue"] == []
    finally:
        end_all("617.25" + OWN)


def end_all(word):
    for pid in having(word):
        os.kill(pid, signal.SIGKILL)


# -- as it was


def test_a_script_keeps_its_name_its_session_and_may_be_restarted_by_it_again(state, port, tmp_path):
    script = tmp_path / ("shop-" + OWN)
    script.write_text("#!%s -S\nimport sys\n%s\n" % (PYTHON, SERVE.format(port="sys.argv[1]")))
    script.chmod(0o755)
    first = start(script, port, cwd=tmp_path, output=tmp_path / "log")
    assert wait_for(lambda: listens(port)) and comm(first) == script.name
    for _time in range(2):
        (result,) = direct.run(
            state, ("process", {"name": "crash", "action": "restart", "process_name": script.name, "duration": "60s"})
        )
        assert not result.get("failed") and result["fault"]["measured"]["started_by"] == "this fault", result
        past = end(state)
        assert (past["residue"], past["differences"]) == ([], [])
        (pid,) = having(str(port))
        assert (
            comm(pid) == script.name
            and os.getsid(pid) == pid
            and os.readlink("/proc/%d/fd/1" % pid) == str(tmp_path / "log")
        )


def test_what_ends_with_its_child_is_started_again_as_a_whole(state, port, tmp_path):
    (tmp_path / "manage.py").write_text(RELOADER)
    start(PYTHON, "-S", "manage.py", port, cwd=tmp_path)
    assert wait_for(lambda: listens(port))
    before = having(str(port))
    for action in ("kill", "restart"):
        fault = kill(state, port=port, action=action, respawn_within="0s")
        assert fault["effect"] == "confirmed" and "to process %d " % before[1] in fault["plan"][0]["says"]
        past = end(state)
        assert (past["residue"], past["differences"]) == ([], []), past
        assert wait_for(lambda: listens(port) and len(having(str(port))) == 2)
        after = having(str(port))
        assert (
            not set(before) & set(after)
            and int(Path("/proc/%d/stat" % after[1]).read_text().rpartition(")")[2].split()[1]) == after[0]
        )
        before = after


def test_what_cannot_be_had_again_is_refused_or_told_as_a_difference(state):
    reading, writing = os.pipe()
    process = subprocess.Popen(
        ["sleep", "617.5" + OWN],
        stdin=subprocess.DEVNULL,
        stdout=writing,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        fault = kill(state, pid=process.pid)  # its parent may start it again
        assert any("its standard output is a pipe" in note for note in fault["notes"])
        process.wait(5)
        past = end(state)
        assert past["residue"] == []
        assert past["differences"] == [
            "process sleep: no longer 'standard output: other pipe'",
            "process sleep: now 'standard output: nothing '",
        ]
    finally:
        end_all("617.5" + OWN)
        os.close(reading)
        os.close(writing)


# -- what others put in the way


@pytest.mark.parametrize("trap", ["pipe", "link", "another file"])
def test_a_log_that_was_swapped_is_not_written_to(state, tmp_path, trap):
    log, precious = tmp_path / "log", tmp_path / "precious"
    precious.write_text("as it was")
    # One process: a shell that starts a command is two of the same command line for a moment.
    writer = "import time\nwhile True: print('more', flush=True); time.sleep(0.05)\n# 617.75" + OWN
    pid = start(sys.executable, "-c", writer, output=log)
    try:
        assert wait_for(lambda: log.stat().st_size)
        name = comm(pid)
        kill(state, pid=pid)
        log.rename(tmp_path / "aside")
        if trap == "pipe":
            os.mkfifo(log)
        elif trap == "link":
            log.symlink_to(precious)
        else:
            log.write_text("as it was")
        began = time.monotonic()
        past = end(state)
        assert time.monotonic() - began < 30.0 and past["residue"] == []
        assert "process %s: now 'standard output: nothing '" % name in past["differences"], past
        (again,) = having("617.75" + OWN)
        assert os.readlink("/proc/%d/fd/1" % again) == os.devnull
        assert precious.read_text() == "as it was" and (trap != "another file" or log.read_text() == "as it was")
    finally:
        end_all("617.75" + OWN)


def test_a_file_that_was_open_for_reading_only_is_not_opened_for_writing(state, tmp_path):
    (tmp_path / "read").write_text("as it was")
    pid = start("sh", "-c", "exec sleep 618.25%s 1<read" % OWN, cwd=tmp_path)
    try:
        assert wait_for(lambda: comm(pid) == "sleep")
        assert "its standard output is a pipe, a socket or a file that it could not get back; set force" in refused(
            state, pid=pid
        )
        kill(state, pid=pid, force=True)
        assert end(state)["residue"] == []
        (again,) = having("618.25" + OWN)
        assert os.readlink("/proc/%d/fd/1" % again) == os.devnull
    finally:
        end_all("618.25" + OWN)


@pytest.mark.root
def test_what_root_runs_and_others_may_change_is_refused(state):
    folder = Path(tempfile.mkdtemp(prefix="chaos-theirs-", dir="/tmp"))
    try:
        folder.chmod(0o755)
        shutil.copy(shutil.which("sleep"), folder / "worker")
        os.chown(folder, kinds.NOBODY, kinds.NOBODY)
        start(folder / "worker", "618.5" + OWN)
        assert "root runs %s/worker, and %s belongs to nobody" % (folder, folder) in refused(
            state, pattern="worker 618.5" + OWN
        )
        (pid,) = having("618.5" + OWN)
        assert comm(pid) == "worker"
    finally:
        end_all("618.5" + OWN)
        shutil.rmtree(folder)


@pytest.mark.root
def test_a_process_of_another_user_is_no_successor(state):
    pid = start("sleep", "618.75" + OWN)
    try:
        kill(state, pid=pid)
        theirs = start("sleep", "618.75" + OWN, user=kinds.NOBODY)
        time.sleep(2.5)  # as long as a successor must live to end the fault
        past = end(state)
        assert past["revert_cause"] == "absent" and past["measured"]["back_pid"] is None and past["residue"] == []
        (mine,) = [each for each in having("618.75" + OWN) if each != theirs]
        assert os.stat("/proc/%d" % mine).st_uid == 0
    finally:
        end_all("618.75" + OWN)


@pytest.mark.root
def test_a_port_that_somebody_else_took_is_residue(state, port):
    pid = start(PYTHON, "-S", "-c", SERVE.format(port=port), cwd="/")
    assert wait_for(lambda: listens(port))
    kill(state, pid=pid)
    theirs = start("/usr/bin/python3", "-S", "-c", SERVE.format(port=port) + "  # theirs", cwd="/", user=kinds.NOBODY)
    assert wait_for(lambda: listens(port))
    (over,) = direct.run(state, ("process", {"name": "crash", "state": "absent"}))
    assert over["failed"] and (
        "port %d is in use by process %d" % (port, theirs) in over["msg"] or "is not running again" in over["msg"]
    ), over
    os.kill(theirs, signal.SIGKILL)
    # Whichever comes first starts ours again: the next try of the undo by itself, or the one that is asked for here.
    assert wait_for(lambda: not os.path.exists("/proc/%d/fd/3" % theirs))
    again = direct.run(state, ("process", {"name": "crash", "state": "absent"}))
    assert wait_for(lambda: listens(port)), again
    assert ledger(state)[-1]["residue"] == []


def test_what_ends_right_after_it_was_started_again_is_not_put_back(state, tmp_path):
    """It has no port that would show it. Once the reason is gone, the next try of the undo starts it for good."""
    reason = tmp_path / "reason"
    pid = start("/bin/sh", "-c", "while sleep 0.3; [ ! -e %s ]; do :; done" % reason, cwd="/")
    try:
        kill(state, pid=pid)
        reason.touch()
        (over,) = direct.run(state, ("process", {"name": "crash", "state": "absent"}))
        assert over["failed"] and "is not running again" in over["msg"], over
        reason.unlink()
        direct.run(state, ("process", {"name": "crash", "state": "absent"}))
        assert wait_for(lambda: having(str(reason)) and ledger(state)[-1]["residue"] == [])
    finally:
        reason.touch()
        assert wait_for(lambda: not having(str(reason)))
