# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The phase from injection to recovery. Private to magsasa.chaos."""

from __future__ import annotations

import time

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable
from ansible_collections.magsasa.chaos.plugins.module_utils._life.earlier import OF_ITS_RUN

from .. import _events
from .phase import Phase

INJECT_S = 120.0  # how long a host may take until the fault is in
# the last look begins this long before the end of the fault and awaits it on the host, so that none of its own cost
# comes on top
LEAD_S = 0.5
OVERDUE_S = (
    120.0  # how much longer than the fault and the way back may take a host is believed that the fault is still in
)
SILENT_S = 60.0  # beyond all that, for a host that was asked and does not answer at all
STOPPED_RECOVERY_S = 5.0  # how long a run that is to end early waits for the service to be well again
SLOW_S = 10.0  # after which a host that was asked is named as one that does not answer
TICK_S = 1.0  # between two events that say what is seen
RECOVERY_STEP_S = 1.0  # how long one look awaits good probes after the fault


class Hold(Phase):
    """Progress while the fault holds, halt where asked; at its end wait until the service is well again, and
    collect the samples.
    """

    def wait(self, inject=None, due=None):
        """Returns ``{host: {fault, recovered, halted, collected, samples, ...}}``.

        ``inject(host)`` injects the fault and returns whether it is in; without it the fault is in on all hosts. A host
        that takes its time
        over that costs the others nothing: each has its own time line. ``due``: when the fault of each is to go in.
        """
        began = self._began = time.monotonic()
        self._inject = inject
        self._since = {} if inject else dict.fromkeys(self.seen, began)  # when the fault was in on each host
        # when each host is looked at next; missing while it is asked
        self._due = dict.fromkeys(self.seen, began if inject else self._first(began))
        self._due.update({host: moment for host, moment in (due or {}).items() if host in self._due})
        self._asked = {}  # when each host was asked that has not answered yet
        self._over = {}  # when each host was first seen without its fault
        self._lost = {}  # when each host was first without an answer
        pending = set(self.seen)
        ticked = began
        self._stopping, self._recovering, self._undone = None, False, set()
        if inject:
            self.begins("inject")
        self.begins("hold", self.wanted["duration_s"])
        last = (
            began
            + self.wanted["duration_s"]
            + self.wanted["recovery_timeout_s"]
            + OVERDUE_S
            + SILENT_S
            + (INJECT_S if inject else 0.0)
        )
        while pending:
            now = time.monotonic()
            if now > last:
                self.give_up(pending)
                break
            self._stop_if_asked()
            if now - ticked >= TICK_S:
                ticked = now
                self._tick()
            for host in [
                each
                for each in pending
                if now - self._asked.get(each, now) > (SILENT_S if each in self._since else INJECT_S)
            ]:
                self.give_up([host])  # it was asked, and keeps whoever asked waiting
                pending.discard(host)
            for host in sorted(host for host, due in self._due.items() if due <= now):
                del self._due[host]
                self._asked[host] = now
                self.pool.start(host, self._turn, host)
            answered = self.pool.done(min([0.5] + [due - now for due in self._due.values()]))
            if answered and answered[0] in pending:
                host, due = answered
                del self._asked[host]
                if due is None:
                    pending.discard(host)
                else:
                    self._due[host] = due
        self.begins("collect")
        return self.seen

    def _stop_if_asked(self):
        """Somebody has asked the run to end early: look at every host at once, which puts its fault back, and wait
        for the service no longer than a moment.
        """
        if self._stopping is None and _events.stop_asked():
            self._stopping = time.monotonic()
            self.wanted["recovery_timeout_s"] = min(self.wanted["recovery_timeout_s"], STOPPED_RECOVERY_S)
            self._due = dict.fromkeys(self._due, self._stopping)

    def _undo(self, host):
        self._undone.add(host)
        _events.tell(
            "back",
            scenario=self.wanted["fault"],
            host=host,
            done=False,
            within_s=self.wanted["lease_s"] or self._left(host),
        )
        self.runner.ask(host, "halt", {"names": [self.wanted["fault"]], "by": _events.stop_asked() + OF_ITS_RUN})
        _events.tell("back", scenario=self.wanted["fault"], host=host, done=True)

    def _first(self, now):
        """When to look for the first time at a fault that is in now."""
        return now + min(self.interval(), max(self.wanted["duration_s"] - LEAD_S, 0.0))

    def _inject_now(self, host):
        if self._stopping is not None or not self._inject(host):
            self.seen[host]["ends"] = None
            return None
        now = self._since[host] = time.monotonic()
        left = self._left(host)
        return min(self._first(now), now + max(left - LEAD_S, 0.0))

    def _turn(self, host):
        """Look at one host; returns when to look again, or None when it is done."""
        if host not in self._since:
            return self._inject_now(host)
        left = self._left(host)
        if host in self._over:
            wait_s = RECOVERY_STEP_S
        else:
            wait_s = left + RECOVERY_STEP_S if left is not None and left <= LEAD_S + 0.1 else None
        seen = self.look(host, self.wanted["halt_for_s"], wait_s)
        self._note_time(host)
        now = time.monotonic()
        if seen["error"]:
            since = self._lost.setdefault(host, now)
            patience = self.wanted["recovery_timeout_s"] + (
                self.wanted["duration_s"] if self._stopping is None else self.wanted["lease_s"] or 0.0
            )
            return None if now - since > patience else now + self.interval()
        if seen["active"]:
            if now - self._since[host] > self.wanted["duration_s"] + self.wanted["recovery_timeout_s"] + OVERDUE_S:
                seen["error"] = (
                    # whatever a host says, the watch ends
                    "the host reports the fault as active, long after its deadline"
                )
                return None
            if self._stopping is not None and host not in self._undone:
                self._undo(host)
                return time.monotonic()
            self._halt_if_asked(host)
            left = self._left(host)
            return now + RECOVERY_STEP_S if left is None else min(now + self.interval(), max(now, now + left - LEAD_S))
        over = self._over.setdefault(host, now)
        if seen.get("stopped"):
            return None  # its probe is gone as well: nothing more is to be seen
        if seen.get("recovered") or now - over > self.wanted["recovery_timeout_s"]:
            return None
        return now

    def _note_time(self, host):
        seen = self.seen[host]
        left = (seen["fault"] or {}).get("seconds_left") if seen["active"] else None
        seen["ends"] = None if left is None else time.monotonic() + left

    def _left(self, host):
        """Seconds until the fault of this host ends, as far as is known."""
        ends = self.seen[host].get("ends", self._since.get(host, time.monotonic()) + self.wanted["duration_s"])
        return None if ends is None else max(0.0, ends - time.monotonic())

    def _tick(self):
        lefts = [left for left in map(self._left, self.seen) if left]
        if not lefts and not self._recovering:
            self._recovering = True
            self.begins("recovery", self.wanted["recovery_timeout_s"])
        since = time.monotonic() - SLOW_S
        silent = [host for host, asked in self._asked.items() if asked < since and host in self._since]
        self.tick("hold" if lefts else "recovery", max(lefts) if lefts else None, silent)

    def _halt_if_asked(self, host):
        seen = self.seen[host]
        probe = seen["probe"]
        if not probe or not probe.get("sent") or seen["halted"]:
            return
        rate, latency = self.wanted["halt_error_rate_pct"], self.wanted["halt_latency_ms"]
        why = None
        if rate is not None and probe["error_rate_pct"] >= rate:
            why = "error rate %.1f %% reached the halt limit of %g %%" % (probe["error_rate_pct"], rate)
            why += " (%s)" % printable(probe["why"], 120) if probe.get("why") else ""
        elif latency is not None and probe.get("answered") == 0:
            why = "none of %d probes was answered; the halt limit is a median of %g ms" % (probe["sent"], latency)
        elif latency is not None and (probe.get("p50_ms") or 0.0) >= latency:
            why = "median latency %.0f ms reached the halt limit of %g ms" % (probe["p50_ms"], latency)
        if why:
            seen["halted"] = why
            _events.tell("halt", scenario=self.wanted["fault"], host=host, why=why)
            if not _events.heard():
                self.say("%s on %s: halting, %s" % (self.wanted["fault"], host, why))
            self.runner.ask(
                host, "halt", {"names": [self.wanted["fault"]], "by": "the watch%s: %s" % (OF_ITS_RUN, why)}
            )
