# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Memory of the machine and of a process; a control group with a memory limit of its own: a small machine on which running out of memory hurts nobody else."""

from __future__ import annotations

import contextlib
import mmap
import os
import signal
import tempfile
import time

import pytest

PLACES = (  # (folder of the hierarchy, limit file)
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
    ("/sys/fs/cgroup", "memory.max"),
)


def _write(path, text):
    with open(path, "w") as target:
        target.write(str(text))


def _make(limit):
    """Folder of a new group with that limit, or None."""
    for root, name in PLACES:
        try:
            folder = tempfile.mkdtemp(prefix="chaos-test-", dir=root)
        except OSError:
            continue
        path = os.path.join(folder, name)
        if os.path.exists(path):  # made by the kernel: this is a control group, not just a folder
            _write(path, limit)
            return folder
        os.rmdir(folder)
    return None


@contextlib.contextmanager
def small_machine(limit):
    """Run the block, and what it starts, with ``limit`` bytes of memory; yields the group's folder. Skips where
    that cannot be.
    """
    folder = _make(limit)
    if folder is None:
        pytest.skip("no control group with a memory limit can be made here (needs root and the memory controller)")
    try:
        with _inside(folder):
            yield folder
    finally:
        _remove(folder)


def _remove(folder):
    """Take the group away; what a failed test left in it is ended first."""
    limit = time.monotonic() + 10
    while True:
        try:
            return os.rmdir(folder)
        except OSError:
            if time.monotonic() > limit:
                raise
        time.sleep(0.1)
        if time.monotonic() > limit - 7:
            with open(os.path.join(folder, "cgroup.procs")) as source:
                for pid in set(source.read().split()) - {str(os.getpid())}:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(int(pid), signal.SIGKILL)


@contextlib.contextmanager
def _inside(folder):
    """This process and what it starts belong to the group; back to where it was afterwards."""
    controller = "memory" if folder.startswith("/sys/fs/cgroup/memory/") else ""
    with open("/proc/self/cgroup") as source:
        lines = [line.rstrip("\n").split(":", 2) for line in source]
    before = dict(line[1:] for line in lines)[controller]
    _write(os.path.join(folder, "cgroup.procs"), os.getpid())
    try:
        yield
    finally:
        _write(os.path.join(os.path.dirname(folder) + before.rstrip("/"), "cgroup.procs"), os.getpid())


def available():
    """MemAvailable in MiB, with the pages on the free lists of the CPUs: they are free, but MemAvailable hears of
    them late.
    """
    with open("/proc/meminfo") as source:
        found = next(int(line.split()[1]) for line in source if line.startswith("MemAvailable:")) / 1024.0
    with open("/proc/zoneinfo") as source:
        counts = [int(line.split()[1]) for line in source if line.split()[0] == "count:"]
    return found + sum(counts) * mmap.PAGESIZE / 1024.0**2


def rss(pid):
    """VmRSS of a process in MiB, 0 when it is gone."""
    try:
        with open("/proc/%d/status" % pid) as source:
            return next(int(line.split()[1]) for line in source if line.startswith("VmRSS:")) / 1024.0
    except (OSError, StopIteration):
        return 0.0
