# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Versions of ansible-core, each in an environment of its own, made once for all checkouts of a user."""

from __future__ import annotations

import fcntl
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from stages.found import SHARED

from support import interpreters
from support.modules import ROOT

# Exact version: Pythons that it runs on, the one to prefer first.
CORES = {
    "2.16.19": ("3.11", "3.12", "3.10"),
    "2.18.19": ("3.12", "3.11", "3.13"),
    "2.19.14": ("3.11", "3.12", "3.13"),
    "2.20.10": ("3.13", "3.12"),
    "2.21.5": ("3.13", "3.12"),
}
OLDEST, MIDDLE, NEWEST = "2.16.19", "2.19.14", "2.21.5"
# By day; the others by night.
BY_DAY = (OLDEST, MIDDLE, NEWEST)
# What another ansible-core needs in another version than the one that constraints.txt pins.
OWN_PINS = {"2.16.19": {"resolvelib": "1.0.1"}, "2.18.19": {"resolvelib": "1.0.1"}}
# The tool that makes the environment of the two commands makes these too.
MAKE = """
. "$1/tools/setup.sh"
ROOT=$2 VENV=$2/.venv LOG=$2/setup.log PYTHON=$3
make_environment
install_layer core
env -u PYTHONDONTWRITEBYTECODE "$VENV/bin/python" -m compileall -q "$VENV"/lib/*/site-packages/ansible >/dev/null 2>&1 || true
"""


def each(by_day=BY_DAY):
    """Parameters of a test: every core; those that are not among ``by_day`` only by night."""
    return [pytest.param(core, marks=() if core in by_day else pytest.mark.nightly) for core in CORES]


def own():
    """Version of the ansible-core that the tests run with."""
    return metadata.version("ansible-core")


def programs(core):
    """Folder (Path) with ansible-playbook of that version of ansible-core. The test is skipped (in CI: fails) where
    it cannot be had.
    """
    if core == own():
        return Path(sys.executable).parent
    python = next(filter(None, map(interpreters.find, CORES[core])), None)
    if python is None:
        pytest.skip(
            "ansible-core %s needs one of Python %s; put it on the PATH, or install it with pyenv or uv"
            % (core, ", ".join(CORES[core]))
        )
    lines = ["ansible-core==" + core] + ["%s==%s" % pin for pin in OWN_PINS.get(core, {}).items()]
    version = subprocess.run(
        [python, "-c", "import platform; print(platform.python_version())"], capture_output=True, text=True, check=True
    ).stdout.strip()
    return environment("cores/%s-python%s" % (core, version), python, lines, _constraints(core))


def environment(name, python, lines, constraints=()):
    """Folder (Path) with the programs of an environment that has these packages (lines as pip reads them); it is made
    once, below the cache that all checkouts share.
    """
    folder = SHARED / name
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        wanted = "\n".join([*lines, *constraints])
        if not (
            (folder / "ready").exists()
            and (folder / "ready").read_text() == wanted
            and (folder / ".venv" / "bin" / "python").exists()
        ):
            _make(folder, python, lines, constraints)
            (folder / "ready").write_text(wanted)
    return folder / ".venv" / "bin"


def _constraints(core):
    """The pins of the checkout, but for ansible-core itself and what this one pins otherwise."""
    others = ("ansible-core", *OWN_PINS.get(core, {}))
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#") and re.split("[= ]", line)[0] not in others]


def _make(folder, python, lines, constraints):
    (folder / "ready").unlink(missing_ok=True)
    (folder / "tools").mkdir(exist_ok=True)
    (folder / "tools" / "requirements-core.txt").write_text("\n".join(lines) + "\n")
    (folder / "constraints.txt").write_text("\n".join(constraints) + "\n")
    argv = ["bash", "-uc", MAKE, "bash", str(ROOT), str(folder), python]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=300, check=False)
    if done.returncode:
        pytest.skip("the environment %s could not be made: %s" % (folder.name, done.stderr.strip()[-400:]))
