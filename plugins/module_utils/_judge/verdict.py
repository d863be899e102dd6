# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From figures to a verdict, for one experiment and for a run. Pure. Private to magsasa.chaos.

``status``: did the tool do its work. ``verdict``: did the system hold. They are never mixed.
"""
from __future__ import annotations

STATUSES = ("completed", "halted", "failed", "refused", "skipped", "planned")


def verdict(status, fault, phases, objectives, reason=""):
    """(verdict, reason): passed only when the fault bit, there is data, and no objective was missed."""
    if status in ("skipped", "refused", "planned"):
        return "unknown", reason
    if status == "failed":
        return "unknown", reason or "the experiment was not carried out to its end"
    if not fault or fault.get("effect") != "confirmed":
        return "unknown", "the fault is not known to have bitten (%s)" % ((fault or {}).get("effect") or "no fault")
    for phase in ("baseline", "hold"):
        if not (phases.get(phase) or {}).get("sent"):
            return "unknown", "there is no probe data of the %s" % phase
    missed = [each["name"] for each in objectives if each["met"] is False]
    if status == "halted":
        return "failed", reason or "halted early"
    if missed:
        return "failed", "missed: %s" % ", ".join(missed)
    if not any(each["met"] for each in objectives):
        return "unknown", "no objective was measured"
    return "passed", ""


def score(objectives):
    """Weighted share of objectives met among those measured, 0..100; None when none was measured."""
    measured = [each for each in objectives if each["met"] is not None]
    total = sum(each.get("weight", 1.0) for each in measured)
    if not total:
        return None
    met = sum(each.get("weight", 1.0) for each in measured if each["met"])
    exact = 100.0 * met / total
    return min(round(exact, 1), 99.9) if met < total else 100.0


def summary(records):
    """The report's ``summary`` of a list of experiment records, with a verdict and a sentence for the run."""
    count = {status: sum(1 for r in records if r["status"] == status) for status in STATUSES}
    objectives = [each for r in records for each in r.get("objectives") or [] if r["verdict"] in ("passed", "failed")]
    durations = [o["duration_s"] for r in records for o in (r.get("metrics") or {}).get("outages") or []]
    lasting = [d for d in durations if d is not None]
    residue = sum(len((r.get("fault") or {}).get("residue") or []) for r in records)
    failed_slo = sum(1 for r in records if r["verdict"] == "failed")
    passed = sum(1 for r in records if r["verdict"] == "passed")
    found = {
        "experiments": len(records),
        "completed": count["completed"],
        "halted": count["halted"],
        "failed": count["failed"],
        "refused": count["refused"],
        "skipped": count["skipped"],
        "planned": count["planned"],
        "passed": passed,
        "failed_slo": failed_slo,
        "unknown": sum(1 for r in records if r["verdict"] == "unknown"),
        "score": score(objectives),
        "objectives_measured": sum(1 for each in objectives if each["met"] is not None),
        "objectives_unmeasured": sum(1 for each in objectives if each["met"] is None),
        "mttr_s": round(sum(lasting) / len(lasting), 3) if lasting and len(lasting) == len(durations) else None,
        "residue": residue,
    }
    found["verdict"] = _run_verdict(found)
    found["sentence"] = sentence(found)
    return found


def _run_verdict(found):
    if found["residue"] or found["failed"] or found["failed_slo"]:
        return "failed"
    return "passed" if found["passed"] else "unknown"


def sentence(found):
    """One line for a terminal: "4 passed, 1 failed, 2 skipped; score 92.3; nothing left behind"."""
    parts = ["%d passed" % found["passed"], "%d failed" % found["failed_slo"]]
    unknown = found["unknown"] - found["skipped"] - found["refused"] - found["planned"]
    for label, number in (("unknown", unknown), ("skipped", found["skipped"]), ("refused", found["refused"]), ("planned", found["planned"])):
        if number > 0:
            parts.append("%d %s" % (number, label))
    text = ", ".join(parts)
    if found["score"] is not None:
        text += "; score %g" % found["score"]
    return text + ("; %d thing(s) LEFT BEHIND" % found["residue"] if found["residue"] else "; nothing left behind")
