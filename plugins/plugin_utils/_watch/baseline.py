# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phase before the fault: the probe runs for a while, and shows whether the service is in its steady state. Private to magsasa.chaos."""

from __future__ import annotations

import math
import time

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.outages import slow_limit_ms

from .. import _events
from . import clocks, unsteady
from .phase import Phase

STOPPED = "halted by %s before the fault"
TICK_S = 1.0  # between two looks that somebody sees
LOOK_S = 0.35  # what one look takes; the last one belongs to the baseline
BEGINS = 1.25  # how long a fault module takes to its first change, in answers of a look
SILENT_S = 60.0  # a host that was asked and has said nothing by then is left alone
MOST_AHEAD = 1.0  # seconds
MOST_EARLY = 1.0  # seconds; the clock of another host is not trusted further than that


def error_rate_pct(probe):
    """Of the live figures of a probe: what is under way for far longer than answers take has failed, as far as a steady state is concerned."""
    overdue = probe.get("overdue") or 0
    return 100.0 * (probe["failed"] + overdue) / (probe["sent"] + overdue) if overdue else probe["error_rate_pct"]


class Baseline(Phase):
    """Let the probe run for the baseline, then say whether the service was in its steady state."""

    def wait(self):
        """Returns ``{host: {steady, probe, clock_offset, ...}}``."""
        began = time.monotonic()
        early = min(max(time.time() - self.wanted["since"], 0.0), MOST_EARLY) if self.wanted.get("since") else 0.0
        over = began + max(0.0, self.wanted["duration_s"] - early)
        self.begins("baseline", over - began)
        self._silent = set()
        self._all(self._measure_clocks, [host for host in self.seen if self.observer(host) != host])
        while self.wanted["lease_s"] and over - time.monotonic() > self.renew_within() + 1.0 and not _events.stop_asked():
            self._sleep(self.renew_within())
            self._all(lambda host: self.look(host, 1.0), self.seen)
            self.tick("baseline", max(0.0, over - time.monotonic()))
        self._sleep(over - 2 * LOOK_S * math.ceil(len(self.seen) / self.at_once) - time.monotonic())
        asked = time.monotonic()
        self._all(lambda host: self.look(host, time.monotonic() - began + 0.5), self.seen)
        # The task that injects takes a little longer to begin than this module took to answer: that time belongs to the baseline too.
        over -= min(BEGINS * (time.monotonic() - asked), MOST_AHEAD)
        self.give_up(self._silent)
        for seen in self.seen.values():
            probe = seen["probe"]
            seen["slow_ms"] = slow_limit_ms(probe.get("p95_ms")) if probe else None
            rate = error_rate_pct(probe) if probe and probe.get("sent") else None
            seen["steady"] = not seen.get("stopped") and rate is not None and rate <= self.wanted["max_error_rate_pct"]
            seen["unsteady"] = "" if seen["steady"] else seen.get("stopped") or unsteady.reason(probe, rate)
        self.tell("baseline done", None)
        self.tick("baseline", max(0.0, over - time.monotonic()))
        self._sleep(over - time.monotonic())
        self._stop()
        self.begins("inject")
        return self.seen

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
        self._silent.update(set(asked) - set(self.together.map(function, asked, SILENT_S)))

    def _measure_clocks(self, host):
        self.seen[host]["clock_offset"] = clocks.between(self.runner, host, self.observer(host))
