# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a process has from whoever started it, besides its user and its files: limits, folder, signals, priority.
Private to magsasa.chaos.
"""

from __future__ import annotations

import hashlib
import os
import resource
import signal

from .._errors import HostError, printable
from . import bounds, processes

# Lines of /proc/PID/limits (proc(5)), which every user may read; prlimit(2) of another user's process needs a
# capability.
_LIMITS = {
    "Max cpu time": "CPU",
    "Max file size": "FSIZE",
    "Max data size": "DATA",
    "Max stack size": "STACK",
    "Max core file size": "CORE",
    "Max resident set": "RSS",
    "Max processes": "NPROC",
    "Max open files": "NOFILE",
    "Max locked memory": "MEMLOCK",
    "Max address space": "AS",
    "Max pending signals": "SIGPENDING",
    "Max msgqueue size": "MSGQUEUE",
    "Max nice priority": "NICE",
    "Max realtime priority": "RTPRIO",
}


def read(pid):
    """All of it, JSON-able; raises OSError, HostError."""
    status = bounds.status(pid)
    fields = processes.stat_fields(pid)
    if not fields:
        raise HostError("process %d has ended" % pid)
    cwd = os.readlink("/proc/%d/cwd" % pid)
    place = bounds.place("/proc/%d/cwd" % pid)
    return {
        "cwd": cwd,
        "cwd_moved": not os.path.isdir(cwd) or bounds.place(cwd) != place,
        "cwd_place": place,
        "umask": int(status.get("Umask", "0022"), 8),
        "ignored": int(status.get("SigIgn", "0"), 16),
        "nice": os.getpriority(os.PRIO_PROCESS, pid),
        "scheduler": [os.sched_getscheduler(pid), os.sched_getparam(pid).sched_priority],
        "affinity": sorted(os.sched_getaffinity(pid)),
        "limits": limits(pid),
        "oom_score_adj": _oom_score(pid),
        "leads": "session" if int(fields[3]) == pid else "group" if int(fields[2]) == pid else "",
    }


def _oom_score(pid):
    with open("/proc/%d/oom_score_adj" % pid) as source:
        return int(source.read())


def limits(pid):
    """[[kind, [soft, hard]], ...] as setrlimit takes them."""
    found = []
    with open("/proc/%s/limits" % pid) as source:
        for line in source:
            kind = getattr(resource, "RLIMIT_" + _LIMITS.get(line[:25].strip(), "-"), None)
            if kind is not None:
                found.append(
                    [
                        kind,
                        [
                            resource.RLIM_INFINITY if word == "unlimited" else int(word)
                            for word in line[25:].split()[:2]
                        ],
                    ]
                )
    return found


def lines(pid):
    """What of it is the same for a process and for the one that takes its place, as lines of a state dump."""
    found = read(pid)
    told = hashlib.sha256(repr(found["limits"]).encode("ascii")).hexdigest()[:12]
    return [
        "folder: %s" % printable(found["cwd"]),
        "umask: %04o" % found["umask"],
        "leads a session: %s" % ("yes" if found["leads"] == "session" else "no"),
        "leads a process group: %s" % ("yes" if found["leads"] else "no"),
        "nice: %d, oom_score_adj: %d, scheduler: %s, processors: %s"
        % (found["nice"], found["oom_score_adj"], found["scheduler"], found["affinity"]),
        "limits: %s" % told,
    ]


def give(captured):
    """While this process still may: limits, priority, session. What it may not, stays a difference and is told as
    one; but never more than was.
    """
    if captured["leads"] == "session":
        os.setsid()
    elif captured["leads"] == "group":
        os.setpgid(0, 0)
    for kind, limit in captured["limits"]:
        try:
            resource.setrlimit(kind, tuple(limit))
        except (OSError, ValueError):
            pass  # more than this user may have
    try:
        with open("/proc/self/oom_score_adj", "w") as target:
            target.write("%d" % captured["oom_score_adj"])
        os.sched_setscheduler(0, captured["scheduler"][0], os.sched_param(captured["scheduler"][1]))
        os.setpriority(os.PRIO_PROCESS, 0, captured["nice"])
        os.sched_setaffinity(0, captured["affinity"])
    except OSError:
        pass  # less than this user may have


def enter(captured):
    """As the user of the process: its folder, its umask, its signals."""
    os.chdir(captured["cwd"])
    if bounds.place(".") != captured["cwd_place"]:
        raise HostError("its folder %s is a different one now" % printable(captured["cwd"]))
    os.umask(captured["umask"])
    for number in range(1, signal.NSIG):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(number, signal.SIG_IGN if captured["ignored"] >> (number - 1) & 1 else signal.SIG_DFL)
            except (OSError, ValueError):
                pass  # reserved by the C library
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
