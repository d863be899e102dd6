# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The record of one experiment, as the report holds it. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import (
    metrics,
    objectives,
    outcome,
    phases,
    timeline,
    verdict,
)
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import samples as packed
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _objectives
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import recommend, rows, series

_FAULT_KEYS = (
    "id name family action state requested backend effect measured note notes plan event armed_at injected_at"
    " reverted_at revert_cause halted_by residue differences undo_problems error series"
).split()
_FAULT_TEXTS = ("id", "name", "family", "action", "state", "backend", "revert_cause", "halted_by", "error")
_EFFECTS = ("confirmed", "mismatch")
_SCENARIO_KEYS = ("title", "hypothesis", "family", "intensity", "hold")
MOST_OF_WAVE = (
    20  # hosts that are named: each record of a wave names them, so a wave of many would grow with its square
)
NO_SAMPLES = "the probe ended before its samples were collected; set a longer chaos_lease if the controller is slow"
_ENDS = ("deadline", "event_over", "absent", "halt", "halt_condition")  # revert causes that are no accident


def judge(given, host, stated=()):
    """``given``: the options of slo_check; ``stated``: see _objectives.apply. Returns the record. Raises ChaosError
    for what cannot be used.
    """
    scenario = given.get("scenario")
    if not isinstance(scenario, dict) or not isinstance(scenario.get("id"), str) or not scenario["id"]:
        raise BadOption(
            "scenario", scenario, "is not a scenario", "pass an entry of the catalogue, with at least an id"
        )
    scenario, sources, exempted = _objectives.apply(scenario, stated)
    wanted = objectives.wanted(scenario)
    successes = _whole(given.get("successes", 3), "successes")
    fault = phases.check_fault(given["fault"]) if given.get("fault") else None
    bounds = phases.check_given(given["phases"]) if given.get("phases") else None
    probe = given.get("probe") or None
    if probe is not None and not isinstance(probe, dict):
        raise BadOption("probe", probe, "is not the summary of a probe", "pass the 'summary' of the stopped probe")
    if probe and given.get("clock_offset"):
        probe = dict(probe, clock_offset=phases.check_offset(given["clock_offset"]))
    found = _unpacked(given, "samples") or []
    if given.get("others") and fault and fault.get("injected_at"):
        found, probe = _between(found, probe, fault, given["others"])
    live = _unpacked(given, "liveness")
    status, reason = _status(given, fault)
    figures, line, window = {"phases": {}, "metrics": {}}, None, None
    if found and fault and fault.get("injected_at"):
        figures = metrics.compute(found, fault, successes, probe, bounds, live)
        limits = phases.bounds(found, fault, probe, bounds)
        line = timeline.timeline(found, limits, fault, figures["metrics"], probe, given.get("run_hosts") or 1)
        window = timeline.window(limits, fault)
    ran = status in outcome.RAN and bool(figures["metrics"])
    judged = figures if ran else {"phases": {}, "metrics": {}}  # what did not run measured none of its objectives
    compared = objectives.compare(wanted, judged["metrics"], judged["phases"])
    word, why = verdict.verdict(
        status,
        fault,
        figures["phases"],
        compared,
        reason,
        verdict.breached(fault, given.get("halted")),
        figures["metrics"],
    )
    if word == "unknown" and status == "completed" and not found and fault.get("effect") == "confirmed":
        why = NO_SAMPLES
    record = {
        "id": "%s@%s" % (scenario["id"], host),
        "host": host,
        "observer": given.get("observer") or host,
        "scenario": scenario["id"],
        "wave": _wave(given.get("wave")),
        "target": _target(given.get("target")),
        "status": status,
        "verdict": word,
        "reason": why,
        "fault": _told(fault) if fault else None,
        "phases": figures["phases"],
        "metrics": figures["metrics"],
        "timeline": line,
        "window": window,
        "objectives": [dict(each, **{"from": sources.get(each["name"], _objectives.DEFAULT)}) for each in compared],
        "exempt": exempted,
    }
    record.update({key: scenario.get(key) for key in _SCENARIO_KEYS})
    record["recommendations"] = recommend.for_experiment(record)
    return record


def _between(samples, probe, fault, others):
    """Samples (and the probe's summary for them) from the end of the fault before this one to the beginning of the one
    after it: of those that one
    probe watched in turn, each has a baseline and a recovery of its own."""
    if not isinstance(others, list):
        raise BadOption(
            "others",
            others,
            "is not a list of fault records",
            "pass the records of the faults that the probe watched too",
        )
    own = phases.bounds([], fault, probe)
    begin, end = float("-inf"), float("inf")
    for other in others:
        other = phases.check_fault(other)
        if other.get("id") == fault.get("id") or not other.get("injected_at"):
            continue
        its = phases.bounds([], other, probe)
        if its.armed >= own.hold_to:
            end = min(end, its.armed)
        elif its.hold_to <= own.armed:
            begin = max(begin, its.hold_to)
    kept = [sample for sample in samples if begin <= sample.intended_s < end]
    if probe and len(kept) < len(samples):
        probe = {
            key: value for key, value in probe.items() if key != "due"
        }  # what was due in this part nobody has counted
    return kept, probe


def _told(fault):
    """What the report keeps of a fault record, in the form that docs/report.schema.json publishes: it came from a
    host, which may say anything.
    """
    kept = {key: fault[key] for key in _FAULT_KEYS if key in fault}
    for key in _FAULT_TEXTS:
        if kept.get(key) is not None and not isinstance(kept[key], str):
            kept[key] = str(kept[key])
    for key in ("name", "note"):
        if key in kept:
            kept[key] = "" if kept[key] is None else str(kept[key])
    for key, empty in (
        ("requested", {}),
        ("measured", {}),
        ("plan", []),
        ("notes", []),
        ("residue", []),
        ("differences", []),
    ):
        if key in kept:
            kept[key] = kept[key] or empty
    for key in ("notes", "residue", "differences"):
        if key in kept:
            kept[key] = [str(each) for each in kept[key]]
    for key in phases.READINGS:
        if key in kept and not kept[key]:
            kept[key] = None
    kept["series"] = series.checked(kept.get("series"))
    if "effect" in kept:
        kept["effect"] = kept["effect"] if kept["effect"] in _EFFECTS else "inconclusive"
    if "event" in kept:
        kept["event"] = bool(kept["event"])
    return kept


def _unpacked(given, option):
    """The samples of an option; None without them."""
    try:
        return packed.unpack(given[option]) if given.get(option) else None
    except packed.BadSamples as error:
        raise ChaosError(str(error).replace("samples", option, 1))


def is_lacking(text):
    """Whether a sentence is one of NotHere or MissingTool: the host cannot do it, whatever the options are."""
    return text.startswith("cannot run here: ") or " is not installed on this host and is needed to " in text


def _status(given, fault):
    """(status, reason): what kept the tool from its work, first come first named. Residue and differences come
    before everything that ran.
    """
    if fault and fault.get("residue"):
        return "failed", "left behind: %s" % "; ".join(str(each) for each in fault["residue"])
    if fault and fault.get("differences"):
        return "failed", "differs from before: %s" % "; ".join(str(each) for each in fault["differences"])
    for status in ("refused", "skipped"):
        if given.get(status):
            return status, str(given[status])
    if given.get("failed"):
        text = str(given["failed"])
        if is_lacking(text):
            return "skipped", text
        return ("refused" if text.startswith("refused by") else "failed"), text
    if fault and fault.get("state") == "planned":
        return "planned", ""
    if not fault:
        return "failed", "no fault was injected"
    if fault.get("error"):
        return "failed", str(fault["error"])
    if not fault.get("injected_at"):
        return "failed", "the fault was never injected"
    if given.get("halted") or fault.get("revert_cause") in ("halt_condition", "halt"):
        return "halted", str(given.get("halted") or fault.get("halted_by") or "it was halted before its end")
    if not fault.get("revert_cause"):
        return "failed", "the fault was still active when its host was last seen"
    if fault["revert_cause"] not in _ENDS:
        return "failed", "the fault ended early (%s)" % rows.end(fault["revert_cause"])
    return "completed", ""


def _target(target):
    """What was tested: URL, process, step of detection and why; None when nobody told."""
    if not target:
        return None
    if not isinstance(target, dict):
        raise BadOption("target", target, "is not a mapping", "pass the result of the filter tested")
    process = target.get("process") if isinstance(target.get("process"), dict) else None
    told = {
        key: None if target.get(key) is None else str(target[key])
        for key in ("url", "probed", "service", "framework", "step", "why")
    }
    return dict(told, process=process and {key: process.get(key) for key in ("pid", "name", "command", "user", "unit")})


def _wave(wave):
    """Which wave of the suite it was; None outside of a suite."""
    if not wave:
        return None
    if not isinstance(wave, dict) or not isinstance(wave.get("hosts"), list):
        raise BadOption("wave", wave, "is not a wave", "pass number, of and hosts, as the role suite does")
    hosts = [str(each) for each in wave["hosts"][:MOST_OF_WAVE]]
    told = {
        "number": _whole(wave.get("number"), "wave.number"),
        "of": _whole(wave.get("of"), "wave.of"),
        "hosts": hosts,
    }
    return dict(told, host_count=len(wave["hosts"])) if len(wave["hosts"]) > MOST_OF_WAVE else told


def _whole(value, option):
    try:
        number = 0 if isinstance(value, (bool, float)) else int(value)
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= 1000:
        raise BadOption(option, value, "is not a number of probes", "use a whole number from 1 to 1000")
    return number
