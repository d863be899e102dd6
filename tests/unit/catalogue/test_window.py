# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maintenance windows: what they mean, when they hold, what is said outside of them."""

from __future__ import annotations

import datetime
from types import SimpleNamespace

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _fault_action, _window

# 2026-11-25 is a Wednesday.
UTC = datetime.timezone.utc


def at(day, hour, minute=0):
    return datetime.datetime(2026, 11, day, hour, minute, tzinfo=UTC)


@pytest.mark.parametrize(
    "text, inside, outside",
    [
        ("09:00-17:00 UTC", [at(25, 9), at(25, 16, 59), at(28, 12)], [at(25, 8, 59), at(25, 17)]),
        ("Mon-Fri 09:00-17:00 UTC", [at(25, 12), at(27, 12)], [at(28, 12), at(29, 12), at(25, 18)]),
        ("22:00-04:00 UTC", [at(25, 22), at(26, 3, 59), at(25, 0)], [at(25, 21, 59), at(25, 4)]),
        ("Fri 22:00-04:00 UTC", [at(27, 23), at(28, 3)], [at(26, 23), at(27, 3), at(28, 23)]),
        ("Sat-Mon 00:00-24:00 UTC", [at(28, 0), at(29, 23, 59), at(30, 5)], [at(25, 12), at(27, 23, 59)]),
        ("sat,sun 1:00-2:00 UTC", [at(28, 1), at(29, 1, 59)], [at(27, 1), at(28, 2)]),
        ("09:00-17:00 Asia/Manila", [at(25, 1), at(25, 8, 59)], [at(25, 0, 59), at(25, 9)]),
    ],
)
def test_when_a_window_holds(text, inside, outside):
    window = _window.parse(text)
    assert all(_window.holds(window, now) for now in inside) and not any(_window.holds(window, now) for now in outside)
    assert [_window.refusal(text, "web1", now) for now in inside] == [None] * len(inside)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "always",
        "9-17",
        "09:00",
        "09:00-09:00",
        "24:00-04:00",
        "25:00-26:00",
        "09:60-10:00",
        "Mun 09:00-10:00",
        "Mon- 09:00-10:00",
        "09:00-10:00 Mars/Base",
        5,
    ]
    + ["09:00-10:00 ../../etc/passwd", "09:00-10:00; true"],
)
def test_what_is_no_window(text):
    with pytest.raises(BadOption, match="chaos_window"):
        _window.parse(text)


def test_outside_the_time_and_the_key_are_told():
    said = _window.refusal(["Mon 09:00-17:00 UTC", "Tue 09:00-17:00 UTC"], "web1", at(25, 12))
    assert said.startswith(
        "refused by the window guard: it is Wed 12:00 (UTC), outside Mon 09:00-17:00 UTC, Tue 09:00-17:00 UTC for web1"
    )
    assert "chaos_window" in said
    assert _window.refusal(["Mon 09:00-17:00 UTC", "Wed 09:00-17:00 UTC"], "web1", at(25, 12)) is None


@pytest.mark.parametrize("nothing", [None, "", [], [""]])
def test_without_a_window_nothing_is_refused(nothing):
    assert _window.refusal(nothing, "web1", at(25, 12)) is None


@pytest.mark.parametrize("value", ["office hours", 5, 0, True, False, 1.5, {}, {"a": 1}, ["09:00-10:00", 5]])
def test_a_window_that_cannot_be_read_refuses(value):
    assert "is not a window" in _window.refusal(value, "web1", at(25, 12))


@pytest.mark.parametrize(
    "more, guard", [({"chaos_protected": True}, "protected"), ({"chaos_allowed": False}, "allowed"), ({}, "window")]
)
def test_the_guards_have_their_order(more, guard):
    values = dict({"chaos_allowed": True, "chaos_protected": None, "chaos_window": "nonsense"}, **more)
    touched = SimpleNamespace(
        name="web1", why="", values=lambda keys: {key: values[key] for key in keys}, twin=lambda: None
    )
    assert _fault_action.inventory_refusal(touched).startswith("refused by the %s guard" % guard)
