# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What Galaxy does with a collection that is published: its own importer, on the built tarball, finds nothing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from stages.found import ROOT

from support import cores, interpreters

IMPORTER = "galaxy-importer==0.4.44"
PYTHONS = ("3.12", "3.11")
# ansible-lint and ansible-doc as Galaxy runs them; ansible-test is the stage sanity. Galaxy leaves flake8 off, too.
CONFIG = """[galaxy-importer]
RUN_ANSIBLE_LINT = True
RUN_ANSIBLE_DOC = True
RUN_ANSIBLE_TEST = False
RUN_FLAKE8 = False
CHECK_CHANGELOG = True
"""


@pytest.mark.slow
@pytest.mark.nightly
def test_the_importer_finds_nothing(tmp_path):
    python = next(filter(None, map(interpreters.find, PYTHONS)), None)
    if python is None:
        pytest.skip("galaxy-importer needs one of Python %s" % ", ".join(PYTHONS))
    # ansible-lint of the checkout's own pins, so that both say the same
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if line.startswith("ansible-lint==")]
    programs = cores.environment("galaxy-importer", python, [IMPORTER, *pins])
    program = os.path.join(os.path.dirname(sys.executable), "ansible-galaxy")
    subprocess.run([program, "collection", "build", "--output-path", str(tmp_path)], cwd=ROOT, check=True, timeout=120)
    (tarball,) = tmp_path.glob("*.tar.gz")
    (tmp_path / "importer.ini").write_text(CONFIG)
    (tmp_path / "home").mkdir()
    done = subprocess.run(
        [programs / "python", "-m", "galaxy_importer.main", str(tarball)],
        cwd=tmp_path,
        env={
            "PATH": os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]),
            "HOME": str(tmp_path / "home"),
            "LC_ALL": "C.UTF-8",
            "GALAXY_IMPORTER_CONFIG": str(tmp_path / "importer.ini"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
        timeout=900,
        check=False,
    )
    said = done.stdout.splitlines()
    assert done.returncode == 0 and "Importer processing completed successfully" in done.stdout, done.stdout[-3000:]
    assert "ansible-lint" in done.stdout, "the linter has run"
    assert [line for line in said if line.startswith(("WARNING", "ERROR"))] == []
