# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault measured of itself, beside what was asked of it, over the same seconds as the time line. Pure.
Private to magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import svg, svg_timeline

HEIGHT, TITLE, ROW = 72, 22, 18
CHARTS = 3  # at most so many units a fault


def groups(record):
    """[(unit, lines)]: lines of one unit share a chart, in the order of the record."""
    series = (record.get("fault") or {}).get("series")
    found = {}
    for line in (series or {}).get("lines") or []:
        found.setdefault(line["unit"], []).append(line)
    return list(found.items())[:CHARTS]


def draw(record, title):
    """One chart with a panel a unit (Markup), on the seconds of the time line; None when the fault has no series."""
    where, found = svg_timeline.span(record), groups(record)
    moments = ((record.get("fault") or {}).get("series") or {}).get("at_s") or []
    if not found or not moments:
        return None
    where = where or svg.Span(min(moments), max(moments))
    parts, top = [], 0
    band = svg_timeline.band(record)
    if band:
        parts.append(svg_timeline.band_parts(band, where))
    for unit, lines in found:
        parts.append(_panel(unit, lines, moments, where, top + TITLE, band))
        top += TITLE + HEIGHT
    parts.append(svg_timeline.time_axis(where, top))
    return svg.chart(top + ROW, title, *parts, class_="chart time")


def _panel(unit, lines, moments, where, y, band):
    axis = svg.fitting([value for line in lines for value in line["values"] + [line["asked"]]], HEIGHT)
    paths, asked = [], []
    start, end = (band[0], band[1]) if band and band[1] > band[0] else (where.start, where.end)
    for number, line in enumerate(lines[:4]):
        points = [None if value is None else (where.x(at), axis.y(value)) for at, value in zip(moments, line["values"])]
        paths.append(svg.tag("path", class_="measured s%d" % number, d=svg.polyline(points)))
        if line["asked"] is not None:
            at = svg.short(y + float(axis.y(line["asked"])))
            asked.append(svg.tag("line", class_="asked", x1=where.pct(start), x2=where.pct(end), y1=at, y2=at))
    label = " and ".join(line["label"] for line in lines[:4]) + (", " + unit if unit else "")
    return svg.tag("g", svg_timeline.grid(axis, y, label), *asked, svg.curves(HEIGHT, y, *paths))
