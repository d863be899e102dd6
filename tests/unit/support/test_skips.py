# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With CI=true no test is skipped that the machine could run, however it says that it is."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stages import pytest_run

TESTS = Path(__file__).resolve().parents[2]
CONFTEST = """
from support import skips, surroundings

def pytest_configure(config):
    config.pluginmanager.register(skips)
    config.pluginmanager.register(surroundings)
"""
SKIPPED = """
import pytest

@pytest.fixture
def thing():
    pytest.skip("needs a thing; install it")

def test_fixture(thing):
    pass

@pytest.mark.skipif(True, reason="needs another thing")
def test_mark():
    pass

def test_body():
    pytest.skip("needs a third thing")

def test_nothing_lacks():
    pytest.skip("the kernel here has netem")

@pytest.mark.xfail
def test_known():
    assert False

def test_well():
    pass
"""


@pytest.mark.parametrize("ci, failed, skipped", [("true", 3, 2), ("false", 0, 5)])
def test_a_skip_is_a_failure_in_ci(tmp_path, ci, failed, skipped):
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_it.py").write_text(SKIPPED)
    report = tmp_path / "report.xml"
    argv = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:pytest_ansible",
        *pytest_run.TRY_AGAIN,
    ]
    done = subprocess.run(
        [*argv, "--junitxml", str(report), str(tmp_path)],
        env=dict(os.environ, PYTHONPATH=str(TESTS), CI=ci), cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found, reasons = pytest_run.read(report)
    assert (found.passed, found.failed, found.skipped) == (1, failed, skipped), done.stdout + done.stderr
    assert found.tests and "the kernel here has netem" in reasons and done.returncode == (1 if failed else 0)
    for reason in ("needs a thing; install it", "needs another thing", "needs a third thing"):
        assert (reason in reasons) == (ci == "false") and reason in done.stdout + report.read_text()
