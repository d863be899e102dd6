# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the checkout as git sees them."""

from __future__ import annotations

import subprocess

import pytest

from support.modules import ROOT


def tracked():
    """Tracked paths (str, relative) that are there; the test is skipped where there is no git checkout."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is not a git checkout")
    return [path for path in done.stdout.split("\0") if path and ((ROOT / path).is_symlink() or (ROOT / path).exists())]
