# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Search for a user's pattern in what a target said, within a bound of processor time. Private to magsasa.chaos.

A pattern such as ``(a+)+$`` can take years on forty letters, and the target chooses the letters. Python's re cannot be
given a limit;
it looks for signals while it searches, so in the main thread a timer's handler ends it. Elsewhere it holds the
interpreter for good,
and only the end of the process helps: see ``guard``. Processor time, as a host under test may not run us for a while.
"""

from __future__ import annotations

import signal
import threading

from .._http.deadline_socket import WireError

SEARCH_S = 2.0
GUARD_S = 15.0


class TooSlow(WireError):
    """The search took too long."""

    def __init__(self):
        super().__init__(
            "assertion", "the pattern took more than %g s on the answer; use one that backtracks less" % SEARCH_S
        )


def search(pattern, text):
    """Whether the compiled pattern is in the text. Raises TooSlow in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        return pattern.search(text) is not None

    def stop(_number, _frame):
        raise TooSlow()

    before = signal.signal(signal.SIGPROF, stop)
    try:
        signal.setitimer(signal.ITIMER_PROF, SEARCH_S)
        return pattern.search(text) is not None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def judge(pattern, text, otherwise):
    """(error, detail) of a text in which the pattern should be; ("", "") when it is."""
    try:
        return ("", "") if search(pattern, text) else ("assertion", otherwise)
    except TooSlow as error:
        return error.kind, str(error)


def guard():
    """To be called again and again: a process that does not for GUARD_S of its processor time ends, as one that was
    killed.
    """
    signal.setitimer(signal.ITIMER_PROF, GUARD_S)
