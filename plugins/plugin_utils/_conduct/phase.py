# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the phases share: asking a host and its observer, and telling what was seen. Private to magsasa.chaos."""

from __future__ import annotations

import time

from .. import _events
from .._report import phrases
from .._bounded_pool import BoundedPool
from . import answers, clocks

SEEN = ("fault", "probe", "recovered", "collected", "samples", "summary", "died", "stopped", "also", "released")
PER_HOST_S = 0.2  # between two looks for each host that is watched, so that many of them do not overload the controller
SILENT = "the host never answered"
LONGEST_S = 5.0  # between two looks where no lease says otherwise
LEASE_SHARE = 3.0  # looks within one lease


class Phase:
    """``wanted``: what was asked for, see Life; ``runner``: a HostRunner; ``say(text)`` prints a progress line."""

    def __init__(self, wanted, runner, say, at_once):
        self.wanted = wanted
        self.runner = runner
        self.say = say
        self.at_once = max(1, at_once)
        self.pool = BoundedPool(self.at_once)
        self.seen = {
            host: {"fault": None, "probe": None, "active": False, "halted": None, "error": None}
            for host in wanted["hosts"]
        }
        runner.prepare(sorted(set(wanted["hosts"]) | {self.observer(host) for host in wanted["hosts"]}))

    def observer(self, host):
        """Where the probe of this host runs."""
        return self.wanted["observers"].get(host) or host

    def interval(self):
        """Seconds between two looks at a host."""
        return max(
            min(self.wanted["interval_s"], self.renew_within()), min(PER_HOST_S * len(self.seen), self.renew_within())
        )

    def renew_within(self):
        """Seconds within which every lease must be renewed."""
        return self.wanted["lease_s"] / LEASE_SHARE if self.wanted["lease_s"] else LONGEST_S

    def look(self, host, window_s, wait_s=None):
        """Ask the host for the fault and its observer for the probe; one question where they are the same. Returns what
        is known of the host.

        With ``wait_s`` both wait that long for the end of the fault and for good probes, and the samples are collected
        then; a host whose last question that is gives its turn back with it.
        """
        seen = self.seen[host]
        watcher = self.observer(host)
        together = watcher == host or self.wanted["probe"] is None
        asked = time.monotonic()
        answer = self._step(host, window_s, wait_s, fault=True, probe=together, host=host)
        answered = time.monotonic()
        seen["error"] = str(answer.get("msg")) if answer.get("failed") or "clock" not in answer else None
        if seen["error"] is None:
            seen["active"] = bool(answer["active"])
        if not together:
            over = seen["error"] is None and not seen["active"]
            told = _fault_times(answer, asked, answered) if over and wait_s is not None else {}
            looked = self._step(
                watcher, window_s, wait_s if over else None, fault=False, probe=True, host=host, told=told
            )
            answer = dict(looked, fault=answer.get("fault"), stopped=answer.get("stopped"))
        for key in SEEN:
            if answer.get(key) is not None:
                seen[key] = answer[key]
        return seen

    def _step(self, where, window_s, wait_s, fault, probe, host, told=None):
        probe = probe and self.wanted["probe"] is not None
        name = self.wanted["fault"] if fault else self.wanted["probe_names"][host]
        options = {
            "name": name,
            "fault": fault,
            "probe": probe,
            "renew": self.wanted["lease_s"] is not None,
            "window": "%gs" % min(max(window_s, 0.1), 600.0),
        }
        if self.wanted.get("run"):
            options["run"] = self.wanted["run"]
        if wait_s is not None:
            rate = self.wanted["rates"].get(host, 20.0)
            options.update(wait="%gs" % min(max(wait_s, 0.0), 5.0), successes=self.wanted["successes"], rate=rate)
            if probe and self.wanted["live"].get(host):
                options["also"] = [self.wanted["live"][host]]
            if fault and probe and host in self.wanted["last"]:
                options["release"] = True
            options.update(told or {})
        return answers.usable(self.runner.ask(where, "look", options))

    def give_up(self, hosts):
        """Nothing came of these hosts for too long. What may still come of them changes nothing any more."""
        for host in hosts:
            self.seen[host] = dict(self.seen[host], error=SILENT)

    def begins(self, phase, seconds=None):
        """Tell that a phase begins, for all hosts."""
        _events.tell("phase", scenario=self.wanted["fault"], phase=phase, seconds=seconds)

    def tick(self, phase, left_s, silent=()):
        """Tell what is seen just now: the worst of all hosts; ``silent``: hosts that owe an answer for some time."""
        probes = [seen["probe"] for seen in self.seen.values() if seen["probe"] and seen["probe"].get("sent")]
        _events.tell(
            "tick",
            scenario=self.wanted["fault"],
            phase=phase,
            left_s=left_s,
            error_rate_pct=_worst(probes, "error_rate_pct"),
            p50_ms=_worst(probes, "p50_ms"),
            p95_ms=_worst(probes, "p95_ms"),
            effect=_effect(self.seen),
            lost=sorted({host for host, seen in self.seen.items() if seen["error"]} | set(silent)),
        )


def _worst(probes, figure):
    return max((probe[figure] for probe in probes if probe.get(figure) is not None), default=None)


def _effect(seen):
    """What the fault of the first host that tells measures of itself; None as long as none does."""
    for host in seen.values():
        fault = host["fault"] or {}
        if host["active"] and isinstance(fault.get("measured"), dict) and fault["measured"]:
            return phrases.of(fault).found
    return None


def _fault_times(answer, asked, answered):
    """What an observer is told of a fault that is over: how long ago it was in at the earliest, and gone at the latest.

    ``asked`` and ``answered``: when the host was, by our clock; it read its own somewhere between.
    """
    now = time.monotonic()
    armed, began, ended = (clocks.ago(answer, key) for key in ("armed_at", "injected_at", "reverted_at"))
    told = {}
    if armed is not None:
        told["fault_armed_ago"] = "%.6fs" % (armed + now - asked)
    if began is not None:
        told["fault_began_ago"] = "%.6fs" % (began + now - asked)
    if ended is not None:
        told["fault_ended_ago"] = "%.6fs" % (ended + now - answered)
    return told
