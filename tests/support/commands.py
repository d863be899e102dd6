# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The commands of the checkout as a user types them, and a bare checkout to set up."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

from support.checkout import tracked
from support.modules import ROOT

CHAOS, TESTS, LAB = "run_chaos_tests.sh", "run_tests.sh", "run_lab.sh"


def command(name, *arguments, folder=ROOT, cwd=None, env=None, timeout=300):
    """Run one of the two commands of ``folder`` with a clean environment (dict ``env``)."""
    argv = [str(folder / name), *map(str, arguments)]
    return subprocess.run(
        argv,
        cwd=cwd or folder,
        env=env or dict(os.environ),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def bare_checkout(folder):
    """A copy of the checkout in ``folder``, without an environment. Its package lists are empty: set-up needs no
    index.
    """
    for path in tracked():
        if (ROOT / path).is_symlink():
            continue
        if path.startswith(("tools/", "roles/suite/files/", "target_app/requirements.txt")) or "/" not in path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / path, folder / path)
    for name in ("tools/requirements-runtime.txt", "tools/requirements-dev.txt", "constraints.txt"):
        (folder / name).write_text("# none\n")
    return folder


def set_up(folder, layer="runtime", **env):
    """Source the set-up in ``folder`` and run it for one layer."""
    values = dict(os.environ, CHAOS_PYTHON=sys.executable, CHAOS_NO_INSTALL="1")
    values.update(env)
    argv = ["bash", "-uc", '. "$1/tools/setup.sh"; set_up "$2"', "bash", str(folder), layer]
    return subprocess.Popen(argv, env=values, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def said(process):
    """(exit code, standard error) of a set-up that ended."""
    _out, err = process.communicate(timeout=300)
    return process.returncode, err
