# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control groups of a process, v1 and v2, and the way back into them. Private to magsasa.chaos.

What the undo starts again begins in the group of the fault's unit, and systemd ends whatever is in there when the unit
goes.
Source: cgroups(7).
"""

from __future__ import annotations

import os
import re

from .._errors import HostError
from . import processes
from .systemd import services
from .marks import UNIT

ROOT = "/sys/fs/cgroup"
OURS = UNIT.partition("%")[0]


def of(pid):
    """``[[controllers, path]]`` of a process; the unified hierarchy has no controllers in its line."""
    with open("/proc/%s/cgroup" % pid) as source:
        return [line.rstrip("\n").split(":", 2)[1:] for line in source if line.count(":") >= 2]


# What bounds whoever is in a group (cgroups(7), Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst), and what it
# says when nothing is bounded.
_LIMITS = (
    "cpu.cfs_quota_us cpu.max io.max memory.high memory.limit_in_bytes memory.max memory.memsw.limit_in_bytes"
    " memory.swap.max pids.max blkio.throttle.read_bps_device blkio.throttle.write_bps_device"
).split()
_OF_SESSIONS = re.compile(r"user-[0-9]+\.slice")  # systemd gives each a limit of tasks
_UNBOUND = ("", "max", "-1")
_HUGE = 1 << 60
_CONTAINERS = ("docker", "libpod", "containerd", "crio", "kubepods")


def kept(pid):
    """``[[controllers, path, bounding]]``: ``bounding`` are the groups on the way that bound what is in them."""
    return [
        [controllers, path, [each for each in upwards(path) if _bounds(controllers, each)]]
        for controllers, path in of(pid)
    ]


def _bounds(controllers, group):
    """Whether a group bounds what is in it: by a limit; or as a service, of which systemd bounds more than can be
    read here.
    """
    folder = os.path.join(mounted(controllers), group)
    name = os.path.basename(group)
    if _OF_SESSIONS.fullmatch(name):
        return False  # it goes when its user logs out everywhere
    if name.endswith(".service") and not name.startswith("user@"):
        return True
    if (
        not group
        or any(_limited(_text(folder, each)) for each in _LIMITS)
        or _text(folder, "devices.list") not in ("", "a *:* rwm")
    ):
        return bool(group)
    cpus = _text(folder, "cpuset.cpus")
    return bool(cpus) and cpus != _text(os.path.dirname(folder), "cpuset.cpus")


def _text(folder, name):
    try:
        with open(os.path.join(folder, name)) as source:
            return source.read(262144).strip()
    except OSError:
        return ""


def _limited(text):
    first = text.partition(" ")[0]
    return first not in _UNBOUND and not (first.isdigit() and int(first) >= _HUGE)


def rejoin(groups):
    """Bring this process into the groups of ``kept``; raises HostError where one that bounds is gone or takes
    nobody.
    """
    now = dict(map(tuple, of("self")))
    for controllers, path, bounding in groups:
        if controllers not in now or now[controllers] == path:
            continue
        for each in upwards(path):
            if _enter(controllers, each):
                break
            if each in bounding:
                raise HostError(
                    "its control group %s, which limited it, cannot be joined any more"
                    % (path if controllers == "" else controllers + ":" + path)
                )


def ends_with(groups, pid):
    """Which of these groups bounds a process and goes with its tree, as systemd removes what is empty (text), or
    None.
    """
    tree = None  # of the whole host, so looked for only where such a group is
    for controllers, _path, bounding in groups:
        for each in bounding:
            if not each.endswith((".scope", ".service")) or not os.path.isdir(services.RUNNING):
                continue
            tree = tree or {pid, *processes.below(pid)}
            if _members(controllers, each) <= tree:
                return "its control group %s limits it and would end with it" % each
    return None


def _members(controllers, group):
    found = set()
    for where, _folders, _files in os.walk(os.path.join(mounted(controllers), group)):
        found |= {int(line) for line in _text(where, "cgroup.procs").split() if line.isdigit()}
    return found


def remedy(pid):
    """What may end and start a process that we cannot start, by the groups that it is in (text)."""
    try:
        with open("/proc/%s/cgroup" % pid) as source:
            text = source.read(65536)
    except OSError:
        text = ""
    if any(name in text for name in _CONTAINERS):
        return "use magsasa.chaos.container_fault, which lets its engine do it"
    name = services.unit_in(text)
    if name and "/user@" not in text:
        return "use magsasa.chaos.service_fault with unit: %s, which lets systemd do it" % name
    return "run it under a service manager and use magsasa.chaos.service_fault, or use action=pause"


def _enter(controllers, group):
    try:
        with open(os.path.join(mounted(controllers), group, "cgroup.procs"), "w") as target:
            target.write("0")
        return True
    except OSError:
        return False


def join(groups):
    """Bring this process into these groups, or, where one is gone or takes nobody, into the next above it that does."""
    now = dict(map(tuple, of("self")))
    for controllers, path in groups:
        if now.get(controllers) in (None, path):
            continue
        for each in upwards(path):
            if _enter(controllers, each):
                break


def leave_unit():
    """Bring this process out of the unit of a fault, to the root of each hierarchy, where it is in one. Raises
    nothing: it has to become a program.
    """
    try:
        join([[controllers, "/"] for controllers, path in of("self") if "/" + OURS in path])
    except OSError:
        pass  # a kernel without control groups


def mounted(controllers):
    """Folder of the hierarchy that has these controllers, as /proc/PID/cgroup names them; none are those of the
    unified one.
    """
    if controllers:
        return os.path.join(ROOT, controllers[len("name=") :] if controllers.startswith("name=") else controllers)
    return ROOT if os.path.exists(os.path.join(ROOT, "cgroup.controllers")) else os.path.join(ROOT, "unified")


def upwards(path):
    """Relative paths from a group to the root: "a/b", "a", ""."""
    parts = [part for part in path.split("/") if part]
    if ".." in parts:  # above what this process may see
        return [""]
    return ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]
