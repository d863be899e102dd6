# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker counts, in memory that it shares with the supervisor. Private to magsasa.chaos."""
from __future__ import annotations

import mmap

NAMES = ("connections", "unread", "unreachable", "requests", "matched", "hit", "held", "held_s")


class Counts:
    """One number for each of NAMES: written by the worker, read by the supervisor.

    connections: accepted; unread: those whose bytes were not HTTP/1.1; unreachable: those that the service did not take;
    requests: seen; matched: that were meant; hit: of those; held, held_s: how many waited, and how long in all.
    """

    __slots__ = ("_values",)

    def __init__(self):
        self._values = memoryview(mmap.mmap(-1, 8 * len(NAMES))).cast("d")

    def add(self, name, figure=1.0):
        """Count."""
        self._values[NAMES.index(name)] += figure

    def figures(self):
        """``{name: number}``."""
        found = {name: int(self._values[index]) for index, name in enumerate(NAMES)}
        return dict(found, held_s=self._values[NAMES.index("held_s")])
