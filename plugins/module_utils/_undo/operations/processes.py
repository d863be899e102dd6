# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to processes of others. Private to magsasa.chaos."""

from __future__ import annotations

import os
import signal

from ... import _clock, _wait
from ..._host import process_restore, processes, successors, told_to_end


class Resume:
    """``{"pid", "start"}``: let a stopped process go on (SIGCONT); a process that is gone needs nothing."""

    ARGS = {"pid": "pid", "start": "count"}

    @staticmethod
    def undo(args):
        processes.send(args["pid"], args["start"], signal.SIGCONT)

    @staticmethod
    def left(args):
        goes_on = _wait.until(
            lambda: not processes.alive(args["pid"], args["start"]) or processes.state(args["pid"]) != "T", 1, 0.005
        )
        return [] if goes_on else ["process %d is still stopped" % args["pid"]]


class EnsureRunning:
    """``{"name", "fault", "marks"}``: when neither a process nor a successor is there, start it as it was.

    ``marks``: what successors.mark said of it. After a reboot there is nothing to do: what runs then is the host's own
    choice.

    An entry with ``ending`` (see told_to_end) is written right before the signal: it sees to the end of the process, and
    the entry of the plan, which is undone after it, to its start.
    """

    ARGS = {"name": "text", "fault": "id", "marks": "object"}
    OPTIONAL = {"ending": "object"}
    needs_services = True

    SUPERVISED = (
        2.0  # seconds more for a parent that is still there and may be about to start it: there must never be two
    )

    @staticmethod
    def _there(args, patience=0.0):
        marks = args["marks"]
        if marks["boot"] != _clock.boot_id() or processes.alive(marks["pid"], marks["start"]):
            return True
        return successors.wait(marks, patience) is not None

    @classmethod
    def undo(cls, args):
        if "ending" in args:
            told_to_end.carry_on(args["ending"])
            return
        parent = args["marks"]["parent"]
        if not cls._there(args, cls.SUPERVISED if parent and processes.alive(*parent) else 0.0):
            captured = process_restore.kept(args["fault"])
            if captured is not None:
                successors.end_leftovers(args["marks"])
                process_restore.start(process_restore.chosen(captured))
                # What is needed to start it is kept until the fault is closed: what is there now may end at once, as where
                # somebody else has its port, and then the next try starts it again.
                cls._there(args, 10.0)

    STAYS_S = 1.0  # what was started again and is this old did not end of how it was started

    @classmethod
    def left(cls, args):
        if "ending" in args:
            return told_to_end.left(args["ending"])
        marks = args["marks"]
        if marks["boot"] != _clock.boot_id():
            return []
        if successors.staying(marks, cls.STAYS_S) is None:
            return ["process %d (%s) is not running again" % (marks["pid"], args["name"])]
        return successors.impostors(marks)

    @staticmethod
    def state(args):
        """What the process is to whoever uses it: name, tree, session, files, folder, limits."""
        told = successors.settled(args["marks"])
        return {"process %s" % args["name"]: told} if told else {}

    @classmethod
    def gone(cls, args):
        """Its owner took away what it ran from: then nobody can start it again, and nobody misses it. Or it did not
        end in all the time that it had.
        """
        if "ending" in args:
            return told_to_end.outlasted(args["ending"])
        captured = process_restore.kept(args["fault"])
        if captured is None:
            return []
        captured = process_restore.chosen(captured)
        for what, path in (("program", captured["command"]["exe"]), ("folder", captured["cwd"])):
            if path and not os.path.lexists(path) and not cls._there(args):
                return [
                    "process %d (%s) is not running any more: its %s %s was removed meanwhile"
                    % (args["marks"]["pid"], args["name"], what, path)
                ]
        return []
