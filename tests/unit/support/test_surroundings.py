# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A failed test is tried again once when the machine had no processor for it, and never otherwise."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from stages import pytest_run
from support import noise, surroundings

TESTS = Path(__file__).resolve().parents[2]

# The kernel's count is replaced: the machine that runs this test is as busy as it is.
CONFTEST = """
import time
from support import surroundings

surroundings.waited_s = lambda: %s * time.monotonic()

def pytest_configure(config):
    config.pluginmanager.register(surroundings, "surroundings")
"""
FAILS_ONCE = """
import time
import pytest
TRIES = []

def fails_once():
    TRIES.append(1)
    time.sleep(0.02)
    assert len(TRIES) > 1, "too late"

@pytest.fixture
def thing():
    %s

def test_it(thing):
    %s
"""


def outcome(folder, share, setup, body):
    """(exit code, what was tried again) of a test whose machine let somebody wait for this share of the time."""
    (folder / "conftest.py").write_text(CONFTEST % share)
    (folder / "test_it.py").write_text(FAILS_ONCE % (setup, body))
    told = folder / "told"
    environment = dict(os.environ, PYTHONPATH=str(TESTS), CHAOS_TRIED_AGAIN=str(told))
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
        "test_it.py",
    ]
    done = subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert told.exists(), done.stdout + done.stderr
    return done.returncode, told.read_text().splitlines()


@pytest.mark.parametrize("setup, body", [("pass", "fails_once()"), ("fails_once()", "pass")])
def test_starved_ones_are_tried_again_and_say_so(tmp_path, setup, body):
    code, told = outcome(tmp_path, 0.9, setup, body)
    assert code == 0 and len(told) == 1
    assert (
        told[0].startswith("test_it.py::test_it: ")
        and "90 % of the time somebody waited for a processor" in told[0]
        and "too late" in told[0]
    )


def test_one_that_had_what_it_needs_is_not(tmp_path):
    assert outcome(tmp_path, 0.1, "pass", "fails_once()") == (1, [])


@pytest.mark.parametrize(
    "left, expected", [("len(TRIES) == 1", 0), ("len(TRIES) > 1", 1)], ids=["of the failed try", "of the good one"]
)
def test_what_a_failed_try_leaves_is_no_failure_of_its_own(tmp_path, left, expected):
    """What a test that passes leaves is one, also when it was tried again."""
    fixture = "yield\n    assert not %s, 'something is left'" % left
    code, told = outcome(tmp_path, 0.9, fixture, "fails_once()")
    assert (code, len(told)) == (expected, 1)


def test_one_that_fails_again_has_failed(tmp_path):
    code, told = outcome(tmp_path, 0.9, "pass", "time.sleep(0.02); raise AssertionError('never')")
    assert code == 1 and len(told) == 1


def test_the_count_of_the_kernel_rises_where_processors_are_scarce():
    if surroundings.waited_s() is None:
        pytest.skip("this kernel does not count who waits for a processor (PSI)")
    witness = surroundings.Witness()
    burners = [
        subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"]) for _number in range(2 * os.cpu_count())
    ]
    try:
        noise.busy(1.0)
        assert witness.scarcity() > surroundings.SCARCE
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()


def test_noise_is_measured():
    found = noise.measure()
    assert 0 < found.late_s and 0 < found.start_s and 0 <= found.busy_pct <= 100 and "late" in str(found)
