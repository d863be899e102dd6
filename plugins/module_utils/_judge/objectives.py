# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objectives of an experiment: parsed, compared with what was measured. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import difflib
import math
import re
from collections import namedtuple

from .. import _quantity
from .._errors import BadOption


def _ms(value, option):
    return _quantity.duration(value, option) * 1000.0


# metric: key of the record's metrics; phased: key of a phase's figures, when the objective may name a phase
Kind = namedtuple("Kind", "metric unit more_is_better parse phased")
KNOWN = {
    "availability": Kind("availability_pct", "%", True, _quantity.percent, "availability_pct"),
    "error_rate": Kind("error_rate_pct", "%", False, _quantity.percent, "error_rate_pct"),
    "liveness": Kind("alive_pct", "%", True, _quantity.percent, None),
    "p95": Kind("p95_ms", "ms", False, _ms, "p95_ms"),
    "p99": Kind("p99_ms", "ms", False, _ms, "p99_ms"),
    "latency_impact": Kind("latency_impact_ms", "ms", False, _ms, None),
    "recovery_time": Kind("recovery_time_s", "s", False, _quantity.duration, None),
    "mttr": Kind("mttr_s", "s", False, _quantity.duration, None),
}
LATENCIES = {"p95": 0.95, "p99": 0.99, "latency_impact": 0.5}  # which share of the probes each is about
PHASES = ("baseline", "hold", "recovery")
LABELS = {
    "error_rate": "errors",
    "liveness": "answered",
    "latency_impact": "latency impact",
    "recovery_time": "recovery",
    "mttr": "MTTR",
}  # for readers
DEFAULTS = {"availability": "95%", "error_rate": "5%", "latency_impact": "500ms", "recovery_time": "10s", "mttr": "10s"}
LIVENESS = "95%"  # of a scenario that says ``liveness: true`` and no figure
Objective = namedtuple("Objective", "name kind phase limit weight")


def label(name):
    """ "recovery", "errors in hold": an objective's name for a reader."""
    name, within, phase = str(name).partition(" in ")
    return LABELS.get(name, name.replace("_", " ")) + within + phase


def wanted(scenario):
    """The list of Objective of a scenario: its own, or the defaults. Raises BadOption."""
    given = scenario.get("objectives")
    if not given:
        given = DEFAULTS
    if not isinstance(given, dict):
        raise BadOption("objectives", given, "is not a mapping", "write NAME: LIMIT, such as error_rate: 5%")
    if scenario.get("liveness") is True and "liveness" not in given:
        given = dict(given, liveness=LIVENESS)
    return parse(given)


def parse(given, option="objectives"):
    """The list of Objective of ``{"error_rate": "5%"}``, with a weight ``{"error_rate": {"objective": "5%", "weight":
    2}}``, or with
    a phase ``{"error_rate in recovery": "1%"}``. Raises BadOption, which says ``option``.
    """
    return [_one(key, value, option) for key, value in given.items()]


def _one(key, value, option):
    name, within, phase = str(key).partition(" in ")
    if name not in KNOWN:
        near = difflib.get_close_matches(name.lower().replace("-", "_"), KNOWN, 1)
        names = "use one of %s" % ", ".join(sorted(KNOWN))
        raise BadOption(option, key, "is not an objective", "did you mean %s?" % near[0] if near else names)
    if within and phase not in PHASES:
        raise BadOption(
            option, key, "names no phase", "use %s" % ", ".join("'%s in %s'" % (name, each) for each in PHASES)
        )
    if within and not KNOWN[name].phased:
        phased = sorted(each for each, kind in KNOWN.items() if kind.phased)
        raise BadOption(
            option,
            key,
            "is not measured in one phase",
            "write '%s' alone; phases go with %s" % (name, ", ".join(phased)),
        )
    weight = 1.0
    if isinstance(value, dict):
        unknown = sorted(str(each) for each in value if each not in ("objective", "weight"))
        if unknown:
            raise BadOption(
                "%s.%s" % (option, key), unknown[0], "is not a key of an objective", "use objective and weight"
            )
        weight = _weight(key, value.get("weight", 1), option)
        value = value.get("objective")
    return Objective(name, KNOWN[name], phase or None, _limit(KNOWN[name], value, "%s.%s" % (option, key)), weight)


def _limit(kind, value, option):
    try:
        return kind.parse(value, option)
    except BadOption:
        near = _nearest(kind, value)
        if near is None:
            raise
        raise BadOption(
            option, value, "is not a %s" % ("percentage" if kind.unit == "%" else "duration"), "did you mean %s?" % near
        )


_SPELLED = re.compile(r"([0-9]+(?:[.,][0-9]+)?)\s*([a-z%]+)")
_BEGINNINGS = (
    ("mil", "ms"),
    ("msec", "ms"),
    ("mic", "us"),
    ("us", "us"),
    ("s", "s"),
    ("m", "m"),
    ("h", "h"),
    ("d", "d"),
)


def _nearest(kind, value):
    """How a limit of this kind may have been meant whose unit does not exist, or None: 5sec is 5s, 1pct is 1%, 5%
    of a duration is 5s.
    """
    found = _SPELLED.fullmatch(str(value).strip().lower()) if isinstance(value, str) and len(value) < 40 else None
    if not found:
        return None
    number, unit = found.group(1).replace(",", "."), found.group(2)
    if kind.unit != "%":
        unit = (
            unit
            if unit == "ms"
            else next((short for beginning, short in _BEGINNINGS if unit.startswith(beginning)), kind.unit)
        )
    text = number + ("%" if kind.unit == "%" else unit)
    try:
        kind.parse(text, "")
    except BadOption:
        return None
    return text


def _weight(key, value, option):
    try:
        weight = 0.0 if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        weight = 0.0
    if not 0 < weight < 1e6:
        raise BadOption("%s.%s.weight" % (option, key), value, "is not a weight", "use a number above 0")
    return weight


def _measured(each, metrics, phases):
    if each.phase is None:
        return metrics.get(each.kind.metric)
    figures = phases.get(each.phase) or {}
    if each.kind.phased == "availability_pct":
        rate = figures.get("error_rate_pct")
        return None if rate is None else round(100.0 - rate, 3)
    return figures.get(each.kind.phased)


def _among_time_outs(each, metrics, phases):
    """Whether there is no answer at the place that a latency is about: nobody answered, or a time-out stands there,
    which is longer than any answer.
    """
    figures = metrics if each.phase is None else phases.get(each.phase) or {}
    answered, timed_out = figures.get("answered"), figures.get("timed_out") or 0
    return (
        bool(figures.get("sent"))
        and answered is not None
        and (not answered or math.ceil(LATENCIES[each.name] * (answered + timed_out)) > answered)
    )


def never_recovered(metrics, phases):
    """Whether an outage was seen to last until the end of the watch. Where nobody looked after the revert, or the record
    of those who did cannot be relied on, nobody knows.
    """
    looked = (phases.get("recovery") or {}).get("sent") != 0 and not metrics.get("doubt")
    return looked and metrics.get("recovered") is False and bool(metrics.get("outages"))


def compare(parsed, metrics, phases):
    """``[{name, objective, measured, unit, met, weight}]``; ``met`` is None for what was not measured.

    A service that did not recover within the time that was watched has missed ``recovery_time`` and ``mttr``: that is a
    measurement, with no figure. So is a latency over probes of which none was answered. A run without an outage has
    missed no ``mttr``: it is
    not measured.
    """
    shown = []
    for each in parsed:
        measured = _measured(each, metrics, phases)
        if each.name in LATENCIES and _among_time_outs(each, metrics, phases):
            measured = None
        met = None
        if measured is not None:
            met = measured >= each.limit if each.kind.more_is_better else measured <= each.limit
        elif each.name in ("recovery_time", "mttr") and never_recovered(metrics, phases):
            met = False
        elif each.name in LATENCIES and _among_time_outs(each, metrics, phases):
            met = False
        name = each.name if each.phase is None else "%s in %s" % (each.name, each.phase)
        shown.append(
            {
                "name": name,
                "objective": each.limit,
                "measured": measured,
                "unit": each.kind.unit,
                "met": met,
                "weight": each.weight,
            }
        )
    return shown
