# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the catalogue of scenarios as a table. Usage: list_scenarios.py [INTENSITY]"""
from __future__ import annotations

import sys
from pathlib import Path

import yaml

CATALOGUE = Path(__file__).resolve().parents[1] / "roles" / "suite" / "files" / "catalogue.yml"
EVERYTHING = ("smoke", "full")  # intensities that run all scenarios


def rows(scenarios, intensity=None):
    """Text cells of the scenarios that ``intensity`` (None: any) runs."""
    chosen = (each for each in scenarios if intensity in (None, each["intensity"], *EVERYTHING))
    for each in chosen:
        note = "" if each.get("available", True) else "not available: %s" % each["unavailable_reason"]
        yield each["id"], each["intensity"], "3s" if intensity == "smoke" else each["hold"], each["title"], note


def table(cells):
    """The cells in columns, without trailing blanks."""
    cells = [("SCENARIO", "INTENSITY", "HOLD", "WHAT HAPPENS", ""), *cells]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)


def main(arguments):
    scenarios = yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["scenarios"]
    print(table(rows(scenarios, *arguments[:1])))


if __name__ == "__main__":
    main(sys.argv[1:])
