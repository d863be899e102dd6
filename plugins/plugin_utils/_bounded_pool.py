# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls to several hosts side by side. Private to magsasa.chaos."""

from __future__ import annotations

import collections
import contextvars
import queue
import threading
import time

# a host that answers takes less; one that keeps silent must not take the place of one that has to be asked in time
HELD_S = 10.0
# a call that takes longer than that waits for its host, and costs the controller nothing more until that answers
WORKS_S = 0.5
PAUSE_S = 0.05  # between two looks for a free place
MOST_OPEN = 2  # calls that are open, of the limit: so many where all of them wait


# ansible-core 2.19 and later keep in this variable an object that changes while a template is evaluated. Two threads that
# share it break each other's templates ("Out-of-order context deactivation detected"); a thread without it makes its own.
CHANGING = "AnsibleAccessContext"


def own_context():
    """The context variables of this thread for another one. ansible-core keeps the task of a worker in them, which a
    new thread does not have.
    """
    found = contextvars.Context()
    for variable, value in contextvars.copy_context().items():
        if variable.name != CHANGING:
            found.run(variable.set, value)
    return found


class BoundedPool:
    """At most ``limit`` calls at once; the others wait for their turn, first come first served. Of those that have been
    waiting for their host for more than ``WORKS_S`` there may be more, and one of more than ``held_s`` does not count.

    The threads are daemons: an answer that never comes must not keep Ansible from ending.
    """

    def __init__(self, limit, held_s=HELD_S):
        self._limit, self._held_s = max(1, limit), held_s
        self._waiting = collections.deque()
        self._running = {}  # when the call of each number began
        self._number = 0
        self._answers = queue.SimpleQueue()

    def start(self, key, function, *arguments):
        """Call ``function(*arguments)`` as soon as a place is free; its answer comes out of ``done`` under ``key``."""
        self._waiting.append((own_context(), key, function, arguments))
        self._fill()

    def _fill(self):
        now = time.monotonic()
        ages = [now - began for began in self._running.values()]
        working = sum(age < min(WORKS_S, self._held_s) for age in ages)
        free = min(self._limit - working, MOST_OPEN * self._limit - sum(age < self._held_s for age in ages))
        while self._waiting and free > 0:
            free -= 1
            self._number += 1
            self._running[self._number] = now
            threading.Thread(target=self._call, args=(self._number,) + self._waiting.popleft(), daemon=True).start()

    def _call(self, number, context, key, function, arguments):
        try:
            self._answers.put((number, key, context.run(function, *arguments), None))
        except Exception as error:  # it belongs to whoever asks for the answers
            self._answers.put((number, key, None, error))

    def done(self, timeout):
        """(key, answer) of one call, or None when none ends within ``timeout`` seconds. Raises what the call raised."""
        until = time.monotonic() + timeout
        while True:
            # a place may become free before anything is answered
            left = until - time.monotonic()
            pause = min(left, PAUSE_S) if self._waiting else left
            try:
                number, key, answer, error = (
                    self._answers.get(timeout=pause) if pause > 0 else self._answers.get_nowait()
                )
                break
            except queue.Empty:
                self._fill()
                if left <= 0:
                    return None
        del self._running[number]
        self._fill()
        if error is not None:
            raise error
        return key, answer

    def busy(self):
        """How many calls have not been answered."""
        return len(self._running) + len(self._waiting)

    def map(self, function, keys, seconds=float("inf")):
        """``{key: function(key)}``, all of them side by side; those that do not answer within ``seconds`` are
        missing.
        """
        keys = list(keys)
        for each in keys:
            self.start(each, function, each)
        found, missing = {}, set(keys)
        limit = time.monotonic() + seconds
        while missing and time.monotonic() < limit:
            answered = self.done(min(self._held_s, limit - time.monotonic()))
            if answered:
                found[answered[0]] = answered[1]
                missing.discard(answered[0])
        return found
