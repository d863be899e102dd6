# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phase before the fault: the probe runs for a while, and shows whether the service is in its steady state.
Private to magsasa.chaos.
"""

from __future__ import annotations

import math
import time

from .. import _events
from . import clocks, unsteady
from .phase import Phase

STOPPED = "halted by %s before the fault"
TICK_S = 1.0  # between two looks that somebody sees
LOOK_S = 0.35  # what one look takes; the last one belongs to the baseline
BEGINS = 2.0  # how long it takes from the question that injects to the first change, in answers of a look
SILENT_S = 60.0  # a host that was asked and has said nothing by then is left alone
MOST_AHEAD = 1.0  # seconds
MOST_EARLY = 1.0  # seconds; a host is not trusted further than that about how long its probe has been running
LATE_S = 30.0  # a host that lets so much time pass after the answer of another one is not waited for
STAGGER = 0.1  # of a baseline: where the probes began one after the other, the first fault waits for the last of them no longer
PAUSE_S = 0.2  # between two looks whether somebody's lease is to be renewed


def error_rate_pct(probe):
    """Of the live figures of a probe: what is under way for far longer than answers take has failed, as far as a
    steady state is concerned.
    """
    overdue = probe.get("overdue") or 0
    return 100.0 * (probe["failed"] + overdue) / (probe["sent"] + overdue) if overdue else probe["error_rate_pct"]


class Baseline(Phase):
    """Let the probe run for the baseline, then say whether the service was in its steady state."""

    def wait(self, begin=None):
        """Returns ``{host: {steady, probe, clock_offset, ...}}`` of the hosts on which the experiment began; ``due``
        tells then when the fault of each is to go in.

        ``begin(host)`` starts the probe and returns how many seconds ago it began, or None where it did not.
        """
        self._silent = set()
        since = self._begin(begin) if begin else dict.fromkeys(self.seen, time.monotonic())
        if not self.seen:
            return self.seen
        began = time.monotonic()
        ends = {host: since[host] + self.wanted["duration_s"] for host in self.seen}
        # All are looked at before the first fault goes in, which another one's probe may see. Faults follow each other as
        # the probes did then: many hosts begin one after the other only once.
        # No lease is renewed between that look and the fault.
        stagger = min(STAGGER * self.wanted["duration_s"], self.renew_within() / 2.0)
        over = max(began, min(ends.values()), max(ends.values()) - stagger)
        self.begins("baseline", over - began)
        self._all(self._measure_clocks, [host for host in self.seen if self.observer(host) != host])
        while (
            self.wanted["lease_s"] and over - time.monotonic() > self.renew_within() + 1.0 and not _events.stop_asked()
        ):
            self._sleep(self.renew_within())
            self._all(lambda host: self.look(host, 1.0), self.seen)
            self.tick("baseline", max(0.0, over - time.monotonic()))
        self._sleep(over - 2 * LOOK_S * math.ceil(len(self.seen) / self.at_once) - time.monotonic())
        asked = time.monotonic()
        self._look_at_all(since)
        if time.monotonic() - asked > self.renew_within():  # one that was silent kept the leases of the others waiting
            asked = time.monotonic()
            self._look_at_all(since)
        # What injects takes a little longer to its first change than this look took: that time belongs to the baseline
        # too.
        ahead = min(BEGINS * (time.monotonic() - asked), MOST_AHEAD)
        self.due = {host: max(over, end) - ahead for host, end in ends.items()}
        over -= ahead
        self.give_up(self._silent)
        for seen in self.seen.values():
            probe = seen["probe"]
            rate = error_rate_pct(probe) if probe and probe.get("sent") else None
            seen["steady"] = not seen.get("stopped") and rate is not None and rate <= self.wanted["max_error_rate_pct"]
            seen["unsteady"] = "" if seen["steady"] else seen.get("stopped") or unsteady.reason(probe, rate)
        self.tick("baseline", max(0.0, over - time.monotonic()))
        self._sleep(over - time.monotonic())
        self._stop()
        self.begins("inject")
        return self.seen

    def _begin(self, begin):
        """Begin on every host; those on which it came to nothing are seen no more. Returns since when the probe of each
        has been running.

        A host that takes its time costs the others nothing: their leases are renewed meanwhile.
        """
        waiting, running = set(self.seen), {}
        for host in sorted(waiting):
            self.pool.start(host, begin, host)
        now = renewed = time.monotonic()
        limit = now + SILENT_S
        while waiting and now < limit and not _events.stop_asked():
            answered = self.pool.done(PAUSE_S)
            now = time.monotonic()
            if answered and answered[0] in waiting:
                waiting.discard(answered[0])
                limit = now + LATE_S
                if answered[1] is not None:
                    running[answered[0]] = now - answered[1]
            if self.wanted["lease_s"] and now - renewed > self.renew_within():
                renewed = now
                for host in sorted(running):
                    self.pool.start(("renew", host), self.look, host, 1.0)
        self.late = waiting
        self.seen = {host: seen for host, seen in self.seen.items() if host in running}
        return running

    def _look_at_all(self, since):
        """What the probes have seen since they began."""
        for seen in self.seen.values():
            seen["probe"] = None  # one that has ended meanwhile tells nothing
        self._all(lambda host: self.look(host, time.monotonic() - since[host] + 0.5), self.seen)

    def _sleep(self, seconds):
        """Until then, or until the run is to end early."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and not _events.stop_asked():
            time.sleep(max(0.0, min(TICK_S / 4, until - time.monotonic())))

    def _stop(self):
        """Who asked for an early end gets no fault any more."""
        by = _events.stop_asked()
        if by:
            for seen in self.seen.values():
                seen.update(steady=False, unsteady=STOPPED % by)

    def _all(self, function, hosts):
        """Call it for these hosts side by side; one that does not answer at all is not asked again."""
        asked = [host for host in hosts if host not in self._silent]
        self._silent.update(set(asked) - set(self.pool.map(function, asked, SILENT_S)))

    def _measure_clocks(self, host):
        self.seen[host]["clock_offset"] = clocks.between(self.runner, host, self.observer(host))
