# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on one screen of a terminal. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import textwrap

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model, rows, text

WIDTH = 80
HEIGHT = 24
ADVICE_LINES = 8  # kept for recommendations when there are more experiments than lines
ORDER = {"FAILED": 0, "BROKEN": 1, "refused": 2, "unknown": 3, "passed": 4, "planned": 5, "skipped": 6}


def render(report, path=None, width=WIDTH):
    """At most HEIGHT lines of plain text, none wider than ``width`` but the path of the report. The worst comes first."""
    run, summary = report["run"], report["summary"]
    title = "dry run" if run.get("dry_run") else summary["verdict"].upper()
    sentence = summary["sentence"].split(": ", 1)[-1] if run.get("dry_run") else summary["sentence"]
    lines = _wrapped("CHAOS %s: " % title, sentence, width)
    lines += [_cut("  " + said, width) for said in model.gaps(run)]
    ordered = sorted(report["experiments"], key=lambda e: ORDER[rows.word(e)])
    advice = [line for e, said in _different(ordered) for line in _advice(e, said, width)]
    room = HEIGHT - len(lines) - 1
    most = max(1, room - min(len(advice), ADVICE_LINES))
    lines += _experiments(ordered, most, width)
    lines += _first(advice, HEIGHT - len(lines) - 1, "  > more in the report")
    return lines + (["report: %s" % text.plain(path, 4000)] if path else [])


def _experiments(ordered, most, width):
    several = len({e["host"] for e in ordered}) > 1
    ids = min(26, max(len(text.plain(e["scenario"], 26)) for e in ordered)) if ordered else 0
    hosts = min(16, max(len(text.plain(e["host"], 16)) for e in ordered)) if several else 0
    shown = []
    for e in ordered:
        judged = rows.objectives(e) if e["verdict"] in ("passed", "failed") else ""
        tail = judged or e.get("reason") or rows.fault(e)
        parts = ["  %-7s" % rows.word(e), "%-*s" % (ids, text.plain(e["scenario"], 26))] + (["%-*s" % (hosts, text.plain(e["host"], 16))] if several else [])
        shown.append(_cut(" ".join(parts + [text.plain(tail)]).rstrip(), width))
    return _first(shown, most, "  ... and %d more" % (len(shown) - most + 1))


def _different(ordered):
    """(record, recommendation) without those that say to do the same as one before."""
    seen = {}
    for e in ordered:
        for said in e.get("recommendations") or []:
            seen.setdefault((said["finding"], said["advice"]), (e, said))
    return list(seen.values())


def _advice(record, said, width):
    head = "  > %s: " % text.plain(record["scenario"], 26)
    body = "%s (%s) %s" % (text.plain(said["finding"]), text.plain(said["figure"]), text.plain(said["advice"]))
    return _wrapped(head, body, width, indent="    ")


def _wrapped(head, body, width, indent="  "):
    return textwrap.wrap(head + text.plain(body, 1000), width, subsequent_indent=indent, break_on_hyphens=False)


def _first(lines, most, last):
    return lines if len(lines) <= most else lines[: max(0, most - 1)] + [last][:most]


def _cut(line, width):
    return line if len(line) <= width else line[: width - 3] + "..."
