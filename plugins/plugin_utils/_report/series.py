# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault measured of itself while it was held, as lines that can be drawn. It came from a host. Pure. Private
to magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.phases import is_figure
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import phrases

MOST_POINTS = 240
MOST_LINES = 6
NONE = "this fault has no figure that changes while it is held"
NOT_KEPT = "the fault kept no figures over time"


def checked(raw):
    """The series of a fault's record in the form that the host is to send it, ``{at_s, figures}``, or None: a host
    may send anything.
    """
    if not isinstance(raw, dict) or not isinstance(raw.get("at_s"), list) or not isinstance(raw.get("figures"), dict):
        return None
    at = raw["at_s"][:MOST_POINTS]
    if not at or not all(map(is_figure, at)):
        return None
    figures = {}
    for key, values in list(raw["figures"].items())[:MOST_LINES]:
        if isinstance(values, list) and len(values) == len(raw["at_s"]):
            figures[str(key)] = [value if is_figure(value) else None for value in values[:MOST_POINTS]]
    return {"at_s": at, "figures": figures} if figures else None


def of(fault):
    """``({at_s, lines: [{key, label, unit, asked, values}]} or None, why there is none)`` of a fault record."""
    raw = checked(fault.get("series"))
    if raw is None:
        return None, "" if not fault.get("injected_at") else NOT_KEPT if phrases.lines(fault) else NONE
    known = phrases.lines(fault)
    lines = [
        {"key": key, "label": known[key].label, "unit": known[key].unit, "asked": known[key].asked, "values": values}
        for key, values in raw["figures"].items()
        if key in known
    ]
    return ({"at_s": raw["at_s"], "lines": lines}, "") if lines else (None, NOT_KEPT)
