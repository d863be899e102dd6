# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The time line of an experiment against a plain sort of its samples, and its marks."""

from __future__ import annotations

import math
import random

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import metrics, phases, timeline
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import ANSWERS, Sample

from support.samples import OUTAGE, REFUSED, fault, series


def drawn(samples, record, hosts=1, probe=None):
    limits = phases.bounds(samples, record, probe)
    return timeline.timeline(
        samples, limits, record, metrics.compute(samples, record, 3, probe)["metrics"], probe, hosts
    )


def noisy(seed, begin=100.0, end=130.0, rate=20.0):
    """Samples with odd times and latencies, a part of which fail."""
    draw, found = random.Random(seed), []
    due = begin + draw.random() / rate
    while due < end:
        bad = draw.random() < 0.2
        error = draw.choice(["timeout", "refused", "status", "dropped"]) if bad else ""
        status = 503 if error == "status" else 200 if not bad else None
        found.append(Sample(due, 0.1, round(draw.lognormvariate(1, 1.5), 3), not bad, status, error))
        due += 1 / rate
    return found


def plain(samples, injected, width):
    """{number of the bucket: (sent, failed, p50, p95, max)}, by a plain sort."""
    numbers = {math.floor((sample.intended_s - injected) / width) for sample in samples}
    found = {}
    for number in range(min(numbers), max(numbers) + 1):
        here = [sample for sample in samples if number * width <= sample.intended_s - injected < (number + 1) * width]
        values = sorted(sample.latency_ms for sample in here if sample.ok or sample.error in ANSWERS)
        places = [values[math.ceil(share * len(values)) - 1] if values else None for share in (0.5, 0.95)]
        places.append(values[-1] if values else None)
        found[number] = (
            len(here),
            sum(not sample.ok for sample in here),
            *(None if each is None else round(each, 2) for each in places),
        )
    return found


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("length, width", [(30, 0.5), (90, 1.0), (170, 2.0)])
def test_buckets_are_those_of_a_plain_sort(seed, length, width):
    samples = noisy(seed, end=100.0 + length)
    injected = 110.0 + random.Random(seed).random()
    line = drawn(samples, fault(injected=injected, reverted=injected + 10))
    assert line["bucket_s"] == width
    expected = plain(samples, injected, width)
    assert line["from_s"] == min(expected) * width
    columns = zip(line["sent"], line["failed"], line["p50_ms"], line["p95_ms"], line["max_ms"])
    assert list(columns) == [expected[number] for number in sorted(expected)]
    assert [sum(each) for each in zip(*line["failed_by"].values())] == line["failed"]


@pytest.mark.parametrize(
    "hosts, most", [(1, timeline.MOST_BUCKETS), (100, timeline.MOST_BUCKETS), (101, timeline.MOST_BUCKETS_OF_MANY)]
)
@pytest.mark.parametrize("length", [11, 59, 61, 600, 7200])
def test_it_is_bounded(hosts, most, length):
    samples = noisy(3, end=100.0 + length, rate=2.0)
    line = drawn(samples, fault(injected=105.0, reverted=110.0), hosts)
    assert len(line["sent"]) <= most and sum(line["sent"]) == len(samples)
    assert {len(values) for key, values in line.items() if isinstance(values, list) and key != "marks"} == {
        len(line["sent"])
    }


def test_why_probes_failed_is_told_in_words():
    changes = [(111, 113, OUTAGE), (113, 114, REFUSED), (114, 114.5, {"ok": False, "error": "refused", "status": None})]
    line = drawn(series(100, 130, changes), fault())
    assert {kind: sum(counts) for kind, counts in line["failed_by"].items()} == {
        "timed out": 40,
        "HTTP 503": 20,
        "connection refused": 10,
    }
    at = int((112.0 - 110.0 - line["from_s"]) / line["bucket_s"])
    assert line["failed_by"]["timed out"][at] == 10 and line["failed_by"]["HTTP 503"][at] == 0


def test_many_kinds_become_other():
    changes = [(111 + n / 2, 111.5 + n / 2, dict(REFUSED, status=500 + n)) for n in range(10)]
    line = drawn(series(100, 130, changes), fault())
    assert len(line["failed_by"]) == timeline.MOST_KINDS and sum(line["failed_by"]["other"]) == 50


@pytest.mark.parametrize(
    "changes, record, expected",
    [
        ([], fault(), [("injected", 0.0, None), ("reverted", 10.0, None)]),
        (
            [(112.0, 122.0, OUTAGE)],
            fault(),
            [("injected", 0.0, None), ("outage", 2.0, 12.0), ("reverted", 10.0, None), ("recovered", 12.0, None)],
        ),
        ([(112.0, 999.0, OUTAGE)], fault(), [("injected", 0.0, None), ("outage", 2.0, None), ("reverted", 10.0, None)]),
        (
            [],
            fault(revert_cause="halt_condition", halted_by="error rate 80 %"),
            [("injected", 0.0, None), ("reverted", 10.0, None), ("halted", 10.0, None)],
        ),
        (
            [(110.0, 113.0, OUTAGE)],
            fault(event=True, reverted=110.0),
            [("injected", 0.0, None), ("reverted", 0.0, None), ("outage", 0.0, 3.0), ("recovered", 3.0, None)],
        ),
    ],
)
def test_marks(changes, record, expected):
    marks = drawn(series(100, 130, changes), record)["marks"]
    assert [(each["kind"], each["at_s"], each["to_s"]) for each in marks] == expected
    assert all(each["text"] for each in marks)


def test_the_window_is_time_of_day_also_where_the_fault_sets_the_clock():
    samples = series(100, 130)
    record = fault()
    expected = {"from": 1795600100.0, "injected": 1795600110.0, "reverted": 1795600120.0, "to": 1795600129.95}
    assert timeline.window(phases.bounds(samples, record), record) == expected
    moved = fault(injected_at={"monotonic": 110.0, "wall": 1795603710.0})
    assert timeline.window(phases.bounds(samples, moved), moved) == expected
    record["injected_at"] = {"monotonic": 110.0}
    assert timeline.window(phases.bounds(samples, record), record) is None
