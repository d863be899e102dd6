# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts that began one after the other get their faults so, too, each after a baseline of its own; and the last question
to a host gives its turn back.
"""

from __future__ import annotations

import threading
import time
import types

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._entry import ask
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import baseline, hold, life

WELL = {"sent": 9, "failed": 0, "error_rate_pct": 0.0, "p50_ms": 1.0, "p95_ms": 1.0}
BASELINE_S = 4.0
SLOW_S = 0.5  # a busy machine is late by less


@pytest.fixture(autouse=True)
def _stagger(monkeypatch):
    """Longer than the noise of a busy machine."""
    monkeypatch.setattr(baseline, "STAGGER", 0.25)


class Hosts:
    """Hosts that are well; each look at them and each fault is noted with its time."""

    def __init__(self):
        self.looked, self.injected, self.options = {}, {}, []
        self.lock = threading.Lock()

    def prepare(self, hosts):
        """Nothing to connect to."""

    def ask(self, host, question, options):
        """The fault is over as soon as somebody asks."""
        with self.lock:
            self.looked.setdefault(host, time.monotonic())
            self.options.append((host, options))
        over = "wait" in options
        return {
            "clock": {}, "active": not over, "recovered": over, "collected": over, "probe": WELL, "fault": {"seconds_left": 0.1},
            "released": over and options.get("release", False),
        }  # fmt: skip

    def inject(self, host):
        """It goes in."""
        with self.lock:
            self.injected[host] = time.monotonic()
        return True


def wanted(hosts, last=()):
    return dict(
        fault="f", probe="p", probe_names=dict.fromkeys(hosts, "p"), hosts=list(hosts), observers={}, duration_s=BASELINE_S, interval_s=0.2,
        recovery_timeout_s=1.0, successes=1, rates={}, live={}, last=last, lease_s=None, max_error_rate_pct=5.0, halt_error_rate_pct=None,
        halt_latency_ms=None, halt_for_s=1.0,
    )  # fmt: skip


def through(begins, last=()):
    """What hosts saw whose probes began so many seconds after the first: (Hosts, when each probe began)."""
    hosts, began = Hosts(), {}

    def begin(host):
        time.sleep(begins[host])
        began[host] = time.monotonic()
        return 0.0

    first = baseline.Baseline(wanted(begins), hosts, lambda line: None, len(begins))
    seen = first.wait(begin)
    assert all(each["steady"] for each in seen.values()) and set(seen) == set(begins)
    options = dict(wanted(begins, last), duration_s=0.2)
    seen = hold.Hold(options, hosts, lambda line: None, len(begins)).wait(hosts.inject, first.due)
    return hosts, began, seen


def test_faults_follow_each_other_as_the_probes_did():
    hosts, began, _seen = through({"a": 0.0, "b": 0.4, "c": 0.8})
    for host, when in hosts.injected.items():
        assert when - began[host] == pytest.approx(BASELINE_S, abs=SLOW_S), host
    assert max(hosts.looked.values()) < min(hosts.injected.values()), "another host's fault may be in what a look sees"


def test_a_host_that_begins_late_is_waited_for_and_not_looked_at_in_another_ones_fault():
    hosts, began, _seen = through({"a": 0.0, "late": 2.4})
    stagger = baseline.STAGGER * BASELINE_S
    assert hosts.injected["late"] - began["late"] == pytest.approx(BASELINE_S, abs=SLOW_S)
    assert hosts.injected["late"] - hosts.injected["a"] == pytest.approx(stagger, abs=SLOW_S)
    assert hosts.looked["late"] < hosts.injected["a"]


def test_where_no_host_began_nobody_waits_for_a_baseline():
    began = time.monotonic()
    phase = baseline.Baseline(wanted({"a": 0}), Hosts(), lambda line: None, 1)
    assert phase.wait(lambda host: None) == {} and time.monotonic() - began < BASELINE_S / 2


def test_only_the_last_question_of_a_run_to_a_host_gives_its_turn_back():
    hosts, _began, seen = through({"last": 0.0, "more": 0.0}, last={"last"})
    assert seen["last"]["released"] and not seen["more"]["released"]
    assert not any(options.get("release") for host, options in hosts.options if host == "more" or "wait" not in options)


def test_a_host_that_fails_to_begin_long_after_the_others_does_not_shorten_what_they_are_judged_by():
    hosts = Hosts()

    def begin(host):
        time.sleep(BASELINE_S + 1.0 if host == "reserved" else 0.0)
        return None if host == "reserved" else 0.0

    phase = baseline.Baseline(wanted(["a", "reserved"]), hosts, lambda line: None, 2)
    assert set(phase.wait(begin)) == {"a"}
    assert float(hosts.options[-1][1]["window"].rstrip("s")) > BASELINE_S


def test_leases_are_short_enough_for_the_wait_between_the_last_look_and_the_fault():
    hosts, begins = Hosts(), {"a": 0.0, "late": 0.8}
    phase = baseline.Baseline(dict(wanted(begins), lease_s=1.0), hosts, lambda line: None, 2)
    phase.wait(lambda host: time.sleep(begins[host]) or 0.0)
    assert max(phase.due.values()) - min(phase.due.values()) < phase.renew_within()


def test_a_host_whose_lease_ran_out_while_another_one_was_silent_gets_no_fault(monkeypatch):
    """Its probe ended; what it had seen before is no steady state."""
    monkeypatch.setattr(baseline, "SILENT_S", 1.0)
    hosts, ended, asked = Hosts(), threading.Event(), []

    def ask(host, question, options):
        if host == "silent":
            return ended.wait(60) and None
        asked.append(host)
        return {"clock": {}, "active": False, "fault": None, "probe": WELL if len(asked) < 2 else None}

    hosts.ask = ask
    try:
        phase = baseline.Baseline(
            dict(wanted(["a", "silent"]), lease_s=2.4, duration_s=1.0), hosts, lambda line: None, 2
        )
        seen = phase.wait(lambda host: 0.0)
    finally:
        ended.set()
    assert len(asked) == 2 and not seen["a"]["steady"] and "no data" in seen["a"]["unsteady"]


def test_a_host_that_watches_another_one_or_is_watched_from_elsewhere_gives_nothing_back_early():
    def subject(host, observer, keep_turn=False):
        return types.SimpleNamespace(host=host, observer=observer, keep_turn=keep_turn)

    subjects = [subject("alone", "alone"), subject("watcher", "watcher"), subject("seen", "watcher")]
    subjects.append(subject("more", "more", keep_turn=True))
    assert life._asked_for_the_last_time(subjects) == {"alone"}


@pytest.mark.parametrize("wrong", [HostError("the lock is held"), OSError("no room")])
def test_a_turn_that_cannot_be_given_back_does_not_cost_the_samples(wrong, monkeypatch):
    def fail(*_given):
        raise wrong

    monkeypatch.setattr(ask.turn, "release", fail)
    run = {"id": "0123456789ab", "by": "a test", "host": "web1", "experiment": True}
    monkeypatch.setattr(ask, "_stop", lambda names, _run: {name: {"samples": "kept"} for name in names})
    told = ask.answer({"do": "finish", "options": {"probes": ["p"], "run": run, "release": True}})
    assert told["probes"] == {"p": {"samples": "kept"}} and told["released"] is None


@pytest.mark.parametrize("said, released", [(True, True), (False, True), (None, False)])
def test_a_turn_that_could_not_be_given_back_is_not_taken_for_given_back(said, released):
    """Then the run asks once more at its end. (False: there was none any more.)"""
    told = {"clock": {"monotonic": 1.0}, "probes": {}, "released": said}
    conductor = object.__new__(life.Life)
    conductor.runner = types.SimpleNamespace(ask=lambda *_question: told)
    conductor.questions = types.SimpleNamespace(run_of=lambda *_host: {}, hidden=lambda _subject, answer: answer)
    subject = types.SimpleNamespace(
        host="a", observer="a", keep_turn=False, released=False, unsure=False, failed="", fault=None, seen={},
        probe_name="p", live=None, probes={}, name="f",
    )  # fmt: skip
    conductor._ended(subject)
    assert subject.released is released
