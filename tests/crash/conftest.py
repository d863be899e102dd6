# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of the crash matrix, and the count at its end."""

from __future__ import annotations

import os

import pytest

from support.lab import lifecycle, ssh

from lab import layout, needs

from . import faults

COUNT = pytest.StashKey()


def need_a_lab():
    """A machine that cannot host one skips these tests with the reason."""
    reason = needs.obstacle()
    if reason:
        pytest.skip(reason)


@pytest.fixture(scope="session")
def crash_lab():
    """A lab of one host that holds what the faults need."""
    need_a_lab()
    name = "t%dc" % os.getpid()
    try:
        lab = lifecycle.up(name, layout.plan_hosts(1))[0]
        prepare(lab)
        yield lab
    finally:
        lifecycle.down(name)


def prepare(lab, host="app1"):
    """Put what the faults need on a host."""
    ssh(lab, host, faults.PREPARE + faults.START)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Count the cells that were found clean."""
    outcome = yield
    if call.when == "call" and "cell" in getattr(item, "fixturenames", ()):
        count = item.config.stash.setdefault(COUNT, [0, 0])
        count[1] += 1
        count[0] += outcome.get_result().passed


def pytest_terminal_summary(terminalreporter, config):
    """The figure that the matrix is about."""
    clean, cells = config.stash.get(COUNT, (0, 0))
    if cells:
        terminalreporter.write_line("crash matrix: %d of %d clean" % (clean, cells))
