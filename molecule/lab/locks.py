# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One at a time: labs and virtual machines are made and unmade under a lock."""

from __future__ import annotations

import contextlib
import fcntl

from . import places


@contextlib.contextmanager
def alone(name):
    """Nobody else works on the thing of this name: a lab, or "all" for what labs share."""
    places.runtime().mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(places.runtime() / (name + ".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
