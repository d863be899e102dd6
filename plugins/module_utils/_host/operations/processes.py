# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to processes of others. Private to magsasa.chaos."""
from __future__ import annotations

import signal
import time

from .. import processes, revival


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


class EnsureRunning:
    """``{"pid", "start", "name", "command", "ports", "old", "fault"}``: when neither the process nor a successor is there, start it as it was.

    ``command``: digest of its command line; ``old``: [pid, start] of its whole tree, of which nothing counts as a successor.
    """

    @staticmethod
    def _there(args, patience=0.0):
        if processes.alive(args["pid"], args["start"]):
            return True
        return bool(revival.wait(args["command"], args["ports"], args["old"], patience))

    @classmethod
    def undo(cls, args):
        if not cls._there(args):
            captured = revival.kept(args["fault"])
            if captured is not None:
                revival.start(captured)
                cls._there(args, 10.0)
        if cls._there(args):
            revival.forget(args["fault"])

    @classmethod
    def left(cls, args):
        return [] if cls._there(args) else ["process %d (%s) is not running again" % (args["pid"], args["name"])]


OPERATIONS = {"process.resume": Resume, "process.ensure_running": EnsureRunning}
