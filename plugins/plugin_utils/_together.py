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


class Together:
    """At most ``limit`` calls at once; the others wait for their turn, first come first served.

    The threads are daemons: an answer that never comes must not keep Ansible from ending.
    """

    def __init__(self, limit):
        self._limit = max(1, limit)
        self._waiting = collections.deque()
        self._running = 0
        self._answers = queue.SimpleQueue()

    def start(self, key, function, *arguments):
        """Call ``function(*arguments)`` as soon as a place is free; its answer comes out of ``done`` under ``key``."""
        # ansible-core keeps the task of a worker in context variables, which a new thread does not have.
        self._waiting.append((contextvars.copy_context(), key, function, arguments))
        self._fill()

    def _fill(self):
        while self._waiting and self._running < self._limit:
            self._running += 1
            threading.Thread(target=self._call, args=self._waiting.popleft(), daemon=True).start()

    def _call(self, context, key, function, arguments):
        try:
            self._answers.put((key, context.run(function, *arguments), None))
        except Exception as error:  # it belongs to whoever asks for the answers
            self._answers.put((key, None, error))

    def done(self, timeout):
        """(key, answer) of one call, or None when none ends within ``timeout`` seconds. Raises what the call raised."""
        try:
            key, answer, error = self._answers.get(timeout=timeout) if timeout > 0 else self._answers.get_nowait()
        except queue.Empty:
            return None
        self._running -= 1
        self._fill()
        if error is not None:
            raise error
        return key, answer

    def busy(self):
        """How many calls have not been answered."""
        return self._running + len(self._waiting)

    def map(self, function, keys, seconds=float("inf")):
        """``{key: function(key)}``, all of them side by side; those that do not answer within ``seconds`` are missing."""
        keys = list(keys)
        for each in keys:
            self.start(each, function, each)
        found, missing = {}, set(keys)
        limit = time.monotonic() + seconds
        while missing and time.monotonic() < limit:
            answered = self.done(min(60.0, limit - time.monotonic()))
            if answered:
                found[answered[0]] = answered[1]
                missing.discard(answered[0])
        return found
