# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that cannot act although they are there: stopped by a signal or a debugger, or in a control group that is
frozen. Private to magsasa.chaos.

Sources: proc(5) (states of a process), Documentation/admin-guide/cgroup-v2.rst (cgroup.freeze, cgroup.events), and
Documentation/admin-guide/cgroup-v1/freezer-subsystem.rst.
"""

from __future__ import annotations

import os

from . import control_groups, processes

V1 = os.path.join(control_groups.ROOT, "freezer")


def stands(pid):
    """Whether this process can do nothing now."""
    return processes.state(pid) in ("T", "t") or any(_frozen_groups(pid))


def release(pid, whose):
    """Let a process that is frozen react to SIGKILL: groups whose name holds ``whose`` are thawed, out of any other
    it is taken.
    """
    for folder, is_v1 in _frozen_groups(pid):
        if is_v1:
            _write(os.path.join(V1, "cgroup.procs"), str(pid))
        elif whose in folder:
            _write(os.path.join(folder, "cgroup.freeze"), "0")


def _frozen_groups(pid):
    """(folder, whether it is v1) of the frozen control groups that a process is in, from the innermost up."""
    try:
        groups = control_groups.of(pid)
    except OSError:
        return
    for controllers, path in groups:
        is_v1 = controllers == "freezer"
        if controllers and not is_v1:
            continue
        root = control_groups.mounted(controllers)
        for each in control_groups.upwards(path):
            folder = os.path.join(root, each)
            if each and _is_frozen(folder, is_v1):
                yield folder, is_v1


def _is_frozen(folder, is_v1):
    if is_v1:
        return _read(os.path.join(folder, "freezer.state")) in ("FROZEN", "FREEZING")
    return "1" in (
        _read(os.path.join(folder, "cgroup.freeze")),
        dict(map(str.split, _read(os.path.join(folder, "cgroup.events")).splitlines())).get("frozen"),
    )


def _read(path):
    try:
        with open(path) as source:
            return source.read(4096).strip()
    except OSError:
        return ""


def _write(path, text):
    try:
        with open(path, "w") as target:
            target.write(text)
    except OSError:
        pass  # then it stays as it is, and the undo goes on without it
