# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are meant, and which of them no fault may touch. Private to magsasa.chaos."""
from __future__ import annotations

import contextlib
import os
import re
import signal

from ..._errors import BadOption
from ..._host import listeners, processes

PATTERN_SECONDS = 3.0
OURS = (b"MAGSASA_CHAOS_FAULT", b"MAGSASA_CHAOS_PROBE")  # marks in the environment of what the collection starts


def pids(target):
    """Pids that one target option names; of processes that match one below the other, only the uppermost."""
    option, value = next(iter(target.items()))
    return {"pid": _by_pid, "pid_file": _by_file, "port": _by_port, "process_name": _by_name, "pattern": _by_pattern}[option](value)


def _by_pid(value):
    return [value] if processes.start_time(value) is not None else []


def _by_file(path):
    try:
        with open(path, errors="replace") as source:
            lines = source.read(64).split()
    except OSError as error:
        raise BadOption("pid_file", path, "cannot be read (%s)" % error.strerror, "name the file that the service writes")
    if not lines or not lines[0].isascii() or not lines[0].isdigit():
        raise BadOption("pid_file", path, "does not hold a process id", "name the file that the service writes")
    return _by_pid(int(lines[0]))


def _by_port(port):
    found = sorted({pid for each in listeners.listeners() if each.port == port for pid in each.pids})
    top = listeners.top_of_tree(found)
    return [top] if top else []


def _by_name(name):
    return _uppermost(lambda pid, argv: processes.comm(pid) == name or (bool(argv) and os.path.basename(argv[0]) == name))


def _by_pattern(pattern):
    with _in_time(pattern):
        return _uppermost(lambda pid, argv: bool(argv) and re.search(pattern, " ".join(argv)[:4096]) is not None)


@contextlib.contextmanager
def _in_time(pattern):
    """Some expressions take longer than the age of the universe; this one gets a few seconds."""

    def over(number, frame):
        raise BadOption("pattern", pattern, "takes more than %g s to compare" % PATTERN_SECONDS, "write a simpler expression")

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, PATTERN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _uppermost(fits):
    """What carries this very task is passed over: its command lines hold the text that is looked for."""
    carrying = set(processes.above(os.getpid()))
    found = {pid for pid in processes.pids() if pid not in carrying and processes.start_time(pid) is not None and fits(pid, processes.argv(pid))}
    return sorted(pid for pid in found if processes.parent(pid) not in found)


def protected():
    """{pid: why} of the processes that no fault may touch: init, ourselves, and what carries the control connection."""
    found = {1: "the host's init"}
    for pid in processes.above(os.getpid()):
        found.setdefault(pid, "what runs this very task or carries its connection")
    for pid in processes.pids():
        if processes.comm(pid) == "sshd" and processes.parent(pid) == 1:
            found.setdefault(pid, "the SSH daemon, the way back into this host")
        elif not processes.argv(pid) and processes.parent(pid) in (0, 2):
            found.setdefault(pid, "a kernel thread")
        elif any(mark in processes.environ(pid) for mark in OURS):
            found.setdefault(pid, "a part of another fault or probe of this collection")
    return found
