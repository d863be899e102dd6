# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Numbers that a worker counts, in memory that it shares with the supervisor. Private to magsasa.chaos."""

from __future__ import annotations

import mmap


class Counters:
    """One number for each of ``names``: written by the worker, read by the supervisor. Made before the worker is
    forked.
    """

    __slots__ = ("_at", "_values")

    def __init__(self, names):
        self._at = {name: index for index, name in enumerate(names)}
        self._values = memoryview(mmap.mmap(-1, 8 * len(names))).cast("d")

    def add(self, name, figure=1.0):
        """Count."""
        self._values[self._at[name]] += figure

    def figures(self):
        """``{name: number}``; a name that ends with _s is in seconds (float), others are whole numbers."""
        return {
            name: self._values[at] if name.endswith("_s") else int(self._values[at]) for name, at in self._at.items()
        }
