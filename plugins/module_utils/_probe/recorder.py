# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The recorder: probes a target at a fixed rate, open loop, and writes down every probe. Private to magsasa.chaos.

Open loop: probe i is due at first + i / rate whatever became of the ones before, and its latency counts from that moment. A
server that stalls is thus seen by every probe that was due in the stall (no coordinated omission).
"""

from __future__ import annotations

import collections
import gc
import json
import os
import resource
import select
import signal
import time

from .. import _clock
from .._host import processes, state
from . import check, pool, samples, urgency
from . import state as probes

LEAD_S = 0.05  # from ready to the first probe
BATCH_S = 0.2  # samples reach the file at least this often
WATCH_S = 1.0  # how often it looks whether its folder is still there
MOST_UNWRITTEN = 100000  # samples kept while the file system is full


def main(spec_path, ready):
    """Entry of the runtime archive: record until SIGTERM or the spec's ``max_duration_s``.

    ``ready`` is called once with ``{"pid", "start", "first"}`` when the first probe has its time. Raises ChaosError before that.
    """
    spec = state.read_json(spec_path)
    state.remove(spec_path)  # it may hold secrets, and is in memory now
    if spec is None:
        raise ValueError("the spec of the probe cannot be read")
    processes.call_me("chaos-probe")
    return Recorder(spec, os.path.dirname(spec_path)).run(ready)


class Recorder:
    """One run of one probe; ``spec`` is control.py's, ``folder`` its own private folder."""

    def __init__(self, spec, folder):
        self.spec = spec
        self.folder = folder
        self.count = collections.Counter()
        self._rows = collections.deque()  # Samples that ended and are not yet written
        self._text = b""  # of a batch that was written in part
        self._pool = pool.Pool(self._checker, spec["max_in_flight"], self._rows)
        self._asked_to_end = False
        self._urgent = False
        self._wake = None
        self._file = None

    def _checker(self):
        return check.Checker(self.spec["check"], self.spec["keepalive"])

    def run(self, ready):
        """Record; returns 0. Never raises for what the target or the file system does meanwhile."""
        self._checker().close()  # a missing tool is told now, to whoever starts us
        self._prepare()
        first = time.monotonic() + LEAD_S
        start = processes.start_time(os.getpid())
        told = {"pid": os.getpid(), "start": start, "boot_id": _clock.boot_id(), "started_at": _clock.now(), "first": round(first, 6)}
        told.update({key: self.spec[key] for key in ("id", "name", "rate", "max_in_flight", "max_duration_s", "lease_s", "target", "fingerprint")})
        self._tell(told)
        ready({"pid": told["pid"], "start": start, "first": told["first"]})
        ended_by = self._loop(first, first + self.spec["max_duration_s"])
        self._finish(ended_by)
        if ended_by == "max_duration":
            told["ended"] = True
            self._tell(told)
            ended_by = self._linger()
        if ended_by in ("unclaimed", "folder_gone", "lease"):
            self._clean_up()
        os._exit(0)  # threads that hang in a lookup must not hold us up

    def _prepare(self):
        reading, writing = os.pipe()
        for descriptor in (reading, writing):
            os.set_blocking(descriptor, False)
        self._wake = reading
        signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW
        self._file = os.open(os.path.join(self.folder, probes.SAMPLES), flags, 0o600)
        if self.spec["check"]["kind"] in ("http", "tcp") and self.spec["rate"] <= urgency.FASTEST:  # the others run programs
            self._urgent = urgency.take()
        self._pool.prepare()
        gc.collect()
        gc.freeze()  # what is loaded now stays: later collections need not look at it

    def _on_signal(self, _number, _frame):
        self._asked_to_end = True

    def _tell(self, told):
        state.write_private(os.path.join(self.folder, probes.RECORDER), json.dumps(told), durable=False)

    def _loop(self, first, last):
        """Hand out every probe when it is due; returns what ended it."""
        rate = self.spec["rate"]
        number = 0
        due = first
        flush_at = watch_at = first
        while True:
            now = time.monotonic()
            while due <= now and due < last and not self._asked_to_end:
                if not self._pool.start(due):
                    late = (time.monotonic() - due) * 1000.0
                    self._rows.append(samples.Sample(due, late, late, False, None, samples.DROPPED))
                number += 1
                due = first + number / rate  # not due += 1 / rate: that drifts
            if now >= flush_at:
                self._write()
                flush_at = now + BATCH_S
            if now >= watch_at:
                if not self._mine():
                    return "folder_gone"
                if probes.lease_over(self.folder, self.spec.get("lease_s"), first, now):
                    return "lease"
                watch_at = now + WATCH_S
            if self._asked_to_end:
                return "stopped"
            if due >= last and now >= last:
                return "max_duration"
            self._wait(min(due if due < last else last, flush_at))

    def _wait(self, until):
        """Sleep until a reading of the monotonic clock or a signal. select(2) keeps microseconds, where poll(2) keeps milliseconds."""
        seconds = until - time.monotonic()
        if seconds > 0 and select.select([self._wake], [], [], seconds)[0]:
            try:
                os.read(self._wake, 512)
            except BlockingIOError:
                pass

    def _mine(self):
        """Whether the folder still holds what we told; somebody may have taken it away."""
        return (state.read_json(os.path.join(self.folder, probes.RECORDER)) or {}).get("id") == self.spec["id"]

    def _write(self):
        rows = self._rows
        if not self._text and rows:
            batch = [rows.popleft() for _each in range(len(rows))]  # workers only append
            for sample in batch:
                self.count["sent"] += 1
                self.count["failed"] += not sample.ok
                self.count["dropped"] += sample.error == samples.DROPPED
            self._text = "".join([samples.line(sample) for sample in batch]).encode("ascii")
        try:
            while self._text:
                self._text = self._text[os.write(self._file, self._text) :]
        except OSError:  # full: keep what there is for later, within bounds
            while len(rows) > MOST_UNWRITTEN:
                rows.popleft()
                self.count["unwritten"] += 1

    def _finish(self, ended_by):
        """Judge what is still under way, write the rest and the summary."""
        now = time.monotonic()
        for began, due in self._pool.unfinished():
            if now - due > self.spec["check"]["timeout_s"]:
                self._rows.append(samples.Sample(due, (began - due) * 1000.0, (now - due) * 1000.0, False, None, "timeout"))
            else:
                self.count["unfinished"] += 1
        self._write()
        self._write()  # the first may only have ended a batch that was left over
        self._end_children()
        used = resource.getrusage(resource.RUSAGE_SELF)
        summary = {
            "ended_by": ended_by,
            "ended_at": _clock.now(),
            "unfinished": self.count["unfinished"],
            "unwritten": self.count["unwritten"] + len(self._rows),
            "cpu_s": round(used.ru_utime + used.ru_stime, 3),
            "max_rss_kib": _peak_kib(),
            "threads": self._pool.size(),
            "urgent": self._urgent,
        }
        try:
            state.write_private(os.path.join(self.folder, probes.SUMMARY), json.dumps(summary), durable=False)
        except Exception:  # the folder may be gone or full; the samples tell the rest
            pass

    def _end_children(self):
        """Programs that a command or SQL check runs right now would outlive us."""
        if self.spec["check"]["kind"] in ("command", "sql"):
            probes.end_marked(self.spec["id"])

    def _linger(self):
        """Keep the samples for a while after the time is over, for whoever collects them; then they are nobody's."""
        until = time.monotonic() + self.spec["linger_s"]
        while not self._asked_to_end and time.monotonic() < until:
            self._wait(min(until, time.monotonic() + WATCH_S))
            if not self._mine():
                return "folder_gone"
        return "stopped" if self._asked_to_end else "unclaimed"

    def _clean_up(self):
        from .._host.ledger import Ledger

        name = os.path.basename(self.folder)
        run = os.path.dirname(os.path.dirname(self.folder))
        try:
            if self._mine():
                probes.remove(run, name)
            Ledger().tidy()
        except Exception:  # the next contact tidies
            pass


def _peak_kib():
    """Peak resident size; getrusage(2) would count what our starter had before exec. Source: proc(5), VmHWM."""
    try:
        with open("/proc/self/status") as source:
            return next(int(line.split()[1]) for line in source if line.startswith("VmHWM:"))
    except (OSError, ValueError, StopIteration):
        return None
