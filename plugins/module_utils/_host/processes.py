# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes by pid AND start time, so that a pid used again is never taken for the old one. Private to
magsasa.chaos.
"""

from __future__ import annotations

import errno
import os
import signal
import time

from .. import _wait

_PR_SET_PDEATHSIG = 1  # prctl(2)
_PR_SET_NAME = 15


def stat_fields(pid):
    """Fields of /proc/PID/stat after the name: [state, ppid, ...] (proc(5) numbers them from 3); None when it is
    gone.
    """
    try:
        descriptor = os.open("/proc/%d/stat" % pid, os.O_RDONLY | os.O_CLOEXEC)  # a third of what a file object costs
        try:
            return os.read(descriptor, 4096).rpartition(b")")[2].decode("ascii").split()
        finally:
            os.close(descriptor)
    except (OSError, ValueError):
        return None


def start_time(pid):
    """Start time in clock ticks since boot (field 22), or None when there is no such process or only its zombie."""
    fields = stat_fields(pid)
    return int(fields[19]) if fields and fields[0] not in ("Z", "X") else None


def age_s(start):
    """Seconds since a process started (``start`` in ticks since boot)."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) - start / float(os.sysconf("SC_CLK_TCK"))


def since(start, moment):
    """Seconds from ``moment`` (CLOCK_MONOTONIC) to the start of a process; the same clock as its ticks but for
    suspends.
    """
    return round(max(0.0, time.monotonic() - age_s(start) - moment), 2)


def state(pid):
    """One letter, as ps shows it ("R", "S", "T", ...), or None."""
    fields = stat_fields(pid)
    return fields[0] if fields else None


def parent(pid):
    """Pid of the parent, or None."""
    fields = stat_fields(pid)
    return int(fields[1]) if fields else None


def session(pid):
    """Number of the session that a process is in, or None."""
    fields = stat_fields(pid)
    return int(fields[3]) if fields else None


def at_terminal(pid):
    """Whether it leads the session of a terminal: a shell that somebody types into."""
    fields = stat_fields(pid)
    return bool(fields) and int(fields[3]) == pid and fields[4] != "0"


def above(pid):
    """A process and everything above it, upwards."""
    while pid and pid > 0:
        yield pid
        pid = parent(pid)


def children(pid):
    """Pids right below a process."""
    return [each for each in pids() if parent(each) == pid]


def families():
    """``{pid: pids right below it}`` of all processes, for whoever asks more than once."""
    found = {}
    for pid in pids():
        found.setdefault(parent(pid), []).append(pid)
    return found


def below(root, children=None):
    """Pids below a process, parents before children; ``children``: what ``families`` found."""
    children = families() if children is None else children
    found = []
    queue = [root]
    while queue:
        more = children.get(queue.pop(0), [])
        found += more
        queue += more
    return found


def alive(pid, start):
    """Whether this very process still runs."""
    return bool(pid) and start is not None and start_time(pid) == start


def send(pid, start, number):
    """Signal this very process; returns whether it was there.

    A pidfd pins the process between the check and the signal where Python and the kernel have it (3.9, Linux 5.3).
    """
    try:
        if hasattr(os, "pidfd_open") and hasattr(signal, "pidfd_send_signal"):
            descriptor = os.pidfd_open(pid)
            try:
                if not alive(pid, start):
                    return False
                signal.pidfd_send_signal(descriptor, number)
                return True
            finally:
                os.close(descriptor)
        if not alive(pid, start):
            return False
        os.kill(pid, number)
        return True
    except (ProcessLookupError, OverflowError):
        return False
    except OSError as error:
        # Some kernels (6.1 was seen) say this, and not ESRCH, when pidfd_open(2) meets a process that is just being
        # reaped.
        if error.errno != errno.EINVAL:
            raise
        return False


def wait_gone(pid, start, seconds):
    """Wait until it has ended; returns whether it has."""
    return _wait.until(lambda: not alive(pid, start), seconds, 0.002, longest=0.05)


def end(pid, start, patience=2.0):
    """End a process: SIGCONT and SIGTERM, then SIGKILL after ``patience`` seconds. Returns whether it is gone."""
    if not send(pid, start, signal.SIGTERM):
        return True
    send(pid, start, signal.SIGCONT)
    if wait_gone(pid, start, patience):
        return True
    send(pid, start, signal.SIGKILL)
    return wait_gone(pid, start, 2.0)


def pids():
    """Every pid of this process namespace."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit()]


def comm(pid):
    """The short name of a process (/proc/PID/comm, 15 bytes), or ""."""
    try:
        with open("/proc/%d/comm" % pid) as source:
            return source.read().rstrip("\n")
    except OSError:
        return ""


def set_process_name(name):
    """Give this process a short name that ps and top show."""
    import ctypes  # not at the top: a question needs none

    ctypes.CDLL(None).prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def uid(pid):
    """Effective user of a process, or None."""
    try:
        return os.stat("/proc/%d" % pid).st_uid
    except OSError:
        return None


def argv(pid):
    """Command line as a list of text (empty for kernel threads and gone processes)."""
    try:
        with open("/proc/%d/cmdline" % pid, "rb") as source:
            text = source.read(65536)
    except OSError:
        return []
    return [part.decode("utf-8", "replace") for part in text.rstrip(b"\0").split(b"\0")] if text else []


def environ(pid):
    """Environment that a process was started with, as bytes pairs; {} when it may not be read."""
    try:
        with open("/proc/%d/environ" % pid, "rb") as source:
            text = source.read(1024 * 1024)
    except OSError:
        return {}
    return dict(pair.partition(b"=")[::2] for pair in text.split(b"\0") if b"=" in pair)


def marked(key, value, mine_only=True):
    """(pid, start) of processes whose starting environment holds key=value; of this user unless told otherwise."""
    wanted = ("%s=%s" % (key, value)).encode()
    found = []
    for pid in pids():
        if mine_only and uid(pid) != os.geteuid():
            continue
        try:
            with open("/proc/%d/environ" % pid, "rb") as source:
                if wanted not in source.read(1024 * 1024).split(b"\0"):
                    continue
        except OSError:
            continue
        start = start_time(pid)
        if start is not None:
            found.append((pid, start))
    return found


def die_with_parent(parent_pid):
    """Called in a fresh child: the kernel kills us when our parent's thread dies; exit at once when it already has."""
    import ctypes

    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)
