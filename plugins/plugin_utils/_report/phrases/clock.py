# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a clock fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import number


def _moved(seconds):
    return "%s %s" % (number(abs(seconds), "s"), "ahead" if seconds >= 0 else "behind")


def asked(fault):
    """ "time of day 300 s ahead"."""
    return "time of day %s" % _moved(fault["requested"]["offset_s"])


def found(fault):
    """ "300.002 s ahead"."""
    return _moved(fault["measured"]["offset_s"]) if "offset_s" in fault["measured"] else ""


def lines(fault):
    """The series."""
    return {"offset_s": ("time of day ahead", "s", fault["requested"].get("offset_s"))}
