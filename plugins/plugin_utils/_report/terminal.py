# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on one screen of a terminal. Pure. Private to magsasa.chaos."""
from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows, text

WIDTH = 100
MOST_LINES = 18


def render(report, path=None):
    """Lines of text for the end of a run."""
    summary = report["summary"]
    lines = ["CHAOS %s: %s" % (summary["verdict"].upper(), summary["sentence"])]
    ordered = sorted(report["experiments"], key=lambda e: 0 if e["verdict"] == "failed" or e["status"] == "failed" else 1)
    for e in ordered[:MOST_LINES]:
        figures = "; ".join(rows.objective(each) for each in e.get("objectives") or [] if each["met"] is not None)
        tail = figures if e["verdict"] in ("passed", "failed") and figures else e.get("reason") or figures
        lines.append(_cut("  %-8s %-22s %-14s %s" % (rows.word(e), text.plain(e["scenario"], 22), text.plain(e["host"], 14), text.plain(tail))))
    if len(ordered) > MOST_LINES:
        lines.append("  ... and %d more" % (len(ordered) - MOST_LINES))
    advice = [(e, r) for e in ordered for r in e.get("recommendations") or []][:4]
    for e, said in advice:
        lines.append(_cut("  > %s: %s (%s)" % (text.plain(e["scenario"]), text.plain(said["finding"]), text.plain(said["figure"])), WIDTH * 2))
    if path:
        lines.append("report: %s" % text.plain(path))
    return lines


def _cut(line, width=WIDTH * 2):
    return line if len(line) <= width else line[: width - 3] + "..."
