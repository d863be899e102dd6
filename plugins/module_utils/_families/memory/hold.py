# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker that holds memory, gives it back when the host needs it, and takes it again. Private to magsasa.chaos."""
from __future__ import annotations

import mmap
import os
import struct
import time

from . import room

CHUNK = 4 * 1024 * 1024
CHUNKS = 2048  # most pieces that a large size is held in; what is given back is whole pieces
BLOCK = 1024 * 1024
PAUSE = 0.05  # seconds between two looks at the host
PRESSURE_HIGH = 10.0  # percent of the last 10 s in which some task waited for memory
PRESSURE_LOW = 5.0
REST = 2.0  # seconds after giving back before any is taken again
_FIELDS = ("goal", "held", "given_back", "back_offs", "errno", "why")
WHY = ("", "the memory available fell to the reserve", "tasks of the host waited for memory")


class Shared:
    """Figures that the worker writes and the supervisor reads; all are whole numbers (bytes, counts)."""

    def __init__(self):
        self._memory = mmap.mmap(-1, mmap.PAGESIZE)

    def put(self, **figures):
        for key, value in figures.items():
            struct.pack_into("q", self._memory, _FIELDS.index(key) * 8, int(value))

    def get(self, key):
        return struct.unpack_from("q", self._memory, _FIELDS.index(key) * 8)[0]

    def add(self, key, value):
        self.put(**{key: self.get(key) + value})


class Holder:
    """Pieces of anonymous memory, filled with bytes that no kernel merges or compresses away."""

    def __init__(self, shared, size):
        self.shared = shared
        self.pieces = []
        self.held = 0
        self.block = os.urandom(BLOCK)
        self.chunk = max(CHUNK, -(-size // CHUNKS // BLOCK) * BLOCK)

    def take(self, goal):
        """One piece more, or the rest up to ``goal`` bytes; returns whether any was taken."""
        length = min(self.chunk, goal - self.held) // mmap.PAGESIZE * mmap.PAGESIZE
        if length <= 0:
            return False
        try:
            piece = mmap.mmap(-1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
        except OSError as error:  # strict overcommit, or a limit of the process
            self.shared.put(errno=error.errno)
            return False
        for offset in range(0, length, BLOCK):
            end = min(offset + BLOCK, length)
            piece[offset:end] = self.block[: end - offset]
        self.pieces.append(piece)
        self._count(length)
        return True

    def give_back(self, amount, why):
        """Whole pieces, at least ``amount`` bytes of them where that much is held."""
        before = self.held
        while self.pieces and before - self.held < amount:
            piece = self.pieces.pop()
            length = len(piece)
            piece.close()
            self._count(-length)
        if self.held < before:
            self.shared.add("given_back", before - self.held)
            self.shared.add("back_offs", 1)
            self.shared.put(why=why)

    def _count(self, change):
        self.held += change
        self.shared.put(held=self.held)


def run(shared, size, ramp_s, reserve, back_off, keepers):
    """Hold ``size`` bytes for ever, what the fault's own processes (``keepers``: pids) take counted in.

    With ``back_off``, what is available on the host never goes below ``reserve`` bytes through us.
    """
    with open("/proc/self/oom_score_adj", "w") as target:
        target.write("1000")  # before anything is taken: whoever must go, it is us
    holder = Holder(shared, size)
    goal = max(0, size - sum(room.taken(pid)[0] for pid in keepers + [os.getpid()]))
    shared.put(goal=goal)
    host = room.Room()
    began = time.monotonic()
    gave_back = relieved = began - REST
    while True:
        now = time.monotonic()
        wanted = goal if not ramp_s else int(goal * min(1.0, (now - began) / ramp_s))
        if not back_off:
            if not holder.take(wanted):
                time.sleep(PAUSE)
            continue
        available = host.look()["available"]
        stalled = room.pressure() or 0.0
        if available < reserve and holder.held:
            holder.give_back(reserve - available, 1)
            gave_back = now
        elif stalled >= PRESSURE_HIGH and holder.held and now - relieved >= 1.0:
            holder.give_back(max(holder.chunk, holder.held // 10), 2)
            gave_back = relieved = now
        # what was given back once is taken again only when there is more than just enough room
        spare = 2 * holder.chunk if shared.get("back_offs") else 0
        fits = available - min(holder.chunk, wanted - holder.held) - spare >= reserve
        rested = now - gave_back >= REST
        calm = stalled < (PRESSURE_LOW if shared.get("back_offs") else PRESSURE_HIGH)
        if not (fits and rested and calm and holder.take(wanted)):
            time.sleep(PAUSE)
