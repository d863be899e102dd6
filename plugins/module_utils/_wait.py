# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting with an end: a deadline on the monotonic clock, and asking again and again until it. Private to
magsasa.chaos.
"""

from __future__ import annotations

import time


class Deadline:
    """A moment ``seconds`` from now."""

    __slots__ = ("at",)

    def __init__(self, seconds):
        self.at = time.monotonic() + seconds

    @property
    def over(self):
        """Whether it has passed."""
        return time.monotonic() >= self.at

    @property
    def left(self):
        """Seconds until it, 0 when it has passed."""
        return max(0.0, self.at - time.monotonic())


def until(condition, seconds, pause, longest=None):
    """Ask ``condition()`` until it says something true or ``seconds`` are over; returns what it said last.

    It is asked at least once, and once more after the last pause. ``pause``: seconds between two questions; with
    ``longest`` they
    grow by half from one to the next until they are that long.
    """
    deadline = Deadline(seconds)
    while True:
        late = deadline.over
        answer = condition()
        if answer or late:
            return answer
        time.sleep(pause)
        if longest is not None:
            pause = min(pause * 1.5, longest)
