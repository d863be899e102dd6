# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small file system of a test's own, which may run full."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess

import pytest

from support.waiting import wait_for


def _run(*argv):
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@contextlib.contextmanager
def mounted(folder, kind="ext4", size_mib=96, options=("-m", "0")):
    """Mount a fresh file system of that kind ("ext4", "ext2", "tmpfs") below ``folder``; yields the mount point (Path).

    Skips where it cannot be done (no root, no loop device).
    """
    point = folder / "disk"
    point.mkdir()
    if os.geteuid():
        pytest.skip("a file system can be mounted by root only")
    image = folder / "disk.img"
    if kind == "tmpfs":
        done = _run("mount", "-t", "tmpfs", "-o", "size=%dm" % size_mib, "tmpfs", str(point))
    else:
        if not shutil.which("mkfs." + kind):
            pytest.skip("mkfs.%s is not installed" % kind)
        with open(image, "wb") as target:
            target.truncate(size_mib * 1024 * 1024)
        made = _run("mkfs." + kind, "-q", "-F", *options, str(image))
        assert made.returncode == 0, made.stderr
        done = _run("mount", "-o", "loop", "-t", kind, str(image), str(point))
    if done.returncode:
        pytest.skip("%s cannot be mounted here: %s" % (kind, done.stderr.strip()))
    try:
        yield point
    finally:
        # A host of a lab that is started meanwhile holds a copy of the mount for a moment.
        gone = wait_for(lambda: _run("umount", str(point)).returncode == 0, 30)
        if not gone:
            _run("umount", "-l", str(point))
        assert gone, "somebody still has a file open below %s" % point


KEEP = {"reserve": "16M"}  # the machine that runs the tests may have little room


def io(place, **more):
    """Options of a load that a small disk stands."""
    return dict(
        {"name": "load", "action": "io", "path": str(place), "file_size": "4M", "duration": "60s"}, **dict(KEEP, **more)
    )


def fill(place, **more):
    """Options of a fill."""
    return dict({"name": "full", "action": "fill", "path": str(place), "duration": "60s"}, **dict(KEEP, **more))
