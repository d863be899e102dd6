# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Phases of an experiment on the observer's clock, and which probe belongs to which. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from collections import namedtuple

from .. import _quantity
from .._errors import BadOption
from .._probe.samples import figures
from .outages import slow_limit_ms

# CLOCK_MONOTONIC of the observer, in seconds. armed: the last moment at which nothing had been changed yet; hold_from:
# the fault is in.
Bounds = namedtuple("Bounds", "baseline_from armed hold_from hold_to recovery_to")
# slow_ms: latency above which a probe is slow, from what the baseline was like; None where nothing was answered in it
Parts = namedtuple("Parts", "baseline hold recovery affected slow_ms")
GIVEN = ("baseline_from", "hold_from", "hold_to", "recovery_to")
READINGS = ("armed_at", "injected_at", "reverted_at", "deadline")


def clock(fault, probe):
    """How the fault's times become the observer's: "monotonic" (one clock), else over the time of day: "measured"
    or "wall" (taken as agreeing).
    """
    here, there = (probe or {}).get("boot_id"), fault.get("boot_id")
    if not (here and there and here != there):
        return "monotonic"
    return "measured" if (probe or {}).get("clock_offset") else "wall"


def _on_observer(reading, fault, probe):
    """A reading of the fault's host as CLOCK_MONOTONIC of the observer.

    Over the time of day it is as good as the offset was measured, or as the two clocks agree. Only the first reading's
    time of day
    is used, as the fault may set the clock; the others count from there by the host's own CLOCK_MONOTONIC.
    """
    if clock(fault, probe) == "monotonic":
        return reading["monotonic"]
    anchor = (probe or {}).get("started_at") or {}
    first = fault.get("armed_at") or reading
    if not (is_figure(first.get("wall")) and is_figure(anchor.get("wall")) and is_figure(anchor.get("monotonic"))):
        raise BadOption(
            "fault",
            fault.get("name"),
            "was timed by the clock of another host than that of the probe",
            "pass the probe's summary too, or phases",
        )
    wall = first["wall"] + (reading["monotonic"] - first["monotonic"])
    ahead = (probe.get("clock_offset") or {}).get("offset_s", 0.0)
    return wall + ahead - anchor["wall"] + anchor["monotonic"]


def bounds(samples, fault, probe=None, given=None):
    """The Bounds, from ``given`` (design section 10) or from the fault's own times; ``samples`` in intended order."""
    first, last = (samples[0].intended_s, samples[-1].intended_s) if samples else (None, None)
    if given:
        return Bounds(
            given["baseline_from"], given["hold_from"], given["hold_from"], given["hold_to"], given["recovery_to"]
        )
    hold_from = _on_observer(fault["injected_at"], fault, probe)
    armed = min(_on_observer(fault["armed_at"], fault, probe), hold_from) if fault.get("armed_at") else hold_from
    ended = fault.get("reverted_at") or fault.get("deadline")
    hold_to = max(hold_from, _on_observer(ended, fault, probe)) if ended else max(hold_from, last or hold_from)
    return Bounds(
        min(first, armed) if samples else armed, armed, hold_from, hold_to, max(last, hold_to) if samples else hold_to
    )


def split(samples, limits):
    """Parts of the samples.

    baseline: those that were due before anything was changed and had ended by then, or were late by then: whoever hangs
    before the fault
    does not hang for it. hold and recovery: by the moment at which they were due.
    affected: all but the baseline, so also those that met the fault while it was being put in.
    """
    watched = [s for s in samples if limits.baseline_from <= s.intended_s <= limits.recovery_to]
    ended = [s for s in watched if s.intended_s + s.latency_ms / 1000.0 <= limits.armed]
    slow_ms = slow_limit_ms(figures(ended)["p95_ms"])
    baseline, affected = [], []
    for sample in watched:
        way_ms = min(sample.latency_ms, (limits.armed - sample.intended_s) * 1000.0)  # how long it had been on its way
        before = sample.intended_s + sample.latency_ms / 1000.0 <= limits.armed or (
            slow_ms is not None and way_ms > slow_ms
        )
        (baseline if before else affected).append(sample)
    return Parts(
        baseline,
        [s for s in affected if limits.hold_from <= s.intended_s < limits.hold_to],
        [s for s in affected if s.intended_s >= limits.hold_to],
        affected,
        slow_ms,
    )


def is_figure(value):
    """Whether a value can be a moment or a length of time."""
    return _quantity.is_number(value, below=1e15)


def check_given(given):
    """Raise BadOption unless the phases that somebody passed are four numbers in order."""
    if not isinstance(given, dict) or not all(is_figure(given.get(key)) for key in GIVEN):
        raise BadOption("phases", given, "is not a set of phases", "give the seconds %s" % ", ".join(GIVEN))
    if not given["baseline_from"] <= given["hold_from"] <= given["hold_to"] <= given["recovery_to"]:
        raise BadOption("phases", given, "are not in order", "give %s in ascending order" % ", ".join(GIVEN))
    return given


def check_offset(offset):
    """Raise BadOption unless a clock offset is one as the conductor measures it."""
    if not isinstance(offset, dict) or not is_figure(offset.get("offset_s")) or not is_figure(offset.get("error_s")):
        raise BadOption(
            "clock_offset",
            offset,
            "is not a measured offset",
            "pass the 'clock_offset' that was measured for the host, or leave it out",
        )
    return {"offset_s": offset["offset_s"], "error_s": offset["error_s"]}


def check_fault(fault):
    """Raise BadOption unless what is used of a fault record has the form of one; it came from a host."""
    if not isinstance(fault, dict):
        raise BadOption("fault", fault, "is not a fault record", "pass the 'fault' of a fault module's result")
    for key in READINGS:
        reading = fault.get(key)
        if reading and not (isinstance(reading, dict) and is_figure(reading.get("monotonic"))):
            raise BadOption("fault.%s" % key, reading, "is not a reading of a clock", "pass the fault record unchanged")
    for key, kind in (
        ("residue", list),
        ("differences", list),
        ("notes", list),
        ("plan", list),
        ("requested", dict),
        ("measured", dict),
    ):
        if fault.get(key) and not isinstance(fault[key], kind):
            raise BadOption(
                "fault.%s" % key, fault[key], "is not a %s" % kind.__name__, "pass the fault record unchanged"
            )
    return fault
