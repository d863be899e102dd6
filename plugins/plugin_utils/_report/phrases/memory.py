# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a memory fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import number


def asked(fault):
    """ "256 MiB of memory, at least 788 MiB left free, within 10 s"."""
    wanted = fault["requested"]
    ramp = ", taken over %s" % number(wanted["ramp_s"], "s") if wanted.get("ramp_s") else ""
    return "%s of memory%s, %s in reserve" % (
        number(wanted["size_mib"], "MiB"),
        ramp,
        number(wanted["reserve_mib"], "MiB"),
    )


def found(fault):
    """ "257 MiB held, 3120 MiB still available"; what was given back or swapped, if anything was."""
    seen = fault["measured"]
    if "held_mib" not in seen:
        return ""
    parts = ["%s held" % number(seen["held_mib"], "MiB"), "%s still available" % number(seen["available_mib"], "MiB")]
    if seen.get("given_back_mib"):
        parts.append("%s given back to the host" % number(seen["given_back_mib"], "MiB"))
    if seen.get("swapped_mib"):
        parts.append("%s of it in swap" % number(seen["swapped_mib"], "MiB"))
    return ", ".join(parts)


def lines(fault):
    """The series."""
    return {
        "held_mib": ("memory held", "MiB", fault["requested"].get("size_mib")),
        "available_mib": ("memory still available", "MiB", None),
    }
