# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole numbers that a worker writes and the supervisor reads. Private to magsasa.chaos."""

from __future__ import annotations

import mmap
import struct

FIELDS = ("state", "written", "read", "syncs", "errno")
PREPARING, READY = 0, 1


class Figures:
    """One row of FIELDS for each of ``count`` workers, in memory that both sides see."""

    def __init__(self, count):
        self._row = len(FIELDS) * 8
        self._memory = mmap.mmap(-1, count * self._row)
        self.count = count

    def put(self, index, key, value):
        struct.pack_into("q", self._memory, index * self._row + FIELDS.index(key) * 8, int(value))

    def get(self, index, key):
        return struct.unpack_from("q", self._memory, index * self._row + FIELDS.index(key) * 8)[0]

    def add(self, index, key, value):
        self.put(index, key, self.get(index, key) + value)

    def every(self, key):
        return [self.get(index, key) for index in range(self.count)]

    def total(self, key):
        return sum(self.every(key))

    def trouble(self):
        """The first error number that a worker met, or 0."""
        return next((number for number in self.every("errno") if number), 0)
