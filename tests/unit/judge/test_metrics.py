# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of whole experiments, computed by hand; percentiles as of a plain sort; the interval as of a plain
bootstrap.
"""

from __future__ import annotations

import math
import random
import statistics

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import metrics, objectives, verdict
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample

from support.samples import OUTAGE, REFUSED, fault, reading, series


def figures(changes=(), record=None, end=130, **more):
    return metrics.compute(series(100, end, changes), record or fault(), **more)


@pytest.mark.parametrize("changes", [(), [(118, 120, REFUSED)]])
def test_without_a_probe_after_the_revert_nobody_knows_the_recovery(changes):
    """As when somebody collects the samples, or begins the next fault, at the end of this one."""
    found = figures(changes, end=120)
    assert (found["phases"]["hold"]["sent"], found["phases"]["recovery"]["sent"]) == (200, 0)
    assert found["metrics"]["recovery_time_s"] is None and found["metrics"]["recovered"] is False
    asked = objectives.parse({"error_rate": "50%", "recovery_time": "10s"})
    compared = objectives.compare(asked, found["metrics"], found["phases"])
    said = verdict.verdict("completed", fault(), found["phases"], compared, metrics=found["metrics"])
    assert said == ("unknown", "not measured: recovery")


def test_who_lost_the_probe_while_the_service_was_down_did_not_see_that_it_stayed_down():
    found = figures([(118, 130, REFUSED)], end=121, probe={"ended_by": None})
    assert found["metrics"]["doubt"] and found["phases"]["recovery"]["sent"] and found["metrics"]["outages"]
    asked = objectives.parse({"recovery_time": "10s", "mttr": "10s"})
    assert [each["met"] for each in objectives.compare(asked, found["metrics"], found["phases"])] == [None, None]


def test_a_quiet_experiment():
    found = figures()
    assert {name: (phase["sent"], phase["failed"]) for name, phase in found["phases"].items()} == {
        "baseline": (196, 0),
        "hold": (200, 0),
        "recovery": (200, 0),
    }
    expected = {
        "error_rate_pct": 0.0,
        "availability_pct": 100.0,
        "alive_pct": 100.0,
        "p95_ms": 3.0,
        "latency_impact_ms": 0.0,
        "latency_impact_ci_ms": [0.0, 0.0],
        "time_to_detect_s": None,
        "recovery_time_s": 0.0,
        "recovered": True,
        "mttr_s": None,
        "outages": [],
        "errors": {},
        "dropped": 0,
        "observer_late": 0,
    }
    assert {key: found["metrics"][key] for key in expected} == expected


def test_an_outage_of_known_length():
    """Down from 110.5 to 122: 190 of 200 probes of the hold and 40 of 200 of the recovery fail."""
    found = figures([(110.5, 122.0, OUTAGE)])
    assert (found["phases"]["hold"]["failed"], found["phases"]["recovery"]["failed"]) == (190, 40)
    shown = found["metrics"]
    assert shown["error_rate_pct"] == 95.0
    assert shown["availability_pct"] == pytest.approx(
        100 * (1 - 230 / 404), abs=1e-3
    )  # 404: with the four while it was being put in
    assert shown["outages"] == [{"from": 110.5, "to": 122.0, "duration_s": 11.5}]
    assert (shown["recovery_time_s"], shown["mttr_s"], shown["time_to_detect_s"], shown["errors"]) == (
        2.0,
        11.5,
        0.5,
        {"timeout": 230},
    )
    assert shown["alive_pct"] == pytest.approx(100 * (1 - 230 / 404), abs=1e-3)


def test_an_event_is_recovered_from_since_the_event():
    assert figures([(110.0, 111.25, OUTAGE)])["metrics"]["recovery_time_s"] == 0.0
    assert figures([(110.0, 111.25, OUTAGE)], fault(event=True))["metrics"]["recovery_time_s"] == 1.25


@pytest.mark.parametrize(
    "measured, recovery",
    [({"ended": True, "back_pid": None}, None), ({"ended": True, "back_pid": 7}, 4.0), ({"ended": True}, 4.0)],
)
def test_what_our_undo_brought_back_did_not_recover(measured, recovery):
    """Down from the event at 110 for four seconds; with nobody who started it again until the hold was over."""
    shown = figures([(110.0, 114.0, OUTAGE)], fault(event=True, measured=measured))["metrics"]
    assert (shown["recovery_time_s"], shown["recovered"], shown["revived_by_undo"]) == (
        recovery,
        recovery is not None,
        recovery is None,
    )
    assert (shown["mttr_s"] is None) == (recovery is None) and len(shown["outages"]) == 1
    assert figures([], fault(event=True, measured=measured))["metrics"]["revived_by_undo"] is False


def test_slow_after_an_outage_is_not_recovered():
    slow = {"latency_ms": 30.0}
    assert figures([(115.0, 120.5, OUTAGE), (120.5, 124.0, slow)])["metrics"]["recovery_time_s"] == 4.0
    assert figures([(115.0, 120.5, OUTAGE), (120.5, 124.0, {"latency_ms": 22.0})])["metrics"]["recovery_time_s"] == 0.5
    assert figures([(115.0, 124.0, slow)])["metrics"]["recovery_time_s"] == 0.0  # no probe failed


def test_never_well_again():
    shown = figures([(112.0, 999.0, OUTAGE)])["metrics"]
    assert (shown["recovery_time_s"], shown["recovered"], shown["mttr_s"]) == (None, False, None)
    assert shown["outages"] == [{"from": 112.0, "to": None, "duration_s": None}]


def test_probes_that_met_the_fault_on_its_way_in_do_not_spoil_the_baseline():
    """The database is already going down 0.5 s before the injection is done."""
    found = figures([(109.5, 121.0, OUTAGE)], fault(armed=109.4))
    assert found["phases"]["baseline"]["failed"] == 0 and found["phases"]["baseline"]["p99_ms"] == 3.0
    assert found["metrics"]["outages"][0]["from"] == 109.5
    assert (found["metrics"]["time_to_detect_s"], found["metrics"]["recovery_time_s"]) == (0.0, 1.0)


def test_slowness_on_the_way_in_is_not_detection():
    assert figures([(109.8, 109.9, {"latency_ms": 90.0})])["metrics"]["time_to_detect_s"] is None
    assert figures([(112.0, 112.1, {"latency_ms": 90.0})])["metrics"]["time_to_detect_s"] == 2.0


def test_a_slow_down_of_200_ms():
    shown = figures([(110.0, 120.0, {"latency_ms": 203.0})])["metrics"]
    assert shown["latency_impact_ms"] == 200.0 and shown["latency_impact_ci_ms"] == [200.0, 200.0]
    assert (shown["error_rate_pct"], shown["p95_ms"]) == (0.0, 203.0)


def test_failed_probes_are_not_part_of_the_latency_impact():
    assert figures([(110.0, 115.0, OUTAGE)])["metrics"]["latency_impact_ms"] == 0.0
    assert figures([(110.0, 120.0, OUTAGE)])["metrics"]["latency_impact_ms"] is None


def test_a_refusal_is_an_answer():
    shown = figures([(110.0, 120.0, REFUSED)])["metrics"]
    assert (shown["error_rate_pct"], shown["alive_pct"], shown["p95_ms"]) == (100.0, 100.0, 4.0)


def test_a_liveness_probe_counts_where_there_is_one():
    live = series(100, 130, [(110.0, 115.0, REFUSED)], every_s=0.5)
    shown = figures([(110.0, 120.0, OUTAGE)], live=live)["metrics"]
    assert shown["alive_pct"] == 75.0  # 10 of 40


def test_the_observers_own_lateness_is_told():
    shown = figures(
        [(110.0, 112.0, {"late_ms": 55.0}), (113.0, 113.5, {"ok": False, "error": "dropped", "status": None})]
    )["metrics"]
    assert (shown["observer_late"], shown["observer_late_p99_ms"], shown["dropped"]) == (40, 55.0, 10)


def test_another_hosts_clock_is_named():
    observer = {"boot_id": "b1", "started_at": reading(100.0)}
    assert figures(probe=observer)["metrics"]["clock"] == "wall"
    assert figures()["metrics"]["clock"] == "monotonic"
    given = {"baseline_from": 100, "hold_from": 105, "hold_to": 106, "recovery_to": 130}
    shown = figures([(105.0, 107.0, OUTAGE)], given=given)
    assert (shown["metrics"]["clock"], shown["metrics"]["recovery_time_s"], shown["phases"]["hold"]["sent"]) == (
        "given",
        1.0,
        20,
    )


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 99, 100, 101, 997])
def test_percentiles_are_those_of_a_plain_sort(count):
    draw = random.Random(count)
    rows = [Sample(110 + n * 0.001, 0.0, round(draw.expovariate(0.1), 3), True, 200, "") for n in range(count)]
    ordered = sorted(s.latency_ms for s in rows)
    hold = metrics.compute(series(100, 109) + rows, fault())["phases"]["hold"]
    assert hold["sent"] == count
    for key, share in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99)):
        assert hold[key] == ordered[math.ceil(share * count / 100) - 1]
    assert hold["max_ms"] == ordered[-1]


def test_the_interval_is_that_of_a_plain_bootstrap():
    """As resampling every value gives it: near it each time, and neither wider nor narrower on the whole. All draws
    are seeded.
    """
    draw = random.Random(7)
    ratios = []
    for _turn in range(10):
        values = [[draw.gauss(middle, spread) for _number in range(101)] for middle, spread in ((10, 2), (40, 8))]
        before, during = ([Sample(n, 0.0, value, True, 200, "") for n, value in enumerate(part)] for part in values)
        impact, (low, high) = metrics.latency_impact(before, during)
        plain = sorted(
            statistics.median(draw.choices(values[1], k=101)) - statistics.median(draw.choices(values[0], k=101))
            for _resample in range(1000)
        )
        width = plain[974] - plain[24]
        assert impact == statistics.median(values[1]) - statistics.median(values[0])
        assert abs(low - plain[24]) < 0.25 * width and abs(high - plain[974]) < 0.25 * width
        ratios.append((high - low) / width)
    assert 0.93 < statistics.mean(ratios) < 1.07


def test_the_interval_is_the_same_every_time_and_bounded_in_work(monkeypatch):
    rows = series(100, 130)
    assert metrics.latency_impact(rows, rows) == metrics.latency_impact(rows, rows)
    draws = []
    real = random.Random.betavariate
    monkeypatch.setattr(random.Random, "betavariate", lambda self, a, b: draws.append(a) or real(self, a, b))
    many = [Sample(n * 1e-3, 0.0, float(n % 97), True, 200, "") for n in range(100000)]
    metrics.latency_impact(many, many)
    assert len(draws) == 2 * metrics.RESAMPLES


def test_nothing_recorded():
    found = metrics.compute([], fault())
    assert (
        found["metrics"]["recovered"] is False
        and found["metrics"]["availability_pct"] is None
        and found["phases"]["hold"]["sent"] == 0
    )
