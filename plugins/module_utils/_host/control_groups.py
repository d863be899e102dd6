# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control groups of a process, v1 and v2, and the way back into them. Private to magsasa.chaos.

What the undo starts again begins in the group of the fault's unit, and systemd ends whatever is in there when the unit goes.
Source: cgroups(7).
"""
from __future__ import annotations

import os

from . import unit

ROOT = "/sys/fs/cgroup"
OURS = unit.NAME.partition("%")[0]


def of(pid):
    """``[[controllers, path]]`` of a process; the unified hierarchy has no controllers in its line."""
    with open("/proc/%s/cgroup" % pid) as source:
        return [line.rstrip("\n").split(":", 2)[1:] for line in source if line.count(":") >= 2]


def join(groups):
    """Bring this process into these groups, or, where one is gone or takes nobody, into the next above it that does."""
    now = dict(map(tuple, of("self")))
    for controllers, path in groups:
        if now.get(controllers) in (None, path):
            continue
        for each in _upwards(path):
            try:
                with open(os.path.join(_mounted(controllers), each, "cgroup.procs"), "w") as target:
                    target.write("0")
                break
            except OSError:
                continue


def leave_unit():
    """Bring this process out of the unit of a fault, to the root of each hierarchy, where it is in one. Raises nothing: it has to become a program."""
    try:
        join([[controllers, "/"] for controllers, path in of("self") if "/" + OURS in path])
    except OSError:
        pass  # a kernel without control groups


def _mounted(controllers):
    if controllers:
        return os.path.join(ROOT, controllers[len("name="):] if controllers.startswith("name=") else controllers)
    return ROOT if os.path.exists(os.path.join(ROOT, "cgroup.controllers")) else os.path.join(ROOT, "unified")


def _upwards(path):
    """Relative paths from a group to the root: "a/b", "a", ""."""
    parts = [part for part in path.split("/") if part]
    if ".." in parts:  # above what this process may see
        return [""]
    return ["/".join(parts[:count]) for count in range(len(parts), -1, -1)]
