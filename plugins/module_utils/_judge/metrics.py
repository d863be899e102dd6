# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of one experiment from its samples and its fault record. Pure. Private to magsasa.chaos.

All times are CLOCK_MONOTONIC seconds of the observer. Definitions: docs/design.md section 6.
"""
from __future__ import annotations

import math
import random
from collections import namedtuple

from .._probe.samples import DROPPED, figures, percentile

Bounds = namedtuple("Bounds", "baseline_from hold_from hold_to recovery_to")
Outage = namedtuple("Outage", "begin end")  # end is None while it lasts
SLOW_FACTOR = 2.0  # a probe is slow above this many times the baseline p95 ...
SLOW_FLOOR_MS = 20.0  # ... but never below p95 + this: twice of one millisecond is noise
RESAMPLES = 2000


def bounds(samples, fault):
    """Phases from the fault's own times: baseline | hold (injection to revert) | recovery (revert to the last probe)."""
    hold_from = fault["injected_at"]["monotonic"]
    ended = fault.get("reverted_at") or fault.get("deadline")
    last = samples[-1].intended_s if samples else hold_from
    hold_to = ended["monotonic"] if ended else last
    return Bounds(samples[0].intended_s if samples else hold_from, hold_from, hold_to, max(last, hold_to))


def split(samples, limits):
    """``{"baseline": [...], "hold": [...], "recovery": [...]}`` by the intended start of each probe."""
    return {
        "baseline": [s for s in samples if s.intended_s < limits.hold_from],
        "hold": [s for s in samples if limits.hold_from <= s.intended_s < limits.hold_to],
        "recovery": [s for s in samples if s.intended_s >= limits.hold_to],
    }


def slow_limit_ms(baseline):
    """Latency above which a probe does not count as good again; None without a baseline."""
    p95 = figures(baseline)["p95_ms"]
    return None if p95 is None else max(SLOW_FACTOR * p95, p95 + SLOW_FLOOR_MS)


def outages(samples, successes, slow_ms=None):
    """Outages: from the first failed probe to the first of ``successes`` good probes in a row, which are not slow either."""
    found = []
    begin = None
    run_from, run = None, 0
    for sample in samples:
        good = sample.ok and (begin is None or slow_ms is None or sample.latency_ms <= slow_ms)
        if good:
            run_from = sample.intended_s if run == 0 else run_from
            run += 1
            if begin is not None and run >= successes:
                found.append(Outage(begin, run_from))
                begin = None
        else:
            run = 0
            if begin is None:
                begin = sample.intended_s
    return found + ([Outage(begin, None)] if begin is not None else [])


def recovery_time(found, since):
    """Seconds from ``since`` to the end of the last outage; 0 when none reaches beyond it; None when it never ended."""
    late = [outage for outage in found if outage.end is None or outage.end > since]
    if not late:
        return 0.0
    return None if late[-1].end is None else late[-1].end - since


def latency_impact(baseline, hold, seed=1):
    """Difference of the medians of good probes (ms), hold - baseline, and its bootstrap 95 % interval; (None, None) without both.

    The median of a resample of n values is the value of rank n * B with B from Beta((n+1)/2, (n+1)/2) (David and Nagaraja, Order
    Statistics, 2.1: the median of n uniforms), so one resample costs one draw whatever n is.
    """
    before = sorted(s.latency_ms for s in baseline if s.ok)
    during = sorted(s.latency_ms for s in hold if s.ok)
    if not before or not during:
        return None, None
    draw = random.Random(seed)

    def resampled(ordered):
        half = (len(ordered) + 1) / 2.0
        return ordered[min(len(ordered) - 1, int(len(ordered) * draw.betavariate(half, half)))]

    differences = sorted(resampled(during) - resampled(before) for _turn in range(RESAMPLES))
    return (
        percentile(during, 0.5) - percentile(before, 0.5),
        [percentile(differences, 0.025), percentile(differences, 0.975)],
    )


def time_to_detect(samples, injected, slow_ms):
    """Seconds from injection to the start of the first failed or slow probe; None when there was none."""
    for sample in samples:
        if sample.intended_s >= injected and (not sample.ok or (slow_ms is not None and sample.latency_ms > slow_ms)):
            return sample.intended_s - injected
    return None


def _rounded(value, digits=3):
    return None if value is None else round(value, digits)


def compute(samples, fault, successes=3):
    """Everything at once: ``{"phases": {...}, "metrics": {...}}`` of the report's record.

    ``samples``: list of Sample in intended order; ``fault``: record with ``injected_at`` and ``reverted_at``.
    """
    limits = bounds(samples, fault)
    parts = split(samples, limits)
    slow_ms = slow_limit_ms(parts["baseline"])
    affected = parts["hold"] + parts["recovery"]
    found = outages(affected, successes, slow_ms)
    since = limits.hold_from if fault.get("event") else limits.hold_to
    impact, interval = latency_impact(parts["baseline"], parts["hold"])
    lateness = sorted(sample.late_ms for sample in samples)
    edges = {
        "baseline": (limits.baseline_from, limits.hold_from),
        "hold": (limits.hold_from, limits.hold_to),
        "recovery": (limits.hold_to, limits.recovery_to),
    }
    phases = {}
    for name, part in parts.items():
        shown = figures(part)
        phases[name] = {"from": _rounded(edges[name][0], 6), "to": _rounded(edges[name][1], 6)}
        phases[name].update({key: _rounded(shown[key]) for key in ("sent", "failed", "p50_ms", "p95_ms", "p99_ms", "max_ms")})
    overall = figures(affected)
    recovered = recovery_time(found, since) if affected else None
    durations = [outage.end - outage.begin for outage in found if outage.end is not None]
    metrics = {
        "error_rate_pct": figures(parts["hold"])["error_rate_pct"],
        "availability_pct": None if overall["error_rate_pct"] is None else round(100.0 - overall["error_rate_pct"], 3),
        "p95_ms": _rounded(figures(parts["hold"])["p95_ms"]),
        "latency_impact_ms": _rounded(impact),
        "latency_impact_ci_ms": None if interval is None else [_rounded(edge) for edge in interval],
        "time_to_detect_s": _rounded(time_to_detect(affected, limits.hold_from, slow_ms)),
        "recovery_time_s": _rounded(recovered),
        "recovered": bool(affected) and recovered is not None,
        "mttr_s": _rounded(math.fsum(durations) / len(durations)) if durations and len(durations) == len(found) else None,
        "outages": [
            {"from": _rounded(o.begin, 6), "to": _rounded(o.end, 6), "duration_s": None if o.end is None else _rounded(o.end - o.begin)} for o in found
        ],
        "errors": errors(affected),
        "slow_limit_ms": _rounded(slow_ms),
        "observer_late_p99_ms": _rounded(percentile(lateness, 0.99)),
        "dropped": sum(1 for sample in samples if sample.error == DROPPED),
    }
    return {"phases": phases, "metrics": metrics}


def errors(samples):
    """``{kind: count}`` of failed probes, most first."""
    counts = {}
    for sample in samples:
        if not sample.ok:
            counts[sample.error or "status"] = counts.get(sample.error or "status", 0) + 1
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
