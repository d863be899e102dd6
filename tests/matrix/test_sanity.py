# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ansible-test sanity of each supported ansible-core, without a line to ignore. By day the stage sanity runs the one
of the test environment.
"""

from __future__ import annotations

import subprocess

import pytest
from stages import sanity
from stages.found import ROOT, Found, tracked

from support import cores


def test_nothing_is_ignored():
    assert sorted((ROOT / "tests" / "sanity").glob("ignore-*.txt")) == []


@pytest.mark.slow
@pytest.mark.nightly
@pytest.mark.parametrize("core", [core for core in cores.CORES if core != cores.own()])
def test_sanity_finds_nothing(core, tmp_path):
    programs = cores.programs(core)
    files = tracked()
    if files is None:
        pytest.skip("this is not a git checkout")
    copy = tmp_path / "ansible_collections" / "magsasa" / "chaos"
    copy.mkdir(parents=True)
    sanity.copy_to(copy, files)
    version = subprocess.run(
        [programs / "python", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    with sanity.one_at_a_time():
        done = subprocess.run(
            [programs / "ansible-test", "sanity", "--color", "no", "--python", version],
            cwd=copy,
            env=sanity.surroundings(programs),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=1500,
            check=False,
        )
    found = Found()
    sanity.read_output(done.stdout.splitlines(), found)
    assert (done.returncode, found.failed, found.notes) == (0, 0, []) and found.passed > 20, done.stdout[-5000:]
