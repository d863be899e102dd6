# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is known of a run that is under way, from its events. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import collections

AROUND_S = 5.0  # what an experiment takes beside its baseline and its hold, until the first ones have shown it
RECOVERY_S = 3.0  # share of the bar for a recovery that usually takes a moment
# What stands for several hosts is the first of these that one of them has.
WORST_FIRST = ("failed", "broken", "unknown", "passed", "refused", "planned", "skipped")


class Scenario:
    """One scenario on all its hosts, wave after wave."""

    def __init__(self, key, number):
        self.id = key
        self.number = number  # from 1
        self.baseline_s = self.hold_s = None
        self.wave, self.waves = 1, 1
        self.host_count = 0  # of all waves until now
        self.wave_hosts = 0  # of this one
        self.wave_names = []  # of its hosts, the first ones
        self.run_hosts = None  # how many the run has, where that is known
        self.phase, self.since, self.seconds = None, 0.0, None
        self.phases = {}  # when each phase of this wave began
        self.began = self.ended = None
        self.tick = {}
        self.results = []  # events "ended", one a host
        self.results_before = 0  # how many of them there were when this wave began
        self.back = {}  # host: the newest event "back"

    def words(self):
        """Counter of the words of its results."""
        return collections.Counter(str(each.get("word") or "unknown") for each in self.results)

    def worst(self):
        """The result that stands for all: the worst word, first come."""
        order = {word: number for number, word in enumerate(WORST_FIRST)}
        return min(self.results, key=lambda each: order.get(each.get("word"), 2))

    def left_s(self, now):
        """Seconds that the phase still takes, or None."""
        left = self.tick.get("left_s") if self.tick.get("phase") == self.phase else None
        if left is not None:
            return max(0.0, left - (now - self.tick["at"]))
        return max(0.0, self.seconds - (now - self.since)) if self.seconds is not None else None

    def late_s(self, now):
        """By how much the phase is longer than planned."""
        return now - self.since - self.seconds if self.seconds is not None else 0.0

    def shares(self, now):
        """``[(phase, weight, done from 0 to 1)]`` of the bar."""
        weights = (("baseline", self.baseline_s or 0.0), ("hold", self.hold_s or 0.0), ("recovery", RECOVERY_S))
        order = [phase for phase, _weight in weights]
        at = {"inject": "hold", "collect": "recovery"}.get(self.phase, self.phase)
        found = []
        for number, (phase, weight) in enumerate(weights):
            if at not in order or number > order.index(at):
                done = 0.0
            elif number < order.index(at) or self.phase == "collect":
                done = 1.0
            elif self.phase == "inject":
                done = 0.0
            else:
                left = self.left_s(now)
                gone = now - self.since
                whole = (gone + left) if left is not None and phase != "recovery" else weight or 1.0
                done = min(1.0, gone / whole) if whole > 0 else 1.0
            found.append((phase, weight, done))
        return found


class State:
    """``apply`` takes the events in order and returns what changed: ``[(kind, scenario or event)]``."""

    def __init__(self):
        self.run = {}
        self.hosts = {}  # events "host"
        self.scenarios = {}
        self.current = None  # the scenario that is under way
        self.over = False
        self.stopping = False  # somebody has asked the run to end
        self.began = None

    def apply(self, event):
        """Kinds: run, note, begins, phase, ended (of one host), over (of all hosts), halt, back, end."""
        kind = event["event"]
        if self.began is None:
            self.began = event["at"]
        if kind == "run":
            fresh = not self.run.get("scenarios") and bool(event.get("scenarios"))
            self.run.update(
                {
                    key: value
                    for key, value in event.items()
                    if value is not None and (key not in self.run or key == "estimated_s")
                }
            )
            return [("run", event)] if fresh else []
        if kind == "host":
            self.hosts[str(event.get("host"))] = event
            return []
        if kind in ("note", "halt"):
            return [(kind, event)]
        if kind == "end":
            return self.finish()
        if not isinstance(event.get("scenario"), str):
            return []
        return getattr(self, "_" + kind)(event)

    def finish(self):
        """Nothing more comes."""
        if self.over:
            return []
        self.over = True
        return self._close(None) + [("end", None)]

    def _known(self, key):
        if key not in self.scenarios:
            planned = self.planned()
            number = planned.index(key) + 1 if key in planned else len(self.scenarios) + 1
            self.scenarios[key] = Scenario(key, number)
            entry = next(
                (each for each in self.run.get("scenarios") or [] if isinstance(each, dict) and each.get("id") == key),
                {},
            )
            self.scenarios[key].hold_s = entry.get("hold_s")
            self.scenarios[key].baseline_s = self.run.get("baseline_s")
        return self.scenarios[key]

    def _close(self, key):
        """The scenario before is over when another begins."""
        before, self.current = self.current, None
        if before is None or before.id == key:
            self.current = before
            return []
        return [("over", before)] if before.results else []

    def _scenario(self, event):
        changes = self._close(event["scenario"])
        scenario = self.current = self._known(event["scenario"])
        again = scenario.began is not None
        scenario.began = scenario.began or event["at"]
        scenario.wave, scenario.waves = event.get("wave") or 1, event.get("waves") or 1
        for key in ("baseline_s", "hold_s", "run_hosts"):
            if event.get(key) is not None:
                setattr(scenario, key, event[key])
        scenario.wave_hosts = event.get("host_count") or len(event.get("hosts") or ()) or 1
        scenario.wave_names = [str(host) for host in event.get("hosts") or ()]
        scenario.host_count += scenario.wave_hosts
        scenario.results_before = len(scenario.results)
        scenario.phase, scenario.since, scenario.seconds = "baseline", event["at"], scenario.baseline_s
        scenario.tick, scenario.back, scenario.phases = {}, {}, {"baseline": event["at"]}
        return changes + [("wave" if again else "begins", scenario)]

    def _phase(self, event):
        scenario = self._known(event["scenario"])
        scenario.phase, scenario.since, scenario.seconds = event.get("phase"), event["at"], event.get("seconds")
        scenario.phases.setdefault(scenario.phase, event["at"])
        if scenario.phase == "hold" and scenario.seconds is not None:
            scenario.hold_s = scenario.seconds
        return [("phase", scenario)]

    def _tick(self, event):
        self._known(event["scenario"]).tick = event
        return []

    def _back(self, event):
        self._known(event["scenario"]).back[str(event.get("host"))] = event
        return [("back", event)]

    def _ended(self, event):
        changes = self._close(event["scenario"])
        scenario = self.current = self._known(event["scenario"])
        scenario.results.append(event)
        scenario.ended = event["at"]
        scenario.run_hosts = event.get("run_hosts") or scenario.run_hosts
        changes.append(("ended", scenario))
        if (
            len(scenario.results) >= (self.run.get("host_count") or scenario.run_hosts or max(scenario.host_count, 1))
            and scenario.wave >= scenario.waves
        ):
            self.current = None
            changes.append(("over", scenario))
        return changes

    # -- what is shown

    def planned(self):
        """Ids of the scenarios of the run, in order; those that only other hosts than the first have chosen when they
        begin.
        """
        told = [
            each["id"]
            for each in self.run.get("scenarios") or []
            if isinstance(each, dict) and isinstance(each.get("id"), str)
        ]
        return told + [key for key in self.scenarios if key not in told] if told else told

    def waiting(self):
        """Ids of those that have not begun."""
        return [key for key in self.planned() if key not in self.scenarios]

    def done(self):
        """How many are over."""
        return sum(bool(each.results) and each is not self.current for each in self.scenarios.values())

    def in_fault(self):
        """``[(host or None, seconds until it ends by itself or None)]`` of faults that may be in just now."""
        scenario = self.current
        if (
            scenario is None
            or scenario.phase not in ("inject", "hold")
            # Of this wave: a fleet has results of waves before, and of hosts that are in none.
            or (scenario.results and len(scenario.results) >= scenario.results_before + scenario.wave_hosts)
        ):
            return []
        within = self.run.get("lease_s") or scenario.left_s(scenario.since) or scenario.hold_s
        if scenario.back:
            return [
                (host, event.get("within_s") or within)
                for host, event in sorted(scenario.back.items())
                if not event.get("done")
            ]
        return [(None, within)]

    def around_s(self):
        """What one wave takes beside baseline and hold, as the ones that ran have shown."""
        took = [
            (each.ended - each.began) / each.waves - ((each.baseline_s or 0.0) + (each.hold_s or 0.0))
            for each in self.scenarios.values()
            if each.began and each.ended and each is not self.current and "hold" in each.phases
        ]
        return max(0.0, sum(took) / len(took)) if took else AROUND_S

    def left_s(self, now):
        """Estimated seconds until the last scenario is over; None before anything is known."""
        planned = {
            each["id"]: each
            for each in self.run.get("scenarios") or []
            if isinstance(each, dict) and isinstance(each.get("id"), str)
        }
        if not planned:
            return None
        around, baseline = self.around_s(), self.run.get("baseline_s") or 0.0
        waves = max([each.waves for each in self.scenarios.values()] or [self.run.get("waves") or 1])
        left = sum(waves * (baseline + (planned[key].get("hold_s") or 0.0) + around) for key in self.waiting())
        scenario = self.current
        if scenario is not None and scenario.began:
            whole = (scenario.baseline_s or 0.0) + (scenario.hold_s or 0.0) + around
            left += (
                max(0.0, whole - (now - scenario.phases.get("baseline", now)))
                + (scenario.waves - scenario.wave) * whole
            )
        return left
