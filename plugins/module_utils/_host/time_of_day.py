# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The host's time of day, set and compared with a clock that nobody can set. Private to magsasa.chaos.

CLOCK_BOOTTIME goes on by itself and cannot be set (clock_gettime(2)), so the two together tell how far the time of day
was moved
since they were read, whoever moved it.
"""

from __future__ import annotations

import time

from .. import _cmd
from .systemd import services

READINGS = 5
# Services that keep the time of day right, as Debian, Ubuntu, RHEL, Alma and SUSE name them.
KEEPERS = ("systemd-timesyncd", "chrony", "chronyd", "ntp", "ntpd", "ntpsec", "openntpd")


def reading():
    """Both clocks at one moment: ``{"wall", "boottime"}`` in seconds. The closest of a few pairs: between two reads
    anything may run.
    """
    pairs = []
    for _each in range(READINGS):
        before = time.clock_gettime(time.CLOCK_BOOTTIME)
        wall = time.time()
        after = time.clock_gettime(time.CLOCK_BOOTTIME)
        pairs.append((after - before, {"wall": wall, "boottime": (before + after) / 2.0}))
    return min(pairs, key=lambda pair: pair[0])[1]


def moved(anchor):
    """Seconds by which the time of day was moved since ``anchor`` (a reading of this boot)."""
    now = reading()
    return (now["wall"] - now["boottime"]) - (anchor["wall"] - anchor["boottime"])


def move(seconds):
    """Move the time of day. Raises OSError where this process may not."""
    time.clock_settime(time.CLOCK_REALTIME, time.time() + seconds)


def keepers():
    """Services (unit names) that run now and would set the time of day right again."""
    if not services.available():
        return []
    units = [name + ".service" for name in KEEPERS]
    states = _cmd.run(["systemctl", "is-active", "--", *units], timeout=10, check=False).stdout.split()
    running = [unit for unit, state in zip(units, states) if state in ("active", "activating", "reloading")]
    # An alias of a service is another name for the same one.
    return sorted({services.show(unit, "Id").get("Id", unit) for unit in running})
