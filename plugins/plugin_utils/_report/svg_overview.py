# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole run in one strip: every fault as a band, failed probes and latency beneath. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import svg, svg_timeline

LANES = 8  # hosts that get a lane each; above that a scenario's hosts share one
LANE, NAME, STRIP, TITLE, ROW = 38, 16, 46, 20, 18
BINS = 240
WIDE, LETTER = (
    1060,
    5.8,
)  # pixels: of the strip on a desk's screen, of a letter; a name that does not fit is left to its number
WORST = ("failed", "broken", "unknown", "passed")  # of several hosts the first of these stands for all


def span(records):
    """Seconds since the epoch from the first baseline to the last recovery (svg.Span); None when nothing ran."""
    windows = [record["window"] for record in records if record.get("window")]
    if not windows:
        return None
    return svg.Span(
        min(each["from"] for each in windows),
        max(edge for each in windows for edge in each.values() if edge is not None),
    )


def lanes(cards):
    """[(name, [slot])] of what ran: a lane a host, or as few lanes as keep scenarios of many hosts apart."""
    ran = [card for card in cards if card["record"].get("window")]
    hosts = list(dict.fromkeys(card["record"]["host"] for card in ran))
    if len(hosts) <= LANES:
        return [(host, [_slot([card]) for card in ran if card["record"]["host"] == host]) for host in hosts]
    groups = {}
    for card in ran:
        groups.setdefault(card["record"]["scenario"], []).append(card)
    found = []
    for slot in sorted((_slot(group) for group in groups.values()), key=lambda slot: slot["from"]):
        lane = next((lane for lane in found if lane[-1]["to"] <= slot["from"]), None)
        if lane is None:
            found.append([slot])
        else:
            lane.append(slot)
    return [("", lane) for lane in found[:LANES]]


def _slot(cards):
    windows = [card["record"]["window"] for card in cards]
    ends = [each["to"] or each["reverted"] or each["injected"] or each["from"] for each in windows]
    injected = [each["injected"] for each in windows if each["injected"] is not None]
    reverted = [
        each["reverted"] if each["reverted"] is not None else end
        for each, end in zip(windows, ends)
        if each["injected"] is not None
    ]
    kinds = [card["kind"] for card in cards]
    return {
        "from": min(each["from"] for each in windows),
        "to": max(ends),
        "injected": min(injected, default=None),
        "reverted": max(reverted, default=None),
        "kind": next((kind for kind in WORST if kind in kinds), kinds[0]),
        "name": cards[0]["record"]["scenario"],
        "hosts": len(cards),
        "number": cards[0]["number"],
        "anchor": cards[0]["anchor"],
    }


def draw(cards, title, shown):
    """The strip (Markup); None when nothing ran. ``cards``: {record, kind, number, anchor} in order; ``shown``:
    anchors that can be linked to.
    """
    where = span([card["record"] for card in cards])
    if where is None:
        return None
    parts, top, found = [], 0, lanes(cards)
    for name, slots in found:
        if len(found) > 1 and name:
            parts.append(svg.tag("text", name, class_="panel", x="0", y=top + 12))
            top += NAME
        parts += [_band(slot, where, top, slot["anchor"] in shown) for slot in slots]
        top += LANE
    strip = _strip([card["record"] for card in cards], where, top + TITLE)
    if strip is not None:
        parts.append(strip)
        top += TITLE + STRIP
    parts.append(_axis(where, top))
    return svg.chart(top + ROW, title, *parts, class_="chart overview", role="group")  # it has links


def _band(slot, where, y, linked):
    """The stretch that was watched, the fault within it, the verdict's sign, and as much of the name as there is
    room for.
    """
    x, wide = where.pct(slot["from"]), where.width(slot["from"], slot["to"])
    several = " (%d hosts)" % slot["hosts"] if slot["hosts"] > 1 else ""
    parts = [
        svg.tag("title", slot["name"] + several + ": " + slot["kind"]),
        svg.tag("rect", class_="watched", x=x, width=wide, y=y + 22, height="10"),
    ]
    if slot["injected"] is not None:
        held = where.width(slot["injected"], slot["reverted"])
        parts.append(svg.tag("rect", class_="held", x=where.pct(slot["injected"]), width=held, y=y + 18, height="18"))
        parts.append(
            svg.tag(
                "line",
                class_="edge",
                x1=where.pct(slot["injected"]),
                x2=where.pct(slot["injected"]),
                y1=y + 16,
                y2=y + 36,
            )
        )
    sign = svg.tag("use", href="#v-" + slot["kind"], x="0", y="2", width="12", height="12")
    room = (where.share(slot["to"]) - where.share(slot["from"])) * WIDE - 18
    name = "%d %s%s" % (slot["number"], slot["name"], several)
    words = svg.tag("text", name if len(name) * LETTER <= room else str(slot["number"]), x="16", y="12")
    parts.append(svg.clipped(x, y, wide, 16, sign, words))
    if not linked:
        return svg.tag("g", *parts, class_="slot k-" + slot["kind"])
    label = "%s%s: %s" % (slot["name"], several, slot["kind"])
    return svg.tag("a", *parts, href="#" + slot["anchor"], class_="slot k-" + slot["kind"], aria_label=label)


def _strip(records, where, y):
    """Failed probes as bars and p95 as a line, over all hosts: the worst of each moment."""
    failed, slow = [0.0] * BINS, [None] * BINS
    for record in records:
        line, window = record.get("timeline"), record.get("window")
        if not line or not window or window["injected"] is None:
            continue
        for number, (sent, lost, p95) in enumerate(zip(line["sent"], line["failed"], line["p95_ms"])):
            start = window["injected"] + line["from_s"] + number * line["bucket_s"]
            first = int(where.share(start) * (BINS - 1))
            last = int(where.share(start + line["bucket_s"] * 0.99) * (BINS - 1))
            for each in range(first, last + 1):
                if sent:
                    failed[each] = max(failed[each], lost / sent)
                if p95 is not None:
                    slow[each] = p95 if slow[each] is None else max(slow[each], p95)
    if all(each is None for each in slow) and not any(failed):
        return None
    axis, wide = svg.fitting(slow, STRIP), svg.WIDTH / BINS
    bars = "".join(
        "M%s %sv-%sh%sV%sz"
        % (svg.short(number * wide, 1), STRIP, svg.short(max(1.5, share * STRIP), 1), svg.short(wide, 1), STRIP)
        for number, share in enumerate(failed)
        if share
    )
    line = svg.polyline(
        None if value is None else (svg.short((number + 0.5) * wide, 1), axis.y(value))
        for number, value in enumerate(slow)
    )
    grid = svg_timeline.grid(axis, y, "p95, ms")
    return svg.tag(
        "g", grid, svg.curves(STRIP, y, svg.tag("path", class_="failed", d=bars), svg.tag("path", class_="p95", d=line))
    )


def _axis(where, y):
    """Time since the first probe of the run."""
    parts = [svg.tag("line", class_="axis", x1="0", x2="100%", y1=svg.short(y), y2=svg.short(y))]
    for value in svg.seconds(0.0, where.end - where.start, 7):
        share = where.share(where.start + value)
        anchor = "start" if share < 0.03 else "end" if share > 0.97 else "middle"
        x = where.pct(where.start + value)
        parts.append(svg.tag("line", class_="tick", x1=x, x2=x, y1=svg.short(y), y2=svg.short(y + 4)))
        parts.append(svg.tag("text", svg_timeline.clock(value), x=x, y=svg.short(y + 15), text_anchor=anchor))
    return svg.tag("g", *parts, class_="x")
