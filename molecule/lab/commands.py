# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place where the lab runs programs."""

from __future__ import annotations

import subprocess

from .errors import LabError


def run(argv, check=True, timeout=600, stdin=None, env=None):
    """CompletedProcess of a program (list of arguments), output as text. Raises LabError when it fails and
    ``check`` is true.
    """
    try:
        done = subprocess.run(
            argv,
            input=stdin or "",
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            env=env,
            check=False,
        )
    except FileNotFoundError as error:
        raise LabError("%s is not installed on this machine, and the lab needs it" % argv[0]) from error
    except subprocess.TimeoutExpired as error:
        raise LabError("%s did not end within %d s" % (" ".join(argv[:4]), timeout)) from error
    if check and done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no output"]
        raise LabError("%s failed with exit code %d: %s" % (" ".join(argv[:4]), done.returncode, lines[-1][:300]))
    return done
