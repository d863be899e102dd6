# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Python interpreters of this machine, by version."""

from __future__ import annotations

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

ASK = "import sys; print('%d.%d' % sys.version_info[:2], getattr(sys, '_base_executable', None) or sys.executable)"


def _said(*argv):
    """Standard output of a program, empty when it failed."""
    try:
        return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


@functools.lru_cache(maxsize=None)
def _collections():
    """Folders with one folder for each interpreter: of pyenv, of uv, and where container images keep them."""
    pyenv = [
        os.environ.get("PYENV_ROOT"),
        _said("pyenv", "root") if shutil.which("pyenv") else None,
        Path.home() / ".pyenv",
    ]
    uv = [os.environ.get("UV_PYTHON_INSTALL_DIR"), Path.home() / ".local" / "share" / "uv" / "python"]
    places = (
        [Path(root) / "versions" for root in pyenv if root]
        + [Path(root) for root in uv if root]
        + [Path("/opt/python"), Path("/opt")]
    )
    return list(dict.fromkeys(places))


def _newest_last(path):
    return [int(part) for part in re.findall(r"\d+", path.parent.parent.name)]


@functools.lru_cache(maxsize=None)
def find(version):
    """Path (str) of an interpreter of that version ("3.8"), or None. A shim that cannot run it does not count, nor
    what is behind a virtual environment.
    """
    name = "python" + version
    on_path = [str(Path(folder) / name) for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    elsewhere = [
        path
        for place in _collections()
        for path in sorted(place.glob("*%s*/bin/%s" % (version, name)), key=_newest_last, reverse=True)
    ]
    for candidate in [*elsewhere, *on_path, "/usr/local/bin/" + name, "/usr/bin/" + name]:
        if os.access(candidate, os.X_OK):
            found, _space, path = _said(str(candidate), "-I", "-c", ASK).partition(" ")
            if found == version:
                return path
    return None


def absent(version):
    """Why a test that needs this version cannot run (text), or None."""
    if find(version):
        return None
    return "no Python %s was found; put python%s on the PATH, or install it with pyenv or uv" % (version, version)
