# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of one experiment from its samples and its fault record. Pure. Private to magsasa.chaos.

All times are CLOCK_MONOTONIC seconds of the observer. Percentiles are nearest-rank over the raw samples: the value at
place
ceil(share * n) of a plain sort. Definitions: docs/design.md section 6.
"""

from __future__ import annotations

import random

from .._probe.samples import DROPPED, answered, figures, percentile
from . import accounting, failures, phases, spread
from .outages import mean_duration, outages, recovery_time

RESAMPLES = 2000
LATE_MS = 20.0  # a probe that its observer began this much later than intended says something about the observer too
MOST_OUTAGES = 200  # that a record lists; all of them count


def latency_impact(baseline, hold, seed=1):
    """Difference of the medians of answers (ms), hold - baseline, and its bootstrap 95 % interval; (None, None) without
    both.

    The median of a resample of n values is the value of rank n * B with B from Beta((n+1)/2, (n+1)/2) (David and
    Nagaraja, Order
    Statistics, 2.1: the median of n uniforms), so one resample costs one draw whatever n is.
    """
    before = sorted(s.latency_ms for s in baseline if answered(s))
    during = sorted(s.latency_ms for s in hold if answered(s))
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


def time_to_detect(affected, injected, slow_ms):
    """Seconds from injection to the start of the first failed or slow probe; None when there was none.

    A probe that failed while the fault was being put in counts as 0; one that was merely slow then is not taken for the
    fault.
    """
    for sample in affected:
        slow = slow_ms is not None and sample.latency_ms > slow_ms and sample.intended_s >= injected
        if not sample.ok or slow:
            return max(0.0, sample.intended_s - injected)
    return None


def alive_pct(affected, live=None):
    """Share of probes to which the service answered at all, a refusal such as 503 included.

    ``live``: the same stretch as a probe of the service's liveness address saw it; where there is one, its good probes
    count.
    """
    seen = live if live is not None else affected
    if not seen:
        return None
    alive = sum(1 for s in seen if s.ok or (live is None and answered(s)))
    return 100.0 * alive / len(seen)


def failing_before(baseline, successes):
    """Whether the service was down when the fault was put in: the last probes of the baseline all failed, as many
    as make it well again.
    """
    return len(baseline) >= successes and not any(sample.ok for sample in baseline[-successes:])


def stayed_away(fault):
    """Whether the process that an event ended had no successor when the hold was over: nobody but our undo started
    it again.
    """
    measured = fault.get("measured") or {}
    return bool(
        fault.get("event") and measured.get("ended") and "back_pid" in measured and measured["back_pid"] is None
    )


def _rounded(value, digits=3):
    return None if value is None else round(value, digits)


def _phase(samples, begin, end):
    shown = figures(samples)
    found = {"from": _rounded(begin, 6), "to": _rounded(end, 6)}
    keys = (
        "sent",
        "failed",
        "answered",
        "timed_out",
        "dropped",
        "error_rate_pct",
        "p50_ms",
        "p95_ms",
        "p99_ms",
        "max_ms",
    )
    found.update({key: _rounded(shown[key]) for key in keys})
    return found


def compute(samples, fault, successes=3, probe=None, given=None, live=None):
    """Everything at once: ``{"phases": {...}, "metrics": {...}}`` of the report's record.

    ``samples``: list of Sample in intended order; ``fault``: record with ``injected_at`` (see phases.check_fault);
    ``probe``: the
    recorder's summary; ``given``: phases on the observer's clock instead of the fault's times; ``live``: samples of a
    liveness probe.
    """
    limits = phases.bounds(samples, fault, probe, given)
    parts = phases.split(samples, limits)
    slow_ms = parts.slow_ms
    found = outages(parts.affected, successes, slow_ms)
    recovered = (
        recovery_time(found, limits.hold_from if fault.get("event") else limits.hold_to) if parts.affected else None
    )
    if not fault.get("event") and not parts.recovery and recovered == 0.0:
        recovered = None  # nobody looked after the revert
    revived = found and stayed_away(fault)
    if revived:
        recovered = None  # what brought it back was our undo
    hit = parts.hold or (
        parts.recovery if fault.get("event") else []
    )  # an event is over at once: what came after it is the data
    under = figures(hit)
    impact, interval = latency_impact(parts.baseline, hit)
    availability = figures(parts.affected)["error_rate_pct"]
    offset = (probe or {}).get("clock_offset")
    lateness = sorted(sample.late_ms for sample in samples)
    shown = {
        "baseline": _phase(parts.baseline, limits.baseline_from, limits.armed),
        "hold": _phase(parts.hold, limits.hold_from, limits.hold_to),
        "recovery": _phase(parts.recovery, limits.hold_to, limits.recovery_to),
    }
    return {
        "phases": shown,
        "metrics": {
            "error_rate_pct": _rounded(under["error_rate_pct"]),
            "sent": under["sent"],
            "answered": under["answered"],
            "timed_out": under["timed_out"],
            "availability_pct": None if availability is None else _rounded(100.0 - availability),
            "alive_pct": _rounded(
                alive_pct(parts.affected, None if live is None else phases.split(live, limits).affected)
            ),
            "p95_ms": _rounded(under["p95_ms"]),
            "p99_ms": _rounded(under["p99_ms"]),
            "spread": spread.of(hit, parts.baseline),
            "latency_impact_ms": _rounded(impact),
            "latency_impact_ci_ms": None if interval is None else [_rounded(edge) for edge in interval],
            "time_to_detect_s": _rounded(time_to_detect(parts.affected, limits.hold_from, slow_ms)),
            "recovery_time_s": _rounded(recovered),
            "recovered": bool(parts.affected) and recovered is not None,
            "revived_by_undo": bool(revived),
            "mttr_s": None if revived else _rounded(mean_duration(found)),
            "outages_seen": len(found),
            "outages": [_shown(outage) for outage in found[:MOST_OUTAGES]],
            "errors": failures.kinds(parts.affected),
            "failures": failures.told(parts.affected, probe),
            "time_outs": failures.time_outs(parts, slow_ms),
            "failing_before": failing_before(parts.baseline, successes),
            "doubt": accounting.doubt(samples, probe, limits, _tolerance(fault, probe, given)),
            "slow_limit_ms": _rounded(slow_ms),
            "observer_late_p99_ms": _rounded(percentile(lateness, 0.99)),
            "observer_late": sum(1 for late in lateness if late > LATE_MS),
            "dropped": sum(1 for sample in samples if sample.error == DROPPED),
            "clock": "given" if given else phases.clock(fault, probe),
            "clock_error_s": offset["error_s"] if not given and phases.clock(fault, probe) == "measured" else None,
        },
    }


def _tolerance(fault, probe, given):
    """Seconds by which the fault's times may be off the observer's clock."""
    clock = "given" if given else phases.clock(fault, probe)
    if clock == "wall":
        return float("inf")  # nobody knows
    return probe["clock_offset"]["error_s"] if clock == "measured" else 0.0


def _shown(outage):
    lasted = None if outage.end is None else _rounded(outage.end - outage.begin)
    return {"from": _rounded(outage.begin, 6), "to": _rounded(outage.end, 6), "duration_s": lasted}
