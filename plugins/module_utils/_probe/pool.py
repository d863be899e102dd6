# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that carry out probes: as many as are in flight at once, up to a bound. Private to magsasa.chaos."""

from __future__ import annotations

import threading
import time
from queue import SimpleQueue

from . import samples

STACK = 512 * 1024


class Pool:
    """``start`` never waits: the probe begins on an idle thread or a new one, or it is refused.

    ``checker()`` makes the check of one thread; Samples of probes that ended are appended to ``rows``.
    """

    def __init__(self, checker, bound, rows):
        self._checker = checker
        self._bound = bound
        self._rows = rows
        self._workers = []
        self._idle = []  # used as a stack: the thread that worked last is the warmest

    def prepare(self):
        """Start the first threads before there is any hurry."""
        threading.stack_size(STACK)
        for _each in range(min(2, self._bound)):
            self._idle.append(self._grow())

    def _grow(self):
        worker = _Worker(self._checker(), self._rows, self._idle)
        self._workers.append(worker)
        return worker

    def start(self, due):
        """Begin the probe that was due at ``due`` (monotonic, seconds); returns whether it could."""
        try:
            worker = self._idle.pop()
        except IndexError:
            if len(self._workers) >= self._bound:
                return False
            try:
                worker = self._grow()
            except RuntimeError:  # no more threads for this user
                return False
        worker.inbox.put(due)
        return True

    def unfinished(self):
        """(began, due) of the probes under way."""
        return [job for job in [worker.job for worker in self._workers] if job is not None]

    def size(self):
        return len(self._workers)


class _Worker:
    def __init__(self, checker, rows, idle):
        self.inbox = SimpleQueue()
        self.job = None
        self._checker, self._rows, self._idle = checker, rows, idle
        threading.Thread(target=self._work, name="probe", daemon=True).start()

    def _work(self):
        checker = self._checker
        while True:
            due = self.inbox.get()
            began = time.monotonic()
            self.job = (began, due)
            try:
                outcome = checker.run()
                ok, status, error = outcome.ok, outcome.status, outcome.error
            except Exception:  # a defect of ours must not silence the probe: it is on record as failed
                ok, status, error = False, None, "internal"
            ended = time.monotonic()
            self._rows.append(samples.Sample(due, (began - due) * 1000.0, (ended - due) * 1000.0, ok, status, error))
            self.job = None
            self._idle.append(self)
