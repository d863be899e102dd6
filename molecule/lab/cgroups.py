# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control groups of a lab's hosts: one per host in every hierarchy, so that hosts neither share one nor touch the
machine's.

Layout: HIERARCHY/TAG/MEMBER, where TAG is the lab's and a member is a host or the keeper. Works with cgroup v2, with
v1,
and with both mounted at once.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path


def hierarchies(mounts="/proc/self/mounts"):
    """[(mount point (Path), whether it is version 2)] of what is mounted writable."""
    found = []
    for line in Path(mounts).read_text().splitlines():
        _source, folder, kind, options = line.split()[:4]
        if kind in ("cgroup", "cgroup2") and "rw" in options.split(","):
            found.append((Path(folder), kind == "cgroup2"))
    return found


def _give_cpuset(group):
    """A v1 cpuset accepts processes only once its CPUs and memory nodes are set: those of its parent."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (group / name).exists() and not (group / name).read_text().strip():
            (group / name).write_text((group.parent / name).read_text())


def _give_controllers(group):
    """Let children of a v2 group have the controllers that the group has. What the kernel refuses stays off."""
    for controller in (group / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (group / "cgroup.subtree_control").write_text("+" + controller)


def _give_weight(group):
    """To the scheduler a lab is one thing among the machine's processes: give it the weight of several, or its
    hosts starve.
    """
    for name, weight in (("cpu.shares", "16384"), ("cpu.weight", "1600")):
        if (group / name).exists():
            (group / name).write_text(weight)


def make(tag, member):
    """Make the control groups of one member."""
    for folder, version2 in hierarchies():
        for group in (folder / tag, folder / tag / member):
            group.mkdir(exist_ok=True)
            _give_cpuset(group)
            if group.name == tag:
                _give_weight(group)
            if version2 and group.name == tag:
                _give_controllers(group)


def enter(tag, member):
    """Move the calling process into the control groups of a member."""
    for folder, _version2 in hierarchies():
        (folder / tag / member / "cgroup.procs").write_text("0")


def groups(tag):
    """Every control group of a lab (Paths), children first."""
    found = []
    for folder, _version2 in hierarchies():
        if (folder / tag).is_dir():
            found += [Path(path) for path, _folders, _files in os.walk(folder / tag, topdown=False)]
    return found


def members(tag):
    """Pids of the processes in a lab's control groups."""
    found = set()
    for group in groups(tag):
        with contextlib.suppress(OSError):
            found.update(map(int, (group / "cgroup.procs").read_text().split()))
    return found - {0}


def end(tag, seconds=20.0):
    """Kill every process of a lab and remove its control groups; returns what could not be removed (texts)."""
    limit = time.monotonic() + seconds
    while members(tag):
        for group in groups(tag):
            with contextlib.suppress(OSError):
                (group / "cgroup.kill").write_text("1")
            with contextlib.suppress(OSError):
                # A process that was frozen in here would not die.
                (group / "freezer.state").write_text("THAWED")
        for pid in members(tag):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > limit:
            return ["process %d in the control groups of %s" % (pid, tag) for pid in sorted(members(tag))]
        time.sleep(0.02)
    left = groups(tag)
    while left and time.monotonic() < limit:
        # A group that has just been emptied can be busy for a moment.
        for group in left:
            with contextlib.suppress(OSError):
                group.rmdir()
        left = groups(tag)
        if left:
            time.sleep(0.02)
    return ["control group %s" % group for group in left]
