# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a family may do while its fault is being injected and held. Private to magsasa.chaos."""

from __future__ import annotations

import os
import signal
import time

from .. import _clock
from .._errors import HostError
from .._undo import registry
from .._host import moved_paths, processes
from . import boot_units, cgroup_bounds


class Context:
    """Handed to ``do_<step>``, ``steer`` and ``measure`` of a family.

    ``record``: the fault's record; ``memory``: a dict of the family's own, gone with the supervisor; ``moment``: when
    an event
    (a kill) happened, as a clock reading; ``over``: set by a family to end the fault before its deadline.
    """

    def __init__(self, ledger, record, close=(), workers_group=None, tell=None):
        self.ledger = ledger
        self.record = record
        self.memory = {}
        self.moment = None
        self.over = False
        self.workers = {}
        self._close = close
        self._workers_group = workers_group
        self._tell = tell or (lambda message: None)

    @property
    def id(self):
        """The fault's id (12 hex digits)."""
        return self.record["id"]

    def since_injection(self):
        """Seconds since the fault was in (float); what is measured before that is at 0."""
        return max(0.0, time.monotonic() - (self.record.get("injected_at") or _clock.now())["monotonic"])

    def add_undo(self, op, **args):
        """Put one more undo operation on the disk; call it BEFORE the change that it undoes.

        Of a kind that the plan has, too: the guardian has loaded no other. Raises ValueError.
        """
        entry = {"op": op, "args": args}
        if all(each["op"] != op for each in self.record["undo"]):
            raise ValueError("the plan has no undo operation %s" % op)
        for thing, held in registry.dump([entry]).items():
            self.record.setdefault("before", {}).setdefault(thing, held)
        self.record["undo"].append(entry)
        self._tell({"undo": entry})
        self.ledger.write(self.record)
        boot_units.arm(self.ledger, [entry])

    def hold(self, path, named=None):
        """Keep a descriptor of what is at ``path``, here and in the guardian: it is found again by it whatever its
        folders become.

        ``named``: what the undo calls it, where that is another path.
        """
        self._tell({"hold": [moved_paths.hold(path, named=named), named or path]})

    def happened(self):
        """Mark the moment of an event fault."""
        self.moment = _clock.now()

    def spawn(self, name, work, *args):
        """Fork a worker that runs ``work(*args)`` and dies with the supervisor; returns ``(pid, start)``.

        ``name``: at most 15 letters, shown by ps. The undo operation ``workers.end`` of this fault must be in the plan.
        A worker that ends by itself ends the fault, unless it was let go by ``expect_end``.
        """
        me = os.getpid()
        pid = os.fork()
        if pid:
            start = processes.start_time(pid)
            self.workers[pid] = {"start": start, "may_end": False, "status": None}
            return pid, start
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGTERM, signal.SIGCHLD):
                signal.signal(number, signal.SIG_DFL)
            processes.die_with_parent(me)
            if self._workers_group is not None:
                cgroup_bounds.enter(
                    self._workers_group
                )  # or not at all: the bounds of the supervisor are not for the fault
            for descriptor in self._close:
                os.close(descriptor)
            processes.set_process_name(name)
            work(*args)
            status = 0
        finally:
            os._exit(status)

    def expect_end(self, pid):
        """This worker may end by itself without ending the fault."""
        self.workers[pid]["may_end"] = True

    def ended(self, pid, status):
        """The supervisor saw a child end; returns whether that must end the fault."""
        worker = self.workers.get(pid)
        if worker is None:
            return False
        worker["status"] = status
        return not worker["may_end"]

    def check_workers(self):
        """Raise HostError when a worker that should run has ended."""
        for pid, worker in self.workers.items():
            if not worker["may_end"] and not processes.alive(pid, worker["start"]):
                raise HostError("worker %d ended during the injection" % pid)
