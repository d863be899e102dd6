# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why probes failed: by kind, in words, and in which company the time-outs came. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from collections import Counter

from .._errors import printable
from .._check.http import SAID_ILL
from .._probe.samples import DROPPED, answered

BESIDE = 3  # probes before and after one that are looked at as its neighbours
MOST = 10  # reasons that are told one by one
WORDS = {
    "timeout": "timed out",
    "refused": "connection refused",
    "reset": "connection reset",
    "garbage": "not HTTP",
    "tls": "TLS failed",
    "dns": "name not resolved",
    "unreachable": "unreachable",
    "too_large": "answer too large",
    "assertion": "wrong answer",
    "internal": "check failed",
    DROPPED: "not sent: too many outstanding",
    SAID_ILL: "reported itself unhealthy",
}


def kinds(samples):
    """``{kind: count}`` of failed probes, most first."""
    counts = Counter(sample.error or "status" for sample in samples if not sample.ok)
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))


def told(samples, probe=None):
    """``[{why, count}]`` of failed probes in words, most first: "HTTP 503", "timed out", "said DOWN".

    ``probe``: the recorder's summary; its ``reasons`` tell what the service said and what was wrong with an answer.
    """
    said = words(probe)
    counts = Counter(why(sample, said) for sample in samples if not sample.ok)
    return [
        {"why": kind, "count": count}
        for kind, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST]
    ]


def words(probe):
    """``{kind: words}`` of what answers said, from the recorder's summary."""
    return _said((probe or {}).get("reasons"))


def why(sample, said):
    """Why a probe failed, in words; ``said``: see words()."""
    if sample.error in ("", "status"):
        code = sample.status
        return "wrong status" if code is None else "HTTP %d" % code if 100 <= code <= 599 else "exit code %d" % code
    return said.get(sample.error) or WORDS.get(sample.error, sample.error)


def _said(reasons):
    """``{kind: words}`` of what answers said; several words of one kind are joined. What is passed in came from a
    host.
    """
    found = {}
    for reason in reasons if isinstance(reasons, list) else []:
        kind, detail = (reason.get("error"), reason.get("detail")) if isinstance(reason, dict) else (None, None)
        if kind in (SAID_ILL, "assertion") and isinstance(detail, str) and detail:
            words = printable(detail.partition(" and ")[2] if kind == SAID_ILL else detail, 60)
            if len(found.setdefault(kind, [])) < 3 and words not in found[kind]:
                found[kind].append(words)
    return {kind: " or ".join(words) for kind, words in found.items()}


def time_outs(parts, slow_ms):
    """``{alone, crowded, in_flight_before, in_flight_max}``: in which company the time-outs came, and how many probes
    were under way at once.

    A time-out is alone when most of the probes that were due beside it were answered and not slow: a single answer was
    lost. It is crowded
    when most of those were late or failed too: requests piled up. ``parts``: phases.Parts.
    """
    samples = parts.affected
    well = [answered(sample) and (slow_ms is None or sample.latency_ms <= slow_ms) for sample in samples]
    alone = crowded = 0
    for number, sample in enumerate(samples):
        if sample.error in ("timeout", DROPPED):
            beside = well[max(0, number - BESIDE) : number] + well[number + 1 : number + 1 + BESIDE]
            if sample.error == "timeout" and 2 * sum(beside) >= len(beside):
                alone += 1
            else:
                crowded += 1
    return {
        "alone": alone,
        "crowded": crowded,
        "in_flight_before": _in_flight(parts.baseline),
        "in_flight_max": _in_flight(samples),
    }


def _in_flight(samples):
    """The largest number of probes that were under way at once."""
    moments = []
    for sample in samples:
        if sample.error != DROPPED:
            moments += [(sample.intended_s, 1), (sample.intended_s + sample.latency_ms / 1000.0, -1)]
    most = now = 0
    for _when, change in sorted(moments):
        now += change
        most = max(most, now)
    return most
