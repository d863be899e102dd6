# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault measures of itself while it is held, as a series of bounded size for its record. Private to
magsasa.chaos.

A report is drawn from it, nothing else: whatever goes wrong here, the fault is held and undone as ever.
"""

from __future__ import annotations

import math

MOST_POINTS = 120
MOST_KEYS = 6


def _number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def of_measured(traced, measured):
    """``{"now": {...}, "total": {...}}`` of figures that ``measure`` has found anyway; ``traced``: the same with
    keys of it for values.
    """
    return {
        kind: {key: measured[name] for key, name in keys.items() if name in measured} for kind, keys in traced.items()
    }


class FiguresOverTime:
    """Points of a series: what is so ``now``, and what has been counted in ``total`` so far, which becomes a rate a
    second.

    A family tells them by ``trace(ctx)``, or names keys of what it measures in ``traced``; one that has neither has no
    series. When there are too
    many points every second one goes, and from then on as many fewer are kept.
    """

    def __init__(self):
        self._points = []
        self._seen = 0
        self._every = 1

    def look(self, family, ctx):
        """One point, right after a measurement; never raises."""
        try:
            tell = getattr(family, "trace", None)
            traced = getattr(family, "traced", None)
            if tell is None and traced is None:
                return
            found = tell(ctx) if tell is not None else of_measured(traced, ctx.record["measured"])
            if found:
                self.add(ctx.since_injection(), found)
        except Exception:  # a picture in a report is worth no fault: this point is missing
            return

    def add(self, at_s, found):
        """A point at so many seconds after the injection."""
        if self._seen % self._every == 0:
            kinds = {
                kind: {key: value for key, value in (found.get(kind) or {}).items() if _number(value)}
                for kind in ("now", "total")
            }
            self._points.append((at_s, kinds["now"], kinds["total"]))
            if len(self._points) > MOST_POINTS:
                del self._points[1::2]
                self._every *= 2
        self._seen += 1

    def record(self):
        """``{"at_s": [...], "figures": {key: [number or None]}}``; None without a figure."""
        keys = list(dict.fromkeys(key for point in self._points for kind in point[1:] for key in kind))[:MOST_KEYS]
        if not keys:
            return None
        figures = {key: [] for key in keys}
        before = None
        for point in self._points:
            for key in keys:
                figures[key].append(_value(key, point, before))
            before = point
        return {"at_s": [round(point[0], 2) for point in self._points], "figures": figures}


def _value(key, point, before):
    at_s, now, total = point
    if key in now:
        return _short(now[key])
    if key not in total or before is None or key not in before[2] or at_s <= before[0]:
        return None
    return _short((total[key] - before[2][key]) / (at_s - before[0]))


def _short(value):
    """Four digits are enough for a picture."""
    return float("%.4g" % value)
