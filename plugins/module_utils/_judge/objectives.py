# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objectives of an experiment: parsed, compared with what was measured. Pure. Private to magsasa.chaos."""
from __future__ import annotations

from .. import _quantity
from .._errors import BadOption

# name -> (metric, unit, whether more is better, parser of the objective's text into that unit)
KNOWN = {
    "availability": ("availability_pct", "%", True, lambda v, n: _quantity.percent(v, n)),
    "error_rate": ("error_rate_pct", "%", False, lambda v, n: _quantity.percent(v, n)),
    "p95": ("p95_ms", "ms", False, lambda v, n: _quantity.duration(v, n) * 1000.0),
    "latency_impact": ("latency_impact_ms", "ms", False, lambda v, n: _quantity.duration(v, n) * 1000.0),
    "recovery_time": ("recovery_time_s", "s", False, lambda v, n: _quantity.duration(v, n)),
    "mttr": ("mttr_s", "s", False, lambda v, n: _quantity.duration(v, n)),
}
DEFAULTS = {"availability": "95%", "error_rate": "5%", "latency_impact": "500ms", "recovery_time": "10s", "mttr": "10s"}


def parse(given):
    """``[(name, figure, weight)]`` of ``{"error_rate": "5%"}`` or ``{"error_rate": {"objective": "5%", "weight": 2}}``."""
    parsed = []
    for name, value in given.items():
        if name not in KNOWN:
            raise BadOption("objectives", name, "is not an objective", "use one of %s" % ", ".join(sorted(KNOWN)))
        weight = 1.0
        if isinstance(value, dict):
            try:
                weight = float(value.get("weight", 1))
            except (TypeError, ValueError):
                weight = 0.0
            if not 0 < weight < 1e6:
                raise BadOption("objectives.%s.weight" % name, value.get("weight"), "is not a weight", "use a number above 0")
            value = value.get("objective")
        parsed.append((name, KNOWN[name][3](value, "objectives." + name), weight))
    return parsed


def compare(parsed, metrics):
    """``[{name, objective, measured, unit, met, weight}]``; ``met`` is None for what was not measured.

    A service that did not recover within the time that was watched has missed ``recovery_time`` and ``mttr``: that is a
    measurement, with no figure. An outage-free run has missed no ``mttr``: it is not measured.
    """
    shown = []
    for name, objective, weight in parsed:
        metric, unit, more, _parser = KNOWN[name]
        measured = metrics.get(metric)
        met = None
        if measured is not None:
            met = measured >= objective if more else measured <= objective
        elif name in ("recovery_time", "mttr") and metrics.get("recovered") is False and metrics.get("outages"):
            met = False
        shown.append({"name": name, "objective": objective, "measured": measured, "unit": unit, "met": met, "weight": weight})
    return shown
