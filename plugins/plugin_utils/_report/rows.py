# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One experiment in the words that Markdown and terminal share. Pure. Private to magsasa.chaos."""
from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text

LABELS = {
    "availability": "availability",
    "error_rate": "errors",
    "p95": "p95",
    "latency_impact": "latency",
    "recovery_time": "recovery",
    "mttr": "MTTR",
}


def word(record):
    """The word that stands for an experiment: its verdict, or why there is none."""
    if record["verdict"] in ("passed", "failed"):
        return record["verdict"].upper() if record["verdict"] == "failed" else "passed"
    return record["status"] if record["status"] in ("skipped", "refused", "planned", "failed") else "unknown"


def objective(each):
    """ "recovery 1.2 s (10 s at most)", with a mark when it was missed."""
    at = "at least" if each["name"] == "availability" else "at most"
    measured = text.number(each["measured"], each["unit"]) if each["measured"] is not None else ("never" if each["met"] is False else "not measured")
    mark = " MISSED" if each["met"] is False else ""
    return "%s %s (%s %s)%s" % (LABELS[each["name"]], measured, at, text.number(each["objective"], each["unit"]), mark)


def fault(record):
    """ "asked load_pct 50, measured host_load_pct 50.1: confirmed"."""
    found = record.get("fault") or {}
    if not found:
        return "-"
    asked = ", ".join("%s %s" % pair for pair in (found.get("requested") or {}).items())
    measured = ", ".join("%s %s" % pair for pair in (found.get("measured") or {}).items() if not isinstance(pair[1], (dict, list)))
    return "asked %s; measured %s: %s" % (asked or "-", measured or "nothing", found.get("effect") or "-")


def put_back(record):
    """Whether everything of the fault is gone, and how it ended."""
    found = record.get("fault") or {}
    if not found.get("injected_at"):
        return "not injected"
    if found.get("residue"):
        return "NO: " + "; ".join(found["residue"])
    return "yes (%s)" % (found.get("revert_cause") or "?")
