# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From figures to the verdict of one experiment. Pure. Private to magsasa.chaos.

``status``: did the tool do its work. ``verdict``: did the system hold. They are never mixed.
"""

from __future__ import annotations

from .objectives import label

VERDICTS = ("passed", "failed", "unknown")
STATUSES = ("completed", "halted", "failed", "refused", "skipped", "planned")
# Probes that a pass needs. Each of fewer is more than a tenth of the error rate: that none of them failed bounds it at
# 26 % at best (95 % confidence, 1 - 0.05 ** (1 / 10)). A miss needs no such number: what was seen to fail did fail.
LEAST_PROBES = 10
FEW = (
    "only %s saw the fault (%s), and a pass needs %d; raise chaos_probe_rate (or the rate of the scenario's probe) or the"
    " scenario's hold"
)
SYSTEM_HALTS = ("halt_condition",)  # ends that the system brought about itself


def verdict(status, fault, phases, objectives, reason="", breached=False, metrics=None):
    """(verdict, reason): passed only when the fault bit, all data is there, and every objective was measured and met.

    ``breached``: a halt condition was met, so the system did not hold; somebody else's halt says nothing about it.
    """
    metrics = metrics or {}
    if status in ("skipped", "refused", "planned"):
        return "unknown", reason
    if status == "failed":
        return "unknown", reason or "the experiment could not be carried out to its end"
    if breached:
        return "failed", reason or "a halt condition was met"
    if status == "halted" and not (phases.get("baseline") or {}).get("sent"):
        return "unknown", reason or "it was halted before its end"  # the halt took the probe along
    if not fault or fault.get("effect") != "confirmed":
        other = (fault or {}).get("effect") == "mismatch"  # something was measured, and it is not what was asked for
        what = "the fault did not take effect as asked" if other else "there is no evidence that the fault took effect"
        return "unknown", "%s (%s)" % (what, _effect(fault))
    for phase in ("baseline", "hold"):
        if phase == "hold" and fault.get("event"):
            continue  # an event is over at once: what came after it is the data
        if not (phases.get(phase) or {}).get("sent"):
            return "unknown", "there is no probe data for the %s" % phase
    if fault.get("event") and not any((phases.get(phase) or {}).get("sent") for phase in ("hold", "recovery")):
        return "unknown", "there is no probe data from after the event"
    if metrics.get("doubt"):
        return "unknown", metrics["doubt"]
    if metrics.get("failing_before"):
        return "unknown", "the service was already failing when the fault was injected"
    sent = _sent(fault, phases)
    missed = [each["name"] for each in objectives if each["met"] is False]
    if missed:
        few = " (of only %s)" % _probes(sent) if sent < LEAST_PROBES else ""
        return "failed", "missed: %s%s" % (", ".join(map(label, missed)), few)
    if status == "halted":
        return "unknown", reason or "it was halted before its end"
    if sent < LEAST_PROBES:
        return "unknown", FEW % (
            _probes(sent),
            "after the event" if fault.get("event") else "in the hold",
            LEAST_PROBES,
        )
    if not any(each["met"] for each in objectives):
        return "unknown", "no objective was measured"
    open_ones = [
        each["name"]
        for each in objectives
        if each["met"] is None and not (each["name"] == "mttr" and metrics.get("outages_seen") == 0)
    ]
    if (
        open_ones
    ):  # without an outage there is nothing to repair; anything else that was not measured may have been missed
        return "unknown", "not measured: %s" % ", ".join(map(label, open_ones))
    return "passed", ""


def _sent(fault, phases):
    """How many probes saw the fault; of an event, what it left."""
    seen = ("hold", "recovery") if fault.get("event") else ("hold",)
    return sum((phases.get(phase) or {}).get("sent") or 0 for phase in seen)


def _probes(sent):
    return "%d probe%s" % (sent, "" if sent == 1 else "s")


def _effect(fault):
    if not fault:
        return "there is no fault"
    said = str(fault.get("effect") or "not measured")
    return said + (": %s" % fault["note"] if fault.get("note") else "")


def breached(fault, halted):
    """Whether the system itself had the experiment halted: ``halted`` is the watcher's reason, else the fault says
    it.
    """
    return bool(halted) or (fault or {}).get("revert_cause") in SYSTEM_HALTS
