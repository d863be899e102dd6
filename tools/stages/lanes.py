# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages side by side: each in a process of its own, its output shown as a whole when it is over."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from .found import ROOT, Found

_showing = threading.Lock()


def run(lanes, more):
    """Run lanes (lists of stage names) side by side; returns [(name, Found, seconds)]."""
    results = []
    threads = [threading.Thread(target=_lane, args=(lane, more, results)) for lane in lanes]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def _lane(names, more, results):
    for name in names:
        start = time.monotonic()
        found = _apart(name, more)
        results.append((name, found, time.monotonic() - start))


def _apart(name, more):
    """Found of one stage that ran in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="magsasa-chaos-stage-") as scratch:
        told, said = Path(scratch) / "found.json", Path(scratch) / "output"
        with open(said, "wb") as output:
            argv = [sys.executable, "-m", "stages", "--only", name, "--found", str(told), "--", *more]
            environment = dict(os.environ, PYTHONPATH=str(ROOT / "tools"))
            code = subprocess.run(
                argv,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            ).returncode
        with _showing:
            sys.stdout.write(said.read_text(encoding="utf-8", errors="replace"))
            sys.stdout.flush()
        if told.exists():
            return Found(**json.loads(told.read_text()))
    return Found(failed=1, notes=["the stage %s ended with exit code %d and told nothing" % (name, code)])
