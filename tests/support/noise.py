# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The machine's own noise, measured before a stage that measures: where the margins of its tests come from."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import dataclass

SLEEPS = 60
SLEEP_S = 0.01
LOOK_S = 1.0


@dataclass(frozen=True)
class Noise:
    """late_s: how late the latest of 60 sleeps of 10 ms was. start_s: how long a Python that does nothing takes, the
    longest of five.
    busy_pct: how busy others keep the processors (mean over all)."""

    late_s: float
    start_s: float
    busy_pct: float

    def __str__(self):
        return (
            "sleeps up to %.1f ms late; a bare Python takes up to %.0f ms; others keep the processors %.0f %% busy"
            % (
                1e3 * self.late_s,
                1e3 * self.start_s,
                self.busy_pct,
            )
        )


def _latest_sleep():
    latest = 0.0
    for _number in range(SLEEPS):
        due = time.monotonic() + SLEEP_S
        time.sleep(SLEEP_S)
        latest = max(latest, time.monotonic() - due)
    return latest


def _start():
    begun = time.monotonic()
    subprocess.run([sys.executable, "-I", "-S", "-c", "pass"], check=True)
    return time.monotonic() - begun


def busy(seconds):
    """Percent of the time of all processors that was not idle over the next seconds, as the kernel counts it."""

    def ticks():
        with open("/proc/stat", encoding="ascii") as source:
            numbers = [int(number) for number in source.readline().split()[1:9]]
        return sum(numbers) - numbers[3] - numbers[4], sum(numbers)

    before = ticks()
    time.sleep(seconds)
    after = ticks()
    return 100.0 * (after[0] - before[0]) / max(1, after[1] - before[1])


def measure():
    """Noise of this moment; takes about two seconds."""
    return Noise(late_s=_latest_sleep(), start_s=max(_start() for _number in range(5)), busy_pct=busy(LOOK_S))
