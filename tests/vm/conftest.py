# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures of the tests on a virtual machine."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from support.surroundings import failed
from support.vm import lifecycle, module, remains

from vm import needs


def _need_a_vm():
    """A machine that cannot host it skips these tests with the reason."""
    reason = needs.obstacle()
    if reason:
        pytest.skip(reason)


def _remove_those_of_dead_runs():
    for name in lifecycle.known():
        owner = re.fullmatch("t([0-9]+)[a-z]?", name)
        if owner and not Path("/proc/%s" % owner[1]).exists():
            lifecycle.down(name)


@pytest.fixture(scope="session")
def vm():
    """A virtual machine that may be touched."""
    _need_a_vm()
    _remove_those_of_dead_runs()
    name = "t%d" % os.getpid()
    try:
        yield lifecycle.up(name)[0]
    finally:
        lifecycle.down(name)


@pytest.fixture(autouse=True)
def a_failed_test_fails_no_other(request):
    """What a failed test left in the machine is ended before the next one begins."""
    yield
    if failed(request) and "vm" in request.fixturenames:
        there = request.getfixturevalue("vm")
        if remains(there):
            module(there, "fault_halt", {})


@pytest.fixture
def spare_name():
    """Name of one more machine; a test that ends leaves nothing of it."""
    _need_a_vm()
    name = "t%ds" % os.getpid()
    yield name
    lifecycle.down(name)
