# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a fault as one sentence, asked beside measured: "asked 50 % of 2 cores; measured 50.1 % over 30.0 s".
Pure. Private to magsasa.chaos.

A family has a file here, with ``asked(fault)``, ``found(fault)`` (texts, "" for nothing) and ``lines(fault)``: what its
series is about, as
``{key: (label, unit, figure that was asked or None)}``. What a family does not know, such as a record of another
version, is told by its keys
made readable. Everything comes from a host: nothing here may raise for what it says.
"""

from __future__ import annotations

import importlib
from collections import namedtuple

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases import figures, operations

Said = namedtuple("Said", "asked found sentence")
Line = namedtuple("Line", "label unit asked")
ENDED = ("process", "service", "container", "host")
FAMILIES = ("clock", "cpu", "database", "disk", "dns", "file", "http", "limit", "memory", "network") + ENDED
_BROKEN = (AttributeError, IndexError, KeyError, TypeError, ValueError, OverflowError)


def _of_family(fault):
    """The module of a fault's family, or None."""
    family = fault.get("family")
    if family not in FAMILIES:
        return None
    return importlib.import_module("%s.%s" % (__name__, "ended" if family in ENDED else family))


def _halves(fault):
    family = _of_family(fault)
    if family is not None:
        try:
            return family.asked(fault), family.found(fault)
        except _BROKEN:
            pass  # a record of another version, or of a host that says anything
    return figures.readable(fault.get("requested")), figures.readable(fault.get("measured"))


def of(fault):
    """Said of a fault record."""
    asked, found = _halves(fault)
    first = "asked %s" % asked if asked else "nothing asked"
    if not fault.get("injected_at"):
        return Said(asked, "", "%s; not injected" % first)
    return Said(asked, found, "%s; %s" % (first, "measured %s" % found if found else "nothing measured"))


def lines(fault):
    """``{key: Line}`` of what the fault's series may have; empty for a fault without one."""
    family = _of_family(fault)
    try:
        found = family.lines(fault) if family is not None else {}
    except _BROKEN:
        return {}
    return {
        key: Line(label, unit, asked if figures.is_number(asked) else None)
        for key, (label, unit, asked) in found.items()
    }


def undo(operation):
    """An undo operation as the plan tells it, as words."""
    return operations.words(operation)
