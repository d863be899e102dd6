# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that undoes a fault when its supervisor cannot. Private to magsasa.chaos.

Forked before the first change. It holds the reading end of a pipe that only the supervisor holds open: end of file means
that the supervisor is gone, whatever killed it.
"""
from __future__ import annotations

import os
import select
import signal
import time

from . import processes
from .revert import revert

HUNG_AFTER = 2.0  # seconds past its deadline after which a supervisor counts as hung (stopped, starved)


def start(ledger, fault_id, latest):
    """Fork the guardian; returns ``(pid, start, pipe)``. ``latest``: monotonic second by which the fault must be over.

    Writing a new decimal number and a newline to ``pipe`` replaces ``latest``.
    """
    reading, writing = os.pipe()
    supervisor = os.getpid()
    supervisor_start = processes.start_time(supervisor)
    pid = os.fork()
    if pid:
        os.close(reading)
        return pid, processes.start_time(pid), writing
    status = 1
    try:
        os.close(writing)
        processes.call_me("chaos-guardian")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _watch(reading, latest)
        processes.send(supervisor, supervisor_start, signal.SIGKILL)  # only when it is there and hung
        if ledger.read(fault_id) is not None:
            revert(ledger, fault_id, "supervisor_died")
        ledger.tidy()
        status = 0
    finally:
        os._exit(status)


def _watch(reading, latest):
    """Return when the supervisor is gone or past its time."""
    text = b""
    while True:
        left = latest + HUNG_AFTER - time.monotonic()
        if left <= 0:
            return
        if not select.select([reading], [], [], left)[0]:
            continue
        piece = os.read(reading, 4096)
        if not piece:
            return
        text += piece
        lines = text.split(b"\n")
        text = lines.pop()
        if lines:
            latest = float(lines[-1])
