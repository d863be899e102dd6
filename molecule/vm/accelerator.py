# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether the processor runs guests itself (KVM) or QEMU has to emulate one, found out by trying."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from lab import places

from . import machine

TRIAL_LIMIT = 8  # seconds; a kernel under KVM says its first line within one


def _first_line(image):
    """Whether a kernel under KVM comes to its first line. On some machines /dev/kvm opens, but guests hang or crawl."""
    with tempfile.TemporaryDirectory(prefix="magsasa-vm-trial-") as scratch:
        log = Path(scratch) / "serial.log"
        log.touch()
        argv = machine.qemu("kvm", image, "earlyprintk=ttyS0 panic=-1", memory_mb=256) + [
            "-no-reboot",
            "-serial",
            "file:%s" % log,
        ]
        with subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=scratch
        ) as trial:
            limit = time.monotonic() + TRIAL_LIMIT
            said = False
            while not said and trial.poll() is None and time.monotonic() < limit:
                time.sleep(0.05)
                said = b"Linux version" in log.read_bytes()
            trial.kill()
    return said


def choose(image):
    """ "kvm" or "tcg". The answer of the trial is kept until this machine boots again."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return "tcg"
    kept = places.runtime() / "vm-accelerator"
    if not kept.exists():
        kept.write_text("kvm" if _first_line(image) else "tcg")
    return kept.read_text()
