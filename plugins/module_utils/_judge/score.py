# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The resilience score. Pure. Private to magsasa.chaos."""

from __future__ import annotations


def score(objectives):
    """Weighted share of objectives met among those measured, 0..100; None when none was measured.

    100 means that all were met: no rounding leads there.
    """
    measured = [each for each in objectives if each["met"] is not None]
    if not measured:
        return None
    if all(each["met"] for each in measured):
        return 100.0
    total = sum(each.get("weight", 1.0) for each in measured)
    met = sum(each.get("weight", 1.0) for each in measured if each["met"])
    return min(round(100.0 * met / total, 1), 99.9)
