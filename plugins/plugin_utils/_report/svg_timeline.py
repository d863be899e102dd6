# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One experiment over time: latency, failed probes, the fault as a band, outages and other moments. Pure. Private
to magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import svg, text

ROW, LATENCY, FAILURES, TITLE = 18, 132, 40, 20  # heights in pixels
MOMENTS = {"halted": "halted", "recovered": "recovered"}


def span(record):
    """The seconds that all charts of one experiment show (svg.Span); None when nothing was measured over time."""
    edges = []
    line = record.get("timeline")
    if line and line["sent"]:
        edges += [line["from_s"], line["from_s"] + line["bucket_s"] * len(line["sent"])]
    zero = injected(record)
    if zero is not None:
        edges += [phase[edge] - zero for phase in (record.get("phases") or {}).values() for edge in ("from", "to")]
    return svg.Span(min(edges), max(edges)) if edges else None


def injected(record):
    """The observer's moment that is second 0; None where the fault and the probe had clocks of their own or nothing
    was injected.
    """
    hold = (record.get("phases") or {}).get("hold")
    return hold["from"] if hold else None


def band(record):
    """(from, to, words) of the fault in seconds; None when none was injected. An event is a moment."""
    marks = {mark["kind"]: mark for mark in (record.get("timeline") or {}).get("marks") or []}
    hold = (record.get("phases") or {}).get("hold")
    if not (record.get("fault") or {}).get("injected_at"):
        return None
    start = marks["injected"]["at_s"] if "injected" in marks else 0.0
    if "reverted" in marks:
        end = marks["reverted"]["at_s"]
    elif hold:
        end = hold["to"] - hold["from"]
    else:
        return None
    if record["fault"].get("event"):
        return (start, start, "fault")
    return (start, max(start, end), "fault %s" % text.number(end - start, "s"))


def draw(record, title):
    """The chart (Markup); None when there is nothing to draw. Times are seconds after the injection."""
    line, where = record.get("timeline"), span(record)
    if where is None:
        return None
    parts, marks = [_band(record, where), _phases(record, where)], _moments(record)
    top = ROW
    for mark in marks:
        if mark["kind"] == "outage":
            top = 2 * ROW
    moments = [mark for mark in marks if mark["kind"] != "outage"]
    parts += [_outage(mark, where) for mark in marks if mark["kind"] == "outage"]
    if moments:
        parts += [_moment(mark, where, top) for mark in moments]
        top += ROW
    if line and any(line["sent"]):
        parts.append(_latency(record, line, where, top + TITLE))
        top += TITLE + LATENCY
        parts.append(_failures(line, where, top + TITLE))
        top += TITLE + FAILURES
    parts.append(time_axis(where, top))
    return svg.chart(top + ROW, title, *parts, class_="chart time")


def time_axis(where, y):
    """Round seconds below a chart; the injection is 0."""
    parts = []
    for value in svg.seconds(where.start, where.end, 8):
        share = where.share(value)
        anchor = "start" if share < 0.03 else "end" if share > 0.97 else "middle"
        label = ("+" if value > 0 else "") + clock(value)
        parts.append(
            svg.tag(
                "line", class_="tick", x1=where.pct(value), x2=where.pct(value), y1=svg.short(y), y2=svg.short(y + 4)
            )
        )
        parts.append(svg.tag("text", label, x=where.pct(value), y=svg.short(y + 15), text_anchor=anchor))
    return svg.tag(
        "g", svg.tag("line", class_="axis", x1="0", x2="100%", y1=svg.short(y), y2=svg.short(y)), *parts, class_="x"
    )


def clock(value):
    """Seconds as a reader says them: 5 s, 1:30 min, 2:05:00 h."""
    if abs(value) < 120:
        return "%.4g s" % value
    sign, whole = ("-" if value < 0 else ""), int(round(abs(value)))
    if whole < 3600:
        return "%s%d:%02d min" % (sign, whole // 60, whole % 60)
    return "%s%d:%02d:%02d h" % (sign, whole // 3600, whole // 60 % 60, whole % 60)


def band_parts(found, where):
    """The fault's band over the whole height, with edges: a shape, and not a colour alone."""
    start, end, _words = found
    edges = [
        svg.tag("line", class_="edge", x1=where.pct(each), x2=where.pct(each), y1="0", y2="100%")
        for each in ((start, end) if end > start else (start,))
    ]
    area = (
        svg.tag("rect", class_="band", x=where.pct(start), width=where.width(start, end), y="0", height="100%")
        if end > start
        else None
    )
    return svg.tag("g", area, *edges)


def grid(axis, y, label):
    """Lines across at round values, with the values, and what they are."""
    parts = []
    for value in axis.ticks():
        at = y + float(axis.y(value))
        parts.append(svg.tag("line", class_="grid", x1="0", x2="100%", y1=svg.short(at), y2=svg.short(at)))
        if at - y > 9:  # the title of the panel is above the uppermost line
            parts.append(svg.tag("text", svg.value_label(value), class_="y", x="2", y=svg.short(at - 3)))
    parts.append(
        svg.tag("line", class_="axis", x1="0", x2="100%", y1=svg.short(y + axis.height), y2=svg.short(y + axis.height))
    )
    parts.append(
        svg.tag("text", label + (", by tenfold steps" if axis.log else ""), class_="panel", x="0", y=svg.short(y - 7))
    )
    return svg.tag("g", *parts)


def _band(record, where):
    found = band(record)
    return band_parts(found, where) if found else None


def _phases(record, where):
    """What the time was: before, the fault, after; each name stays within its own stretch."""
    found = band(record)
    if found is None:
        return None
    start, end, words = found
    parts = []
    for begin, stop, name, kind in (
        (where.start, start, "before", "phase"),
        (start, end, words, "phase fault"),
        (end, where.end, "after", "phase"),
    ):
        if stop > begin:
            parts.append(
                svg.clipped(
                    where.pct(begin),
                    0,
                    where.width(begin, stop),
                    ROW,
                    svg.tag("text", name, class_=kind, x="5", y="13"),
                )
            )
    return svg.tag("g", *parts)


def _moments(record):
    """Marks that are drawn: outages, and what else happened."""
    marks = (record.get("timeline") or {}).get("marks")
    if marks is not None:
        return [mark for mark in marks if mark["kind"] == "outage" or mark["kind"] in MOMENTS]
    zero = injected(record)
    outages = (record.get("metrics") or {}).get("outages") or []
    if zero is None:
        return []
    return [
        {
            "kind": "outage",
            "at_s": each["from"] - zero,
            "to_s": None if each["to"] is None else each["to"] - zero,
            "text": "outage",
        }
        for each in outages
    ]


def _outage(mark, where):
    """A bar with ends, and how long it was; without an end while it was watched, it has an arrow."""
    start = mark["at_s"]
    end = where.end if mark["to_s"] is None else mark["to_s"]
    y = ROW + 5
    ends = [
        svg.tag("line", x1=where.pct(each), x2=where.pct(each), y1=y - 4, y2=y + 4)
        for each in ((start,) if mark["to_s"] is None else (start, end))
    ]
    arrow = svg.tag("text", "▶", class_="arrow", x="100%", y=y + 4, text_anchor="end") if mark["to_s"] is None else None
    lasted = "not over" if mark["to_s"] is None else text.number(end - start, "s")
    middle = where.start + (where.share(start) + where.share(end)) / 2.0 * (where.end - where.start)
    words = (
        svg.tag("text", "outage " + lasted, x=where.pct(middle), y=y + 4, text_anchor="middle")
        if where.share(end) - where.share(start) > 0.25
        else None
    )
    lasting = svg.tag("line", class_="bar", x1=where.pct(start), x2=where.pct(end), y1=y, y2=y)
    return svg.tag("g", svg.tag("title", "outage " + lasted), lasting, *ends, arrow, words, class_="outage")


def _moment(mark, where, y):
    """A dotted line through the chart with a word at its head."""
    share = where.share(mark["at_s"])
    line = svg.tag("line", x1=where.pct(mark["at_s"]), x2=where.pct(mark["at_s"]), y1=svg.short(y + 4), y2="100%")
    words = svg.tag(
        "text", ("■ " if mark["kind"] == "halted" else "▸ ") + (mark["text"] or MOMENTS[mark["kind"]]),
        x=where.pct(mark["at_s"]), dx="-4" if share > 0.6 else "4", y=svg.short(y + 13), text_anchor="end" if share > 0.6 else "start",
    )  # fmt: skip
    return svg.tag("g", line, words, class_="moment " + mark["kind"])


def _points(line, values, where, axis):
    """Middles of the buckets that have a value; a bucket without one breaks the line."""
    middle = line["from_s"] + line["bucket_s"] / 2.0
    return [
        None if value is None else (where.x(middle + number * line["bucket_s"]), axis.y(value))
        for number, value in enumerate(values)
    ]


def latency_limit(record):
    """(limit, name) of the strictest objective on a latency, for a line in the chart; None without one."""
    found = [
        (each["objective"], each["name"])
        for each in record.get("objectives") or []
        if each["name"].partition(" in ")[0] in ("p95", "p99")
    ]
    return min(found) if found else None


def _latency(record, line, where, y):
    limit = latency_limit(record)
    axis = svg.fitting(line["p50_ms"] + line["p95_ms"] + line["max_ms"], LATENCY)
    low = _points(line, line["p50_ms"], where, axis)
    high = _points(line, line["p95_ms"], where, axis)
    paths = [
        svg.tag("path", class_="spread", d=_area(low, high)),
        svg.tag("path", class_="max", d=svg.polyline(_points(line, line["max_ms"], where, axis))),
        svg.tag("path", class_="p50", d=svg.polyline(low)),
        svg.tag("path", class_="p95", d=svg.polyline(high)),
    ]
    parts = [grid(axis, y, "latency of answers, ms"), svg.curves(LATENCY, y, *paths)]
    if limit and axis.low <= limit[0] <= axis.high:
        at = svg.short(y + float(axis.y(limit[0])))
        words = "%s at most %s" % (limit[1].partition(" in ")[0], text.number(limit[0], "ms"))
        parts.append(svg.tag("line", class_="limit", x1="0", x2="100%", y1=at, y2=at))
        parts.append(
            svg.tag("text", words, class_="limit", x="100%", dx="-3", y=svg.short(float(at) - 4), text_anchor="end")
        )
    return svg.tag("g", *parts)


def _area(low, high):
    """The surface between two lines, in pieces where one of them is broken."""
    parts, run = [], []
    for pair in [*zip(low, high), (None, None)]:
        if None not in pair:
            run.append(pair)
        elif run:
            there, back = [pair[1] for pair in run], [pair[0] for pair in reversed(run)]
            parts.append(svg.through(there + back) + "z" if len(run) > 1 else "")
            run = []
    return "".join(parts)


def _failures(line, where, y):
    """A bar a bucket: the share of its probes that failed."""
    axis = svg.Axis(0.0, 100.0, FAILURES)
    parts = []
    for number, (sent, failed) in enumerate(zip(line["sent"], line["failed"])):
        if sent and failed:
            start = line["from_s"] + number * line["bucket_s"]
            high = FAILURES * failed / sent
            wide = svg.WIDTH * line["bucket_s"] / (where.end - where.start) * 0.88
            parts.append(
                "M%s %sh%sv%sh-%sz"
                % (where.x(start), FAILURES, svg.short(wide, 1), svg.short(-high, 1), svg.short(wide, 1))
            )
    whole = svg.tag("line", class_="grid", x1="0", x2="100%", y1=svg.short(y), y2=svg.short(y))
    label = svg.tag("text", "100", class_="y", x="2", y=svg.short(y + 9))
    base = svg.tag(
        "line", class_="axis", x1="0", x2="100%", y1=svg.short(y + axis.height), y2=svg.short(y + axis.height)
    )
    title = svg.tag("text", "probes that failed, %", class_="panel", x="0", y=svg.short(y - 7))
    return svg.tag(
        "g", title, whole, base, svg.curves(FAILURES, y, svg.tag("path", class_="failed", d="".join(parts))), label
    )
