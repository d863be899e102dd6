# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The life of an experiment on all hosts of a wave: begin, baseline, injection, hold, recovery, collection, verdict.
Private to magsasa.chaos.

A host that hangs, lies or vanishes costs the others nothing: each has its own time line from the injection on, and
whatever is asked of
several hosts is asked side by side and for a bounded time.
"""

from __future__ import annotations

import time

from ansible.errors import AnsibleActionFail, AnsibleError
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, printable

from .. import _events
from .._bounded_pool import BoundedPool
from . import answers, wanted as options
from .baseline import MOST_EARLY, STOPPED, Baseline
from .hold import Hold
from .phase import SILENT
from .questions import Questions
from .shares import Shares

ENDED = ("reverted", "planned")
FINISH_S = 150.0  # how long all hosts together may take to end what is left; leases end the rest
LOST_S = 20.0  # the same for hosts that did not answer before
PAUSE_S = 0.2


class Life:
    """``wanted``: see wanted.parse; ``runner``: a HostRunner; ``say(text)`` prints a line of progress."""

    def __init__(self, wanted, runner, say, at_once, check_mode=False):
        self.wanted, self.runner, self.say, self.at_once, self.check_mode = wanted, runner, say, at_once, check_mode
        self.subjects = wanted["subjects"]
        self.questions = Questions(runner, wanted)
        self.shares = Shares(wanted["keeper"], wanted, runner, self._take_turn, at_once)

    def run(self):
        """Carries it out. What became of each host is in its subject; raises AnsibleActionFail when
        ansible-playbook is gone.
        """
        running = [each for each in self.subjects.values() if each.runs]
        by = _events.stop_asked()
        for each in running if by else ():
            each.refused = STOPPED % by
        running = [each for each in running if each.runs]
        if not running:
            return
        keeper = {self.wanted["keeper"]["host"]} if self.wanted["keeper"] else set()
        self.runner.prepare(sorted({each.host for each in running} | {each.observer for each in running} | keeper))
        for each in running:
            self._guarded(each, self._admit)
        running = [each for each in running if each.runs]
        if self.check_mode:
            BoundedPool(self.at_once).map(lambda each: self._guarded(each, self._plan), running)
            return
        while running:
            together = self._kept(running, self.shares.take) or []
            if together:
                self._together(together)
            running = [each for each in running if each.runs and each not in together] if together else []
        self._finish([each for each in self.subjects.values() if each.begun and not each.finished])

    def _together(self, running):
        """The hosts that may be out together: from their baselines until their faults are gone."""
        for each in running:
            each.together = [other.host for other in running]
        self._tell_of(running)
        self._kept(running, self._through)
        self._finish([each for each in running if each.begun])

    @staticmethod
    def _kept(subjects, function):
        """``function(subjects)``; a defect of ours must not keep a fault in."""
        try:
            return function(subjects)
        except AnsibleActionFail:
            raise
        except Exception as error:
            for each in subjects:
                each.failed = each.failed or "the experiment ended in an internal error (%s: %s); please report it" % (
                    type(error).__name__,
                    error,
                )
        return None

    def _through(self, running):
        baseline = Baseline(self._phase(running, self.wanted["baseline_s"]), self.runner, self.say, self.at_once)
        for host, seen in baseline.wait(self._begin).items():
            subject = self.subjects[host]
            subject.seen, subject.offset = seen, seen.get("clock_offset")
            if not seen["steady"]:
                subject.refused = _unsteady(seen)
        for host in baseline.late:
            self.subjects[host].failed = self.subjects[host].failed or SILENT
        steady = [each for each in running if each.runs and each.begun]
        if not steady:
            return
        phase = self._phase(steady, options.hold_s(steady))
        hold = Hold(phase, self.runner, self.say, self.at_once)
        for host, seen in hold.wait(self._inject, baseline.due).items():
            subject = self.subjects[host]
            subject.seen = seen
            subject.fault = seen["fault"] or subject.fault
            subject.released = seen.get("released") is True and host in phase["last"]
            if seen.get("collected"):
                subject.probes[subject.probe_name] = answers.collected(seen)
                also = seen.get("also") if isinstance(seen.get("also"), dict) else {}
                if subject.live in also:
                    subject.probes[subject.live] = answers.collected(also[subject.live])

    def _phase(self, subjects, seconds):
        """What a phase is to know of these hosts."""
        keys = (
            "interval_s recovery_timeout_s successes lease_s max_error_rate_pct halt_error_rate_pct halt_latency_ms"
            " halt_for_s".split()
        )
        return dict(
            {key: self.wanted[key] for key in keys},
            fault=subjects[0].name,
            probe=subjects[0].name,
            hosts=[each.host for each in subjects],
            observers={each.host: each.observer for each in subjects},
            probe_names={each.host: each.probe_name for each in subjects},
            live={each.host: each.live for each in subjects if each.live},
            last=_asked_for_the_last_time(subjects),
            rates={each.host: float(each.options.get("rate") or 20.0) for each in subjects},
            duration_s=seconds,
            run=self.questions.run_of(subjects[0], subjects[0].host),
        )

    def _guarded(self, subject, function):
        """``function(subject)``; what goes wrong with one host is written down, and returned as None."""
        try:
            return function(subject)
        except AnsibleActionFail:
            raise
        except ChaosError as error:
            subject.failed = str(error)
        except AnsibleError as error:
            subject.failed = printable(" ".join(str(error).split()), 500)
        except Exception as error:  # whatever it is, it must not touch the other hosts
            subject.failed = printable("%s: %s" % (type(error).__name__, " ".join(str(error).split())), 500)
        return None

    def _admit(self, subject):
        """What the controller knows against it, and what will be asked: nothing that is wrong here costs a baseline."""
        self.questions.admit(subject)
        self.shares.admit(subject)
        subject.wants = self.questions.probes(subject)
        subject.injects = self.questions.fault(subject)

    def _plan(self, subject):
        told = self.runner.ask(subject.host, "inject", subject.injects)
        subject.failed = answers.refused(told) or ""
        subject.fault = _fault_of(told)

    def _take_turn(self, host):
        """The host's answer to the question for its turn."""
        subject = self.subjects[host]
        subject.begun = True  # whatever comes of it
        return self.runner.ask(host, "begin", {"turn": self.questions.run_of(subject, host)})

    def _begin(self, host):
        """Start what is to run on host and observer. Returns how many seconds ago the probe began, or None."""
        return self._guarded(self.subjects[host], self._begin_one)

    def _begin_one(self, subject):
        subject.begun = True  # whatever comes of it
        ask = {"turn": self.questions.run_of(subject, subject.host)}
        if subject.observer == subject.host:
            told = self.runner.ask(subject.host, "begin", dict(ask, probes=subject.wants))
        else:
            told = self.runner.ask(subject.host, "begin", ask)
            if answers.refused(told) is None:
                told = self.runner.ask(subject.observer, "begin", {"probes": subject.wants})
        subject.failed = subject.failed or answers.refused(told) or ""  # nobody waits for one that comes too late
        return None if subject.failed else answers.probe_age_s(told, MOST_EARLY)

    def _inject(self, host):
        """Inject the fault; returns whether it is in."""
        subject = self.subjects[host]
        subject.unsure = True  # as long as the host has not said what became of it
        told = self._guarded(subject, lambda each: self.runner.ask(host, "inject", each.injects))
        if told is None:
            return False
        subject.unsure = not isinstance(told.get("clock"), dict)
        told = self.questions.hidden(subject, told)
        subject.failed = subject.failed or answers.refused(told) or ""
        subject.fault = _fault_of(told)
        if subject.failed:
            return False
        subject.injected = True
        return True

    def _finish(self, subjects):
        """Whatever happened before: the faults are out, the probes are stopped and the turns given back when this
        is done. Asks no host that is done.
        """
        pool = BoundedPool(self.at_once)
        began = time.monotonic()
        waiting = {
            each.host: FINISH_S if not (each.seen.get("error") or each.failed == SILENT) else LOST_S
            for each in subjects
        }
        for host in waiting:
            self.subjects[host].finished = True
            pool.start(host, self._finish_one, host)
        while waiting and time.monotonic() < began + max(waiting.values()):
            answered = pool.done(PAUSE_S)
            if answered:
                waiting.pop(answered[0], None)
        for host in waiting:
            subject = self.subjects[host]
            subject.failed = subject.failed or SILENT
        self.shares.release([each for each in subjects if each.host not in waiting])

    def _finish_one(self, host):
        return self._guarded(self.subjects[host], self._ended) or True

    def _ended(self, subject):
        # What may still be in keeps its lease at the keeper, which outlives it; also when this here is cut short.
        doubtful, subject.unsure = subject.unsure, True
        failed = subject.failed
        held = (
            (subject.fault or {}).get("state") not in ENDED
            if subject.fault or failed or subject.seen.get("error")
            else False
        )
        probes = [name for name in (subject.probe_name, subject.live) if name and not subject.probes.get(name)]
        here = probes if subject.observer == subject.host else []
        run = self.questions.run_of(subject, subject.host)
        if held or here or not (subject.keep_turn or subject.released):
            told = self.runner.ask(
                subject.host,
                "finish",
                {"fault": subject.name if held else None, "probes": here, "run": run, "release": not subject.keep_turn},
            )
            why = answers.refused(told)
            doubtful = doubtful or (held and why is not None)
            if why is None:
                subject.released = not subject.keep_turn and told.get("released") is not None
                subject.fault = _fault_of(self.questions.hidden(subject, told)) or subject.fault
                self._keep(subject, told)
            elif held and not failed:
                failed = (
                    "this run could not revert the fault (%s); it ends by itself at its deadline, or when its lease"
                    " expires" % why
                )
        if probes and not here:
            self._keep(subject, self.runner.ask(subject.observer, "finish", {"probes": probes, "run": run}))
        subject.unsure = doubtful or (subject.fault or {}).get("state") not in ENDED + (None,)
        subject.failed = failed

    @staticmethod
    def _keep(subject, told):
        probes = told.get("probes") if answers.refused(told) is None else None
        for name, found in probes.items() if isinstance(probes, dict) else ():
            if name in (subject.probe_name, subject.live):
                subject.probes[name] = answers.collected(found)

    def _tell_of(self, running):
        wave = self.wanted["wave"] or {}
        hosts = [each.host for each in running]
        if running:
            _events.tell(
                "scenario",
                scenario=running[0].name,
                wave=wave.get("number"),
                waves=wave.get("of"),
                hosts=hosts,
                host_count=len(hosts),
                run_hosts=wave.get("run_hosts"),
                baseline_s=self.wanted["baseline_s"],
                hold_s=options.hold_s(running),
            )


def _asked_for_the_last_time(subjects):
    """Hosts of which nothing is left to be asked when their own probe has been collected there."""
    watching = {each.observer for each in subjects if each.observer != each.host}
    return {
        each.host
        for each in subjects
        if not each.keep_turn and each.observer == each.host and each.host not in watching
    }


def _fault_of(told):
    """The fault record in an answer; None for what is none."""
    found = told.get("fault") if isinstance(told, dict) else None
    return found if isinstance(found, dict) else None


def _unsteady(seen):
    """Why a host gets no fault."""
    return (
        seen.get("stopped")
        or seen.get("unsteady")
        or "the service was not in its steady state before the fault: %s" % (seen["error"] or "the probe has no data")
    )
