# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The place of the supervisor inside its fault's unit: bounded, and apart from the workers, which are the fault.
Private to magsasa.chaos.

With cgroup v2 systemd leaves the unit's group to us (``Delegate=``), and it gets two below it. A supervisor that went
wild is held
by its bounds; one beside busy workers gets the processor first. No slice of our own: it would stay on the host after
the unit.
Source: Documentation/admin-guide/cgroup-v2.rst (No Internal Process Constraint, cpu.max, cpu.weight, memory.max).
"""

from __future__ import annotations

import os

from .._host import control_groups
from . import fault_unit

SUPERVISOR = "supervisor"
WORKERS = "workers"
# What the undo starts (nft, podman, a dump of many rules) counts too; the supervisor with its guardian takes 35 MiB.
BOUNDS = (("memory.max", "%d" % (512 << 20)), ("cpu.max", "100000 100000"), ("cpu.weight", "1000"))


def settle(fault_id):
    """Move this process, the only one in the unit so far, into its bounded place; returns the folder of the workers'
    group.

    None without a unit or without cgroup v2: everything stays where it is then.
    """
    folder = _own(fault_id)
    if folder is None:
        return None
    workers = os.path.join(folder, WORKERS)
    try:
        for group in (SUPERVISOR, WORKERS):
            os.mkdir(os.path.join(folder, group))
        enter(os.path.join(folder, SUPERVISOR))
    except OSError:
        return None
    for controller in ("memory", "cpu"):
        _write(os.path.join(folder, "cgroup.subtree_control"), "+" + controller)
    for name, value in BOUNDS:
        _write(os.path.join(folder, SUPERVISOR, name), value)
    return workers


def enter(group):
    """Move this process into the group of that folder. Raises OSError."""
    with open(os.path.join(group, "cgroup.procs"), "w") as target:
        target.write("0")


def _own(fault_id):
    """Folder of the unit's group in the unified hierarchy, when this process is in it and it has what we need; None
    otherwise.
    """
    try:
        path = dict(map(tuple, control_groups.of("self"))).get("")
    except OSError:
        return None
    if not path or os.path.basename(path) != fault_unit.NAME % fault_id:
        return None
    folder = os.path.join(control_groups.ROOT, path.strip("/"))
    return folder if os.path.exists(os.path.join(folder, "cgroup.subtree_control")) else None


def _write(path, text):
    """A controller that this host lacks leaves one bound less."""
    try:
        with open(path, "w") as target:
            target.write(text)
    except OSError:
        pass
