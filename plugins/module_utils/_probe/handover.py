# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Threads that take turns at the clock: one waits for the next probe and carries it out itself. Private to
magsasa.chaos.

While the target answers before the next probe is due, one thread does everything and no other is woken. A probe that
takes
longer hands the clock to another thread and goes on waiting, so a slow target never delays the probes after it.
"""

from __future__ import annotations

import threading
import time

from .._http import long_wait
from . import samples

STACK = 512 * 1024


class Relay:
    """``lead(take)`` is called by the thread that has the clock; it calls ``take(due, until)`` for every probe and
    returns when that returns
    False: the clock is another thread's then. When it returns for good it has called ``end``.

    ``checker()`` makes the check of one thread; Samples of probes that ended are appended to ``rows``. At most
    ``bound`` probes are in flight.
    ``failed(error, status, detail)`` is told of every probe that failed.
    ``eager``: a check that cannot be interrupted hands the clock on before it begins.
    """

    def __init__(self, checker, bound, rows, lead, eager=False, failed=None):
        self._checker, self._bound, self._rows, self._lead, self._eager = checker, bound, rows, lead, eager
        self._failed = failed or (lambda error, status, detail: None)
        self._clock = threading.Lock()
        self._followers = []  # one entry for each thread that waits for the clock; append and pop are atomic
        self._jobs = {}  # (began, due) of the probe of each thread
        self._open = (
            {}
            # the same until somebody writes its sample: pop is atomic, so one sample is written, by the thread or by
            # give_up
        )
        self._threads = 0
        self._ended = threading.Event()

    def run(self):
        """Probe until ``end`` was called. Signal handlers run meanwhile when this is the main thread."""
        threading.stack_size(STACK)
        self._grow()
        self._ended.wait()

    def end(self):
        """No more probes. Called by the thread that has the clock."""
        self._ended.set()

    def busy(self):
        """Whether probes are under way that another thread began."""
        return bool(self._jobs)

    def give_up(self):
        """(began, due) of the probes under way. What still comes of them is not heard: their samples are the
        caller's to write.
        """
        taken = [self._open.pop(thread, None) for thread in list(self._open)]
        return [job for job in taken if job is not None]

    def size(self):
        """How many threads there are."""
        return self._threads

    def drop(self, due):
        """Put a probe on record that is not sent."""
        late = (time.monotonic() - due) * 1000.0
        self._rows.append(samples.Sample(due, late, late, False, None, samples.DROPPED))

    def _grow(self):
        self._followers.append(None)
        try:
            threading.Thread(target=self._serve, args=(self._checker(),), name="probe", daemon=True).start()
        except RuntimeError:  # no more threads for this user
            self._followers.pop()
            raise
        self._threads += 1

    def _serve(self, checker):
        turn = _Turn(self, checker)
        while True:
            self._clock.acquire()
            self._followers.pop()
            if self._ended.is_set():
                self._clock.release()
                return
            turn.held = True
            self._lead(turn.take)
            if turn.held:  # the end
                self._clock.release()
                return
            self._followers.append(None)

    def hand_on(self):
        """Give the clock to a thread that waits for it, or to a new one; returns whether there was one. Called by
        the thread that has it.
        """
        if not self._followers:
            try:
                self._grow()
            except RuntimeError:
                return False
        self._clock.release()
        return True


class _Turn:
    """One thread's work with the clock."""

    def __init__(self, relay, checker):
        self._relay = relay
        self._checker = checker
        self.held = False  # whether this thread has the clock

    def take(self, due, until):
        """Carry out the probe that was due at ``due``; returns whether this thread still has the clock. It loses it
        at ``until``, when the probe lasts.
        """
        relay = self._relay
        if len(relay._jobs) >= relay._bound:
            self._drop(due)
            return True
        if relay._eager and not self._let_go():
            self._drop(due)
            return True
        began = time.monotonic()
        me = threading.get_ident()
        relay._open[me] = relay._jobs[me] = (began, due)
        long_wait.of_thread(long_wait.Patience(until, self._let_go) if self.held else None)
        try:
            outcome = self._checker.run()
            ok, status, error, detail = outcome.ok, outcome.status, outcome.error, outcome.detail
        except Exception:  # a defect of ours must not silence the probe: it is on record as failed
            ok, status, error, detail = False, None, "internal", "the check itself failed"
        ended = time.monotonic()
        if relay._open.pop(me, None) is not None:
            relay._rows.append(samples.Sample(due, (began - due) * 1000.0, (ended - due) * 1000.0, ok, status, error))
            if not ok:
                relay._failed(error, status, detail)
        del relay._jobs[me]
        return self.held

    def _let_go(self):
        if self.held and self._relay.hand_on():
            self.held = False
        return not self.held

    def _drop(self, due):
        self._relay.drop(due)
