# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as one HTML file: no network, no fonts, no library; styles and a small script are within it. Pure. Private
to magsasa.chaos.

Whatever is written passes ``text.plain`` and is escaped; only what this package draws is markup. The content security
policy lets nothing
run or load but the one style and the one script, which it names by their hashes.
"""

from __future__ import annotations

import base64
import calendar
import functools
import hashlib
import os
import time

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import (
    model,
    rows,
    svg_overview,
    svg_series,
    svg_small,
    svg_timeline,
    text,
    view,
)
from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "templates")
LONGEST, LONGEST_NAME = 1000, 120


def render(report, digest=None):
    """The whole page. ``report``: see model.build; ``digest``: SHA-256 of report.json, when there is one beside it."""
    return _template().render(_view(report, digest))


def _view(report, digest):
    cards = view.cards(report)
    full = view.detailed(cards)
    shown = {card["anchor"] for card in full}
    missed = view.missed(cards)
    style, script = _file("style.css"), _file("script.js")
    return {
        "policy": (
            "default-src 'none'; style-src '%s'; script-src '%s'; base-uri 'none'; form-action 'none'"
            % (_hash(style), _hash(script))
        ),
        "style": Markup(style),
        "script": Markup(script),
        "icons": Markup(_file("icons.svg")),
        "run": report["run"],
        "summary": report["summary"],
        "kind": "planned" if report["run"].get("dry_run") else report["summary"]["verdict"],
        "gaps": model.notes(report["run"]),
        "cards": cards,
        "full": full,
        "shown": shown,
        "missed": (
            missed[: view.MISSED]
            if len(cards) <= view.DETAILS
            else sorted(missed, key=lambda pair: view.badness(pair[0]))[: view.MISSED]
        ),
        "missed_more": max(0, len(missed) - view.MISSED),
        "advice": view.advice(cards),
        "not_run": view.not_run(cards),
        "fleet": view.fleet(cards),
        "hosts": list(dict.fromkeys(card["record"]["host"] for card in cards)),
        "tested": rows.tested(report["experiments"])[: view.DETAILS],
        "comparison": report.get("comparison"),
        "history": report.get("history") or [],
        "digest": digest,
    }


@functools.lru_cache(maxsize=None)
def _file(name):
    """A file of this package. In a page neither a style nor a script may hold what would end it."""
    with open(os.path.join(FOLDER, name), encoding="utf-8") as source:
        return source.read()


def _hash(content):
    return "sha256-" + base64.b64encode(hashlib.sha256(content.encode("utf-8")).digest()).decode("ascii")


@functools.lru_cache(maxsize=None)
def _template():
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, finalize=_harmless, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.update(
        view=view,
        number=number,
        words=text.number,
        plain=figure,
        clock=clock,
        moment=moment,
        lasted=lasted,
        timeline=svg_timeline,
        series=svg_series,
        overview=svg_overview,
        small=svg_small,
        failures=rows.failures,
        buckets=buckets,
        points=points,
        name_of=name_of,
    )
    return environment.get_template("report.html.j2")


def _harmless(value):
    """Every expression of the templates comes here: markup of our own stays, all else is one line of printable text."""
    if isinstance(value, Markup):
        return value
    return "" if value is None else text.plain(value, LONGEST)


def number(value, unit=""):
    """A figure for readers; where it is rounded, with the exact one for programs: <data value="4.213">4.21 s</data>."""
    if value is None:
        return Markup('<span class="none">-</span>')
    shown = text.number(value, unit)
    if shown.partition(" ")[0] in ("%s" % value, ("%s" % value).removesuffix(".0")):
        return Markup(escape(shown))
    return Markup('<data value="%s">%s</data>') % (figure(value), shown)


def name_of(value):
    """A name of a host or a scenario; nobody reads one of ten thousand letters."""
    return text.plain(value, LONGEST_NAME)


def figure(value):
    """A number as in report.json."""
    return Markup("") if value is None else Markup(escape("%s" % value))


def clock(seconds):
    """Time of day of a moment since the epoch, UTC; "-" for none, and for one that no clock has."""
    try:
        return time.strftime("%H:%M:%S", time.gmtime(seconds)) if isinstance(seconds, (int, float)) else "-"
    except (OverflowError, OSError, ValueError):
        return "-"


def _epoch(stamp):
    try:
        return calendar.timegm(time.strptime(stamp, "%Y-%m-%dT%H:%M:%SZ"))
    except (TypeError, ValueError):
        return None


def moment(stamp):
    """ "24 Nov 2026, 22:05 UTC" of a stamp as in report.json."""
    found = _epoch(stamp)
    return stamp if found is None else time.strftime("%d %b %Y, %H:%M UTC", time.gmtime(found)).lstrip("0")


def lasted(run):
    """How long a run was: "3 min 59 s"; "" when that is not known."""
    start, end = _epoch(run.get("started")), _epoch(run.get("finished"))
    if start is None or end is None or end < start:
        return ""
    hours, minutes, seconds = (end - start) // 3600, (end - start) // 60 % 60, (end - start) % 60
    return (
        "%d h %d min" % (hours, minutes)
        if hours
        else "%d min %d s" % (minutes, seconds) if minutes else "%d s" % seconds
    )


def buckets(line):
    """The rows of the table behind a time line (Markup): end tags that HTML lets out are left out, as there are
    many.
    """
    columns = [
        line["sent"],
        line["failed"],
        *line["failed_by"].values(),
        line["p50_ms"],
        line["p95_ms"],
        line["max_ms"],
    ]
    starts = ["%.10g" % (line["from_s"] + position * line["bucket_s"]) for position in range(len(line["sent"]))]
    return Markup(
        "".join(
            "<tr><td>" + "<td>".join([start] + [_cell(column[at]) for column in columns])
            for at, start in enumerate(starts)
        )
    )


def points(moments, lines):
    """The rows of the table behind a fault's own series (Markup)."""
    return Markup(
        "".join(
            "<tr><td>" + "<td>".join(["%.10g" % at] + [_cell(line["values"][row]) for line in lines])
            for row, at in enumerate(moments)
        )
    )


def _cell(value):
    return (
        "" if value is None else str(value) if isinstance(value, (int, float)) else str(escape(text.plain(value, 40)))
    )
