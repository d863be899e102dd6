# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of one experiment, as the report holds it. Pure. Private to magsasa.chaos."""
from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import metrics, objectives, verdict
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import samples as packed
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import recommend

_FAULT_KEYS = (
    "id name requested backend effect measured note notes plan armed_at injected_at reverted_at revert_cause halted_by residue undo_problems error"
).split()
_SCENARIO_KEYS = ("id", "title", "hypothesis", "family", "intensity", "hold")


def judge(given, host):
    """``given``: the options of slo_check; returns the record. Raises BadOption for what cannot be used."""
    scenario = given.get("scenario")
    if not isinstance(scenario, dict) or not scenario.get("id"):
        raise BadOption("scenario", scenario, "is not a scenario", "pass the catalogue's entry, with at least an id")
    wanted = objectives.parse(scenario.get("objectives") or objectives.DEFAULTS)
    successes = _whole(given.get("successes", 3), "successes")
    fault = given.get("fault") or None
    if fault is not None and not isinstance(fault, dict):
        raise BadOption("fault", fault, "is not a fault record", "pass the 'fault' of a fault module's result")
    found = packed.unpack(given["samples"]) if given.get("samples") else []
    status, reason = _status(given, fault)
    figures = {"phases": {}, "metrics": {}}
    if found and fault and fault.get("injected_at"):
        figures = metrics.compute(found, fault, successes)
    compared = objectives.compare(wanted, figures["metrics"]) if status in ("completed", "halted") else []
    word, why = verdict.verdict(status, fault, figures["phases"], compared, reason)
    record = {
        "id": "%s@%s" % (scenario["id"], host),
        "host": host,
        "observer": given.get("observer") or host,
        "scenario": scenario["id"],
        "status": status,
        "verdict": word,
        "reason": why,
        "fault": {key: fault[key] for key in _FAULT_KEYS if key in fault} if fault else None,
        "phases": figures["phases"],
        "metrics": figures["metrics"],
        "objectives": compared,
    }
    record.update({key: scenario.get(key) for key in _SCENARIO_KEYS if key != "id"})
    record["recommendations"] = recommend.for_experiment(record)
    return record


def _status(given, fault):
    """(status, reason): what kept the tool from its work, first come first named."""
    for status in ("refused", "skipped"):
        if given.get(status):
            return status, str(given[status])
    if given.get("failed"):
        text = str(given["failed"])
        return ("refused" if text.startswith("refused by") else "failed"), text
    if fault and fault.get("state") == "planned":
        return "planned", ""
    if fault and fault.get("residue"):
        return "failed", "left behind: %s" % "; ".join(str(each) for each in fault["residue"])
    if fault and fault.get("error"):
        return "failed", str(fault["error"])
    if given.get("halted") or (fault or {}).get("revert_cause") in ("halt_condition", "halt"):
        return "halted", str(given.get("halted") or (fault or {}).get("halted_by") or "somebody halted it")
    if fault and fault.get("revert_cause") not in ("deadline", "event_over", "absent"):
        return "failed", "the fault ended early (%s)" % (fault.get("revert_cause") or "it is not over")
    return ("completed", "") if fault else ("failed", "no fault was injected")


def _whole(value, option):
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= 1000:
        raise BadOption(option, value, "is not a number of probes", "use 1 to 1000")
    return number


def hold_s(record):
    """Length of the hold that was asked for, in seconds; None when it is not known."""
    try:
        return _quantity.duration(record.get("hold"))
    except BadOption:
        return None
