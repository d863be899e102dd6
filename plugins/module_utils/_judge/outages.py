# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outages and recovery, from the probes that met the fault. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from collections import namedtuple

Outage = namedtuple("Outage", "begin end")  # CLOCK_MONOTONIC of the observer; end is None while it lasts
SLOW_FACTOR = 2.0  # a probe is slow above this many times the baseline p95 ...
SLOW_FLOOR_MS = 20.0  # ... but never below p95 + this: twice of one millisecond is noise


def slow_limit_ms(p95):
    """Latency above which a probe does not count as good again, from the baseline's p95; None without one."""
    return None if p95 is None else max(SLOW_FACTOR * p95, p95 + SLOW_FLOOR_MS)


def outages(samples, successes, slow_ms=None):
    """List of Outage: from the first failed probe to the first of ``successes`` good probes in a row, which are not
    slow either.

    A slow probe begins no outage; it only keeps one from being over. ``samples`` in intended order.
    """
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


def are_over(samples, successes, slow_ms=None):
    """Whether no outage lasts at the end of ``samples``, which are in intended order."""
    return all(outage.end is not None for outage in outages(samples, successes, slow_ms))


def ends_well(samples, since, successes):
    """Whether the last ``successes`` probes that were due at ``since`` or later are good, and there are as many."""
    newest = [sample for sample in samples if sample.intended_s >= since][-successes:]
    return len(newest) == successes and all(sample.ok for sample in newest)


def recovery_time(found, since):
    """Seconds from ``since`` to the end of the last outage; 0 when none reaches beyond it; None when it never ended."""
    late = [outage for outage in found if outage.end is None or outage.end > since]
    if not late:
        return 0.0
    return None if late[-1].end is None else late[-1].end - since


def mean_duration(found):
    """Mean seconds of the outages (MTTR); None without one, or while one lasts."""
    if not found or any(outage.end is None for outage in found):
        return None
    return sum(outage.end - outage.begin for outage in found) / len(found)
