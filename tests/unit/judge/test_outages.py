# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outages and recovery, by hand: each letter is a probe, a second apart. g good, s good but slow, x failed."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outages
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.outages import Outage
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample

SLOW_MS = 50.0


def probes(text):
    return [
        Sample(float(n), 0.0, 60.0 if letter == "s" else 3.0, letter != "x", None, "timeout" if letter == "x" else "")
        for n, letter in enumerate(text)
    ]


@pytest.mark.parametrize(
    "text, found",
    [
        ("", []),
        ("gggg", []),
        ("ggssgg", []),  # slow is no outage
        ("gxggg", [(1, 2)]),
        ("xxxggg", [(0, 3)]),
        ("gxgxgggg", [(1, 4)]),  # one good probe between two failed ones ends nothing
        ("gxggxggg", [(1, 5)]),  # nor do two
        ("gxgggxggg", [(1, 2), (5, 6)]),  # three do
        ("gxssggg", [(1, 4)]),  # slow probes keep it from being over
        ("gxggsggg", [(1, 5)]),
        ("gxgg", [(1, None)]),  # two good ones at the end prove nothing
        ("gggx", [(3, None)]),
        ("xxxxx", [(0, None)]),
        ("xssss", [(0, None)]),
    ],
)
def test_outages(text, found):
    assert outages.outages(probes(text), 3, SLOW_MS) == [Outage(*each) for each in found]


def test_how_many_good_probes_end_an_outage():
    assert outages.outages(probes("gxgxg"), 1, SLOW_MS) == [Outage(1, 2), Outage(3, 4)]
    assert outages.outages(probes("gxgggggg"), 5, SLOW_MS) == [Outage(1, 2)]
    assert outages.outages(probes("gxgggg"), 5, SLOW_MS) == [Outage(1, None)]


def test_without_a_baseline_no_probe_is_slow():
    assert outages.outages(probes("gxsss"), 3, None) == [Outage(1, 2)]


@pytest.mark.parametrize(
    "found, since, seconds",
    [
        ([], 10, 0.0),
        ([(2, 8)], 10, 0.0),  # over before the revert
        ([(2, 10)], 10, 0.0),
        ([(2, 13.5)], 10, 3.5),
        ([(2, 8), (9, 12)], 10, 2.0),
        ([(11, 12), (14, 15)], 10, 5.0),  # down again after the revert: the last one counts
        ([(2, None)], 10, None),
        ([(2, 12), (20, None)], 10, None),
    ],
)
def test_recovery_time(found, since, seconds):
    assert outages.recovery_time([Outage(*each) for each in found], since) == seconds


@pytest.mark.parametrize(
    "found, seconds", [([], None), ([(1, 3)], 2.0), ([(1, 3), (10, 16)], 4.0), ([(1, 3), (10, None)], None)]
)
def test_mean_duration(found, seconds):
    assert outages.mean_duration([Outage(*each) for each in found]) == seconds


@pytest.mark.parametrize("latency_ms, limit", [(1.0, 21.0), (19.0, 39.0), (20.0, 40.0), (100.0, 200.0)])
def test_slow_is_twice_the_baseline_p95_but_never_within_noise(latency_ms, limit):
    assert outages.slow_limit_ms(latency_ms) == limit


def test_no_baseline_no_limit():
    assert outages.slow_limit_ms(None) is None
