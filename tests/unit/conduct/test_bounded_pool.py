# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Calls side by side."""

from __future__ import annotations

import contextvars
import threading
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._bounded_pool import BoundedPool


def test_calls_really_run_side_by_side_up_to_the_limit():
    gate = threading.Barrier(3)  # opens only when three stand before it at once
    assert BoundedPool(3).map(lambda key: gate.wait(20) is not None, range(6)) == dict.fromkeys(range(6), True)
    running, most = [], []

    def call(key):
        running.append(key)
        most.append(len(running))
        threading.Event().wait(0.02)
        running.remove(key)

    BoundedPool(2).map(call, range(8))
    assert max(most) == 2


def test_one_that_hangs_holds_up_nobody():
    hangs = threading.Event()
    calls = BoundedPool(2)
    calls.start("hung", hangs.wait, 20)
    calls.start("quick", lambda: 7)
    assert calls.done(10) == ("quick", 7) and calls.busy() == 1 and calls.done(0.05) is None
    hangs.set()
    assert calls.done(10) == ("hung", True) and calls.busy() == 0


def test_as_many_that_hang_as_there_are_places_hold_up_nobody_for_long():
    hangs = threading.Event()
    calls = BoundedPool(2, held_s=0.2)
    for key in range(4):
        calls.start(key, hangs.wait, 20)
    calls.start("quick", lambda: 7)
    answers = [calls.done(0.1) for _look in range(20)]
    assert ("quick", 7) in answers and calls.busy() == 4
    hangs.set()
    assert {calls.done(10) for _call in range(4)} == {(key, True) for key in range(4)}


def test_calls_that_wait_for_their_host_make_room_for_others_but_not_for_all():
    answered, open_now = threading.Event(), []

    def wait(key):
        open_now.append(key)
        return answered.wait(20)

    calls = BoundedPool(2)
    for key in range(9):
        calls.start(key, wait, key)
    assert len(open_now) <= 2
    limit = time.monotonic() + 20
    while len(open_now) < 4 and time.monotonic() < limit:
        assert calls.done(0.1) is None
    assert calls.done(1.0) is None and len(open_now) == 4, "twice as many as may work at once"
    answered.set()
    assert sorted(calls.done(10)[0] for _call in range(9)) == list(range(9))


def test_an_error_reaches_who_asks():
    with pytest.raises(ZeroDivisionError):
        BoundedPool(1).map(lambda key: 1 / key, [0])


def test_context_goes_along():
    context = contextvars.ContextVar("task")
    context.set("cpu-light")
    assert BoundedPool(2).map(lambda _key: context.get(), "ab") == {"a": "cpu-light", "b": "cpu-light"}


def test_threads_do_not_share_what_changes_while_a_template_is_evaluated():
    """Two threads that did would break each other's templates, on a busy controller more often than not."""
    access = pytest.importorskip("ansible._internal._templating._access", reason="ansible-core before 2.19 has none")
    shared = access.AnsibleAccessContext.current()
    assert shared is access.AnsibleAccessContext.current()
    gate = threading.Barrier(2)  # both are there at once

    def own(_key):
        gate.wait(20)
        return access.AnsibleAccessContext.current()

    found = BoundedPool(2).map(own, "ab")
    assert len({id(each) for each in [shared, *found.values()]}) == 3
