# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A worker whose database sessions hold something, started and waited for. Private to magsasa.chaos."""

from __future__ import annotations

import os
import select
import time

from ..._errors import HostError, Refused

WORKER = "chaos-sql"
MOST_SESSIONS = 200  # each is one client
PAUSE_S = 0.2  # between two looks at whether others have left


def start(ctx, work, args, password):
    """Run ``work(args, password, held)`` in a worker; returns when it has called ``held``. Raises HostError with
    its one sentence otherwise.
    """
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


def may_exhaust(free):
    """Refuse to use up connections of which none, or too many, are free."""
    if free < 1:
        raise Refused("state", "the server already has no free connections", remedy="free some first")
    if free > MOST_SESSIONS:
        figure = "the server has %d free connections; at most %d can be used up" % (free, MOST_SESSIONS)
        raise Refused("sessions", figure, remedy="lower max_connections")


def exhaust(connect, free, held):
    """Hold sessions until none is free; again and again, as others leave.

    ``connect()`` gives a session, ``free(session)`` says how many connections are left.
    """
    sessions = []
    told = False
    while True:
        sessions = [each for each in sessions if not each.over]
        try:
            if not sessions:
                sessions.append(connect())
            left = free(sessions[0])
            while left > 0 and len(sessions) < MOST_SESSIONS:
                sessions.append(connect())
                sessions[-1].ask("SELECT 1;")
                left = free(sessions[0])
        except (HostError, ValueError):
            if not told and not sessions:
                raise
        if not told:
            held()
            told = True
        time.sleep(PAUSE_S)


def _worker(work, args, password, writing):
    """Say "held", or one sentence."""
    try:
        work(args, password, lambda: os.write(writing, b"held"))
    except HostError as error:
        os.write(writing, str(error).encode("utf-8", "replace")[:500])
