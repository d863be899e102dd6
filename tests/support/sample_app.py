# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs against the sample application: their report, and what is left of the application."""

from __future__ import annotations

import contextlib
import json
import os
import signal

FAST = ["-e", "chaos_baseline=2s", "-e", "chaos_recovery_timeout=15s"]


def report_of(folder):
    """The newest report of a report folder."""
    return json.loads((folder / "latest" / "report.json").read_text())


def by_scenario(report):
    """{scenario: record}."""
    return {each["scenario"]: each for each in report["experiments"]}


def sample_processes(home):
    """Pids whose command line or environment names the sample application's home."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % entry, "rb") as source:
                text = source.read()
            with open("/proc/%s/environ" % entry, "rb") as source:
                text += source.read()
        except OSError:
            continue
        if os.fsencode(home) in text and int(entry) != os.getpid() and b"pytest" not in text.split(b"\0")[0]:
            found.append(int(entry))
    return found


@contextlib.contextmanager
def ended(home):
    """The home folder (Path) of a test's sample application, of which nothing is left afterwards."""
    try:
        yield home
    finally:
        for pid in sample_processes(home):
            with contextlib.suppress(OSError):
                with open("/proc/%d/comm" % pid, encoding="utf-8") as source:
                    ansible = "ansible" in source.read()
                if not ansible:
                    os.kill(pid, signal.SIGKILL)
