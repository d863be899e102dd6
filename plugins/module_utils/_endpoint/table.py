# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Candidates as lines of text for people. Pure. Private to magsasa.chaos."""

from __future__ import annotations

HEAD = ("", "PORT", "SCORE", "STEP", "SERVICE", "PROCESS", "REASONS")


def lines(shown, taken=True):
    """One line for each candidate, under a headline; the one that was taken is marked with ``>``.

    ``shown``: entries of ``candidates``, best first; ``taken``: whether the first was.
    """
    rows = [HEAD]
    for number, each in enumerate(shown):
        process = each["process"]
        rows.append(
            (
                ">" if taken and number == 0 and each["step"] != "none" else "",
                str(each["port"]),
                str(each["score"]),
                each["step"],
                " ".join(filter(None, (each["service"], each["version"]))) or "-",
                "%s (%d)" % (process["name"], process["pid"]) if process else "-",
                "; ".join(each["reasons"]),
            )
        )
    widths = [max(map(len, column)) for column in zip(*rows)][:-1] + [0]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
