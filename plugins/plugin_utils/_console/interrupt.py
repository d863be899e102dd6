# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ctrl-C while an experiment is under way: the run puts back what is in and ends as always. Private to magsasa.chaos.

The handler does next to nothing: it may come while this very thread prints. A second Ctrl-C is Ansible's own.
"""

from __future__ import annotations

import os
import signal

NAME = "Ctrl-C"


class Interrupt:
    """``under_way()`` says whether there is something to put back or to judge; ``ask(name)`` asks the run to end."""

    def __init__(self, under_way, ask):
        self._under_way = under_way
        self._ask = ask
        self._main = os.getpid()
        self._before = self._pause = None
        self.asked = False
        self.abandoned = False

    def install(self, pause=None):
        """Call it in the main thread. ``pause(True)`` is called before Ctrl-Z stops the process, ``pause(False)``
        when it goes on.
        """
        try:
            self._before = signal.signal(signal.SIGINT, self._handle)
            if (
                pause is not None and signal.getsignal(signal.SIGTSTP) == signal.SIG_DFL
            ):  # ignored where nobody could let it go on
                self._pause = pause
                signal.signal(signal.SIGTSTP, self._stopped)
        except ValueError:  # not the main thread: Ctrl-C stays what it was
            pass

    def _stopped(self, number, _frame):
        """Stop as anybody does, but say so before."""
        if os.getpid() == self._main:
            self._pause(True)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._stopped)
        if os.getpid() == self._main:
            self._pause(False)

    def remove(self):
        """What was there before."""
        if self._before is not None and signal.getsignal(signal.SIGINT) == self._handle:
            try:
                signal.signal(signal.SIGINT, self._before)
                if self._pause is not None:
                    signal.signal(signal.SIGTSTP, signal.SIG_DFL)
            except ValueError:
                pass

    def _handle(self, number, frame):
        if os.getpid() != self._main:
            return  # a worker of an ansible-core whose workers share the terminal: who asked it to work decides
        if not self.asked and self._under_way():
            self.asked = True
            self._ask(NAME)
            return
        self.abandoned = self.asked
        before = self._before if callable(self._before) else signal.default_int_handler
        signal.signal(number, signal.default_int_handler)
        before(number, frame)
