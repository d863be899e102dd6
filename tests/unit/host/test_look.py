# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at an experiment: its options, as quantities."""

from __future__ import annotations

import os
import time

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import ledger_queries, poll
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes


@pytest.mark.parametrize(
    "given, key, wanted",
    [
        ({}, "rate", 20.0),
        ({"rate": 0.5}, "rate", 0.5),
        ({"rate": 0.001}, "rate", 0.01),
        ({"rate": 5000}, "rate", 1000.0),
        ({}, "successes", 3),
        ({"successes": 1}, "successes", 1),
        ({"slow": "1.5s"}, "slow_ms", 1500.0),
        ({}, "slow_ms", None),
        ({}, "wait_s", 2.0),
        ({}, "began", None),
    ],
)
def test_what_is_awaited(given, key, wanted):
    assert poll.parse(dict(given, name="x", wait="2s"))["finish"][key] == wanted


def test_who_waits_for_nothing_only_looks():
    wanted = poll.parse({"name": "x"})
    assert wanted["finish"] is None and wanted["fault"] and wanted["probe"] and not wanted["renew"]
    assert wanted["window_s"] == 5.0


def held(**change):
    """The record of a fault that this process holds."""
    keeper = {"pid": os.getpid(), "start": processes.start_time(os.getpid())}
    record = {
        "name": "x",
        "state": "active",
        "boot_id": _clock.boot_id(),
        "supervisor": keeper,
        "steps": [],
        "undo": [],
    }
    return dict(record, **change)


@pytest.mark.parametrize(
    "deadline, least, most",
    [(None, None, None), ({"monotonic": 600.0}, 540.0, 600.0), ({"monotonic": -0.5}, 0.0, 0.0)],
)
def test_the_time_that_a_fault_has_left(deadline, least, most):
    at = {"monotonic": time.monotonic() + deadline["monotonic"]} if deadline else None
    shown = ledger_queries.with_time(held(deadline=at))
    assert not shown["orphaned"]
    assert shown["seconds_left"] is None if least is None else least <= shown["seconds_left"] <= most


def test_what_nobody_holds_has_no_time_left():
    record = held(deadline={"monotonic": time.monotonic() + 600.0}, supervisor={"pid": os.getpid(), "start": 1})
    shown = ledger_queries.with_time(record)
    assert shown["orphaned"] and shown["seconds_left"] is None
