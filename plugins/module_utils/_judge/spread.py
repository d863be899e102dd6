# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How far a figure of one experiment may be off by chance, kept so that another run can be compared with it. Pure.
Private to magsasa.chaos.

Probes that are close in time are alike: an outage fails forty in a row, and they are one event. So a second of probes
counts as one draw: the number of
probes is divided by the design effect of these clusters (Kish, Survey Sampling, 5.4), and resamples are drawn with what
is left. The resampled quantile
of n values is the one of rank n * B with B from a Beta distribution (David and Nagaraja, Order Statistics, 2.1); the
resampled share is drawn from the
Beta distribution of Jeffreys' prior, which has a width where nothing failed, too.
"""

from __future__ import annotations

import math
import random

from .._probe.samples import answered, percentile

RESAMPLES = 200
LEAST, LEAST_CLUSTERS = 20, 5  # probes, and seconds that have some; of fewer nothing is kept
CLUSTER_S = 1.0
LEVELS = tuple((2 * number + 1) / 42.0 for number in range(21))  # of the distribution of a figure that are kept


def of(hit, baseline, seed=1):
    """``{figure: [21 quantiles of its bootstrap distribution]}`` for p50_ms, p95_ms and error_rate_pct of the samples
    that met the fault, and
    baseline_p50_ms; a figure of few probes is missing."""
    draw = random.Random(seed)
    found = {}
    for key, samples, share in (("p50_ms", hit, 0.50), ("p95_ms", hit, 0.95), ("baseline_p50_ms", baseline, 0.50)):
        values = [sample for sample in samples if answered(sample)]
        if _enough(values):
            found[key] = _quantile(values, share, draw)
    if _enough(hit):
        found["error_rate_pct"] = _share(hit, draw)
    return {key: [round(value, 3) for value in values] for key, values in found.items()}


def _enough(samples):
    return (
        len(samples) >= LEAST
        and len({math.floor(sample.intended_s / CLUSTER_S) for sample in samples}) >= LEAST_CLUSTERS
    )


def effective(samples, marked):
    """How many independent probes these are worth; ``marked``: of each whether it is one of those that are counted."""
    share = sum(marked) / len(samples)
    if not 0 < share < 1:
        return float(len(samples))
    clusters = {}
    for sample, is_marked in zip(samples, marked):
        cluster = clusters.setdefault(math.floor(sample.intended_s / CLUSTER_S), [0, 0])
        cluster[0] += 1
        cluster[1] += is_marked
    if len(clusters) < 2:
        return 1.0
    between = (
        sum((count - share * size) ** 2 for size, count in clusters.values()) * len(clusters) / (len(clusters) - 1.0)
    )
    return len(samples) / max(1.0, between / (len(samples) * share * (1 - share)))


def _levels(values):
    ordered = sorted(values)
    return [percentile(ordered, level) for level in LEVELS]


def _quantile(samples, share, draw):
    ordered = sorted(sample.latency_ms for sample in samples)
    limit = percentile(ordered, share)
    worth = effective(samples, [sample.latency_ms <= limit for sample in samples])
    count, above, below = len(ordered), worth * share + 0.5, worth * (1 - share) + 0.5
    return _levels(ordered[min(count - 1, int(count * draw.betavariate(above, below)))] for _turn in range(RESAMPLES))


def _share(samples, draw):
    failed = [not sample.ok for sample in samples]
    share, worth = sum(failed) / len(samples), effective(samples, failed)
    return _levels(
        100.0 * draw.betavariate(worth * share + 0.5, worth * (1 - share) + 0.5) for _turn in range(RESAMPLES)
    )


def change(before, now):
    """95 % interval ``[low, high]`` of now - before, from the quantiles of the two (each as ``of`` keeps them)."""
    differences = sorted(late - early for late in now for early in before)
    return [percentile(differences, 0.025), percentile(differences, 0.975)]
