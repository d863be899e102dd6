# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hostile host may tell the controller: the watch ends, nothing of it is run elsewhere, samples stay within
their bound.
"""

from __future__ import annotations

import base64
import resource
import threading
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import samples
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _commands, _experiment, _hosts
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import answers, baseline, hold, phase

from .factor import FACTOR

GOOD_ARGV = ["/usr/bin/python3", "-I", "-S", "-B", "/run/magsasa-chaos/lib/0123456789abcdef.pyz", "ask", "-"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from("sent error_rate_pct p50_ms p95_ms seconds_left x".split()), inner, max_size=4),
    max_leaves=8,
)
KEYS = "fault probe active recovered collected samples summary died again clock msg failed unreachable renewed".split()
ANSWERS = st.one_of(
    JSON,
    st.dictionaries(st.sampled_from(KEYS), JSON),
    st.dictionaries(st.sampled_from(KEYS), JSON).map(lambda each: dict(each, clock={})),
)


class Liar:
    """A runner whose hosts say whatever they were given, over and over; what it is asked is kept in ``ran``."""

    def __init__(self, said):
        self.said = said
        self.ran = []

    def prepare(self, hosts):
        """Nothing to connect to."""

    def ask(self, host, question, options):
        """The lie."""
        self.ran.append((host, question))
        return self.said

    def clock(self, host):
        """A host that tells no time."""
        return None


def wanted(**more):
    options = dict(
        fault="f", probe="p", probe_names={"a": "p"}, hosts=["a"], observers={}, duration_s=0.0, interval_s=0.2, recovery_timeout_s=0.0,
        successes=1, rates={}, live={}, last=(), lease_s=None, max_error_rate_pct=5.0, halt_error_rate_pct=50.0,
        halt_latency_ms=10.0,
        halt_for_s=1.0,
    )  # fmt: skip
    return dict(options, **more)


@settings(max_examples=40 * FACTOR, deadline=None)
@given(ANSWERS)
def test_a_watch_ends_whatever_a_host_says(said):
    saved = hold.OVERDUE_S, hold.RECOVERY_STEP_S
    hold.OVERDUE_S, hold.RECOVERY_STEP_S = 0.0, 0.01
    try:
        liar, lines = Liar(said), []
        seen = hold.Hold(wanted(), liar, lines.append, 2).wait()
    finally:
        hold.OVERDUE_S, hold.RECOVERY_STEP_S = saved
    assert list(seen) == ["a"] and {question for _host, question in liar.ran} <= {"look", "halt"}
    assert all(line.isprintable() for line in lines)


@settings(max_examples=15 * FACTOR, deadline=None)
@given(ANSWERS)
def test_a_baseline_ends_whatever_a_host_says(said):
    seen = baseline.Baseline(wanted(), Liar(said), lambda line: None, 2).wait()
    assert seen["a"]["steady"] in (True, False)


def test_a_fault_that_never_ends_by_its_hosts_word_is_given_up(monkeypatch):
    monkeypatch.setattr(hold, "OVERDUE_S", 0.5)
    began = time.monotonic()
    said = {"clock": {}, "active": True, "fault": {"seconds_left": 1e15}, "probe": None}
    seen = hold.Hold(wanted(), Liar(said), lambda line: None, 2).wait()
    assert "long after its deadline" in seen["a"]["error"] and time.monotonic() - began < 20


class Silent(Liar):
    """One of its hosts never answers."""

    def __init__(self, said, ended):
        super().__init__(said)
        self.ended = ended

    def ask(self, host, question, options):
        """Host ``b`` keeps whoever asks waiting."""
        return self.ended.wait(60) and None if host == "b" else self.said


def test_a_host_that_never_answers_does_not_keep_the_watch_over_the_others(monkeypatch):
    monkeypatch.setattr(hold, "OVERDUE_S", 0.0)
    monkeypatch.setattr(hold, "SILENT_S", 1.0)
    monkeypatch.setattr(baseline, "SILENT_S", 1.0)
    said = {
        "clock": {},
        "active": False,
        "recovered": True,
        "fault": None,
        "probe": {"sent": 3, "error_rate_pct": 0.0, "p50_ms": 1.0, "p95_ms": 1.0},
    }
    options = wanted(hosts=["a", "b"], probe_names={"a": "p", "b": "p"})
    ended = threading.Event()
    try:
        seen = hold.Hold(options, Silent(said, ended), lambda line: None, 2).wait()
        assert seen["a"]["recovered"] and seen["a"]["error"] is None and "never answered" in seen["b"]["error"]
        seen = baseline.Baseline(options, Silent(said, ended), lambda line: None, 2).wait()
        assert seen["a"]["steady"] and not seen["b"]["steady"] and "never answered" in seen["b"]["error"]
    finally:
        ended.set()


def test_a_host_that_owes_an_answer_is_named_while_the_run_waits(monkeypatch):
    """Else a run that waits for it looks as if the service did not recover."""
    for name, seconds in (("OVERDUE_S", 0.0), ("SILENT_S", 1.5), ("SLOW_S", 0.2), ("TICK_S", 0.1)):
        monkeypatch.setattr(hold, name, seconds)
    ticks = []
    monkeypatch.setattr(phase._events, "tell", lambda event, **told: event == "tick" and ticks.append(told["lost"]))
    said = {"clock": {}, "active": False, "recovered": True, "fault": None, "probe": None}
    options = wanted(hosts=["a", "b"], probe_names={"a": "p", "b": "p"})
    ended = threading.Event()
    try:
        hold.Hold(options, Silent(said, ended), lambda line: None, 2).wait()
    finally:
        ended.set()
    assert ["b"] in ticks and all("a" not in lost for lost in ticks), ticks


def test_a_good_answer_is_used():
    said = {
        "clock": {},
        "active": False,
        "recovered": True,
        "fault": {"seconds_left": None},
        "probe": {"sent": 3, "error_rate_pct": 0.0, "p50_ms": 1.0},
    }
    assert answers.usable(said) is said
    assert answers.usable({"failed": True, "msg": "x\x1b[31m\n" * 1000})["msg"].isprintable()


@pytest.mark.parametrize(
    "argv",
    [
        None, "x", [], {}, ["rm", "-rf", "/"], GOOD_ARGV[:-1], GOOD_ARGV + ["x"], ["sh", "-c"] + GOOD_ARGV[2:], ["python3"] + GOOD_ARGV[1:],
        GOOD_ARGV[:4] + ["/etc/passwd", "ask", "-"], GOOD_ARGV[:4] + ["lib/x.pyz", "ask", "-"], GOOD_ARGV[:5] + ["fault", "-"],
        GOOD_ARGV[:6] + ["x"],
        GOOD_ARGV[:4] + ["/x\n.pyz", "ask", "-"], GOOD_ARGV[:4] + ["/" + "x" * 5000 + ".pyz", "ask", "-"],
        GOOD_ARGV[:1] + ["-c", "import os", "-B"] + GOOD_ARGV[4:],
    ],
)  # fmt: skip
def test_a_host_names_its_own_archive_or_nothing(argv):
    assert _hosts._checked_argv(argv) is None
    assert _hosts._checked_argv(list(GOOD_ARGV)) == GOOD_ARGV


@pytest.mark.parametrize("text", ["", "[" * 200000, '{"a":' * 200000, "[]", "7", "\0", "{" + "x" * 100, "1" * 10000])
def test_a_last_line_that_is_no_object_is_no_answer(text):
    assert _commands.answered("hello\n" + text) is None


def packed(content, count):
    return {
        "encoding": samples.ENCODING,
        "count": count,
        "columns": list(samples.COLUMNS),
        "data": base64.b64encode(zlib.compress(content, 9)).decode(),
    }


@pytest.mark.parametrize("count", [0, 1, 100, samples.MOST])
def test_a_zlib_bomb_stays_within_its_count(count):
    bomb = zlib.compressobj(9)
    data = b"".join(bomb.compress(b"\0" * (1 << 20)) for _each in range(200)) + bomb.flush()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(samples.BadSamples):
        samples.unpack(
            {
                "encoding": samples.ENCODING,
                "count": count,
                "columns": list(samples.COLUMNS),
                "data": base64.b64encode(data).decode(),
            }
        )
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before  # KiB
    assert grown < 8 * (count * samples.LONGEST_LINE + (1 << 20)) / 1024 + 20000


GOOD_LINE = samples.line(samples.Sample(1.0, 0.1, 2.0, True, 200, ""))
FORMS = st.fixed_dictionaries(
    {},
    optional={
        "encoding": JSON | st.just(samples.ENCODING), "count": JSON | st.integers(0, 5), "columns": JSON | st.just(list(samples.COLUMNS)),
        "data": JSON
    },
)  # fmt: skip


@settings(max_examples=100 * FACTOR, deadline=None)
@given(
    FORMS
    | JSON
    | st.builds(
        packed,
        st.binary(max_size=200) | st.text(max_size=60).map(str.encode) | st.just(GOOD_LINE.encode()),
        st.integers(-1, 3),
    )
)
def test_samples_are_samples_or_one_sentence(given_samples):
    try:
        assert all(isinstance(each, samples.Sample) for each in samples.unpack(given_samples))
    except samples.BadSamples as error:
        assert "\n" not in str(error)


@settings(max_examples=40 * FACTOR, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(
            "samples probe clock_offset liveness fault phases skipped refused failed halted wave successes".split()
        ),
        JSON,
    )
)
def test_slo_check_gives_a_record_or_one_sentence(options):
    try:
        record = _experiment.judge(dict(options, scenario={"id": "x"}), "a")
        assert record["verdict"] in ("passed", "failed", "unknown")
        assert record["verdict"] != "passed" or (record["fault"]["effect"], record["fault"]["residue"]) == (
            "confirmed",
            [],
        )
    except ChaosError as error:
        assert "\n" not in str(error)


MOMENT = {"monotonic": 10.0, "wall": 1e9}
FAULT = {
    "name": "f", "state": "reverted", "effect": "confirmed", "requested": {}, "measured": {}, "residue": [], "notes": [], "plan": [], "event": False,
    "armed_at": MOMENT, "injected_at": MOMENT, "reverted_at": {"monotonic": 20.0, "wall": 1e9 + 10}, "revert_cause": "deadline", "boot_id": "b",
}  # fmt: skip
PACKED = samples.pack(
    [
        samples.Sample(5.0 + 0.1 * each, 0.1, 2.0, each % 7 > 0, 200, "" if each % 7 else "timeout")
        for each in range(300)
    ]
)


@settings(max_examples=40 * FACTOR, deadline=None)
@given(
    st.dictionaries(st.sampled_from(sorted(FAULT) + ["halted_by", "error", "undo_problems"]), JSON, max_size=3), JSON
)
def test_a_fault_record_of_a_hostile_host_gives_a_record_or_one_sentence(changed, probe):
    try:
        record = _experiment.judge(
            {"scenario": {"id": "x"}, "fault": dict(FAULT, **changed), "samples": PACKED, "probe": probe}, "a"
        )
        assert record["verdict"] in ("passed", "failed", "unknown")
        good = dict(FAULT, **changed)
        assert record["verdict"] != "passed" or (good["effect"], good["residue"]) == ("confirmed", []), record
    except ChaosError as error:
        assert "\n" not in str(error)
