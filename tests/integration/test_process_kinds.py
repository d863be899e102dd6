# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kinds of processes against kill, restart and pause: what could not be given back exactly is refused before the
kill, and a pause takes everything.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support import direct, kinds
from support.faults import fresh_state, ledger, left, wait_for

pytestmark = pytest.mark.root

MORE_RIGHTS = "its program has more rights than its starter"
APART = r"it has its own namespaces \(.*%s"
CAPABILITIES = "its capabilities differ from those that a program of its user gets"
# What a kill and a restart of each kind say; None: they are carried out, and the process is back as it was.
TABLE = {
    "plain": None,
    "another user's": None,
    "set-user-id": "real, effective and saved users differ|" + MORE_RIGHTS,
    "set-group-id": "real, effective and saved groups differ|" + MORE_RIGHTS,
    "file capabilities": MORE_RIGHTS,
    "saved user differs": "its real, effective and saved users differ",
    "saved group differs": "its real, effective and saved groups differ",
    "chroot": "its own root directory|folder .* has been moved or removed",
    "mount namespace": APART % "mnt",
    "network namespace": APART % "net",
    "user namespace": APART % "user",
    "uts namespace": APART % "uts",
    "pid namespace": APART % "pid",
    "children in a pid namespace": APART % "pid_for_children",
    "NoNewPrivs": "NoNewPrivs",
    "seccomp": "its own seccomp filter",
    "bounding set": CAPABILITIES,
    "root without capabilities": CAPABILITIES,
    "ambient capabilities": CAPABILITIES,
}
SECONDS = "613.25" + kinds.OWN
BOUNDS = r"^(?:Uid|Gid|Groups|Cap\w+|NoNewPrivs|Seccomp\w*|Umask):.*$"


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


def letter(pid):
    """State of a process, "X" when it is gone."""
    try:
        return Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


def bounds(pid):
    """What the kernel says bounds a process."""
    text = Path("/proc/%d/status" % pid).read_text()
    links = sorted(
        "%s %s" % (each.name, os.readlink(each))
        for each in Path("/proc/%d/ns" % pid).iterdir()
        if "children" not in each.name
    )
    files = [os.readlink("/proc/%d/%s" % (pid, each)) for each in ("exe", "cwd", "root", "fd/0", "fd/1", "fd/2")]
    fields = Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()
    leads = [str(pid) == each for each in fields[2:4]]
    more = [
        Path("/proc/%d/%s" % (pid, each)).read_bytes()
        for each in ("comm", "cmdline", "environ", "limits", "oom_score_adj")
    ]
    mask = int(re.search(r"SigIgn:\s*(\w+)", text).group(1), 16) & 0x7FFFFFFF  # two above belong to the C library
    return re.findall(BOUNDS, text, re.M), mask, links, files, leads, more


def end_all(seconds):
    """End every process whose last words are those of a test."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if seconds.encode() in Path("/proc", entry, "cmdline").read_bytes().split(b"\0"):
                os.kill(int(entry), signal.SIGKILL)


def test_every_kind_is_in_the_table():
    assert set(TABLE) == {*kinds.BECOME, *kinds.ON_FILES}


def test_what_could_not_be_given_back_is_refused_before_the_kill_and_may_be_paused(state):
    with contextlib.ExitStack() as stack:
        pids = {kind: stack.enter_context(kinds.running(kind, SECONDS)) for kind, words in TABLE.items() if words}
        before = {kind: bounds(pid) for kind, pid in pids.items()}
        calls = [(kind, action) for kind in pids for action in ("kill", "restart")]
        rows = [
            ("process", {"name": "kind", "pid": pids[kind], "action": action, "duration": "60s", "force": True})
            for kind, action in calls
        ]
        wrong = []
        for (kind, action), refused in zip(calls, direct.run(state, *rows)):
            said = refused.get("msg", "nothing")
            remedy = "use action=pause" in said or "use magsasa.chaos." in said
            if refused.get("kind") != "Refused" or not re.search(TABLE[kind], said) or "\n" in said or not remedy:
                wrong.append((kind, action, said))
        assert not wrong
        options = {
            "name": "all",
            "pattern": r"%s( |$)" % re.escape(SECONDS),
            "limit": 50,
            "action": "pause",
            "duration": "120s",
        }
        (fault,) = direct.run(state, ("process", options))
        assert fault["fault"]["effect"] == "confirmed" and {
            kind: letter(pid) for kind, pid in pids.items()
        } == dict.fromkeys(pids, "T")
        (over,) = direct.run(state, ("process", {"name": "all", "state": "absent"}))
        assert over["fault"]["residue"] == [] and "T" not in {letter(pid) for pid in pids.values()}
        assert {kind: bounds(pid) for kind, pid in pids.items()} == before


def test_what_can_be_given_back_is_as_before(state):
    with contextlib.ExitStack() as stack:
        rows = [(kind, action) for kind, words in TABLE.items() if not words for action in ("kill", "restart")]
        seconds = ["61%d.75%s" % (number, kinds.OWN) for number in range(len(rows))]
        for each in seconds:
            stack.callback(end_all, each)
        pids = [started(kind, each) for (kind, _action), each in zip(rows, seconds)]
        before = [bounds(pid) for pid in pids]
        calls = []
        for (_kind, action), pid in zip(rows, pids):
            calls.append(
                (
                    "process",
                    {"name": "kind-%d" % pid, "pid": pid, "action": action, "respawn_within": "0s", "duration": "60s"},
                )
            )
        for fault in direct.run(state, *calls):
            assert not fault.get("failed") and fault["fault"]["measured"]["ended"], fault
        for over in direct.run(state, *[("process", {"name": "kind-%d" % pid, "state": "absent"}) for pid in pids]):
            past = next(each for each in ledger(state) if each["id"] == over["fault"]["id"])
            assert (past["residue"], past["differences"]) == ([], []), past
        again = [pid for each in seconds for pid in sleepers(each)]
        assert len(again) == len(pids) and not set(again) & set(pids) and [bounds(pid) for pid in again] == before
        assert not left(state)


def started(kind, seconds):
    """Pid of a plain sleep, of root or of another user, that leads a session and that nobody looks after."""
    who = (
        {} if kind == "plain" else {"user": kinds.NOBODY, "group": kinds.NOBODY, "extra_groups": [kinds.NOBODY, 12345]}
    )
    command = "setsid sleep %s </dev/null >/dev/null 2>&1 &" % seconds
    subprocess.run(["sh", "-c", command], cwd="/", env={"PATH": os.environ["PATH"], "WORD": "kept"}, check=True, **who)
    assert wait_for(lambda: sleepers(seconds))
    return sleepers(seconds)[0]


def sleepers(seconds):
    """Pids of the processes called ``sleep SECONDS``."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if (
                Path("/proc", entry, "cmdline").read_bytes() == b"sleep\0%s\0" % seconds.encode()
                and letter(int(entry)) not in "ZX"
            ):
                found.append(int(entry))
    return found
