# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The CPU quota that holds for a process: the smallest of its control groups and of those above them. Private to
magsasa.chaos.

cgroup v2 has ``cpu.max`` ("25000 100000", or "max 100000"), v1 ``cpu.cfs_quota_us`` (-1: none) and
``cpu.cfs_period_us``.
"""

from __future__ import annotations

import os

from . import control_groups

ROOT = "/sys/fs/cgroup"
UNITS = "/system.slice"  # where systemd puts the unit of a fault


def of_process(pid="self", root=ROOT):
    """``{"cores", "file", "figure"}`` of the tightest quota on a process, or None."""
    try:
        groups = control_groups.of(pid)
    except OSError:
        return None
    return of_groups(groups, root)


def of_units(root=ROOT):
    """The same for a unit that systemd starts for a fault, wherever we are."""
    return of_groups([["cpu", UNITS], ["", UNITS]], root)


def of_groups(groups, root=ROOT):
    """``groups``: ``[[controllers, path]]``, as control_groups.of has them."""
    found = []
    for controllers, path in groups:
        if controllers and "cpu" not in controllers.split(","):
            continue
        base = _base(controllers, root)
        for folder in _upwards(base, path):
            quota = _v2(folder) if not controllers else _v1(folder)
            if quota:
                found.append(quota)
    return min(found, key=lambda quota: quota["cores"]) if found else None


def _base(controllers, root):
    if controllers:
        named = os.path.join(root, controllers)
        return named if os.path.isdir(named) else os.path.join(root, "cpu")
    return root if os.path.exists(os.path.join(root, "cgroup.controllers")) else os.path.join(root, "unified")


def _upwards(base, path):
    """Folders from a group to the root; the root alone where the group is above what this process may see."""
    parts = [part for part in path.split("/") if part]
    if ".." in parts or not os.path.isdir(os.path.join(base, *parts)):
        parts = []
    return [os.path.join(base, *parts[:count]) for count in range(len(parts), -1, -1)]


def _text(path):
    try:
        with open(path) as source:
            return source.read(100).strip()
    except OSError:
        return ""


def _v2(folder):
    path = os.path.join(folder, "cpu.max")
    return _quota(path, *(_text(path).split() + ["", ""])[:2])


def _v1(folder):
    path = os.path.join(folder, "cpu.cfs_quota_us")
    return _quota(path, _text(path), _text(os.path.join(folder, "cpu.cfs_period_us")))


def _quota(path, quota, period):
    if not (quota.isdigit() and period.isdigit() and int(period)):
        return None
    return {"cores": int(quota) / float(period), "file": path, "figure": "%s of %s us" % (quota, period)}


def describe(quota, cores):
    """ "0.25 cores (/sys/fs/cgroup/cpu.max: 25000 of 100000 us), which is 12.5 % of 2 cores"."""
    return "%.3g core(s) (%s: %s), which is %.3g %% of %d core(s)" % (
        quota["cores"],
        quota["file"],
        quota["figure"],
        100.0 * quota["cores"] / cores,
        cores,
    )
