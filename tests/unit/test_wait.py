# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting: how often something is asked, how long a pause is, and that it ends."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils import _wait


@pytest.fixture(name="clock")
def _clock(monkeypatch):
    """A clock that only pauses move; ``pauses``: those that were made."""

    class Clock:
        now, pauses = 100.0, []

    Clock.pauses = []

    def sleep(seconds):
        Clock.pauses.append(seconds)
        Clock.now += seconds

    monkeypatch.setattr(_wait.time, "monotonic", lambda: Clock.now)
    monkeypatch.setattr(_wait.time, "sleep", sleep)
    return Clock


def test_what_is_so_at_once_costs_no_pause(clock):
    assert _wait.until(lambda: "here", 5, 1) == "here" and clock.pauses == []


def test_the_answer_is_the_one_that_was_true(clock):
    assert _wait.until(lambda: clock.now if clock.now > 102 else None, 5, 1) == 103.0 and clock.pauses == [1, 1, 1]


def test_it_ends_and_the_last_pause_is_followed_by_a_question(clock):
    asked = []
    assert _wait.until(lambda: asked.append(clock.now), 2, 1) is None
    assert asked == [100.0, 101.0, 102.0] and clock.pauses == [1, 1]


def test_without_any_time_it_asks_once(clock):
    asked = []
    assert _wait.until(lambda: asked.append(1), 0, 1) is None and asked == [1] and clock.pauses == []


def test_pauses_grow_up_to_the_longest(clock):
    _wait.until(lambda: False, 10, 2, longest=4)
    assert clock.pauses == [2, 3.0, 4, 4]


def test_a_deadline(clock):
    deadline = _wait.Deadline(2)
    assert (deadline.over, deadline.left, deadline.at) == (False, 2.0, 102.0)
    clock.now = 102.0
    assert (deadline.over, deadline.left) == (True, 0.0)
    clock.now = 200.0
    assert deadline.left == 0.0
