# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the experiments of a run come to. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from . import outcome
from .score import score
from .verdict import STATUSES

JUDGED = ("passed", "failed")


def summary(records):
    """The report's ``summary`` of a list of experiment records, with a verdict and a sentence for the run.

    Score and objectives are those of experiments that have a verdict: what an experiment measured whose fault did not bite
    says nothing about the system.
    """
    objectives = [each for r in records for each in r.get("objectives") or [] if r["verdict"] in JUDGED]
    found = {"experiments": len(records)}
    found.update({status: sum(1 for r in records if r["status"] == status) for status in STATUSES})
    found.update(
        {
            "passed": sum(1 for r in records if r["verdict"] == "passed"),
            "failed_slo": sum(1 for r in records if r["verdict"] == "failed"),
            "unknown": sum(1 for r in records if r["verdict"] not in JUDGED),
            "score": score(objectives),
            "objectives_measured": sum(1 for each in objectives if each["met"] is not None),
            "objectives_unmeasured": sum(1 for each in objectives if each["met"] is None),
            "mttr_s": _mttr(records),
            "residue": sum(len((r.get("fault") or {}).get("residue") or []) for r in records),
        }
    )
    found["verdict"] = _verdict(records, found)
    found["sentence"] = sentence(found)
    return found


def _mttr(records):
    """Mean over all outages of the run; None without one, or where one did not end."""
    total, count = 0.0, 0
    for record in records:
        metrics = record.get("metrics") or {}
        seen = metrics.get("outages_seen") or len(metrics.get("outages") or [])
        if seen and metrics.get("mttr_s") is None:
            return None
        if seen:
            total += metrics["mttr_s"] * seen
            count += seen
    return round(total / count, 3) if count else None


def _verdict(records, found):
    """failed: an objective was missed, an experiment broke, or something is left. passed: something passed, and nothing is an open question."""
    if found["residue"] or found["failed"] or found["failed_slo"]:
        return "failed"
    return "passed" if found["passed"] and not any(outcome.is_open_question(r) for r in records) else "unknown"


def sentence(found):
    """One line for a terminal: "4 passed, 1 failed, 2 skipped; score 92.3; nothing left behind"."""
    if found["planned"] and found["planned"] + found["skipped"] + found["refused"] == found["experiments"]:
        return "dry run: %s; nothing was touched" % _counts(found, ("planned", "skipped", "refused"))
    unknown = found["unknown"] - sum(found[status] for status in ("failed", "skipped", "refused", "planned"))
    counted = dict(found, **{"failed": found["failed_slo"], "not carried out": found["failed"], "unknown": unknown})
    text = _counts(counted, ("passed", "failed"), always=True) + ", " + _counts(counted, ("unknown", "not carried out", "skipped", "refused", "planned"))
    text = text.rstrip(", ")
    if found["score"] is not None:
        text += "; score %g" % found["score"]
        if found["objectives_unmeasured"]:
            text += " (%d unmeasured)" % found["objectives_unmeasured"]
    return text + ("; %d thing(s) LEFT BEHIND" % found["residue"] if found["residue"] else "; nothing left behind")


def _counts(numbers, labels, always=False):
    return ", ".join("%d %s" % (numbers[label], label) for label in labels if always or numbers[label])
