# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker whose database sessions hold something, started and waited for. Private to magsasa.chaos."""

from __future__ import annotations

import os
import select

from ..._errors import HostError

WORKER = "chaos-sql"


def start(ctx, work, args, password):
    """Run ``work(args, password, held)`` in a worker; returns when it has called ``held``. Raises HostError with its one sentence otherwise."""
    reading, writing = os.pipe()
    ctx.spawn(WORKER, _worker, work, args, password, writing)
    os.close(writing)
    try:
        ready = select.select([reading], [], [], args["patience_s"] + 30.0)[0]
        said = os.read(reading, 500).decode("utf-8", "replace") if ready else ""
    finally:
        os.close(reading)
    if not said.startswith("held"):
        raise HostError(said or "the sessions did not get their locks or connections in time")


def _worker(work, args, password, writing):
    """Say "held", or one sentence."""
    try:
        work(args, password, lambda: os.write(writing, b"held"))
    except HostError as error:
        os.write(writing, str(error).encode("utf-8", "replace")[:500])
