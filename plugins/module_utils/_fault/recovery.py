# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait on a host until the service is well again after a fault, by the judge's own rule. Private to magsasa.chaos."""

from __future__ import annotations

import time
from collections import namedtuple

from .. import _wait
from .._judge import outages, phases
from .._probe import live, samples

PAUSE_S = 0.02  # between two looks

# Monotonic seconds of this host, None where it is not known: the last moment without a change, the fault is in, it is
# reverted.
Moments = namedtuple("Moments", "armed injected reverted")


def wait(path, recorder, finish, moments, seconds):
    """Whether the service is well again; waits for that for ``seconds`` at most.

    ``path``: samples of the probe; ``recorder``: what it said of itself, or None; ``finish``: ``{successes, rate,
    slow_ms}``, ``slow_ms`` is None unless
    it is to be another than the judge's.
    """
    return _wait.until(lambda: _is_well(path, recorder, finish, moments), seconds, PAUSE_S)


def _is_well(path, recorder, finish, moments):
    """First what costs little: probes that were due after the end are good, and none that was due is unanswered.
    Then the judge's rule over all samples.
    """
    since = (
        moments.reverted
        if moments.reverted is not None
        else time.monotonic() - (finish["successes"] + 1) / finish["rate"]
    )
    awaited = since - ((recorder or {}).get("timeout_s") or 0.0)
    try:
        ended = sorted(live.ended_since(path, awaited), key=lambda sample: sample.intended_s)
    except OSError:
        return False
    if not outages.ends_well(ended, since, finish["successes"]):
        return False
    everything = samples.read(path)
    parts = phases.split(everything, _bounds(everything, moments, since)) if moments.injected is not None else None
    slow_ms = finish["slow_ms"] if finish["slow_ms"] is not None or parts is None else parts.slow_ms
    latest = max(ended[-1].intended_s, time.monotonic() - live.WRITTEN_S - (slow_ms or 0.0) / 1000.0)
    if recorder and recorder.get("alive") and recorder.get("first") and recorder.get("rate"):
        if live.unanswered(
            path, recorder["first"], recorder["rate"], awaited, latest
        ):  # nobody knows yet whether it failed
            return False
    return parts is None or outages.are_over(parts.affected, finish["successes"], slow_ms)


def _bounds(everything, moments, since):
    armed = moments.injected if moments.armed is None else min(moments.armed, moments.injected)
    first, last = (everything[0].intended_s, everything[-1].intended_s) if everything else (armed, since)
    return phases.Bounds(min(first, armed), armed, moments.injected, since, max(last, since))
