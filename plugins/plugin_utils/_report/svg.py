# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the charts of the HTML report share: scales, ticks, paths, escaped elements. Pure. Private to magsasa.chaos.

A chart is as wide as its place. Across, positions are per cent, so text keeps its size on a telephone and on paper;
curves lie in a
nested picture that is stretched. There are no style attributes: the page's content security policy forbids them.
"""

from __future__ import annotations

import math

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text
from markupsafe import Markup, escape

LONGEST = 200  # letters of a text in a chart
WIDTH = 1000  # units across the stretched picture of the curves
_STEPS = (1, 2, 5)


class Span:
    """A stretch of time on which positions across are computed."""

    def __init__(self, start, end):
        self.start, self.end = start, max(end, start + 1e-6)

    def share(self, moment):
        """Where a moment lies, 0 (left) to 1 (right); moments outside lie on the edge."""
        return min(1.0, max(0.0, (moment - self.start) / (self.end - self.start)))

    def pct(self, moment):
        """The same as an SVG length."""
        return "%s%%" % short(100.0 * self.share(moment), 2)

    def width(self, start, end):
        """The width of a stretch as an SVG length."""
        return "%s%%" % short(100.0 * max(0.0, self.share(end) - self.share(start)), 2)

    def x(self, moment):
        """Where a moment lies among the units of the stretched picture."""
        return short(WIDTH * self.share(moment), 0)


class Axis:
    """Values upwards on ``height`` pixels; by tenfold steps where they differ so much that the small ones would be
    lost.
    """

    def __init__(self, low, high, height, log=False):
        self.log, self.height = log, height
        self.low, self.high = low, high if high > low else low + 1.0

    def share(self, value):
        """How high a value lies, 0 to 1."""
        if self.log:
            low, high = math.log10(self.low), math.log10(self.high)
            return min(1.0, max(0.0, (math.log10(max(value, self.low)) - low) / (high - low)))
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def y(self, value):
        """Pixels from the top."""
        return short(self.height * (1.0 - self.share(value)), 1)

    def ticks(self, most=4):
        """Round values that deserve a line."""
        if self.log:
            first, last = math.ceil(math.log10(self.low) - 1e-9), math.floor(math.log10(self.high) + 1e-9)
            return [10.0**power for power in range(first, last + 1)]
        return [value for value in steps(self.low, self.high, most) if value > self.low]


def fitting(values, height, limit=None):
    """An axis from zero (by tenfold steps: from the decade below) on which all of these values and a limit lie."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    high = max(known + [limit or 0.0], default=0.0)
    positive = sorted(value for value in known if value > 0.0)
    middle = positive[len(positive) // 2] if positive else 0.0
    if min(known, default=0.0) >= 0.0 and positive and high > 30.0 * middle:
        low = 10.0 ** math.floor(math.log10(max(positive[0], high / 1e6)))
        return Axis(low, 10.0 ** math.ceil(math.log10(high * 1.05)), height, log=True)
    low = min(known + [0.0])
    return Axis(low * 1.1, _round_up(high * 1.08), height)


def _round_up(value):
    if value <= 0.0:
        return 1.0
    step = 10.0 ** math.floor(math.log10(value)) / 2.0
    return math.ceil(value / step - 1e-9) * step


def steps(low, high, most):
    """At most ``most`` round values from low to high."""
    raw = (high - low) / max(1, most)
    if not raw > 0.0 or not math.isfinite(raw):
        return []
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((each * power for each in _STEPS if each * power >= raw - 1e-12), 10.0 * power)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def seconds(low, high, most):
    """The same for seconds, by steps that clocks have."""
    choice = (0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400)
    step = next((each for each in choice if (high - low) / each <= most), None)
    if step is None:
        return steps(low, high, most)
    return [number * step for number in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def short(value, digits=2):
    """A number without needless digits, for attributes."""
    written = "%.*f" % (digits, value)
    return written.rstrip("0").rstrip(".") if "." in written else written


def value_label(value):
    """A tick's value: 0.5, 20, 1,500 or 2e+06 never: thousands are k, millions M."""
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(value) >= size:
            return "%.3g%s" % (value / (1e3 if letter == "k" else size), letter)
    return "%.4g" % value


def tag(name, *children, **attributes):
    """One element. Children that are no markup, and the name that it has for who cannot see it, may come from a host.

    An underscore at the end or within a keyword stands for what Python cannot write: class_, text_anchor.
    """
    written = {
        key: text.plain(value, LONGEST) if key == "aria_label" else value
        for key, value in attributes.items()
        if value is not None
    }
    words = "".join(' %s="%s"' % (key.rstrip("_").replace("_", "-"), escape(value)) for key, value in written.items())
    inside = "".join(
        child if isinstance(child, Markup) else escape(text.plain(child, LONGEST))
        for child in children
        if child is not None
    )
    return Markup("<%s%s>%s</%s>" % (name, words, inside, name) if inside else "<%s%s/>" % (name, words))


def polyline(points):
    """The ``d`` of a line through (x, y) texts; None breaks it. A point that stands alone is a short stroke, else
    nobody would see it.
    """
    parts, run = [], []
    for point in [*points, None]:
        if point is not None:
            run.append(point)
        elif run:
            parts.append(through(run) + ("h2" if len(run) == 1 else ""))
            run = []
    return "".join(parts)


def through(points):
    """A path through points, each as its distance from the one before, which is half as long; counted in tenths, so
    that no error adds up.
    """
    tenths = [(round(10 * float(x)), round(10 * float(y))) for x, y in points]
    steps_between = (_step(after[0] - before[0], after[1] - before[1]) for before, after in zip(tenths, tenths[1:]))
    return "M%s %s" % points[0] + ("l" + " ".join(steps_between) if len(points) > 1 else "")


def _step(x, y):
    x, y = (_bare("%g" % (each / 10.0)) for each in (x, y))
    return x + ("" if y.startswith("-") else " ") + y


def _bare(number):
    """Without the nought before the point: -0.5 -> -.5."""
    return number.replace("0.", ".", 1) if number.startswith(("0.", "-0.")) else number


def curves(height, y, *paths):
    """The stretched picture that holds curves; y is its distance from the top of the chart."""
    box = "0 0 %d %s" % (WIDTH, short(height))
    return Markup('<svg y="%s" width="100%%" height="%s" viewBox="%s" preserveAspectRatio="none">%s</svg>') % (
        short(y), short(height), box, Markup("").join(paths)
    )  # fmt: skip


def clipped(x, y, width, height, *children):
    """A place of its own: what is too long for it is cut and does not run into the next."""
    return Markup('<svg x="%s" y="%s" width="%s" height="%s">%s</svg>') % (
        x,
        short(y),
        width,
        short(height),
        Markup("").join(children),
    )


def chart(height, title, *children, **attributes):
    """A whole chart: a picture with a name, for who does not see it too; its figures are in the table behind it."""
    attributes = dict({"class_": "chart", "role": "img"}, **attributes)
    return tag("svg", *children, width="100%", height=short(height), aria_label=title, **attributes)
