# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of a machine's processors was at work during a run: what a shorter run would have to save, work or waits."""

from __future__ import annotations

STAT = "/proc/stat"


def parse(text):
    """(ticks at work, ticks altogether) of all processors since boot, from the text of /proc/stat (proc(5))."""
    ticks = [int(each) for each in text.partition("\n")[0].split()[1:9]]  # the other two are part of the first two
    user, nice, system, idle, waits_for_disk, *rest = ticks
    return user + nice + system + sum(rest), sum(ticks)


def _now():
    try:
        with open(STAT, encoding="ascii") as source:
            return parse(source.read())
    except (OSError, ValueError):
        return None


class Work:
    """Counts from its making on."""

    def __init__(self):
        self._begun = _now()

    def share(self):
        """Share (0 to 1) of the time in which a processor was at work, for whomever; None where nobody counts."""
        now = _now()
        if self._begun is None or now is None or now[1] == self._begun[1]:
            return None
        return (now[0] - self._begun[0]) / (now[1] - self._begun[1])
