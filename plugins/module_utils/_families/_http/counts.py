# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker counts. Private to magsasa.chaos."""

from __future__ import annotations

from ..._host.counters import Counters

# connections: accepted; unread: those whose bytes were not HTTP/1.1; unreachable: those that the service did not take;
# requests: seen; matched: that were meant; hit: of those; held, held_s: how many waited, and how long in all.
NAMES = ("connections", "unread", "unreachable", "requests", "matched", "hit", "held", "held_s")


def new():
    """Counters of one worker, all at nought."""
    return Counters(NAMES)
