# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One experiment over time: probes by bucket, and marks of what happened. Pure. Private to magsasa.chaos.

Times are seconds after the injection, which is always an edge of a bucket. A probe belongs to the bucket in which it
was due.
"""

from __future__ import annotations

import math
from collections import Counter

from .._probe.samples import answered, percentile
from . import failures, phases

WIDTHS_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
MOST_BUCKETS = 120
MOST_BUCKETS_OF_MANY = 40  # where the run has more than MANY_HOSTS
MANY_HOSTS = 100
MOST_KINDS = 6  # of failures that are counted by themselves; the last may be OTHER
MOST_OUTAGES = 40
OTHER = "other"


def timeline(samples, limits, fault, figures, probe=None, hosts=1):
    """``{bucket_s, from_s, sent, failed, failed_by, p50_ms, p95_ms, max_ms, marks}``; None without a probe in the time
    that was watched.

    ``limits``: phases.Bounds; ``figures``: the experiment's metrics; ``probe``: the recorder's summary, which knows
    what answers said;
    ``hosts``: of the whole run. Percentiles are nearest-rank over the answers of a bucket.
    """
    watched = [sample for sample in samples if limits.baseline_from <= sample.intended_s <= limits.recovery_to]
    if not watched:
        return None
    width = _width(
        watched[-1].intended_s - watched[0].intended_s, MOST_BUCKETS if hosts <= MANY_HOSTS else MOST_BUCKETS_OF_MANY
    )
    places = [math.floor((sample.intended_s - limits.hold_from) / width) for sample in watched]
    first, count = places[0], places[-1] - places[0] + 1
    buckets = [[] for _each in range(count)]
    for place, sample in zip(places, watched):
        buckets[place - first].append(sample)
    shown = {"bucket_s": width, "from_s": round(first * width, 3)}
    shown["sent"] = [len(bucket) for bucket in buckets]
    shown["failed"] = [sum(1 for sample in bucket if not sample.ok) for bucket in buckets]
    shown["failed_by"] = _failed_by(buckets, probe)
    latencies = [sorted(sample.latency_ms for sample in bucket if answered(sample)) for bucket in buckets]
    for key, share in (("p50_ms", 0.50), ("p95_ms", 0.95), ("max_ms", 1.0)):
        shown[key] = [_rounded(percentile(ordered, share)) for ordered in latencies]
    shown["marks"] = marks(limits, fault, figures)
    return shown


def _width(span_s, most):
    """The narrowest bucket of which at most ``most`` make up the span (one more where they do not begin at its
    edge).
    """
    return next((width for width in WIDTHS_S if span_s / width < most - 1), span_s / (most - 2))


def _rounded(value):
    return None if value is None else round(value, 2)


def _failed_by(buckets, probe):
    """``{words: [count a bucket]}``, the most frequent first."""
    said = failures.words(probe)
    counted = [Counter(failures.why(sample, said) for sample in bucket if not sample.ok) for bucket in buckets]
    total = sum(counted, Counter())
    ordered = [kind for kind, _count in sorted(total.items(), key=lambda pair: (-pair[1], pair[0]))]
    shown = ordered if len(ordered) <= MOST_KINDS else ordered[: MOST_KINDS - 1]
    found = {kind: [bucket[kind] for bucket in counted] for kind in shown}
    if len(shown) < len(ordered):
        found[OTHER] = [sum(bucket[kind] for kind in ordered[len(shown) :]) for bucket in counted]
    return found


def marks(limits, fault, figures):
    """``[{kind, at_s, to_s, text}]`` in order of time: injected, reverted, outage, halted, recovered. ``to_s`` is
    for what lasts.
    """
    zero, ended = limits.hold_from, limits.hold_to
    found = [_mark("injected", 0.0, "the event happened" if fault.get("event") else "fault injected")]
    if fault.get("reverted_at") or fault.get("deadline"):
        found.append(_mark("reverted", ended - zero, "put back" if fault.get("event") else "fault reverted"))
    if fault.get("revert_cause") in ("halt", "halt_condition"):
        found.append(_mark("halted", ended - zero, str(fault.get("halted_by") or "the experiment was halted")))
    for outage in (figures.get("outages") or [])[:MOST_OUTAGES]:
        text = "outage, not over" if outage["to"] is None else "outage of %.3g s" % outage["duration_s"]
        found.append(
            dict(
                _mark("outage", outage["from"] - zero, text),
                to_s=None if outage["to"] is None else round(outage["to"] - zero, 3),
            )
        )
    if figures.get("recovered") and figures.get("outages"):
        since = zero if fault.get("event") else ended
        text = "recovered %.3g s after the %s" % (
            figures["recovery_time_s"],
            "event" if fault.get("event") else "revert",
        )
        found.append(_mark("recovered", since - zero + figures["recovery_time_s"], text))
    return sorted(found, key=lambda mark: mark["at_s"])


def _mark(kind, at_s, text):
    return {"kind": kind, "at_s": round(at_s, 3), "to_s": None, "text": text}


def window(limits, fault):
    """``{from, injected, reverted, to}`` as seconds since the epoch; None where no clock tells the time of day."""
    injected = fault.get("injected_at") or {}
    if not phases.is_figure(injected.get("wall")):
        return None
    # A fault may set the clock: what came before it counts from before it.
    before = fault.get("armed_at") or injected
    start = (
        before["wall"] + injected["monotonic"] - before["monotonic"]
        if phases.is_figure(before.get("wall"))
        else injected["wall"]
    )
    reverted = limits.hold_to if fault.get("reverted_at") else None

    def at(moment):
        return None if moment is None else round(start + moment - limits.hold_from, 3)

    return {
        "from": at(limits.baseline_from),
        "injected": at(limits.hold_from),
        "reverted": at(reverted),
        "to": at(limits.recovery_to),
    }
