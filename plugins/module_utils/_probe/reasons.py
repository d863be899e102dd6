# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why probes failed, in words and with their number: what a sample has no room for. Private to magsasa.chaos."""

from __future__ import annotations

from collections import Counter, deque

MOST = 20  # different reasons of one recorder; what comes after them counts without its words
LONGEST = 120


class Reasons:
    """Counts reasons. Any thread may ``note`` one; one thread asks for ``shown``."""

    def __init__(self):
        self._noted = deque()  # append and popleft are atomic, counting is not
        self._counts = Counter()

    def note(self, error, status, detail):
        """One failed probe: its kind, its status (or None) and the sentence of its check."""
        self._noted.append((error, status, detail[:LONGEST]))

    def shown(self):
        """``[{error, status, detail, count}]``, most first; None when nothing was noted since the last time."""
        if not self._noted:
            return None
        for _each in range(len(self._noted)):
            reason = self._noted.popleft()
            self._counts[reason if reason in self._counts or len(self._counts) < MOST else (reason[0], None, "")] += 1
        return [
            dict(zip(("error", "status", "detail"), reason), count=count)
            for reason, count in self._counts.most_common()
        ]
