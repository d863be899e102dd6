# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to processes of others. Private to magsasa.chaos."""
from __future__ import annotations

import signal
import time

from .. import processes


class Resume:
    """``{"pid", "start"}``: let a stopped process go on (SIGCONT); a process that is gone needs nothing."""

    @staticmethod
    def undo(args):
        processes.send(args["pid"], args["start"], signal.SIGCONT)

    @staticmethod
    def left(args):
        limit = time.monotonic() + 1
        while processes.alive(args["pid"], args["start"]) and processes.state(args["pid"]) == "T":
            if time.monotonic() > limit:
                return ["process %d is still stopped" % args["pid"]]
            time.sleep(0.005)
        return []


OPERATIONS = {"process.resume": Resume}
