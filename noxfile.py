# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions for nox: those of antsibull-nox.toml, and each stage of ./run_tests.sh under its own name."""

from __future__ import annotations

import subprocess
from pathlib import Path

import antsibull_nox
import nox

COMMAND = str(Path(__file__).with_name("run_tests.sh"))

antsibull_nox.load_antsibull_nox_toml()


def stage(name, description):
    """Make a stage of the test command a session. It has its own environment, so nox makes none."""

    def run(session):
        session.run(COMMAND, "--only", name, "--", *session.posargs, external=True)

    run.__doc__ = description
    nox.session(run, name=name, venv_backend="none", default=name in ("lint", "unit"))


for line in subprocess.run([COMMAND, "--list"], capture_output=True, text=True, check=True).stdout.splitlines():
    stage(*line.split(None, 1))


if __name__ == "__main__":
    nox.main()
