# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which probe belongs to which phase, on whose clock; what is no fault record and no set of phases."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import phases
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample

from support.samples import fault, reading, series


def sample(due, latency_ms=3.0, ok=True):
    return Sample(due, 0.0, latency_ms, ok, 200 if ok else None, "" if ok else "timeout")


# armed 109.8, injected 110, reverted 120
@pytest.mark.parametrize(
    "row, where",
    [
        (sample(100.0), "baseline"),
        (sample(109.797), "baseline"),  # ended at the very moment of arming
        (sample(109.798), "affected"),  # was under way then
        (sample(108.0, 2000.0, False), "affected"),  # began long before, and met the fault
        (sample(109.9), "affected"),  # while the fault was being put in: neither baseline nor hold
        (sample(110.0), "hold"),
        (sample(119.999), "hold"),
        (sample(120.0), "recovery"),
        (sample(300.0), "recovery"),
    ],
)
def test_where_a_probe_belongs(row, where):
    rows = [row]
    parts = phases.split(rows, phases.bounds(rows, fault()))
    found = {name for name in parts._fields if name != "slow_ms" and getattr(parts, name)}
    assert found == {where, "affected"} - ({"affected"} if where == "baseline" else set())


def test_every_probe_is_in_the_baseline_or_affected():
    rows = series(100, 130)
    parts = phases.split(rows, phases.bounds(rows, fault()))
    assert sorted(parts.baseline + parts.affected) == rows
    assert (len(parts.baseline), len(parts.hold), len(parts.recovery)) == (196, 200, 200)


def test_bounds_without_an_end_or_samples():
    rows = series(100, 130)
    assert phases.bounds(rows, fault(reverted_at=None, deadline=reading(115.0))).hold_to == 115.0
    assert phases.bounds(rows, fault(reverted_at=None)).hold_to == rows[-1].intended_s
    assert phases.bounds([], fault()) == phases.Bounds(109.8, 109.8, 110.0, 120.0, 120.0)
    assert phases.bounds(rows, fault(armed_at=None)).armed == 110.0


def test_given_phases_count_and_leave_out_what_is_beyond_them():
    given = {"baseline_from": 101, "hold_from": 102, "hold_to": 103, "recovery_to": 104}
    rows = series(100, 110)
    parts = phases.split(rows, phases.bounds(rows, fault(), given=given))
    assert (len(parts.baseline), len(parts.hold)) == (20, 20)
    assert max(s.intended_s for s in parts.recovery) == 104.0


def test_another_hosts_clock_is_translated_over_the_time_of_day():
    """The fault's host says 110 when the observer says 1110; both have the same time of day."""
    observer = {"boot_id": "b1", "started_at": {"monotonic": 1100.0, "wall": 1795600100.0}}
    rows = series(1100, 1130)
    limits = phases.bounds(rows, fault(), observer)
    assert (limits.hold_from, limits.hold_to) == pytest.approx((1110.0, 1120.0), abs=1e-6)
    assert phases.clock(fault(), observer) == "wall"
    assert (
        phases.clock(fault(), {"boot_id": "b0"})
        == phases.clock(fault(), None)
        == phases.clock({}, observer)
        == "monotonic"
    )


def test_a_measured_offset_between_the_clocks_counts():
    """As before, but the observer's clock is five minutes ahead, and the fault sets that of its host an hour on."""
    observer = {
        "boot_id": "b1",
        "started_at": {"monotonic": 1100.0, "wall": 1795600400.0},
        "clock_offset": {"offset_s": 300.0, "error_s": 0.01},
    }
    jumped = fault(reverted_at={"monotonic": 120.0, "wall": 1795603720.0})
    limits = phases.bounds(series(1100, 1130), jumped, observer)
    assert (limits.armed, limits.hold_from, limits.hold_to) == pytest.approx((1109.8, 1110.0, 1120.0), abs=1e-6)
    assert (
        phases.clock(jumped, observer) == "measured"
        and phases.clock(dict(jumped, boot_id="b1"), observer) == "monotonic"
    )


@pytest.mark.parametrize(
    "wrong", [[], {}, {"offset_s": 1.0}, {"offset_s": "1", "error_s": 0.1}, {"offset_s": 1.0, "error_s": float("nan")}]
)
def test_what_is_no_offset(wrong):
    with pytest.raises(BadOption, match="^clock_offset: "):
        phases.check_offset(wrong)


def test_another_hosts_clock_without_an_anchor_is_refused():
    with pytest.raises(BadOption, match="^fault: 'crafted' was timed by the clock of another host"):
        phases.bounds(series(100, 130), fault(), {"boot_id": "b1"})


@pytest.mark.parametrize(
    "given",
    [
        [],
        "text",
        {},
        {"baseline_from": 1, "hold_from": 2, "hold_to": 3},
        dict.fromkeys(phases.GIVEN, "1"),
        dict.fromkeys(phases.GIVEN, True),
        dict(zip(phases.GIVEN, (1, 3, 2, 4))),
        dict.fromkeys(phases.GIVEN, float("nan")),
    ],
)
def test_what_is_no_set_of_phases(given):
    with pytest.raises(BadOption, match="^phases: "):
        phases.check_given(given)


@pytest.mark.parametrize(
    "wrong, option",
    [
        ({"injected_at": 5}, "fault.injected_at"),
        ({"reverted_at": {"monotonic": "x"}}, "fault.reverted_at"),
        ({"armed_at": {"wall": 1}}, "fault.armed_at"),
        ({"deadline": {"monotonic": 10**400}}, "fault.deadline"),
        ({"residue": "file"}, "fault.residue"),
        ({"requested": [1]}, "fault.requested"),
    ],
)
def test_what_is_no_fault_record(wrong, option):
    with pytest.raises(BadOption) as caught:
        phases.check_fault(fault(**wrong))
    assert str(caught.value).startswith(option + ": ")
