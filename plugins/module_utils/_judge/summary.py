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

    Score and objectives are those of experiments that have a verdict: what an experiment measured whose fault did not
    bite
    says nothing about the system.
    """
    judged = [each for r in records if r["verdict"] in JUDGED for each in r.get("objectives") or []]
    found = {"experiments": len(records), "hosts": len({r.get("host") for r in records})}
    found.update({status: sum(1 for r in records if r["status"] == status) for status in STATUSES})
    found.update(
        {
            "ran": sum(1 for r in records if r["status"] in outcome.RAN),
            "passed": sum(1 for r in records if r["verdict"] == "passed"),
            "failed_slo": sum(1 for r in records if r["verdict"] == "failed"),
            "unknown": sum(1 for r in records if r["verdict"] not in JUDGED),
            "score": score(judged),
            "mttr_s": _mttr(records),
            "residue": sum(len((r.get("fault") or {}).get("residue") or []) for r in records),
            "recovery": _recovery(records),
            "touched": _touched(records),
        }
    )
    found.update(_objectives(records))
    found["verdict"] = _verdict(records, found)
    found["timelines_left_out"] = 0  # see plugin_utils/_report/model.py
    found["score_over"] = score_over(found)
    found["sentence"] = sentence(found)
    return found


def _objectives(records):
    """How many objectives were measured, were not, or had no occasion (MTTR without an outage). Only those of a
    verdict count as measured.
    """
    counts = {"objectives_measured": 0, "objectives_unmeasured": 0, "objectives_idle": 0}
    for record in records:
        for each in record.get("objectives") or []:
            if record["verdict"] in JUDGED and each["met"] is not None:
                counts["objectives_measured"] += 1
            elif is_idle(each, record):
                counts["objectives_idle"] += 1
            else:
                counts["objectives_unmeasured"] += 1
    return counts


def is_idle(objective, record):
    """Whether there was no occasion to measure an objective: nothing was to be repaired."""
    return (
        objective["name"] == "mttr"
        and objective["met"] is None
        and (record.get("metrics") or {}).get("outages_seen") == 0
    )


def _recovery(records):
    """The recovery-time objective over the run: the strictest, the longest recovery that was measured, and how many
    met it.
    """
    found = [each for r in records for each in r.get("objectives") or [] if each["name"] == "recovery_time"]
    judged = [
        each
        for r in records
        if r["verdict"] in JUDGED
        for each in r.get("objectives") or []
        if each["name"] == "recovery_time"
    ]
    met, missed = (sum(1 for each in judged if each["met"] is word) for word in (True, False))
    return {
        "objective_s": min((each["objective"] for each in found), default=None),
        "worst_s": max((each["measured"] for each in judged if each["measured"] is not None), default=None),
        "met": met,
        "missed": missed,
        "unmeasured": len(found) - met - missed,
    }


def put_back(fault):
    """What became of what a fault touched: nothing (it touched nothing), left, different, yes, or unknown."""
    fault = fault or {}
    if fault.get("residue"):
        return "left"
    if fault.get("differences"):
        return "different"
    if not fault.get("injected_at"):
        return "nothing"
    return "yes" if fault.get("reverted_at") and fault.get("revert_cause") else "unknown"


def _touched(records):
    states = [put_back(r.get("fault")) for r in records]
    counts = {
        name: states.count(state)
        for name, state in (("put_back", "yes"), ("left", "left"), ("different", "different"), ("unknown", "unknown"))
    }
    return dict({"faults": sum(counts.values())}, **counts)


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
    """failed: an objective was missed, an experiment broke, or something is left. passed: something passed, and
    nothing is an open question.
    """
    if found["residue"] or found["failed"] or found["failed_slo"]:
        return "failed"
    return "passed" if found["passed"] and not any(outcome.is_open_question(r) for r in records) else "unknown"


def sentence(found):
    """One line for a terminal: "4 passed, 1 failed, 2 skipped; 5 of 7 ran; score 92.3 over 20 of 28 objectives;
    nothing left behind".
    """
    if found["planned"] and found["planned"] + found["skipped"] + found["refused"] == found["experiments"]:
        return "dry run: %s; nothing was touched" % _counts(found, ("planned", "skipped", "refused"))
    unknown = found["unknown"] - sum(found[status] for status in ("failed", "skipped", "refused", "planned"))
    counted = dict(found, **{"failed": found["failed_slo"], "not carried out": found["failed"], "unknown": unknown})
    counts = (
        _counts(counted, ("passed", "failed"), always=True),
        _counts(counted, ("unknown", "not carried out", "skipped", "refused", "planned")),
    )
    parts = [", ".join(part for part in counts if part)]
    parts += ["%d of %d ran" % (found["ran"], found["experiments"])] if found["ran"] < found["experiments"] else []
    parts += [score_over(found)] if found["score"] is not None else []
    return "; ".join(parts + _left(found))


def _left(found):
    """What is left, in words. Of a fault whose end nobody saw nothing is known, not even that nothing is left."""
    parts = ["%d thing(s) LEFT BEHIND" % found["residue"]] if found["residue"] else []
    unseen = (found.get("touched") or {}).get("unknown")
    parts += ["the end of %d fault(s) was not seen: run --halt to be sure" % unseen] if unseen else []
    return parts or ["nothing left behind"]


def score_over(found):
    """ "score 92.3 over 20 of 28 objectives"; "" without a score."""
    if found["score"] is None:
        return ""
    known = found["objectives_measured"] + found["objectives_unmeasured"]
    over = " over %d of %d objectives" % (found["objectives_measured"], known) if found["objectives_unmeasured"] else ""
    return "score %g%s" % (found["score"], over)


def _counts(numbers, labels, always=False):
    return ", ".join("%d %s" % (numbers[label], label) for label in labels if always or numbers[label])
