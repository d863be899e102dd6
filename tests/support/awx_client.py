# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection awx.awx, taken out of the package ``ansible``: once for all checkouts of a user."""

from __future__ import annotations

import fcntl
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from stages.found import SHARED

from support import cores

# The package that awx.awx 24.6.1 comes with, and what it must be.
PACKAGE = "ansible==10.7.0 --hash=sha256:0089f08e047ceb70edd011be009f5c6273add613fbe491e9697c0556c989d8ea"
PREFIX = "ansible_collections/awx/awx/"


def folder():
    """Folder (Path) of collections with awx.awx alone. The test is skipped (in CI: fails) where it cannot be had."""
    made = SHARED / "awx.awx-24.6.1"
    made.mkdir(parents=True, exist_ok=True)
    with open(made / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "ready").exists() or (made / "ready").read_text() != PACKAGE:
            with tempfile.TemporaryDirectory(dir=made) as place:
                _unpack(Path(place), made)
            (made / "ready").write_text(PACKAGE)
    return made


def _unpack(place, made):
    (place / "list").write_text(PACKAGE + "\n")
    python = [sys.executable]
    if subprocess.run([*python, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        subprocess.run([*python, "-m", "venv", str(place / "pip")], capture_output=True, check=True)
        python = [str(place / "pip" / "bin" / "python")]
    argv = [*python, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    done = subprocess.run(
        [*argv, "-d", str(place), "-r", str(place / "list")], capture_output=True, text=True, timeout=300, check=False
    )
    if done.returncode:
        cores.unavailable("the package ansible, which has awx.awx, could not be had: %s" % done.stderr.strip()[-400:])
    with zipfile.ZipFile(next(place.glob("*.whl"))) as wheel:
        wheel.extractall(made, [name for name in wheel.namelist() if name.startswith(PREFIX)])
