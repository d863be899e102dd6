# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a fault as one sentence, asked beside measured: "asked 50 % of 2 cores; measured 50.1 % over 30.0 s". Pure. Private to magsasa.chaos.

A family has a file of its own here, with ``asked(fault)``, ``found(fault)`` (texts, "" for nothing) and ``LINES``: what its series is about, as
``{key: (label, unit, key of what was asked or None)}``. What a family does not know, such as a record of another version, is told by its keys
made readable. Everything comes from a host: nothing here may raise for what it says.
"""

from __future__ import annotations

import importlib
from collections import namedtuple

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases import figures

Said = namedtuple("Said", "asked found sentence")
Line = namedtuple("Line", "label unit asked")
FAMILIES = ()


def _of_family(fault):
    """The module of a fault's family, or None."""
    family = fault.get("family")
    return importlib.import_module("%s.%s" % (__name__, family)) if family in FAMILIES else None


def _halves(fault):
    family = _of_family(fault)
    if family is not None:
        try:
            return family.asked(fault), family.found(fault)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            pass  # a record of another version, or of a host that says anything
    return figures.readable(fault.get("requested")), figures.readable(fault.get("measured"))


def of(fault):
    """Said of a fault record."""
    asked, found = _halves(fault)
    first = "asked %s" % asked if asked else "nothing asked"
    if not fault.get("injected_at"):
        return Said(asked, "", "%s; not injected" % first)
    return Said(asked, found, "%s; %s" % (first, "measured %s" % found if found else "nothing measured"))


def line(fault, key):
    """Line of one key of a fault's series, or None for one that nobody knows."""
    label, unit, wanted = getattr(_of_family(fault), "LINES", {}).get(key, (None, None, None))
    if label is None:
        return None
    asked = (fault.get("requested") or {}).get(wanted) if wanted else None
    return Line(label, unit, asked if isinstance(asked, (int, float)) and not isinstance(asked, bool) else None)


def has_series(fault):
    """Whether faults of this family keep figures over time."""
    return bool(getattr(_of_family(fault), "LINES", {}))


def undo(operation):
    """An undo operation as the plan tells it, as words."""
    return figures.operation(operation)
