# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of a time of day that a fault moved. Private to magsasa.chaos."""

from __future__ import annotations

from ... import _clock
from ..._host import time_of_day


class MoveBack:
    """``{"offset_s", "anchor", "boot_id"}``: move the time of day back, unless somebody did. A boot takes the time
    from the hardware's clock again.
    """

    ARGS = {"offset_s": "number", "anchor": "moment", "boot_id": "text"}

    @staticmethod
    def undo(args):
        if _off(args):
            time_of_day.move(-args["offset_s"])

    @staticmethod
    def left(args):
        return ["the wall clock is still off by %+g s" % args["offset_s"]] if _off(args) else []


def _off(args):
    """Whether the time of day is nearer to where the fault put it than to where it was: in between somebody else
    may have moved it a little.
    """
    if args["boot_id"] != _clock.boot_id():
        return False
    moved = time_of_day.moved(args["anchor"])
    return abs(moved - args["offset_s"]) < abs(moved)
