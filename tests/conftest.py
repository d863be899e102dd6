# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fixtures that every test of the collection may use."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from support import adhoc
from support import noise as noises
from support import skips, surroundings
from support.modules import ROOT, environment
from support.needs import missing
from support.residue import end_all, living

LEFT_OUT = pytest.StashKey()


def pytest_configure(config):
    """What the machine gave each test: see support/surroundings.py."""
    # A shell starts what it sends to the background without these two, and tests press Ctrl-C in what they start.
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGQUIT) == signal.SIG_IGN:
        signal.signal(signal.SIGQUIT, signal.SIG_DFL)
    for plugin in (surroundings, skips):
        if not config.pluginmanager.is_registered(plugin):
            config.pluginmanager.register(plugin)


def pytest_collection_modifyitems(config, items):
    """Variants are left out by day, so that the suite stays short; the summary says how many."""
    if os.environ.get("CHAOS_NIGHTLY") == "1":
        return
    left_out = [item for item in items if item.get_closest_marker("nightly")]
    items[:] = [item for item in items if item not in left_out]
    config.stash[LEFT_OUT] = len(left_out)
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_terminal_summary(terminalreporter, config):
    """Nothing is left out in silence."""
    number = config.stash.get(LEFT_OUT, 0)
    if number:
        terminalreporter.write_line("%d nightly variants were left out; CHAOS_NIGHTLY=1 runs them" % number)


def pytest_runtest_setup(item):
    """A test whose machine lacks something is skipped with the remedy; support/skips.py makes it fail in CI."""
    for marker in ("root", "postgres", "mariadb", "podman", "docker", "chromium"):
        reason = missing(marker) if item.get_closest_marker(marker) else None
        if reason:
            pytest.skip(reason)


@pytest.fixture(scope="session")
def noise():
    """The machine's own noise when the stage begins (support.noise.Noise): margins come from it. It is printed."""
    found = noises.measure()
    print("noise of this machine: %s" % found)
    return found


@pytest.fixture(scope="session")
def root():
    """The checkout (Path)."""
    return ROOT


@pytest.fixture(scope="session")
def venv_python():
    """The interpreter that runs the tests (Path); Ansible's programs are beside it."""
    return Path(sys.executable)


@pytest.fixture
def chaos_state(tmp_path, monkeypatch):
    """A state folder of the test's own. A fault or probe of it that outlives the test makes the test fail."""
    folder = tmp_path / "chaos-state"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(folder))
    yield folder
    left = living(folder)
    end_all(left)
    assert not left, "the test left processes: %s" % left


@pytest.fixture
def ansible_playbook(chaos_state, tmp_path):
    """``run(*arguments, timeout=600, cwd=ROOT, env=None) -> CompletedProcess`` of ansible-playbook with a clean
    environment.
    """

    def run(*arguments, timeout=600, cwd=ROOT, env=None):
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        values = environment(chaos_state, CHAOS_REPORT_DIR=tmp_path / "reports", **(env or {}))
        return adhoc.run([program, *map(str, arguments)], cwd=cwd, env=values, timeout=timeout)

    return run
