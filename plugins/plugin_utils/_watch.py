# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``watch`` does in each phase: looks at hosts now and then, sleeps exactly in between. Private to magsasa.chaos."""
from __future__ import annotations

import time

LOOK = "magsasa.chaos.fault_info"
RENEW = "magsasa.chaos.fault_lease"
HALT = "magsasa.chaos.fault_halt"
RENEW_EVERY = 5.0  # seconds between two looks of a baseline, which need no more than to keep leases alive
MARGIN = 0.05  # seconds after a deadline at which a look is begun; it reads the ledger another 0.2 s later
ANSWER_AGE = 0.08  # seconds from the moment that an answer speaks of to its arrival, at least
AHEAD = 0.25  # seconds that a module takes to begin to inject, at least: they belong to the baseline too
MOST_EARLY = 1.0  # seconds; the clock of another host is not trusted further than that


class _Phase:
    """Shared: looking at a host and telling what was seen."""

    def __init__(self, wanted, runner, say):
        self.wanted = wanted
        self.runner = runner
        self.say = say
        self.seen = {host: {"fault": None, "probe": None, "halted": None, "error": None} for host in wanted["hosts"]}

    def observer(self, host):
        """Where the probe of this host runs."""
        return self.wanted["observers"].get(host, host)

    def look(self, host, window_s):
        """Ask the host for the fault and the observer for the probe; one module execution where they are the same."""
        seen = self.seen[host]
        module = RENEW if self.wanted["lease"] else LOOK
        answer = self._ask(host, module, window_s)
        watcher = self.observer(host)
        probes = answer if watcher == host else self._ask(watcher, module, window_s)
        seen["error"] = answer.get("msg") if answer.get("failed") else None
        found = [each for each in answer.get("active") or [] if each["name"] == self.wanted["fault"]]
        past = [each for each in answer.get("past") or [] if each["name"] == self.wanted["fault"]]
        if found or past:
            seen["fault"] = (found or past)[0]
        seen["active"] = bool(found)
        seen["probe"] = next((each for each in probes.get("probes") or [] if each["name"] == self.wanted["probe"]), None)
        return seen

    def _ask(self, host, module, window_s):
        return self.runner.run(host, module, {"names": [self.wanted["fault"]], "past": 1, "window": "%gs" % max(window_s, 0.1)})

    def tell(self, phase, left_s):
        """One progress line for all hosts: phase, seconds left, worst live error rate, median latency."""
        probes = [seen["probe"] for seen in self.seen.values() if seen["probe"] and seen["probe"].get("sent")]
        text = "%s: %s" % (self.wanted["fault"], phase)
        if left_s is not None:
            text += ", %.0f s left" % max(0.0, left_s)
        if probes:
            text += ", errors %.1f %%" % max(probe.get("error_rate_pct") or 0.0 for probe in probes)
            medians = [probe["p50_ms"] for probe in probes if probe.get("p50_ms") is not None]
            if medians:
                text += ", median %.0f ms" % max(medians)
        lost = sorted(host for host, seen in self.seen.items() if seen["error"])
        if lost:
            text += ", no answer from %s" % ", ".join(lost[:3])
        self.say(text)


class Baseline(_Phase):
    """Let the probe run for the baseline, then say whether the service was in its steady state."""

    def wait(self):
        """Returns ``{host: {steady, probe, ...}}``."""
        began = time.monotonic()
        early = min(max(time.time() - self.wanted["since"], 0.0), MOST_EARLY) if self.wanted.get("since") else 0.0
        over = began + max(0.0, self.wanted["duration_s"] - early - AHEAD)
        while self.wanted["lease"] and over - time.monotonic() > RENEW_EVERY + 1.0:
            time.sleep(RENEW_EVERY)
            for host in self.seen:
                self.look(host, 1.0)
        time.sleep(max(0.0, over - 0.4 - time.monotonic()))
        for host in self.seen:
            seen = self.look(host, time.monotonic() - began + 0.5)
            probe = seen["probe"]
            seen["steady"] = bool(probe and probe.get("sent") and probe["error_rate_pct"] <= self.wanted["max_error_rate_pct"])
        self.tell("baseline done", None)
        time.sleep(max(0.0, over - time.monotonic()))
        return self.seen


class Hold(_Phase):
    """From injection to recovery: progress while the fault holds, halt where asked, then wait until the service is well."""

    def wait(self):
        """Returns ``{host: {fault, recovered, halted, ...}}``."""
        pending = set(self.seen)
        first = time.monotonic() + min(self.wanted["interval_s"], self.wanted["duration_s"] - ANSWER_AGE + MARGIN)  # it was injected just now
        due = {host: first for host in pending}
        reverted = {}
        last_told = time.monotonic()
        while pending:
            now = time.monotonic()
            for host in sorted(pending):
                if due.get(host, 0.0) > now:
                    continue
                seen = self.look(host, self._window(host, reverted))
                now = time.monotonic()
                if seen["active"]:
                    left = seen["fault"].get("seconds_left")
                    self._halt_if_asked(host)
                    due[host] = min(now + self.wanted["interval_s"], now - ANSWER_AGE + (left if left is not None else 1.0) + MARGIN)
                elif seen["error"] and host not in reverted:
                    due[host] = now + self.wanted["interval_s"]
                    reverted.setdefault("lost " + host, now)
                    if now - reverted["lost " + host] > self.wanted["recovery_timeout_s"] + self.wanted["duration_s"]:
                        pending.discard(host)
                else:
                    reverted.setdefault(host, now)
                    seen["recovered"] = self._well(seen["probe"])
                    if seen["recovered"] or now - reverted[host] > self.wanted["recovery_timeout_s"]:
                        pending.discard(host)
                    due[host] = now + 0.3
            if pending:
                now = time.monotonic()
                if now - last_told >= self.wanted["interval_s"] * 0.9:
                    last_told = now
                    self._progress()
                time.sleep(max(0.02, min(due[host] for host in pending) - time.monotonic()))
        return self.seen

    def _progress(self):
        lefts = [seen["fault"].get("seconds_left") for seen in self.seen.values() if seen.get("active") and seen["fault"]]
        lefts = [left for left in lefts if left is not None]
        self.tell("holding" if lefts else "recovering", max(lefts) if lefts else None)

    def _window(self, host, reverted):
        """While holding the halt window; after the revert just long enough for the successes that count as recovered."""
        if host in reverted or (self.seen[host]["fault"] or {}).get("seconds_left", 1.0) <= 0.01:
            return self._short()
        left = (self.seen[host]["fault"] or {}).get("seconds_left")
        return self._short() if left is not None and left <= self.wanted["interval_s"] else self.wanted["halt_for_s"]

    def _short(self):
        return max((self.wanted["successes"] + 0.5) / self.wanted["rate"], 0.2)

    def _well(self, probe):
        if self.wanted["probe"] is None:
            return True
        if not probe or probe.get("sent", 0) < self.wanted["successes"] or probe.get("failed"):
            return False
        slow = self.wanted["slow_ms"]
        return slow is None or (probe.get("p50_ms") or 0.0) <= slow

    def _halt_if_asked(self, host):
        seen = self.seen[host]
        probe = seen["probe"]
        if not probe or not probe.get("sent"):
            return
        rate, latency = self.wanted["halt_error_rate_pct"], self.wanted["halt_latency_ms"]
        why = None
        if rate is not None and probe["error_rate_pct"] >= rate:
            why = "error rate %.1f %% reached the halt limit of %g %%" % (probe["error_rate_pct"], rate)
        elif latency is not None and (probe.get("p50_ms") or 0.0) >= latency:
            why = "median latency %.0f ms reached the halt limit of %g ms" % (probe["p50_ms"], latency)
        if why:
            seen["halted"] = why
            self.say("%s on %s: halting, %s" % (self.wanted["fault"], host, why))
            self.runner.run(host, HALT, {"names": [self.wanted["fault"]]})
