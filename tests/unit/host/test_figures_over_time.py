# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The series of a fault: bounded, rates that are true however many points went, and no error that could reach the
fault.
"""

from __future__ import annotations

import json

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._life.figures_over_time import (
    MOST_KEYS,
    MOST_POINTS,
    FiguresOverTime,
)


@pytest.mark.parametrize("seconds", [1, 2, 119, 120, 121, 900, 5000])
def test_it_is_bounded_and_rates_stay_true(seconds):
    """A count that grows by 7 a second is a rate of 7, whatever was thinned."""
    series = FiguresOverTime()
    for second in range(seconds):
        series.add(second + 0.25, {"now": {"held_mib": second}, "total": {"packets_per_s": 1000 + 7 * second}})
    found = series.record()
    assert len(found["at_s"]) <= MOST_POINTS and len(found["at_s"]) >= min(seconds, MOST_POINTS // 2)
    assert found["at_s"][0] == 0.25 and found["at_s"][-1] > seconds * 0.95 - 2
    assert found["figures"]["packets_per_s"] == [None] + [7.0] * (len(found["at_s"]) - 1)
    assert found["figures"]["held_mib"][:2] == ([0.0, float(round(found["at_s"][1] - 0.25))] if seconds > 1 else [0.0])
    assert len(json.dumps(found)) < 3000


def test_figures_that_come_and_go():
    series = FiguresOverTime()
    series.add(0.0, {"now": {"a": 1.23456789, "b": None, "c": "x", "d": float("nan"), "e": True}})
    series.add(1.0, {"total": {"f": 5}})
    series.add(2.0, {"total": {"f": 8}, "now": {"a": 2}})
    assert series.record() == {"at_s": [0.0, 1.0, 2.0], "figures": {"a": [1.235, None, 2.0], "f": [None, None, 3.0]}}
    many = FiguresOverTime()
    many.add(0.0, {"now": {"k%d" % number: 1 for number in range(20)}})
    assert len(many.record()["figures"]) == MOST_KEYS
    assert FiguresOverTime().record() is None


class Context:
    record = {"measured": {"held_mib": 5.0}}

    @staticmethod
    def since_injection():
        return 1.0


class Family:
    """Of what is passed."""

    def __init__(self, **more):
        self.__dict__.update(more)


def broken(_ctx):
    raise KeyError("x")


@pytest.mark.parametrize(
    "family, figures",
    [
        (Family(), None),
        (Family(traced={"now": {"held_mib": "held_mib", "more": "not there"}}), {"held_mib": [5.0]}),
        (Family(trace=lambda ctx: {"now": {"own": 3}}), {"own": [3.0]}),
        (Family(trace=broken), None),
        (Family(trace=lambda ctx: "text"), None),
        (Family(traced={"now": 5}), None),
    ],
)
def test_no_family_can_break_it(family, figures):
    series = FiguresOverTime()
    series.look(family, Context())
    assert (series.record() or {}).get("figures") == figures
