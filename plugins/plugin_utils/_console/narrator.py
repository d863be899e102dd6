# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same lines with any other callback for standard output: the action itself says them, through Ansible's
Display. Private to magsasa.chaos.
"""

from __future__ import annotations

from .lines import Lines
from .state import State

HEARTBEAT_S = 45.0  # Ansible's own callback says much beside it; a scenario of the intensity light ends before


class Narrator:
    """``say(text)`` prints a line. Knows only the events of its own process."""

    def __init__(self, say):
        self._say = say
        self._state = State()
        self._lines = Lines(self._state, HEARTBEAT_S, named=True)

    def take(self, event):
        """Say what is worth a line. Nothing else moves the clock, so that events carry it too."""
        made = self._lines.take(self._state.apply(event), event["at"])
        if event["event"] == "tick":
            made += self._lines.heartbeat(event["at"])
        for line in made:
            self._say("".join(text for text, _style in line))
