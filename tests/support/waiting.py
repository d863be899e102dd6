# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Waiting for what a test expects: asked again and again, so that a quick machine waits no longer than it must and
a slow one may take its time.
"""

from __future__ import annotations

import time

PATIENCE = 20.0  # seconds; what takes longer is broken, however busy the machine is


def wait_for(condition, seconds=PATIENCE, pause=0.05):
    """Wait until ``condition()`` is true; returns what it said last."""
    limit = time.monotonic() + seconds
    while True:
        said = condition()
        if said or time.monotonic() >= limit:
            return said
        time.sleep(pause)
