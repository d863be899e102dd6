# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clocks: what the offset means, what the plan says, what it refuses, when the undo has something to do."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, NotHere, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.clock import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._host import time_of_day
from ansible_collections.magsasa.chaos.plugins.module_utils._undo import registry

FACTS = {
    "able": True,
    "uid": 0,
    "keepers": ["chrony.service"],
    "around": {"chrony.service": {"dependents": [], "carriers": []}},
    "daemons": ["chronyd"],
    "anchor": {"wall": 1.7e9, "boottime": 100.0},
    "boot_id": "b",
}


def planned(offset="+5m", force=False, **change):
    return FAMILY.plan(dict(FAMILY.parse({"offset": offset}), force=force), dict(FACTS, **change))


@pytest.mark.parametrize(
    "text, seconds", [("+5m", 300.0), ("5m", 300.0), ("-1h", -3600.0), ("1", 1.0), (" -90s ", -90.0), ("-1m30s", -90.0)]
)
def test_offsets(text, seconds):
    assert FAMILY.parse({"offset": text}) == {"offset_s": seconds}


@pytest.mark.parametrize(
    "text", [None, "", "  ", "+", "-", "--5m", "soon", "0.5s", "-0", "11y", "4000d", "nan", "+inf"]
)
def test_what_is_no_offset(text):
    with pytest.raises(BadOption, match="offset"):
        FAMILY.parse({"offset": text})


def test_the_time_service_is_stopped_before_and_started_after():
    found = planned("-1h")
    assert [step["do"] for step in found["steps"]] == ["hold_off", "move"]
    undone = [entry["op"] for step in found["steps"] for entry in step["undo"]]
    assert undone == ["service.start", "clock.move_back"]  # carried out from the last to the first
    assert found["requested"] == {"offset_s": -3600.0} and found["claims"] == ["clock"]
    assert "back by 1h" in found["steps"][-1]["says"]


def test_what_ends_with_the_time_service_is_started_after_it():
    needy = {"id": "gps.service", "names": ["gps.service"], "active": "active"}
    found = planned(around={"chrony.service": {"dependents": [needy], "carriers": []}})
    starts = [each["args"]["unit"] for each in found["steps"][0]["undo"]]
    assert starts == ["gps.service", "chrony.service"] and "gps.service" in found["notes"][-1]


def test_without_a_time_service_there_is_a_note():
    found = planned(keepers=[], daemons=[])
    assert [step["do"] for step in found["steps"]] == ["move"] and "hypervisor" in found["notes"][0]


@pytest.mark.parametrize(
    "change, error, says",
    [
        ({"able": False, "uid": 1000}, NotHere, "become"),
        ({"able": False}, NotHere, "container"),
        ({"keepers": [], "daemons": ["ntpd"]}, Refused, "ntpd"),
        ({"offset": "25h"}, Refused, "force"),
        ({"offset": "-2d"}, Refused, "force"),
    ],
)
def test_refusals(change, error, says):
    with pytest.raises(error, match=says):
        planned(**change)


def test_force_lifts_the_limit_of_a_day():
    assert planned("2d", force=True)["requested"] == {"offset_s": 172800.0}


@pytest.mark.parametrize(
    "offset, moved, off",
    [
        (300.0, 300.1, True),
        (300.0, 0.0, False),
        (300.0, -0.2, False),
        (-60.0, -59.0, True),
        (-60.0, 3.0, False),
        (300.0, 140.0, False),
        (300.0, 160.0, True),
    ],
)
def test_the_undo_acts_only_while_the_time_is_off(monkeypatch, offset, moved, off):
    at = {"moved": moved}
    monkeypatch.setattr(time_of_day, "moved", lambda anchor: at["moved"])
    monkeypatch.setattr(time_of_day, "move", lambda seconds: at.update(moved=at["moved"] + seconds))
    args = {"offset_s": offset, "anchor": FACTS["anchor"], "boot_id": _clock.boot_id()}
    operation = registry.OPERATIONS["clock.move_back"]
    assert bool(operation.left(args)) is off
    operation.undo(args)
    assert operation.left(args) == [] and at["moved"] == pytest.approx(moved - offset if off else moved)
    operation.undo(args)  # again: nothing to do
    assert at["moved"] == pytest.approx(moved - offset if off else moved)
    assert operation.left(dict(args, boot_id="another boot")) == []
