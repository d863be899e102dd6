# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process behind a port, and the unit that it belongs to. Private to magsasa.chaos."""

from __future__ import annotations

import os
import pwd
import re

from .. import _redact
from .._errors import printable
from .._host import listeners as sockets
from .._host import processes

_SERVICE = re.compile(r"/([A-Za-z0-9:_.@\\-]+\.service)(?=/|$)", re.M)
OWNER = (  # in the environment of a sample application that ends with a run; the role target_app sets it
    b"MAGSASA_APP_OWNER"
)
# What a shell or a timer of theirs started shares their group; restarting them would not restart it.
NOT_A_SERVICE = (
    "ssh.service",
    "sshd.service",
    "cron.service",
    "crond.service",
    "atd.service",
    "supervisor.service",
    "supervisord.service",
)


def unit_of(cgroups):
    """The system unit (text) that a /proc/PID/cgroup text names, or None; units of a user's own manager do not
    count. Pure.
    """
    found = _SERVICE.findall(cgroups)
    if not found or any(name.startswith("user@") for name in found) or found[-1] in NOT_A_SERVICE:
        return None
    return found[-1]


def unit(pid):
    """The systemd unit of a process, or None, also where systemd does not run this host."""
    if not os.path.isdir("/run/systemd/system"):
        return None
    try:
        with open("/proc/%d/cgroup" % pid) as source:
            return unit_of(source.read(65536))
    except OSError:
        return None


def describe(pids):
    """The process that answers for a port, from the pids that hold its listening socket; None when it may not be seen
    or is gone.

    ``{pid, start_time (clock ticks since boot), ppid, argv0, name, command, user, unit, workers}``. Of several that
    share
    the socket it is the topmost, such as gunicorn's master; ``workers`` are the others.
    """
    master = sockets.top_of_tree(pids)
    start = processes.start_time(master) if master else None
    if start is None:
        return None
    arguments = processes.argv(master)
    return {
        "pid": master,
        "start_time": start,
        "ppid": processes.parent(master),
        "argv0": printable(_redact.command_line(arguments[:1])) if arguments else None,
        "name": printable(processes.comm(master), 40),
        "command": _redact.command_line(arguments),
        "user": _user(processes.uid(master)),
        "unit": unit(master),
        "workers": [pid for pid in pids if pid != master],
    }


def run_that_owns(pids):
    """Pid of the run (ansible-playbook) that started the sample application for itself alone, when one of these
    processes is that; else None.
    """
    for pid in pids:
        owner, _mark, _start = processes.environ(pid).get(OWNER, b"").partition(b":")
        if owner.isdigit() and int(owner):
            return int(owner)
    return None


def _user(uid):
    try:
        return pwd.getpwuid(uid).pw_name
    except (KeyError, TypeError):
        return None if uid is None else str(uid)
