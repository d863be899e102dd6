# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long a thread may wait for the other side before somebody else takes over what it keeps waiting. Private to
magsasa.chaos.
"""

from __future__ import annotations

import select
import threading
import time

_MOST_SELECT = 1024  # select(2) knows no descriptor beyond; it keeps microseconds, where poll(2) keeps milliseconds
_here = threading.local()


class Patience:
    """Ends at ``until`` (CLOCK_MONOTONIC): ``over()`` is called then, once, by the waiting thread, which goes on
    waiting afterwards.
    """

    def __init__(self, until, over):
        self.until = until
        self._over = over

    def wait(self, sock, writing=False):
        """Wait until the socket is ready, or until the patience is over."""
        if self._over is not None:
            seconds = self.until - time.monotonic()
            if seconds <= 0 or not ready(sock, writing, seconds):
                self.end()

    def end(self):
        """It is over now: what follows may take any time."""
        over, self._over = self._over, None
        if over is not None:
            over()


def of_thread(patience):
    """Give this thread a Patience; None takes it away."""
    _here.patience = patience


def wait(sock, writing=False):
    """Wait for a socket as long as this thread's patience lasts; returns at once when it has none, as the next
    operation waits by itself.
    """
    patience = getattr(_here, "patience", None)
    if patience is not None:
        patience.wait(sock, writing)


def end():
    """Say that what follows may take any time."""
    patience = getattr(_here, "patience", None)
    if patience is not None:
        patience.end()


def ready(sock, writing, seconds):
    """Whether a socket is ready (or broken) within ``seconds``."""
    number = sock.fileno()
    if number < _MOST_SELECT:
        return any(select.select([] if writing else [number], [number] if writing else [], [], seconds))
    poll = select.poll()
    poll.register(number, select.POLLOUT if writing else select.POLLIN)
    return bool(poll.poll(int(seconds * 1000)))
