# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A control group with a CPU quota of its own, as a container or a unit has one."""

from __future__ import annotations

import contextlib
import os
import tempfile

import pytest

from support.memory_group import _remove, _write

PERIOD_US = 100000


@contextlib.contextmanager
def small_processor(percent):
    """Run the block, and what it starts, with that share of one core; yields the file that holds the quota. Skips
    where that cannot be.
    """
    quota = PERIOD_US * percent // 100
    for root, name, text in (
        ("/sys/fs/cgroup/cpu", "cpu.cfs_quota_us", "%d" % quota),
        ("/sys/fs/cgroup", "cpu.max", "%d %d" % (quota, PERIOD_US)),
    ):
        try:
            folder = tempfile.mkdtemp(prefix="chaos-test-", dir=root)
        except OSError:
            continue
        file = os.path.join(folder, name)
        if os.path.exists(file):
            break
        os.rmdir(folder)
    else:
        pytest.skip("no control group with a CPU quota can be made here (needs root and the cpu controller)")
    with open("/proc/self/cgroup") as source:
        lines = [line.rstrip("\n").split(":", 2)[1:] for line in source]
    before = [
        path
        for controllers, path in lines
        if (("cpu" in controllers.split(",")) if root.endswith("/cpu") else not controllers)
    ][0]
    try:
        _write(file, text)
        _write(os.path.join(folder, "cgroup.procs"), os.getpid())
        yield file
    finally:
        _write(os.path.join(root + before.rstrip("/"), "cgroup.procs"), os.getpid())
        _remove(folder)
