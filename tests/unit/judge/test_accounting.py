# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A sum of probes that does not close is never a pass; the kind: probes that were never answered vanish."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._experiment import judge
from support.samples import OUTAGE, fault, series

SCENARIO = {"id": "x", "family": "cpu", "objectives": {"error_rate": "5%", "recovery_time": "10s"}}


def judged(rows, changes=(), summary=None, scenario=None, **more):
    """The record of samples with the summary of their recorder."""
    told = {"ended_by": "stopped", "due": len(rows), "rate": 20.0}
    told.update(summary or {})
    return judge({"scenario": scenario or SCENARIO, "samples": pack(rows), "probe": told, "fault": fault(**more)}, "h")


@pytest.mark.parametrize(
    "rows, summary, verdict, reason",
    [
        (series(100, 130), {}, "passed", ""),
        (
            series(100, 130),
            {"due": 601},
            "unknown",
            "do not add up: 601 probes were due, and 600 are recorded (600 good + 0 failed + 0 dropped)",
        ),
        (series(100, 130)[:-29], {"due": 600}, "unknown", "571 are recorded"),
        (series(100, 130), {"due": 599}, "unknown", "do not add up"),
        (series(100, 130), {"ended_by": None, "due": None}, "unknown", "the probe was killed before it was stopped"),
        (
            series(100, 112) + series(112.5, 130),
            {},
            "unknown",
            "the probe record has a gap: 600 probes were due, and 590 of them are recorded",
        ),
        (series(100, 130) + series(115, 116), {}, "unknown", "has a gap"),
        (series(100, 116), {"ended_by": "max_duration"}, "unknown", "the probe ended 4.0 s before the fault did"),
        (series(100, 130), {"ended_by": "max_duration"}, "passed", ""),
        (series(100, 130), {"rate": "x", "due": "y"}, "passed", ""),
    ],
)
def test_what_is_missing_is_told(rows, summary, verdict, reason):
    record = judged(rows, summary=summary)
    assert record["verdict"] == verdict and reason in record["reason"], record["reason"]
    assert bool(record["metrics"]["doubt"]) == (verdict == "unknown")


def test_a_doubt_is_told_before_what_was_missed():
    rows = series(100, 130, [(110, 115, OUTAGE)])
    assert judged(rows)["verdict"] == "failed"
    assert judged(rows, summary={"due": 700})["verdict"] == "unknown"


def test_a_probe_belongs_to_the_phase_in_which_it_was_due():
    """A hang over the end of a fault: time-outs that end long after it count in the hold."""
    record = judged(series(100, 130, [(118.0, 121.0, OUTAGE)]), reverted=120.0)
    assert (record["phases"]["hold"]["failed"], record["phases"]["recovery"]["failed"]) == (40, 20)
    assert record["metrics"]["recovery_time_s"] == 1.0 and record["metrics"]["mttr_s"] == 3.0


@pytest.mark.parametrize(
    "begin, before, verdict",
    [
        (109.0, 16, "unknown"),  # hangs since 0.8 s before anything was changed
        (109.79, 0, "failed"),  # not late yet when it was: it may hang for the fault
        (107.0, 56, "unknown"),
    ],
)
def test_who_hangs_before_the_fault_does_not_hang_for_it(begin, before, verdict):
    record = judged(series(100, 130, [(begin, 115.0, OUTAGE)]))
    assert (record["phases"]["baseline"]["failed"], record["verdict"]) == (before, verdict)
    if verdict == "unknown":
        assert record["reason"] == "the service was already failing when the fault was injected"


def test_single_failures_before_the_fault_are_no_state():
    rows = series(100, 130, [(109.70, 109.71, OUTAGE), (109.5, 109.51, OUTAGE)])
    assert judged(rows)["verdict"] == "passed"


def test_dropped_probes_are_named():
    rows = series(100, 130, [(112, 112.5, {"ok": False, "latency_ms": 0.1, "status": None, "error": "dropped"})])
    record = judged(rows)
    hold = record["phases"]["hold"]
    assert (hold["sent"], hold["failed"], hold["dropped"], hold["answered"]) == (200, 10, 10, 190)
    assert record["metrics"]["failures"] == [{"why": "not sent: too many outstanding", "count": 10}]
