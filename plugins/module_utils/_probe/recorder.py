# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder: probes a target at a fixed rate, open loop, and writes down every probe. Private to magsasa.chaos.

Open loop: probe i is due at first + i / rate whatever became of the ones before, and its latency counts from that
moment. A
server that stalls is thus seen by every probe that was due in the stall (no coordinated omission).

No probe is lost: every one that was due before the end is on record as answered, failed or dropped. What is under way
at the end
is awaited until its own time-out, and counts as timed out then.
"""

from __future__ import annotations

import collections
import contextlib
import gc
import json
import os
import resource
import select
import signal
import time

from .. import _clock, _wait
from .._host import processes
from .._life import tidying
from .._ledger import private_files
from .._check import check, regex_timeout
from . import handover, realtime, reasons, samples
from . import recorders as probes

LEAD_S = 0.05  # from ready to the first probe
BATCH_S = 0.2  # samples reach the file at least this often
HANDOVER_S = (
    0.002  # before the next probe: another thread takes over, and has time for what is to do between two probes
)
LEISURE_S = 0.02  # before the next probe: enough to write what there is
WATCH_S = 1.0  # how often it looks whether its folder is still there
ENDING = (signal.SIGTERM, signal.SIGINT)
MOST_UNWRITTEN = 100000  # samples kept while the file system is full
SETTLE_S = 0.5  # what a check may take beyond its time limit, at the end
AWAIT_STEP_S = 0.005


def main(spec_path, ready):
    """Entry of the runtime archive: record until SIGTERM or the spec's ``max_duration_s``.

    ``ready`` is called once with ``{"pid", "start", "first"}`` when the first probe has its time. Raises ChaosError
    before that.
    """
    spec = private_files.read_json(spec_path)
    private_files.remove(spec_path)  # it may hold secrets, and is in memory now
    if spec is None:
        raise ValueError("the spec of the probe cannot be read")
    processes.set_process_name("chaos-probe")
    return Recorder(spec, os.path.dirname(spec_path)).run(ready)


class Recorder:
    """One run of one probe; ``spec`` is control.py's, ``folder`` its own private folder."""

    def __init__(self, spec, folder):
        self.spec = spec
        self.folder = folder
        self.count = collections.Counter()
        self._rows = collections.deque()  # Samples that ended and are not yet written
        self._text = b""  # of a batch that was written in part
        eager = spec["check"]["kind"] in ("command", "sql")
        self._reasons = reasons.Reasons()
        self._told_reasons = []
        self._relay = handover.Relay(
            self._checker, spec["max_in_flight"], self._rows, self._lead, eager, self._reasons.note
        )
        self._asked_at = None  # when it was asked to end
        self._urgent = False
        self._wake = None
        self._file = None
        self._ended_by = None
        self._schedule = None
        self._flush_at = self._watch_at = 0.0

    def _checker(self):
        return check.Checker(self.spec["check"], self.spec["keepalive"])

    def run(self, ready):
        """Record; returns 0. Never raises for what the target or the file system does meanwhile."""
        self._checker().close()  # a missing tool is told now, to whoever starts us
        self._prepare()
        first = time.monotonic() + LEAD_S
        start = processes.start_time(os.getpid())
        told = {
            "pid": os.getpid(),
            "start": start,
            "boot_id": _clock.boot_id(),
            "started_at": _clock.now(),
            "first": round(first, 6),
        }
        told.update(
            {
                key: self.spec[key]
                for key in ("id", "name", "rate", "max_in_flight", "max_duration_s", "lease_s", "target", "fingerprint")
            }
        )
        told["timeout_s"] = self.spec["check"]["timeout_s"]
        told["run"] = self.spec.get("run")
        self._tell(told)
        ready({"pid": told["pid"], "start": start, "first": told["first"]})
        ended_by = self._record(first, first + self.spec["max_duration_s"])
        self._finish(ended_by)
        if ended_by == "max_duration":
            told["ended"] = True
            self._tell(told)
            ended_by = self._linger()
        elif ended_by == "stopped" and os.path.exists(os.path.join(self.folder, probes.KEPT)):
            ended_by = self._keep(told)
        if ended_by in ("unclaimed", "folder_gone", "lease"):
            self._clean_up()
        os._exit(0)  # threads that hang in a lookup must not hold us up

    def _prepare(self):
        reading, writing = os.pipe()
        for descriptor in (reading, writing):
            os.set_blocking(descriptor, False)
        self._wake = reading
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in ENDING:
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(os.path.join(self.folder, probes.SAMPLES), flags, 0o600)
        if (
            self.spec["check"]["kind"] in ("http", "tcp") and self.spec["rate"] <= realtime.FASTEST
        ):  # the others run programs
            self._urgent = realtime.take()
        gc.collect()
        gc.freeze()  # what is loaded now stays: later collections need not look at it

    def _on_signal(self, _number, _frame):
        self._ask_to_end()

    def _ask_to_end(self):
        if self._asked_at is None:
            self._asked_at = time.monotonic()

    def _tell(self, told):
        private_files.write_private(os.path.join(self.folder, probes.RECORDER), json.dumps(told), durable=False)

    def _record(self, first, last):
        """Hand out every probe when it is due; returns what ended it."""
        self._schedule = _Schedule(first, self.spec["rate"], last)
        self._flush_at = self._watch_at = first
        self._relay.run()
        return self._ended_by

    def _lead(self, take):
        """Have the clock until the end, or until ``take`` says that another thread has it."""
        schedule = self._schedule
        while True:
            now = time.monotonic()
            while schedule.due <= self._no_later_than(now) and not schedule.over():
                due = schedule.next()
                if self._asked_at is not None and time.monotonic() - self._asked_at > self.spec["check"]["timeout_s"]:
                    self._relay.drop(due)  # so far behind that it would never end
                elif not take(due, min(schedule.due - HANDOVER_S, now + BATCH_S)):
                    return
                if schedule.due - time.monotonic() > LEISURE_S:
                    self._write()  # there is time, and nobody has to be woken for it later
            ended_by = self._end_cause(time.monotonic())
            if ended_by:
                self._ended_by = ended_by
                self._relay.end()
                return
            wakes = [schedule.due if not schedule.over() else schedule.last, self._watch_at]
            if self._rows or self._relay.busy():
                wakes.append(self._flush_at)
            self._wait(min(wakes))

    def _no_later_than(self, now):
        """Probes that are due by then are carried out: those that were due when we were asked to end still are."""
        return now if self._asked_at is None else min(now, self._asked_at)

    def _end_cause(self, now):
        """What ends the recording now, or None; does what is due between two probes."""
        if self._asked_at is not None:
            return "stopped" if self._schedule.over() or self._schedule.due > self._asked_at else None
        if now >= self._flush_at:
            self._write()
            self._flush_at = now + BATCH_S
        if now >= self._watch_at:
            if not self._mine():
                return "folder_gone"
            if probes.lease_over(self.folder, self.spec.get("lease_s"), self._schedule.first, now):
                return "lease"
            if self.spec["check"].get("matches"):
                regex_timeout.guard()
            self._watch_at = now + WATCH_S
        return "max_duration" if self._schedule.over() and now >= self._schedule.last else None

    def _wait(self, until):
        """Sleep until a reading of the monotonic clock or a signal. select(2) keeps microseconds, where poll(2)
        keeps milliseconds.
        """
        seconds = until - time.monotonic()
        if seconds > 0 and select.select([self._wake], [], [], seconds)[0]:
            try:
                caught = os.read(self._wake, 512)
            except BlockingIOError:
                return
            if any(
                number in caught for number in ENDING
            ):  # its handler may not have run yet: that is the main thread's
                self._ask_to_end()

    def _mine(self):
        """Whether the folder still holds what we told; somebody may have taken it away."""
        return (private_files.read_json(os.path.join(self.folder, probes.RECORDER)) or {}).get("id") == self.spec["id"]

    def _write(self):
        rows = self._rows
        if not self._text and rows:
            batch = [rows.popleft() for _each in range(len(rows))]  # workers only append
            for sample in batch:
                self.count["sent"] += 1
                self.count["failed"] += not sample.ok
                self.count["dropped"] += sample.error == samples.DROPPED
            self._text = "".join([samples.line(sample) for sample in batch]).encode("ascii")
            self._tell_reasons()
        try:
            while self._text:
                self._text = self._text[os.write(self._file, self._text) :]
        except OSError:  # full: keep what there is for later, within bounds
            while len(rows) > MOST_UNWRITTEN:
                rows.popleft()
                self.count["unwritten"] += 1

    def _tell_reasons(self):
        """Write down why probes failed, for whoever looks while we run."""
        shown = self._reasons.shown()
        if shown is not None:
            self._told_reasons = shown
            try:
                private_files.write_private(
                    os.path.join(self.folder, probes.REASONS), json.dumps({"reasons": shown}), durable=False
                )
            except Exception:  # the folder may be gone or full; the samples tell the rest
                pass

    def _await_answers(self):
        """Wait for what is under way until its time is over; what has no answer then has failed."""
        _wait.until(lambda: not self._relay.busy(), self.spec["check"]["timeout_s"] + SETTLE_S, AWAIT_STEP_S)
        now = time.monotonic()
        for began, due in self._relay.give_up():
            self._rows.append(samples.Sample(due, (began - due) * 1000.0, (now - due) * 1000.0, False, None, "timeout"))
            self._reasons.note("timeout", None, "no answer within the time limit")

    def _finish(self, ended_by):
        """Await what is still under way, write the rest and the summary."""
        ended_at = _clock.now()
        if ended_by not in ("folder_gone", "lease"):  # nobody will ask for it
            self._await_answers()
        self._write()
        self._write()  # the first may only have ended a batch that was left over
        self._tell_reasons()
        self._end_children()
        used = resource.getrusage(resource.RUSAGE_SELF)
        summary = {
            "ended_by": ended_by,
            "ended_at": ended_at,
            "due": self._schedule.given,
            "reasons": self._told_reasons,
            "unwritten": self.count["unwritten"] + len(self._rows),
            "cpu_s": round(used.ru_utime + used.ru_stime, 3),
            "max_rss_kib": _peak_kib(),
            "threads": self._relay.size(),
            "urgent": self._urgent,
        }
        try:
            private_files.write_private(os.path.join(self.folder, probes.SUMMARY), json.dumps(summary), durable=False)
        except Exception:  # the folder may be gone or full; the samples tell the rest
            pass

    def _end_children(self):
        """Programs that a command or SQL check runs right now would outlive us."""
        if self.spec["check"]["kind"] in ("command", "sql"):
            probes.end_marked(self.spec["id"])

    def _keep(self, told):
        """Stay with the samples until whoever asked for them has taken them away, or its lease is over."""
        with contextlib.suppress(BlockingIOError):
            while os.read(self._wake, 512):  # of the signal that ended the recording
                pass
        self._asked_at, told["ended"] = None, True
        try:
            self._tell(told)
        except Exception:  # the folder may be gone or full: whoever asked sees that we have ended
            return "stopped"
        return self._linger(self.spec["lease_s"])

    def _linger(self, lease_s=None):
        """Keep the samples for a while after the time is over, for whoever collects them; then they are nobody's."""
        began = time.monotonic()
        until = began + self.spec["linger_s"]
        while self._asked_at is None and time.monotonic() < until:
            if probes.lease_over(self.folder, lease_s, began, time.monotonic()):
                return "lease"
            self._wait(min(until, time.monotonic() + WATCH_S))
            if not self._mine():
                return "folder_gone"
        return "stopped" if self._asked_at is not None else "unclaimed"

    def _clean_up(self):
        from .._ledger.ledger import Ledger

        name = os.path.basename(self.folder)
        run = os.path.dirname(os.path.dirname(self.folder))
        try:
            if self._mine():
                probes.remove(run, name)
            tidying.tidy(Ledger())
        except Exception:  # the next contact tidies
            pass


class _Schedule:
    """When probes are due: at first + i / rate (not the one before + 1 / rate: that drifts), before ``last``."""

    def __init__(self, first, rate, last):
        self.first, self.last = first, last
        self.due = first
        self._rate = rate
        self.given = 0  # how many were due so far

    def next(self):
        """The probe that is due; the one after it is due at ``due`` from now on."""
        due = self.due
        self.given += 1
        self.due = self.first + self.given / self._rate
        return due

    def over(self):
        """Whether there are no more probes."""
        return self.due >= self.last


def _peak_kib():
    """Peak resident size; getrusage(2) would count what our starter had before exec. Source: proc(5), VmHWM."""
    try:
        with open("/proc/self/status") as source:
            return next(int(line.split()[1]) for line in source if line.startswith("VmHWM:"))
    except (OSError, ValueError, StopIteration):
        return None
