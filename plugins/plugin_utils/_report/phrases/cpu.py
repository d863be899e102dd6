# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a cpu fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, number, over


def asked(fault):
    """ "50 % of 2 cores", "50 % added to 2 cores", "50 % of cores 0, 2"."""
    wanted = fault["requested"]
    ids = wanted.get("core_ids")
    cores = (
        "core%s %s" % ("s" if len(ids) > 1 else "", ", ".join(str(each) for each in ids))
        if ids
        else count(wanted["cores"], "core")
    )
    return "%s %s %s" % (number(wanted["load_pct"], "%"), "added to" if wanted.get("of") == "added" else "of", cores)


def found(fault):
    """ "50.1 % over 30.0 s, of it 43.9 % by the fault"."""
    seen = fault["measured"]
    if "host_load_pct" not in seen:
        return ""
    if fault["requested"].get("of") == "added":
        text = "%s added%s, %s busy in all" % (
            number(seen["own_load_pct"], "%"),
            over(seen),
            number(seen["host_load_pct"], "%"),
        )
    else:
        text = "%s%s, of it %s by the fault" % (
            number(seen["host_load_pct"], "%"),
            over(seen),
            number(seen["own_load_pct"], "%"),
        )
    each = sorted((seen.get("core_load_pct") or {}).values())
    return text + (
        "; single cores from %s to %s" % (number(each[0], "%"), number(each[-1], "%")) if len(each) > 1 else ""
    )


def lines(fault):
    """The series."""
    load, added = fault["requested"].get("load_pct"), fault["requested"].get("of") == "added"
    return {
        "host_load_pct": ("cores busy", "%", None if added else load),
        "own_load_pct": ("cores busy by the fault", "%", load if added else None),
    }
