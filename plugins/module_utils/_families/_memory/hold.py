# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The worker that holds memory, gives it back when the host needs it, and takes it again. Private to magsasa.chaos."""

from __future__ import annotations

import mmap
import os
import struct
import time

from . import headroom

CHUNK = 4 * 1024 * 1024
CHUNKS = 2048  # most pieces that a large size is held in; what is given back is whole pieces
BLOCK = 1024 * 1024
PAUSE = 0.05  # seconds between two looks at the host
PRESSURE_HIGH = 10.0  # percent of the last 10 s in which some task waited for memory
PRESSURE_LOW = 5.0
RELIEF_EVERY = 1.0
REST = 2.0  # seconds after giving back before any is taken again
_FIELDS = ("goal", "held", "given_back", "back_offs", "errno", "why")
WHY = ("", "the available memory fell to the reserve", "tasks of the host stalled on memory")


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


class BackOff:
    """Decides what the host's need means for us; pure, so that every case can be tried.

    The memory available must not fall below ``reserve`` bytes through us, and tasks of the host must not wait for
    memory. What
    was given back once is taken again only after a rest and when there is more than just enough room.
    """

    def __init__(self, reserve, chunk):
        self.reserve = reserve
        self.chunk = chunk
        self.gave_back = None  # second of the last time
        self.relieved = None  # the last time because of waiting tasks: its average lags by 10 s, so one step a second

    def decide(self, now, available, stalled_pct, held, wanted):
        """``("give back", bytes, why)``, ``("take", 0, 0)`` or ``("wait", 0, 0)``; ``why`` is an index into WHY."""
        if held and available < self.reserve:
            self.gave_back = now
            return "give back", self.reserve - available, 1
        if held and stalled_pct >= PRESSURE_HIGH and (self.relieved is None or now - self.relieved >= RELIEF_EVERY):
            self.gave_back = self.relieved = now
            return "give back", max(self.chunk, held // 10), 2
        cautious = self.gave_back is not None
        if cautious and now - self.gave_back < REST:
            return "wait", 0, 0
        if stalled_pct >= (PRESSURE_LOW if cautious else PRESSURE_HIGH):
            return "wait", 0, 0
        piece = max(0, min(self.chunk, wanted - held))
        spare = 2 * self.chunk if cautious else 0
        return ("take" if piece and available - piece - spare >= self.reserve else "wait"), 0, 0


def run(shared, size, ramp_s, reserve, back_off, keepers):
    """Hold ``size`` bytes for ever, what the fault's own processes (``keepers``: pids) take counted in.

    Without ``back_off`` it is taken and held whatever happens to the host.
    """
    with open("/proc/self/oom_score_adj", "w") as target:
        target.write("1000")  # before anything is taken: whoever must go, it is us
    holder = Holder(shared, size)
    goal = max(0, size - sum(headroom.taken(pid)[0] for pid in keepers + [os.getpid()]))
    shared.put(goal=goal)
    host = headroom.Headroom()
    policy = BackOff(reserve, holder.chunk)
    began = time.monotonic()
    while True:
        now = time.monotonic()
        wanted = goal if not ramp_s else int(goal * min(1.0, (now - began) / ramp_s))
        if back_off:
            what, amount, why = policy.decide(
                now, host.inspect()["available"], headroom.pressure() or 0.0, holder.held, wanted
            )
        else:
            what, amount, why = "take", 0, 0
        if what == "give back":
            holder.give_back(amount, why)
        elif what == "wait" or not holder.take(wanted):
            time.sleep(PAUSE)
