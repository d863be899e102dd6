# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes that faults and probes of one state folder started, found by the marks in their environment."""

from __future__ import annotations

import contextlib
import os
import signal

MARKS = (b"MAGSASA_CHAOS_FAULT=", b"MAGSASA_CHAOS_PROBE=")


def living(state):
    """``{pid: name}`` of processes that are not dead and carry a mark and this state folder."""
    found = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/environ" % entry, "rb") as source:
                pairs = source.read().split(b"\0")
            with open("/proc/%s/stat" % entry) as source:
                name, _close, rest = source.read().rpartition(")")
        except OSError:
            continue
        if rest.split()[0] in "ZX" or b"MAGSASA_CHAOS_STATE=%s" % os.fsencode(state) not in pairs:
            continue
        if any(pair.startswith(MARKS) for pair in pairs):
            found[int(entry)] = name.partition("(")[2]
    return found


def end_all(processes):
    """Kill what ``living`` found."""
    for pid in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
