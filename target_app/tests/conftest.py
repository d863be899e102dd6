# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: the application as its users run it, in a process of its own, and a real PostgreSQL."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from running import App, Postgres  # noqa: E402


def pytest_configure(config):
    """In the collection's checkout its rules hold here, too: which failed test is retried, and what may be skipped."""
    try:
        from support import skips, surroundings
    except ImportError:  # the application by itself
        return
    for plugin in (surroundings, skips):
        if not config.pluginmanager.is_registered(plugin):
            config.pluginmanager.register(plugin)


@pytest.fixture
def start(tmp_path):
    """``start(**environment)`` runs the application until the test ends."""
    running = []

    def begin(**environment):
        running.append(App(tmp_path, **environment))
        return running[-1].wait_until_it_answers()

    yield begin
    for app in running:
        app.end()


@pytest.fixture(scope="module")
def postgres():
    """A PostgreSQL server of our own, which a test may stop and pause."""
    if Postgres.binaries() is None:
        pytest.skip("needs a PostgreSQL server's programs; install the package postgresql")
    server = Postgres()
    yield server
    server.remove()
