# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Print the scenarios as a table, with what each would use on this machine or why it cannot run here. Usage:
list_scenarios.py [INTENSITY]
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _catalogue

SHELVES = [ROOT / "roles" / "suite" / "files" / name for name in ("catalogue.yml", "extended.yml")]
A_PORT = 8000  # stands for the one that port detection finds


def rows(scenarios, ability, intensity=None):
    """Text cells of the scenarios that an intensity runs, of all without one; ``ability(scenario)``: text of the
    last cell.
    """
    for each in scenarios:
        if intensity is None or _catalogue.runs(each, intensity):
            yield each["id"], each["intensity"], _catalogue.hold(each, intensity), each["title"], ability(each)


def table(cells):
    """The cells in columns, without trailing blanks."""
    cells = [("SCENARIO", "INTENSITY", "HOLD", "WHAT HAPPENS", "HERE"), *cells]
    widths = [max(map(len, column)) for column in zip(*cells)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in cells)


def ability(scenario):
    """What this machine would use for a scenario, or why it cannot run it."""
    if not scenario.get("available", True):
        return "not available: %s" % scenario["unavailable_reason"]
    # Loaded only when somebody asks.
    from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
    from ansible_collections.magsasa.chaos.plugins.module_utils._fault import assess

    options = {key: A_PORT if value == "@port" else value for key, value in scenario["options"].items()}
    if scenario["family"] in ("process", "http") or any(str(value).startswith("@") for value in options.values()):
        return "needs the %s of the service that is found" % (
            "database" if scenario["family"] == "database" else "process"
        )
    family = assess.family_of(scenario["family"])
    typed = (
        ArgumentSpecValidator(family.options)
        .validate({key: value for key, value in options.items() if key in family.options})
        .validated_parameters
    )
    found = assess.assess(scenario["family"], typed, bool(options.get("force")))
    return "ready: %s" % found["backend"] if found["can"] else found["why"]


def main(arguments):
    scenarios = [each for shelf in SHELVES for each in yaml.safe_load(shelf.read_text(encoding="utf-8"))["scenarios"]]
    print(table(rows(scenarios, ability, *arguments[:1])))


if __name__ == "__main__":
    main(sys.argv[1:])
