# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process that holds one fault: injects it, checks that it bites, and undoes it at the end of its time. Private to
magsasa.chaos.

Every way out of here goes through the undo; the one way that does not (SIGKILL, a crash of the interpreter) is the
guardian's. An undo that
fails is tried again until it is done: whatever the ledger has become, this process has it in memory.
"""

from __future__ import annotations

import importlib
import os
import select
import signal
import time

from .. import _clock, _wait
from .._errors import ChaosError, HostError
from .._ledger import fault_secrets, locks
from .._undo import registry
from .._host import journal, processes
from . import cgroup_bounds, guardian, lease_and_halt, tidying
from .context import Context
from .figures_over_time import FiguresOverTime
from .._ledger.ledger import Ledger
from .revert import CAUSES, until_done

MEASURE_EVERY = 1.0  # seconds
CHECK_EVERY = 0.25  # lease and halt condition
INJECT_LIMIT = 60.0  # seconds that injecting may take before the guardian ends it
REVERT_LIMIT = 60.0  # the same for the revert: a database needs its time to start


class Supervisor:
    """Holds the fault whose record is in the ledger under ``fault_id``."""

    def __init__(self, ledger, fault_id, window):
        self.ledger = ledger
        self.window = window
        self.id = fault_id
        self.record = None
        self.guardian = None
        self.wakeup = None
        self.ended_by = None
        self._stopping = False
        self._tried = None
        self.ctx = None
        self.family = None
        self.series = FiguresOverTime()

    def run(self, ready):
        """From armed to reverted; ``ready`` hears the record once the fault is in and measured."""
        processes.set_process_name("chaos-fault")
        self._listen()
        self._register()
        try:
            self._inject()
        except Exception as error:
            said = str(error) or type(error).__name__
            final = self._end("failed", said, lambda final: ready({"error": said, "fault": final}))
            ready({"error": said, "fault": final})
            return 1
        try:
            self._verify()
            ready({"fault": self.record})
            cause = self._hold()
        except Exception as error:
            self._end("failed", error="the supervisor failed: %s" % error)
            raise
        self._end(cause)
        return 0

    # -- before

    def _listen(self):
        """SIGTERM and the end of a child wake the loop up; what a closing terminal sends is ignored."""
        reading, writing = os.pipe()
        for descriptor in (reading, writing):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        self.wakeup = reading
        signal.signal(signal.SIGTERM, self._asked)
        signal.signal(signal.SIGCHLD, lambda number, frame: None)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)

    def _asked(self, number, frame):
        if self.ended_by is None:
            self.ended_by = "terminated"

    def _register(self):
        """Say in the ledger who holds the fault, unless somebody undid it before we came."""
        with locks.of_fault(os.path.join(self.ledger.faults, self.id + ".lock"), self.id, wait=10.0) as lock_files:
            self.record = self.ledger.read(self.id)
            if self.record is None:
                raise HostError("the fault was reverted before it was injected")
            workers = cgroup_bounds.settle(self.id)
            registry.load(self.record["undo"])  # before the guardian is forked: it has what we have
            guardian.load(self.record["family"])
            fault_secrets.remember(self.id)
            latest = time.monotonic() + INJECT_LIMIT + self.record["duration_s"]
            self.record["supervisor"] = {"pid": os.getpid(), "start": processes.start_time(os.getpid())}
            self.guardian = guardian.start(self.ledger, self.record, latest, lock_files)
            self.record["guardian"] = {"pid": self.guardian.pid, "start": self.guardian.start}
            self.ledger.write(self.record)
        self.family = importlib.import_module("..._families." + self.record["family"], __name__).FAMILY
        self.ctx = Context(
            self.ledger,
            self.record,
            close=(self.guardian.pipe, self.wakeup),
            workers_group=workers,
            tell=self.guardian.tell,
        )

    def _inject(self):
        for step in self.record["steps"]:
            if self.ended_by:
                raise HostError("the fault was ended during its injection")
            getattr(self.family, "do_" + step["do"])(self.ctx, step["args"])
        self.record["injected_at"] = self.ctx.moment or _clock.now()
        self.record["deadline"] = _clock.later(self.record["injected_at"], self.record["duration_s"])
        self.record["state"] = "active"
        self.ledger.write(self.record)
        self.guardian.tell({"latest": self.record["deadline"]["monotonic"]})
        journal.note(self.record, "injected")

    def _verify(self):
        """Give the fault its settling time, then measure once."""
        settled = self.record["injected_at"]["monotonic"] + getattr(self.family, "settle_s", 0.0)
        while self.ended_by is None and time.monotonic() < min(settled, self._deadline()):
            self._wait(settled)
            self._reap()
            self.family_tick()
        self._measure()
        self.ledger.write(self.record)

    def family_tick(self):
        """Let the family steer (closed loops); most have nothing to do."""
        steer = getattr(self.family, "steer", None)
        if steer is not None:
            steer(self.ctx)

    def _measure(self):
        try:
            found = self.family.measure(self.ctx)
        except (ChaosError, OSError) as error:
            found = {"effect": "inconclusive", "measured": {}, "note": "not measured: %s" % error}
        if found:
            self.record.update(found)
            self.series.look(self.family, self.ctx)

    # -- during

    def _deadline(self):
        return self.record["deadline"]["monotonic"]

    def _hold(self):
        """Wait for whatever ends the fault; returns the cause."""
        measured = time.monotonic()
        while True:
            now = time.monotonic()
            if self.ended_by:
                return self._asked_cause() if self.ended_by == "terminated" else self.ended_by
            if now >= self._deadline():
                self._measure()
                return "deadline"
            if self.ctx.over:
                return "event_over"
            cause = lease_and_halt.lease_over(self.ledger, self.record) or lease_and_halt.condition_met(
                self.ledger, self.record, self.window
            )
            if cause:
                return cause
            if now - measured >= MEASURE_EVERY:
                measured = now
                self._measure()
            self.family_tick()
            self._wait(min(self._deadline(), now + self._pause()))
            self._reap()

    def _pause(self):
        return min(CHECK_EVERY, getattr(self.family, "steer_every_s", CHECK_EVERY))

    def _wait(self, until):
        left = min(until, time.monotonic() + self._pause()) - time.monotonic()
        self.guardian.flush()
        if left > 0:
            select.select([self.wakeup], [], [], left)
        try:
            os.read(self.wakeup, 4096)
        except BlockingIOError:
            pass

    def _reap(self):
        """Notice children that ended: the guardian, or a worker that had no leave to."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if self.ended_by is None:
                if pid == self.record["guardian"]["pid"]:
                    self.ended_by = "guardian_died"
                elif self.ctx.ended(pid, status):
                    self.ended_by = "worker_died"

    def _asked_cause(self):
        path = os.path.join(self.ledger.folders.run, self.id + ".cause")
        try:
            with open(path) as source:
                cause, _end, by = source.read(400).partition("\n")
        except OSError:
            return "terminated"
        if by and cause == "halt":
            self.record["halted_by"] = by
        return cause if cause in CAUSES else "terminated"

    # -- after

    def _end(self, cause, error=None, tried=None):
        """Undo, however long that takes; ``tried`` hears the record after each try that failed."""
        details = {
            key: self.record[key]
            for key in ("effect", "measured", "note", "injected_at", "deadline", "halted_by")
            if key in self.record
        }
        details["revert_cause"] = cause
        series = self.series.record()
        if series:
            details["series"] = series
        if error:
            details["error"] = error
        self.ended_by = None
        self._stopping = cause == "terminated"
        self._tried = tried
        final = until_done(self.ledger, self.record, cause, details, self._more_time, self._wait_for_another)
        if final is None or final["state"] != "residue":
            self.guardian.tell({"over": True})
        tidying.tidy(self.ledger)
        return final or self.record

    def _more_time(self):
        if self.record["state"] == "reverted":
            self.guardian.tell({"release": True})
        self.guardian.tell({"latest": time.monotonic() + REVERT_LIMIT})

    def _wait_for_another(self, seconds):
        """Wait for the next try of an undo, which is at once when somebody asks for the fault's end.

        False when this process is to end, as on a host that goes down.
        """
        if self._tried is not None:
            self._tried(self.record)
        if self._stopping:
            return False
        deadline = _wait.Deadline(seconds)
        while not deadline.over and self.ended_by is None:
            self._wait(deadline.at)
            self._reap()
        self._stopping = self.ended_by == "terminated" and self._asked_cause() == "terminated"
        self.ended_by = None
        return True


def main(fault_id, ready, window):
    """Entry ``fault`` of the runtime archive; ``window``: see ``halt.condition_met``."""
    return Supervisor(Ledger(), fault_id, window).run(ready)
