# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that undoes a fault when its supervisor cannot. Private to magsasa.chaos.

Forked before the first change. It holds the reading end of a pipe that only the supervisor holds open: end of file
means
that the supervisor is gone, whatever killed it. On the pipe come lines of JSON: what the supervisor learns, the
guardian has in memory too.
"""

from __future__ import annotations

import json
import os
import select
import signal
import time

from .._host import moved_paths, processes
from . import tidying
from .revert import until_done

HUNG_AFTER = 2.0  # seconds past its deadline after which a supervisor counts as hung (stopped, starved)


class Line:
    """The supervisor's end: who the guardian is, and what it is told. Never waits for a guardian that does not read."""

    def __init__(self, pid, start, pipe):
        self.pid, self.start, self.pipe = pid, start, pipe
        self._waiting = b""
        os.set_blocking(pipe, False)

    def tell(self, message):
        """``{"latest": s}``: monotonic second by which the fault must be over; ``{"undo": entry}``: one more undo
        operation, of a kind that is loaded;
        ``{"hold": [descriptor, path]}``: of the supervisor, to be kept open here too; ``{"release": true}``: no longer;
        ``{"over": true}``: it is
        undone and written down."""
        self._waiting += json.dumps(message).encode("ascii") + b"\n"
        self.flush()

    def flush(self):
        """Send what could not be sent before."""
        try:
            while self._waiting:
                self._waiting = self._waiting[os.write(self.pipe, self._waiting) :]
        except BlockingIOError:
            pass
        except OSError:
            self._waiting = b""  # the guardian is gone


def load(family):
    """Load what is needed at the end: the archive, the run folder or this very Python may be gone by then."""
    if family == "database":  # the only one whose undo looks a name up
        import encodings.idna  # noqa: F401  pylint: disable=unused-import
    import encodings.latin_1  # noqa: F401  pylint: disable=unused-import
    import pwd  # noqa: F401  pylint: disable=unused-import

    from .._ledger import fault_secrets  # noqa: F401  pylint: disable=unused-import
    from .._host.systemd import services  # noqa: F401  pylint: disable=unused-import
    from . import boot_units, fault_unit  # noqa: F401  pylint: disable=unused-import


def start(ledger, record, latest, close=()):
    """Fork the guardian of a fault; returns its Line.

    ``latest``: monotonic second by which the fault must be over; ``close``: descriptors that it must not have.
    """
    reading, writing = os.pipe()
    supervisor = os.getpid()
    supervisor_start = processes.start_time(supervisor)
    pid = os.fork()
    if pid:
        os.close(reading)
        return Line(pid, processes.start_time(pid), writing)
    status = 1
    try:
        for descriptor in (writing, *close):
            os.close(descriptor)
        processes.set_process_name("chaos-guardian")
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        if not _watch(reading, latest, record, supervisor):
            processes.send(supervisor, supervisor_start, signal.SIGKILL)  # only when it is there and hung
            until_done(ledger, record, "supervisor_died")
        tidying.tidy(ledger)
        status = 0
    finally:
        os._exit(status)


def _watch(reading, latest, record, supervisor):
    """Return when the supervisor is gone or past its time: whether the fault is over by then. ``record`` learns
    what the supervisor tells.
    """
    text = b""
    over = False
    while True:
        left = latest + HUNG_AFTER - time.monotonic()
        if left <= 0:
            return False
        if not select.select([reading], [], [], left)[0]:
            continue
        piece = os.read(reading, 65536)
        if not piece:
            return over
        text += piece
        lines = text.split(b"\n")
        text = lines.pop()
        for message in map(json.loads, lines):
            latest = message.get("latest", latest)
            over = message.get("over", over)
            if "undo" in message:
                record["undo"].append(message["undo"])
            if "release" in message:
                moved_paths.release()
            if "hold" in message:
                _hold(supervisor, *message["hold"])


def _hold(supervisor, descriptor, path):
    try:
        moved_paths.hold_too(supervisor, descriptor, path)
    except OSError:
        pass  # it is found by the supervisor's descriptor, or searched for
