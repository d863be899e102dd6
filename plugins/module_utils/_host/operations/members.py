# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what lives only as long as a fault's own workers. Private to magsasa.chaos."""
from __future__ import annotations

import os
import signal
import time

from .. import processes

MARK = "MAGSASA_CHAOS_FAULT"  # in the environment of everything that a fault starts
KEEPERS = ("chaos-fault", "chaos-guardian")  # names (comm) of the two processes that carry the undo out


class EndWorkers:
    """``{"fault": id}``: end every process with the fault's mark, except its supervisor and guardian."""

    ARGS = {"fault": "id"}

    @staticmethod
    def _found(args):
        return [
            (pid, start)
            for pid, start in processes.marked(MARK, args["fault"])
            if pid != os.getpid() and processes.comm(pid) not in KEEPERS
        ]

    @classmethod
    def undo(cls, args):
        limit = time.monotonic() + 5
        while True:
            found = cls._found(args)
            for pid, start in found:
                processes.send(pid, start, signal.SIGKILL)
            if not found or time.monotonic() > limit:
                return
            time.sleep(0.01)

    @classmethod
    def left(cls, args):
        return ["process %d of fault %s still runs" % (pid, args["fault"]) for pid, _start in cls._found(args)]


OPERATIONS = {"workers.end": EndWorkers}
