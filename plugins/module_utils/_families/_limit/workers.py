# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Workers that use something up: what they share with the supervisor. Private to magsasa.chaos."""

from __future__ import annotations

import mmap
import os
import struct
import time

from ... import _wait
from ..._errors import HostError, Refused

WAIT_S = 30.0  # most seconds that injecting waits; the rest is used up during the hold
_FIELDS = ("taken", "errno", "done")


class Shared:
    """Whole numbers that a worker writes and the supervisor reads, a row for each worker."""

    def __init__(self, count=1):
        self._memory = mmap.mmap(-1, max(mmap.PAGESIZE, count * 24))
        self.count = count

    def put(self, index, **figures):
        for key, value in figures.items():
            struct.pack_into("q", self._memory, index * 24 + _FIELDS.index(key) * 8, value)

    def get(self, index, key):
        return struct.unpack_from("q", self._memory, index * 24 + _FIELDS.index(key) * 8)[0]

    def total(self, key):
        return sum(self.get(index, key) for index in range(self.count))

    def errno(self):
        return next((self.get(index, "errno") for index in range(self.count) if self.get(index, "errno")), 0)


def admit(guard, what, limit, used, options, reserve):
    """How many to take (int) so that ``leave_free`` of ``what`` stay. Refuses what leaves fewer than the reserve."""
    leave = options["leave_free"]
    keep = reserve if options["reserve"] is None else options["reserve"]
    figure = "%d of %d %s are in use, and %d would stay free" % (used, limit, what, leave)
    if leave < keep:
        raise Refused(guard, "%s, and %d must stay free" % (figure, keep), "reserve")
    need = limit - used - leave
    if need < 1:
        raise Refused(guard, "%s, and only %d are free now" % (figure, limit - used), remedy="leave fewer free")
    return need


def wait(ctx, shared, what):
    """Until every worker has done its share; raises HostError with the reason when one cannot."""
    deadline = _wait.Deadline(WAIT_S)
    while not deadline.over:
        done = shared.total("done") == shared.count  # asked before: a worker that says both says first what went wrong
        if shared.errno():
            raise HostError(
                "the host provided only %d %s: %s; leave more free"
                % (shared.total("taken"), what, os.strerror(shared.errno()))
            )
        if done:
            return
        ctx.check_workers()
        time.sleep(0.01)


def stay():
    """For ever: what was taken goes with the process."""
    while True:
        time.sleep(3600)


def judge(shared, need, free, leave, shown):
    """A measurement: ``free`` counted by the kernel against what was to stay free, with room for what others do
    meanwhile.
    """
    shown = dict(shown, taken=shared.total("taken"), free=free)
    if shared.total("done") < shared.count:
        return {"effect": "inconclusive", "measured": shown, "note": "still filling"}
    blur = max(16, need // 50)
    if shared.total("taken") >= need and abs(free - leave) <= blur:
        return {"effect": "confirmed", "measured": shown, "note": ""}
    return {
        "effect": "mismatch",
        "measured": shown,
        "note": "%d are free; other processes took or released some meanwhile" % free,
    }
