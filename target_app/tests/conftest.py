# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures: the application as its users run it, in a process of its own, and a real PostgreSQL."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]

from running import App, Postgres  # noqa: E402


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
        reason = "needs a PostgreSQL server's programs; install the package postgresql"
        if os.environ.get("CI") == "true":  # where nobody reads skips
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    server = Postgres()
    yield server
    server.remove()
