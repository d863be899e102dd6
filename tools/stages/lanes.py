# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Stages side by side: each in a process of its own, its output shown as a whole when it is over."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from .found import ROOT, Found

_showing = threading.Lock()


def run(names, number, more):
    """Run the stages (names) in this order, ``number`` of them side by side; returns [(name, Found, seconds)].

    A lane that has ended a stage takes the next one, so that none is idle while stages wait.
    """
    waiting, results = queue.SimpleQueue(), []
    for name in names:
        waiting.put(name)
    threads = [threading.Thread(target=_lane, args=(waiting, more, results)) for _number in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(results, key=lambda result: names.index(result[0]))


def _lane(waiting, more, results):
    with contextlib.suppress(queue.Empty):
        while True:
            name, start = waiting.get_nowait(), time.monotonic()
            try:
                found = _apart(name, more)
            except Exception as error:  # such as a full disk: it must not end the lane, and the stage with it unnoticed
                found = Found(failed=1, notes=["the stage %s could not be run: %s" % (name, error)])
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
        if code == 0:
            return Found(**json.loads(told.read_text()))
    return Found(failed=1, notes=["the stage %s ended with exit code %d and told nothing" % (name, code)])
