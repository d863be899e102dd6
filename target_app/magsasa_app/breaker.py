# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A circuit breaker: after some failures in a row nothing is sent to the database but a re-check in the background."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger(__name__)


class Breaker:
    """Closed while the database answers.

    ``check()`` raises while it does not; it runs in one thread of its own, every ``recheck_s`` seconds, until it
    returns.
    ``on_close()`` is called before requests are let through again.
    """

    def __init__(self, check, failures=3, recheck_s=0.25, on_close=None):
        self._check = check
        self._failures = failures
        self._recheck_s = recheck_s
        self._on_close = on_close or (lambda: None)
        self._lock = threading.Lock()
        self._in_a_row = 0
        self.closed = True

    def succeeded(self):
        """A request was answered by the database."""
        self._in_a_row = 0

    def failed(self, why):
        """A request was not; one slow answer on a busy machine does not open the breaker, several in a row do."""
        with self._lock:
            self._in_a_row += 1
            if self._in_a_row < self._failures:
                return
        self.open(why)

    def open(self, why):
        """Open at once."""
        with self._lock:
            if not self.closed:
                return
            self.closed = False
        log.warning("database unavailable (%s): answering 503 until it is back", why)
        threading.Thread(target=self._recheck, name="recheck", daemon=True).start()

    def _recheck(self):
        pause = threading.Event()
        while True:
            pause.wait(self._recheck_s)
            try:
                self._check()
                self._on_close()
            except Exception as error:  # whatever it is, the database is not back
                log.debug("still unavailable (%s)", type(error).__name__)
                continue
            break
        with self._lock:
            self._in_a_row = 0
            self.closed = True
        log.warning("database available again")
