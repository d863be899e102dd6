# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process behind a port: master, unit, database. Private to magsasa.chaos."""
from __future__ import annotations

import os
import pwd
import re

from .._errors import printable
from .._host import listeners as sockets
from .._host import processes

DATABASE_PORTS = {5432: "postgresql", 5433: "postgresql", 3306: "mysql"}
_SECRET = re.compile(r"(?i)((?:pass(?:word|wd)?|secret|token|key|auth)[a-z_-]*[= :]+)\S+")
_CREDENTIALS = re.compile(r"(//)[^/@\s]*@")


def redact(text):
    """A command line without what looks like a secret."""
    return _CREDENTIALS.sub(r"\1***@", _SECRET.sub(r"\1***", text))


def unit(pid):
    """systemd unit of a process from /proc/PID/cgroup, or None."""
    try:
        with open("/proc/%d/cgroup" % pid) as source:
            found = re.findall(r"/([A-Za-z0-9:_.@\\-]+\.service)(?:/|$)", source.read(), re.M)
    except OSError:
        return None
    return found[-1] if found and os.path.isdir("/run/systemd/system") else None


def describe(pids):
    """``{pid, start, ppid, name, command, user, unit, workers}`` of the master among ``pids``; None when nobody may be seen."""
    master = sockets.top_of_tree(pids)
    start = processes.start_time(master) if master else None
    if start is None:
        return None
    owner = processes.uid(master)
    try:
        user = pwd.getpwuid(owner).pw_name
    except (KeyError, TypeError):
        user = str(owner)
    return {
        "pid": master,
        "start": start,
        "ppid": processes.parent(master),
        "name": printable(processes.comm(master), 40),
        "command": printable(redact(" ".join(processes.argv(master))), 160),
        "user": user,
        "unit": unit(master),
        "workers": [pid for pid in pids if pid != master],
    }


def database(pids, said):
    """``{backend, path, host, port, source}`` of the database that these processes use, from their own word first.

    ``said``: what the health document tells, or None.
    """
    if said and said.get("backend"):
        return {"backend": said["backend"], "path": said.get("path"), "host": said.get("host"), "port": said.get("port"), "source": "health document"}
    for pid in pids:
        path = _sqlite_file(pid)
        if path:
            return {"backend": "sqlite", "path": path, "host": None, "port": None, "source": "open file of process %d" % pid}
    for each in sockets.connections(pids):
        if each.peer_port in DATABASE_PORTS:
            return {"backend": DATABASE_PORTS[each.peer_port], "path": None, "host": each.peer, "port": each.peer_port, "source": "open connection"}
    return None


def _sqlite_file(pid):
    folder = "/proc/%d/fd" % pid
    try:
        names = os.listdir(folder)
    except OSError:
        return None
    for name in names:
        try:
            path = os.readlink(os.path.join(folder, name))
            if path.startswith("/") and not path.startswith(("/dev/", "/proc/")) and os.path.isfile(path):
                with open(path, "rb") as source:
                    if source.read(16) == b"SQLite format 3\0":
                        return path
        except OSError:
            continue
    return None
