# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests on lab hosts."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.faults import wait_for
from support.lab import lifecycle, on_hosts, remains
from support.surroundings import failed

from lab import layout, needs, services


def _need_a_lab():
    """A machine that cannot host a lab skips these tests with the reason."""
    reason = needs.obstacle()
    if reason:
        pytest.skip(reason)


def _remove_labs_of_dead_runs():
    for name in lifecycle.known():
        owner = re.fullmatch("t([0-9]+)[a-z]?", name)
        if owner and not Path("/proc/%s" % owner[1]).exists():
            lifecycle.down(name)


@pytest.fixture(scope="session")
def lab():
    """Two application hosts that may be touched, a protected one, a database host and an observer; nothing runs on
    them.
    """
    _need_a_lab()
    _remove_labs_of_dead_runs()
    name = "t%d" % os.getpid()
    try:
        yield lifecycle.up(name, layout.plan_hosts(3, db=True, observer=True, protected=1))[0]
    finally:
        lifecycle.down(name)


@pytest.fixture(autouse=True)
def a_failed_test_fails_no_other(request):
    """What a failed test left on the hosts is ended before the next one begins."""
    yield
    if failed(request) and "lab" in request.fixturenames:
        there = request.getfixturevalue("lab")
        left = [host.name for host in there.hosts if remains(there, host.name)]
        if left:
            on_hosts(there, ",".join(left), "fault_halt", {})
        # The turn of a run that broke off ends with its lease.
        wait_for(lambda: not any(remains(there, name) for name in left), 60)


@pytest.fixture(scope="session")
def served_lab(lab):
    """The same lab with PostgreSQL and the sample application."""
    services.start(lab, print)
    return lab


@pytest.fixture
def spare_name():
    """Name of one more lab; a test that ends leaves nothing of it."""
    _need_a_lab()
    name = "t%ds" % os.getpid()
    yield name
    lifecycle.down(name)
