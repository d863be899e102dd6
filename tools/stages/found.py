# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stage found, and the running of one program as a check."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
# What takes long to make and belongs to no checkout: environments of ansible-test and of other versions of
# ansible-core.
SHARED = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "magsasa-chaos-tests"


@dataclass
class Found:
    """Counts of a stage. ``notes``: sentences about what did not run or what is wrong; ``tried_again``: a sentence for
    each test that the machine starved; ``tests``: [[seconds, name]]; ``cpu_s``: seconds of processor time of what the
    stage started and waited for, which leaves out what lab hosts run by themselves; ``matched``: whether any test
    matched the pytest options, None for a stage that is not of pytest."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    notes: list = field(default_factory=list)
    tried_again: list = field(default_factory=list)
    tests: list = field(default_factory=list)
    cpu_s: float = 0.0
    matched: bool | None = None

    def check(self, name, argv, **how):
        """Run ``argv`` as the check ``name``; it passes with exit code 0. Its output is shown as it comes."""
        print("--- %s" % name, flush=True)
        begun = time.monotonic()
        code = subprocess.run(argv, check=False, **{"cwd": ROOT, **how}).returncode
        self.tests.append([time.monotonic() - begun, name])
        if code == 0:
            self.passed += 1
        else:
            self.failed += 1
            self.notes.append("%s failed with exit code %d" % (name, code))
        return code == 0

    def skip(self, name, reason):
        """The check ``name`` did not run."""
        self.skipped += 1
        self.notes.append("%s did not run: %s" % (name, reason))


def tracked():
    """Paths (str, from the checkout's root) that git tracks and that are there, or None where there is no git
    checkout.
    """
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return None
    if done.returncode != 0:
        return None
    return [path for path in done.stdout.split("\0") if path and ((ROOT / path).exists() or (ROOT / path).is_symlink())]
