# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what lives only as long as a fault's own workers. Private to magsasa.chaos."""

from __future__ import annotations

import os
import signal

from ... import _wait
from ..._host import processes
from ..._host.marks import KEEPERS, MARK


def _starts_keeper(pid):
    """Whether it is the shell that runs who undoes (payload.command_by_any): were it killed, systemd would end him
    too.
    """
    return processes.comm(pid) == "sh" and "".join(processes.argv(pid)[1:2]).endswith(".pyz")


class EndWorkers:
    """``{"fault": id}``: end every process with the fault's mark, except its supervisor and guardian."""

    ARGS = {"fault": "id"}

    @staticmethod
    def found(args):
        """[(pid, start)] of those that still run: of this user, and of another one right below them. Such a worker
        became the owner of what it opens, and dies with its parent; nobody else can start one there.
        """
        marked = processes.marked(MARK, args["fault"], mine_only=False)
        mine = {pid for pid, _start in marked if processes.uid(pid) == os.geteuid()}
        return [
            (pid, start)
            for pid, start in marked
            if pid != os.getpid()
            and (pid in mine or processes.parent(pid) in mine)
            and processes.comm(pid) not in KEEPERS
            and not _starts_keeper(pid)
        ]

    @classmethod
    def undo(cls, args):
        seen = set()
        _wait.until(lambda: cls._killed(args, seen), 5, 0.01)

    @classmethod
    def _killed(cls, args, seen):
        """Kill those that run; whether there were none. A process that ends loses its mark before its locks: those that
        were ``seen`` are waited for.
        """
        members = cls.found(args)
        for pid, start in members:
            processes.send(pid, start, signal.SIGKILL)
        seen.update(members)
        return not members and not any(processes.alive(pid, start) for pid, start in seen)

    @classmethod
    def left(cls, args):
        return ["process %d of fault %s is still running" % (pid, args["fault"]) for pid, _start in cls.found(args)]


class FinishWorkers:
    """``{"fault": id, "within_s": seconds}``: ask the workers (SIGTERM) to end what is under way; those that stay
    are for workers.end.
    """

    ARGS = {"fault": "id", "within_s": "number"}
    LONGEST = 10.0  # seconds, whatever the ledger says

    @classmethod
    def undo(cls, args):
        found = EndWorkers.found(args)
        for pid, start in found:
            processes.send(pid, start, signal.SIGTERM)
        deadline = _wait.Deadline(min(args["within_s"], cls.LONGEST))
        for pid, start in found:
            processes.wait_gone(pid, start, deadline.left)

    @staticmethod
    def left(args):
        return []  # workers.end looks after a worker that stays
