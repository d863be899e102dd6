# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The QEMU processes of virtual machines, found by the name that they carry, so that nothing foreign is ever ended."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import time
from pathlib import Path

from . import machine


def _is(pid, tag):
    try:
        words = Path("/proc/%d/cmdline" % pid).read_bytes().split(b"\0")
    except OSError:
        return False
    named = any(pair == (b"-name", tag.encode()) for pair in zip(words, words[1:]))
    return named and os.path.basename(os.fsdecode(words[0])) == machine.PROGRAM


def find(tag):
    """Pids of the living QEMU processes that carry this name."""
    return [int(entry) for entry in os.listdir("/proc") if entry.isdigit() and _is(int(entry), tag)]


def end(tag, seconds=10):
    """Kill them and wait until they are gone; returns the pids that are left after that time."""
    limit = time.monotonic() + seconds
    # One that is just going to the background has a second process: so look again.
    while find(tag) and time.monotonic() < limit:
        for pid in find(tag):
            with contextlib.suppress(OSError):  # it is gone; ESRCH or, of one that is just being reaped, EINVAL
                _kill(pid, tag, limit)
    return find(tag)


def _kill(pid, tag, limit):
    """Kill one. A handle means one process for good: if the pid is another's by now, the name says so."""
    handle = os.pidfd_open(pid)
    try:
        if _is(pid, tag):
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            select.select([handle], [], [], max(0, limit - time.monotonic()))
    finally:
        os.close(handle)
