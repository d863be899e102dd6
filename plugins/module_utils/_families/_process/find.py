# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which processes are meant, and which of them no fault may touch. Private to magsasa.chaos."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import time

from ..._errors import BadOption, printable
from ..._host import listeners, pinned_files, processes
from ..._host.systemd import protected_units

PATTERN_SECONDS = 3.0
STALE_S = 2.0  # a process that began so much later than its pid file was written is not the one that wrote it
OURS = (b"MAGSASA_CHAOS_FAULT", b"MAGSASA_CHAOS_PROBE")  # marks in the environment of what the collection starts


def pids(target, whole):
    """Pids that one target option names; ``whole``: of a tree the uppermost that matches (for a pause), else what
    does the work in it.
    """
    option, value = next(iter(target.items()))
    found = {
        "pid": _by_pid,
        "pid_file": _by_file,
        "port": _by_port,
        "process_name": _by_name,
        "pattern": _by_pattern,
    }[
        option
    ](value)
    if option not in ("process_name", "pattern"):
        return found
    return uppermost(found) if whole else working(found)


def _by_pid(value):
    return [value] if processes.start_time(value) is not None else []


def _by_file(path):
    lines, changed = _read_pid_file(path)
    if not lines or not lines[0].isascii() or not lines[0].isdigit() or len(lines[0]) > 10:
        raise BadOption("pid_file", path, "does not contain a process id", "name the pid file of the service")
    pid = int(lines[0])
    start = processes.start_time(pid)
    began = None if start is None else time.time() - processes.age_s(start)
    if began is not None and began > changed + STALE_S:
        problem = "was last changed at %s, before process %d (%s) started at %s, so it names an earlier process" % (
            _moment(changed),
            pid,
            printable(processes.comm(pid), 20),
            _moment(began),
        )
        raise BadOption("pid_file", path, problem, "remove the file, or name the process by port or process_name")
    return _by_pid(pid)


def _read_pid_file(path):
    """(words, time of its last change); a pipe in its place is not waited for."""
    try:
        with pinned_files.regular(path) as descriptor:
            return os.read(descriptor, 64).decode("ascii", "replace").split(), os.fstat(descriptor).st_mtime
    except OSError as error:
        raise BadOption("pid_file", path, "cannot be read (%s)" % error.strerror, "name the pid file of the service")


def _moment(seconds):
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _by_port(port):
    server = listeners.server(port)
    return [server] if server else []


def _by_name(name):
    return _matching(
        lambda pid, argv: processes.comm(pid) == name or (bool(argv) and os.path.basename(argv[0]) == name)
    )


def _by_pattern(pattern):
    with _in_time(pattern):
        return _matching(lambda pid, argv: bool(argv) and re.search(pattern, " ".join(argv)[:4096]) is not None)


@contextlib.contextmanager
def _in_time(pattern):
    """Some expressions take longer than the age of the universe; this one gets a few seconds."""

    def over(number, frame):
        raise BadOption(
            "pattern", pattern, "takes more than %g s to compare" % PATTERN_SECONDS, "write a simpler expression"
        )

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, PATTERN_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _matching(fits):
    """What carries this very task is passed over: its command lines hold the text that is looked for."""
    carrying = set(processes.above(os.getpid()))
    return {
        pid
        for pid in processes.pids()
        if pid not in carrying and fits(pid, processes.argv(pid)) and processes.start_time(pid) is not None
    }


def uppermost(matching):
    """Of processes below one another only the uppermost."""
    return sorted(pid for pid in matching if processes.parent(pid) not in matching)


def working(matching):
    """The uppermost that match; of one that only starts the program that does the work (sh -c, npm, a loop), that
    program.
    """
    children = processes.families()
    trees = {pid: {pid, *processes.below(pid, children)} for pid in uppermost(matching)}
    # Only these are looked at: who listens where takes a look at each file that a process has open.
    listening = listeners.listeners(sorted(set().union(*trees.values())))
    serving = {each for found in listening for each in found.pids}
    return sorted({_worker(pid, matching, tree & serving, children) for pid, tree in trees.items()})


def _worker(pid, matching, serving, children):
    """The one process of a tree that listens; where none or several do, below each that only starts another program
    which matches too, that one.
    """
    if pid in serving:
        return pid
    tops = [each for each in serving if processes.parent(each) not in serving]
    if len(tops) == 1:
        return tops[0]
    while not tops:
        started = [each for each in children.get(pid, []) if each in matching]
        if len(started) != 1 or _program(started[0]) == _program(pid):
            break
        pid = started[0]
    return pid


def _program(pid):
    try:
        return os.readlink("/proc/%d/exe" % pid)
    except OSError:
        return None


class Protected:
    """The processes that no fault may touch: init, ourselves, what carries the control connection, and daemons that the
    host cannot do without.

    Only those that a fault is about are judged: a host may have thousands of others.
    """

    def __init__(self):
        self._carrying = set(processes.above(os.getpid()))

    def why(self, pid):
        """Why no fault may touch this one (text), or None."""
        if pid == 1:
            return "the host's init"
        if pid in self._carrying:
            return "part of this task or its connection"
        if processes.parent(pid) in (0, 2) and not processes.argv(pid):
            return "a kernel thread"
        if any(mark in processes.environ(pid) for mark in OURS):
            return "part of another fault or probe of this collection"
        return protected_units.why_process(pid)
