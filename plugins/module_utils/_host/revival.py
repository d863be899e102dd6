# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a process again as it was: argv, folder, user, environment and what it had inherited, kept aside before it is ended. Private to magsasa.chaos.

The environment may hold secrets. It is kept in a private file of the run folder, never in the ledger, and removed with the fault.
"""
from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import time

from .. import _clock, _cmd
from .._errors import HostError
from . import control_groups, listeners, processes, state

# Lines of /proc/PID/limits (proc(5)), which every user may read; prlimit(2) of another user's process needs a capability.
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


def path_of(fault_id):
    """The private file of a fault."""
    return os.path.join(state.folders().run, fault_id + ".spool")


def restartable(pid):
    """Whether the command line still names a program: some servers write a title over theirs, and cannot be started again from it."""
    argv = processes.argv(pid)
    if not argv:
        return False
    if argv[0].startswith("/"):
        return os.path.exists(argv[0])
    return _cmd.which(argv[0]) is not None or os.path.exists(os.path.join("/proc/%d/cwd" % pid, argv[0]))


def capture(pid):
    """What is needed to start this process again; raises HostError when it may not be read."""
    try:
        with open("/proc/%d/status" % pid) as source:
            status = dict(line.split(":\t", 1) for line in source.read().splitlines() if ":\t" in line)
        found = {
            "argv": processes.argv(pid),
            "exe": _program(pid),
            "cwd": os.readlink("/proc/%d/cwd" % pid),
            "env": {k.decode("utf-8", "surrogateescape"): v.decode("utf-8", "surrogateescape") for k, v in processes.environ(pid).items()},
            "uid": int(status["Uid"].split()[1]),
            "gid": int(status["Gid"].split()[1]),
            "groups": [int(g) for g in status.get("Groups", "").split()],
            "umask": int(status.get("Umask", "0022"), 8),
            "ignored": int(status.get("SigIgn", "0"), 16),
            "nice": os.getpriority(os.PRIO_PROCESS, pid),
            "limits": _limits(pid),
            "cgroups": control_groups.of(pid),
            "oom_score_adj": _oom_score(pid),
            "output": _output(pid),
        }
    except (OSError, KeyError, ValueError) as error:
        raise HostError("process %d cannot be started again as it was: %s" % (pid, error))
    if not found["argv"]:
        raise HostError("process %d has no command line and cannot be started again" % pid)
    return found


def _oom_score(pid):
    with open("/proc/%d/oom_score_adj" % pid) as source:
        return int(source.read())


def _limits(pid):
    """[[kind, [soft, hard]], ...] as setrlimit takes them."""
    found = []
    with open("/proc/%d/limits" % pid) as source:
        for line in source:
            kind = getattr(resource, "RLIMIT_" + _LIMITS.get(line[:25].strip(), "-"), None)
            if kind is not None:
                found.append([kind, [resource.RLIM_INFINITY if word == "unlimited" else int(word) for word in line[25:].split()[:2]]])
    return found


def _program(pid):
    """The program's file; of one that was replaced since (an upgrade), the new one."""
    path = os.readlink("/proc/%d/exe" % pid)
    if os.path.exists(path):
        return path
    named = _cmd.which(processes.argv(pid)[0])
    if named is None:
        raise OSError("its program %s is gone" % path)
    return named


def _output(pid):
    """The regular files that its standard output and error go to; anything else becomes /dev/null."""
    found = []
    for number in (1, 2):
        try:
            target = os.readlink("/proc/%d/fd/%d" % (pid, number))
        except OSError:
            target = ""
        found.append(target if target.startswith("/") and os.path.isfile(target) else os.devnull)
    return found


def keep(fault_id, captured):
    """Put it aside."""
    state.write_private(path_of(fault_id), json.dumps(captured), durable=False)


def kept(fault_id):
    """What was put aside, or None."""
    return state.read_json(path_of(fault_id))


def forget(fault_id):
    """Remove the private file."""
    state.remove(path_of(fault_id))


def digest(argv):
    """What stands for a command line in the ledger: it may hold a secret, its digest does not."""
    return hashlib.sha256("\0".join(argv).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def mark(pid, tree, listening):
    """What tells a process from its successor, as data for the ledger: ``{"pid", "start", "command", "ports", "old", "since", "boot", "parent"}``.

    ``old``: [pid, start] of its tree; ``since``: now, in ticks since boot; ``parent``: [pid, start] of what may look after it, or None.
    """
    above = processes.parent(pid)
    inside = {each for each, _start in tree}
    return {
        "pid": pid,
        "start": processes.start_time(pid),
        "command": digest(processes.argv(pid)),
        "ports": sorted({each.port for each in listening if inside & set(each.pids)}),
        "old": tree,
        "since": int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK")),
        "boot": _clock.boot_id(),
        "parent": [above, processes.start_time(above)] if above and above > 1 else None,
    }


def _came_later(marks, pid):
    start_ticks = processes.start_time(pid)
    return start_ticks is not None and start_ticks >= marks["since"] - 1 and [pid, start_ticks] not in [list(each) for each in marks["old"]]


def serves(marks):
    """Whether every port that the old process had is listened on by one that came later; true when it had none."""
    taken = {each.port for each in listeners.listeners() if any(_came_later(marks, pid) for pid in each.pids)} if marks["ports"] else set()
    return taken >= set(marks["ports"])


def successor(marks):
    """(pid, start) of a process that took the place of the old one: it has its command line, or listens on its ports, and came later."""
    for pid in processes.pids():
        if _came_later(marks, pid) and digest(processes.argv(pid)) == marks["command"] and processes.parent(pid) not in (each[0] for each in marks["old"]):
            return pid, processes.start_time(pid)
    for each in listeners.listeners() if marks["ports"] else []:
        top = listeners.top_of_tree([pid for pid in each.pids if each.port in marks["ports"] and _came_later(marks, pid)])
        if top and processes.start_time(top) is not None:
            return top, processes.start_time(top)
    return None


def start(captured):
    """Start it, detached, as a child of nobody; returns its pid."""
    reading, writing = os.pipe()
    middle = os.fork()
    if middle == 0:
        _become(captured, writing)
    os.close(writing)
    os.waitpid(middle, 0)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read(400).decode("utf-8", "replace")
    number, _space, problem = said.partition(" ")
    if problem or not number.isdigit():
        raise HostError("the process could not be started again: %s" % (problem or "no answer"))
    return int(number)


def _like_before(captured):
    """Signals as the process had them (what starts it ignores some) and with nothing blocked."""
    for number in range(1, signal.NSIG):
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            try:
                signal.signal(number, signal.SIG_IGN if captured["ignored"] >> (number - 1) & 1 else signal.SIG_DFL)
            except (OSError, ValueError):
                pass  # reserved by the C library
    signal.pthread_sigmask(signal.SIG_SETMASK, ())


def _become(captured, writing):
    """In the middle process: fork once more, so that init is the parent, then turn into the program."""
    os.setsid()
    pid = os.fork()
    if pid:
        os.write(writing, b"%d" % pid)
        os._exit(0)
    try:
        for kind, limit in captured["limits"]:
            try:
                resource.setrlimit(kind, tuple(limit))
            except (OSError, ValueError):
                pass  # more than this user may have
        control_groups.join(captured["cgroups"])
        try:
            os.setpriority(os.PRIO_PROCESS, 0, captured["nice"])
            with open("/proc/self/oom_score_adj", "w") as target:
                target.write("%d" % captured["oom_score_adj"])
        except OSError:
            pass  # less than this user may have
        if os.geteuid() == 0:
            os.setgroups(captured["groups"])
            os.setgid(captured["gid"])
            os.setuid(captured["uid"])
        os.chdir(captured["cwd"])
        os.umask(captured["umask"])
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        for number, path in zip((1, 2), captured["output"]):
            os.dup2(os.open(path, os.O_WRONLY | os.O_APPEND), number)
        _like_before(captured)
        os.set_inheritable(writing, False)
        os.closerange(3, writing)
        os.closerange(writing + 1, 4096)
        environment = {k: v for k, v in captured["env"].items() if not k.startswith("MAGSASA_CHAOS_")}
        os.execve(captured["exe"], captured["argv"], environment)
    except OSError as error:
        os.write(writing, (" %s" % error).encode())
    finally:
        os._exit(127)


def wait(marks, seconds):
    """Wait for a successor; returns it or None."""
    limit = time.monotonic() + seconds
    while True:
        found = successor(marks)
        if found or time.monotonic() > limit:
            return found
        time.sleep(0.05)
