# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a process again as it was: its argv, folder, user and environment, kept aside before it is ended. Private to magsasa.chaos.

The environment may hold secrets. It is kept in a private file of the run folder, never in the ledger, and removed with the fault.
"""
from __future__ import annotations

import hashlib
import json
import os
import time

from .. import _cmd
from .._errors import HostError
from . import listeners, processes, state


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
            "exe": os.readlink("/proc/%d/exe" % pid),
            "cwd": os.readlink("/proc/%d/cwd" % pid),
            "env": {k.decode("utf-8", "surrogateescape"): v.decode("utf-8", "surrogateescape") for k, v in processes.environ(pid).items()},
            "uid": int(status["Uid"].split()[1]),
            "gid": int(status["Gid"].split()[1]),
            "groups": [int(g) for g in status.get("Groups", "").split()],
            "umask": int(status.get("Umask", "0022"), 8),
            "output": _output(pid),
        }
    except (OSError, KeyError, ValueError) as error:
        raise HostError("process %d cannot be started again as it was: %s" % (pid, error))
    if not found["argv"]:
        raise HostError("process %d has no command line and cannot be started again" % pid)
    return found


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


def successor(command, ports, old):
    """(pid, start) of a process that took the place of the old ones: it has their command line, or listens on their ports.

    ``command``: digest of the command line; ``old``: [pid, start] of the processes that were there before.
    """
    gone = {tuple(each) for each in old}
    for pid in processes.pids():
        start = processes.start_time(pid)
        if start is not None and (pid, start) not in gone and digest(processes.argv(pid)) == command:
            return pid, start
    for each in listeners.listeners() if ports else []:
        fresh = [pid for pid in each.pids if each.port in ports and (pid, processes.start_time(pid)) not in gone]
        top = listeners.top_of_tree(fresh)
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


def _become(captured, writing):
    """In the middle process: fork once more, so that init is the parent, then turn into the program."""
    os.setsid()
    pid = os.fork()
    if pid:
        os.write(writing, b"%d" % pid)
        os._exit(0)
    try:
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
        os.set_inheritable(writing, False)
        os.closerange(3, writing)
        os.closerange(writing + 1, 4096)
        environment = {k: v for k, v in captured["env"].items() if not k.startswith("MAGSASA_CHAOS_")}
        os.execve(captured["exe"], captured["argv"], environment)
    except OSError as error:
        os.write(writing, (" %s" % error).encode())
    finally:
        os._exit(127)


def wait(command, ports, old, seconds):
    """Wait for a successor; returns it or None."""
    limit = time.monotonic() + seconds
    while True:
        found = successor(command, ports, old)
        if found or time.monotonic() > limit:
            return found
        time.sleep(0.05)
