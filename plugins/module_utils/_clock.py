# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One reading of both clocks of a host. Private to magsasa.chaos."""

from __future__ import annotations

import time


def boot_id():
    """Identity of this boot (text); monotonic readings compare only within one. Source: proc(5), random/boot_id."""
    try:
        with open("/proc/sys/kernel/random/boot_id") as source:
            return source.read().strip()
    except OSError:
        return ""


def now():
    """Both clocks read back to back: ``{"monotonic": s, "wall": s since the epoch}``."""
    return {"monotonic": round(time.monotonic(), 6), "wall": round(time.time(), 6)}


def later(anchor, seconds):
    """The reading that is ``seconds`` after ``anchor`` (both clocks moved alike)."""
    return {key: round(value + seconds, 6) for key, value in anchor.items()}
