# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Small pictures: an objective beside what was measured, the runs before, and a fleet at one look. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows, svg

BAR, SPARK = 20, 30
HEIGHTS = {
    "failed": 18,
    "broken": 18,
    "unknown": 11,
    "passed": 6,
}  # a verdict is a height too, not a colour alone; the rest is a line
CELL, NAME = 18, 17
RUNS = 20


def objective(each):
    """A bar as long as what was measured, and a mark where the limit is; None where nothing was measured and
    nothing is known.
    """
    limit, measured = each["objective"], each["measured"]
    if measured is None and each["met"] is not False:
        return None
    more = each["name"].partition(" in ")[0] in rows.MORE_IS_BETTER
    endless = measured is None  # it never recovered: as long as there is room
    reached = 2.0 * limit if endless else measured
    low, high = 0.0, max(reached, limit) * 1.12 or 1.0
    if more or (each["unit"] == "%" and high > 60.0):
        high = 100.0
    if more:  # the last per cents are what matters
        low = max(0.0, min(reached, limit) - max(1.0, (100.0 - min(reached, limit)) * 0.6))
    where = svg.Span(low, high)
    kind = "met" if each["met"] else "missed"
    parts = [svg.tag("rect", class_="reach " + kind, width="100%" if endless else where.width(low, reached))]
    if each["met"] is False:
        first, last = sorted((limit, high if endless else reached))
        parts.append(svg.tag("rect", class_="excess", x=where.pct(first), width=where.width(first, last)))
    parts.append(
        svg.tag("rect", class_="limit", x=where.pct(limit))
    )  # heights, and the track behind it, are of the style
    return svg.chart(BAR, rows.objective(each), *parts, class_="chart objective")


def history(runs, title):
    """The score of the last runs as a line, and the verdict of each as a sign; None for fewer than two."""
    runs = runs[-RUNS:]
    if len(runs) < 2:
        return None
    where = svg.Span(-0.5, len(runs) - 0.5)
    axis = svg.Axis(0.0, 100.0, SPARK)
    points = [
        None if run.get("score") is None else (where.x(number), axis.y(run["score"])) for number, run in enumerate(runs)
    ]
    line = svg.curves(SPARK, 4, svg.tag("path", class_="p95", d=svg.polyline(points)))
    signs = []
    for number, run in enumerate(runs):
        if run.get("verdict") in ("passed", "failed", "unknown"):
            sign = svg.tag("use", href="#v-" + run["verdict"], x="-6", width="12", height="12")
            signs.append(
                svg.tag("svg", sign, class_="k-" + run["verdict"], x=where.pct(number), y="40", overflow="visible")
            )
    return svg.chart(SPARK + 26, title, line, *signs, class_="chart history")


def spark(values, title):
    """A figure over the last runs, as a line whose end is a dot; None where fewer than two runs have it."""
    values = values[-RUNS:]
    if sum(value is not None for value in values) < 2:
        return None
    where, axis = svg.Span(-0.2, len(values) - 0.8), svg.fitting(values, 18)
    points = [None if value is None else (where.x(number), axis.y(value)) for number, value in enumerate(values)]
    last = next(number for number in reversed(range(len(values))) if values[number] is not None)
    dot = svg.tag("circle", cx=where.pct(last), cy=svg.short(float(axis.y(values[last])) + 4), r="2.5")
    return svg.chart(
        26, title, svg.curves(18, 4, svg.tag("path", class_="p95", d=svg.polyline(points))), dot, class_="chart spark"
    )


def heat(scenarios, hosts, kinds, title):
    """Scenarios downwards, hosts across, worst first: {(scenario, host): kind}. Equal neighbours are one shape, so
    a thousand hosts stay small.
    """
    parts, top, wide = [], 0, 0.86 if len(hosts) <= 120 else 1.0
    for scenario in scenarios:
        row = [kinds.get((scenario, host)) for host in hosts]
        parts.append(svg.tag("text", scenario, x="0", y=top + 12))
        shapes = {}
        for first, last, kind in _runs(row, joined=wide == 1.0):
            if kind is not None:
                high = HEIGHTS.get(kind, 2)
                shapes.setdefault(kind, []).append(
                    "M%s %dv-%dh%sv%dz" % (first, CELL, high, svg.short(last - first - 1 + wide), high)
                )
        paths = [svg.tag("path", class_="k-" + kind, d="".join(found)) for kind, found in shapes.items()]
        box = '<svg y="%d" width="100%%" height="%d" viewBox="0 0 %d %d" preserveAspectRatio="none">' % (
            top + NAME,
            CELL,
            max(1, len(hosts)),
            CELL,
        )
        parts.append(svg.Markup(box) + svg.Markup("").join(paths) + svg.Markup("</svg>"))
        parts.append(svg.tag("line", class_="axis", x1="0", x2="100%", y1=top + NAME + CELL, y2=top + NAME + CELL))
        top += NAME + CELL + 8
    return svg.chart(top, title, *parts, class_="chart heat")


def _runs(row, joined):
    """(first, last + 1, kind) of stretches of equal kinds."""
    start = 0
    for number in range(1, len(row) + 1):
        if number == len(row) or row[number] != row[start] or not joined:
            yield start, number, row[start]
            start = number
