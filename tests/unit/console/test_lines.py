# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From events to what is shown: lines for a pipe, frames for a terminal."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console import lines, live
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.narrator import Narrator
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.state import State
from rich.cells import cell_len

from support.modules import ROOT

LIGHT = (
    "cpu-light",
    "memory-light",
    "network-delay-light",
    "packet-loss-light",
    "disk-io-light",
    "app-restart",
    "database-outage-brief",
)
HOLDS = dict(dict.fromkeys(LIGHT, 30), **{"app-restart": 0, "database-outage-brief": 10})
WELL = {"word": "passed", "figure": "errors 0 % (at most 5 %)"}
NOON = 1800000000.0


def run(hosts=1, ids=LIGHT, results=None, until=None, waves=1):
    """Events of a run at the pace of a real one; ``results``: {(scenario, host number): fields of its end};
    ``until``: (scenario, phase) that it stops in.
    """
    at, names = NOON, ["web%d" % number for number in range(1, hosts + 1)]
    scenarios = [{"id": each, "title": each, "hold_s": HOLDS.get(each, 30)} for each in ids]
    yield {
        "event": "run",
        "at": at,
        "intensity": "light",
        "scenarios": scenarios,
        "hosts": names,
        "host_count": hosts,
        "baseline_s": 10,
        "lease_s": 15,
    }
    for name in names:
        found = "http://%s:8000 (shop 1.0, gunicorn, process python 7): identified; named by option url" % name
        yield {
            "event": "host",
            "at": at + 1,
            "host": name,
            "target": "http://%s:8000" % name,
            "service": "shop",
            "found": found,
        }
    at += 2
    for each in ids:
        for wave in range(waves):
            share = names[wave::waves]
            common = {"scenario": each}
            yield {
                "event": "scenario",
                "at": at,
                "hosts": share,
                "host_count": len(share),
                "baseline_s": 10,
                "wave": wave + 1,
                "waves": waves,
                **common,
            }
            yield {"event": "phase", "at": at, "phase": "baseline", "seconds": 10, **common}
            for second in range(1, 10):
                yield {
                    "event": "tick",
                    "at": at + second,
                    "phase": "baseline",
                    "left_s": 10 - second,
                    "error_rate_pct": 0.0,
                    "p95_ms": 8.0,
                    **common,
                }
            if until == (each, "baseline"):
                return
            at += 10
            yield {"event": "phase", "at": at, "phase": "inject", **common}
            yield {"event": "phase", "at": at, "phase": "hold", "seconds": HOLDS.get(each, 30), **common}
            for second in range(1, HOLDS.get(each, 30)):
                left = HOLDS.get(each, 30) - second
                tick = {
                    "error_rate_pct": 1.25,
                    "p95_ms": 1234.4,
                    "effect": "50.1 % of 2 cores",
                    "lost": ["web3"] if hosts > 2 else [],
                }
                yield {"event": "tick", "at": at + second, "phase": "hold", "left_s": left, **tick, **common}
                if until == (each, "hold") and second == 10:
                    return
            at += HOLDS.get(each, 30)
            yield {"event": "phase", "at": at, "phase": "recovery", **common}
            at += 2
            yield {"event": "phase", "at": at, "phase": "collect", **common}
            for name in share:
                found = (results or {}).get((each, int(name[3:])), WELL)
                yield {"event": "ended", "at": at, "host": name, **found, **common}
            at += 1


def told(events, heartbeats=True):
    """The lines of these events, without the time; a look at the clock four times a second."""
    state = State()
    maker = lines.Lines(state)
    made, clock = [], NOON
    for event in events:
        while heartbeats and clock + 0.25 < event["at"]:
            clock += 0.25
            made += maker.heartbeat(clock)
        made += maker.take(state.apply(event), event["at"])
    made += maker.take(state.finish(), clock)
    return ["".join(text for text, _style in line[1:]) for line in made], made


def test_a_light_run_on_one_host_fits_on_a_page():
    """At most 40 lines with the summary, which is verdict and report (and recommendations, when there are any)."""
    found, made = told(run())
    assert found[:3] == [
        "chaos light: 7 scenarios on web1, about 4 min",
        "tested: http://web1:8000 (shop 1.0, gunicorn, process python 7): identified; named by option url",
        "1/7 cpu-light begins: baseline 10 s, hold 30 s",
    ]
    assert found[3:7] == [
        "1/7 cpu-light hold, 30 s left, errors 0.0 %, p95 8 ms",
        "1/7 cpu-light hold, 20 s left, errors 1.2 %, p95 1234 ms, measured 50.1 % of 2 cores",
        "1/7 cpu-light hold, 10 s left, errors 1.2 %, p95 1234 ms, measured 50.1 % of 2 cores",
        "1/7 cpu-light passed: errors 0 % (at most 5 %)",
    ]
    assert len(found) <= 36
    assert all(line[0][0].count(":") == 2 for line in made)  # the time


def silences(events):
    """How many seconds lie between two lines of these events."""
    state, at, clock = State(), [], NOON
    maker = lines.Lines(state)
    for event in events:
        while clock + 0.25 < event["at"]:
            clock += 0.25
            at += [clock] * bool(maker.heartbeat(clock))
        at += [event["at"]] * bool(maker.take(state.apply(event), event["at"]))
    return [later - sooner for sooner, later in zip(at, at[1:])]


def later(events, phase, seconds):
    """The same events, in which this phase takes so much longer."""
    late = 0.0
    for event in events:
        yield dict(event, at=event["at"] + late)
        if event["event"] == "phase" and event["phase"] == phase:
            late += seconds


@pytest.mark.parametrize("phase", ["baseline", "inject", "hold", "recovery", "collect"])
@pytest.mark.parametrize("hold", range(4, 50, 3))
@pytest.mark.parametrize("waves", [1, 3])
def test_no_phase_is_silent(phase, hold, waves, monkeypatch):
    """About one line in 10 seconds, also where a host takes its time between two phases, scenarios or waves."""
    monkeypatch.setitem(HOLDS, "cpu-light", hold)
    events = list(later(run(hosts=waves, ids=LIGHT[:2], waves=waves), phase, 45))
    assert max(silences(events)) <= lines.HEARTBEAT_S + lines.NEARLY_S + 0.25


def test_hosts_that_take_their_time_are_no_silence():
    events = list(run(hosts=3, ids=LIGHT[:2]))
    events = events[:3] + [dict(event, at=event["at"] + 35) for event in events[3:]]
    found, _made = told(events)
    assert found[1:4] == ["the hosts are being asked: 2 of 3 have answered"] * 3
    assert found[4].startswith("tested: ")


def test_the_way_to_the_next_scenario_is_no_silence():
    events = list(run(ids=LIGHT[:2]))
    second = next(number for number, event in enumerate(events) if event.get("scenario") == LIGHT[1])
    found, _made = told(events[:second] + [dict(event, at=event["at"] + 25) for event in events[second:]])
    assert found.count("goes on with memory-light") == 2


def test_a_service_that_does_not_come_back_is_no_silence():
    events = [event for event in run(ids=LIGHT[:1]) if event["event"] != "ended"]
    events = [event for event in events if event.get("phase") != "collect"] + [
        dict(WELL, event="ended", at=events[-1]["at"] + 28, host="web1", scenario=LIGHT[0])
    ]
    found, _made = told(events)
    assert sum("recovery" in line for line in found) == 3


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (WELL, "1/1 cpu-light passed: errors 0 % (at most 5 %)"),
        (
            {"word": "failed", "figure": "recovery never (at most 10 s) MISSED", "reason": "missed: recovery_time"},
            "failed: recovery never (at most 10 s) MISSED",
        ),
        (
            {"word": "failed", "reason": "error rate 60.0 % reached the halt limit of 50 %"},
            "failed: error rate 60.0 % reached the halt limit of 50 %",
        ),
        (
            {"word": "refused", "reason": "refused by the window guard: later"},
            "1/1 cpu-light refused by the window guard: later",
        ),
        ({"word": "skipped", "reason": "nft is not installed"}, "1/1 cpu-light skipped: nft is not installed"),
        ({"word": "unknown", "figure": "errors 0 %", "reason": "no evidence"}, "1/1 cpu-light unknown: no evidence"),
        ({"word": "broken"}, "1/1 cpu-light broken"),
        ({"word": "planned"}, "1/1 cpu-light planned"),
        ({"word": "something new"}, "1/1 cpu-light something new"),
    ],
)
def test_a_verdict_has_its_word_and_its_figure(result, expected):
    found, made = told(run(ids=LIGHT[:1], results={("cpu-light", 1): result}))
    assert found[-1].endswith(expected)
    (styled,) = [text for text, style in made[-1] if style and style != "faint"]
    assert styled == result["word"]  # a word beside every colour


def test_the_same_reason_is_said_once():
    reason = {"word": "refused", "reason": "the service is not well: 503 x HTTP 503"}
    found, _made = told(run(results={(each, 1): reason for each in LIGHT}))
    assert sum("503 x HTTP" in line for line in found) == 1 and sum("the same reason" in line for line in found) == 6


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({}, "1/1 cpu-light passed: 30 passed"),
        (
            {7: {"word": "failed", "figure": "recovery never MISSED"}},
            "1/1 cpu-light failed: 1 failed, 29 passed; web7: recovery never MISSED",
        ),
        (
            {1: {"word": "refused", "reason": "closed"}, 2: {"word": "refused", "reason": "closed"}},
            "1/1 cpu-light passed: 28 passed, 2 refused",
        ),
        (
            {5: {"word": "unknown", "reason": "no data"}, 6: {"word": "skipped"}},
            "1/1 cpu-light unknown: 1 unknown, 28 passed, 1 skipped; web5: no data",
        ),
    ],
)
@pytest.mark.parametrize("waves", [1, 3])
def test_many_hosts_are_counted_and_the_worst_is_named(results, expected, waves):
    found, _made = told(
        run(
            hosts=30,
            ids=LIGHT[:1],
            waves=waves,
            results={("cpu-light", number): each for number, each in results.items()},
        )
    )
    assert found[-1] == expected
    assert (
        sum("begins" in line for line in found) == 1
        and found[1] == "tested: http://web1:8000 (shop) on web1 and 29 more"
    )
    assert sum("wave" in line for line in found) == waves if waves > 1 else True


def test_a_scenario_whose_hosts_are_lost_ends_when_the_next_begins():
    events = [event for event in run(hosts=3, ids=LIGHT[:2]) if event["event"] != "ended" or event["host"] != "web2"]
    found, _made = told(events)
    assert [line for line in found if "passed:" in line] == [
        "1/2 cpu-light passed: 2 passed",
        "2/2 memory-light passed: 2 passed",
    ]


@pytest.mark.parametrize(
    ("until", "stopping", "abandoned"),
    [
        (("cpu-light", "baseline"), "Ctrl-C: no fault is in; the run ends.", "Interrupted; no fault is in."),
        (
            ("cpu-light", "hold"),
            (
                "Ctrl-C: putting back cpu-light on web1 and waiting for it; a second Ctrl-C does not wait (it ends by"
                " itself within 15 s)."
            ),
            (
                "Not waiting for cpu-light on web1: it ends by itself within 15 s; ./run_chaos_tests.sh --halt with the"
                " same inventory puts it back at once."
            ),
        ),
    ],
)
def test_what_ctrl_c_says(until, stopping, abandoned):
    state = State()
    for event in run(until=until):
        state.apply(event)
    assert lines.stopping(state) == stopping and lines.abandoned(state) == abandoned


def test_what_ctrl_c_says_in_a_later_wave_of_a_fleet():
    """Results of earlier waves, and of hosts that are refused and in none, are not those of this wave."""
    state, events = State(), list(run(hosts=3, ids=LIGHT[:1], waves=3))
    (second,) = (number for number, event in enumerate(events) if event.get("wave") == 2)
    (third,) = (number for number, event in enumerate(events) if event.get("wave") == 3)
    refused = [
        {"event": "ended", "at": NOON + 3, "scenario": LIGHT[0], "host": host, "word": "refused", "run_hosts": 5}
        for host in ("db1", "observer1")
    ]
    hold = next(n for n, event in enumerate(events[second:third]) if event.get("phase") == "hold")
    for event in events[:3] + refused + events[3 : second + hold + 3]:
        state.apply(event)
    assert lines.stopping(state).startswith("Ctrl-C: putting back cpu-light on web2 and waiting")
    for event in events[second + hold + 3 : third]:
        state.apply(event)
    assert lines.stopping(state) == "Ctrl-C: no fault is in; the run ends."


def test_what_is_put_back_is_no_fault_any_more():
    state = State()
    for event in run(hosts=2, until=("cpu-light", "hold")):
        state.apply(event)
    state.apply(
        {"event": "back", "at": NOON + 23, "scenario": "cpu-light", "host": "web1", "done": False, "within_s": 9}
    )
    state.apply({"event": "back", "at": NOON + 23, "scenario": "cpu-light", "host": "web2", "done": True})
    assert lines.abandoned(state).startswith("Not waiting for cpu-light on web1: it ends by itself within 9 s")
    state.apply({"event": "back", "at": NOON + 24, "scenario": "cpu-light", "host": "web1", "done": True})
    assert lines.abandoned(state) == "Interrupted; no fault is in."


def test_without_a_lease_it_is_the_hold_that_ends_a_fault():
    state = State()
    for event in run(until=("cpu-light", "hold")):
        state.apply({key: value for key, value in event.items() if key != "lease_s"})
    assert "within 30 s" in lines.abandoned(state)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89.4, "89 s"), (90, "1 min 30 s"), (120, "2 min"), (899, "15 min"), (7300, "2 h 1 min")],
)
def test_durations(seconds, text):
    assert lines.spelled(seconds) == text


def test_time_left_learns_from_what_ran_and_never_grows_by_waiting():
    state = State()
    for event in run(until=("memory-light", "hold")):
        state.apply(event)
    now = NOON + 2 + 43 + 20
    # cpu-light took 42 s with 40 s of phases; memory-light is 20 s in; 5 more of which two are shorter
    assert state.left_s(now) == pytest.approx(22 + 3 * 42 + 12 + 22)
    assert state.left_s(now + 5) == pytest.approx(17 + 3 * 42 + 12 + 22)
    assert state.done() == 1


@pytest.mark.parametrize(
    "event",
    [
        {"event": "tick", "at": 1.0},
        {"event": "scenario", "at": 1.0, "scenario": 7},
        {"event": "run", "at": 1.0, "scenarios": ["x", {}]},
    ],
)
def test_events_that_say_too_little_break_nothing(event):
    state = State()
    state.apply(event)
    assert state.left_s(2.0) in (None, 0) and state.done() == 0 and lines.headline(state)


def test_with_another_callback_the_action_says_it_itself(monkeypatch):
    """A worker knows its own events only: not the run, so there is neither a number nor a service. Beside what Ansible's
    own callback prints a light scenario has no heartbeat.
    """
    said = []
    monkeypatch.setitem(HOLDS, "memory-light", 60)
    monkeypatch.setattr(_events, "_NARRATORS", [])
    monkeypatch.delenv(_events.FILE, raising=False)
    _events.narrate(Narrator(said.append))
    _events.narrate(Narrator(said.append))  # the next item of a loop
    assert _events.heard()
    monkeypatch.setattr(_events.time, "time", lambda: clock)
    for event in run(hosts=1, ids=LIGHT[:2]):
        clock = event.pop("at")
        if event["event"] == "scenario":
            event["hold_s"] = HOLDS[event["scenario"]]
        if event["event"] not in ("run", "host"):
            _events.tell(event.pop("event"), **event)
    assert [line[10:] for line in said] == [
        "cpu-light begins: baseline 10 s, hold 30 s",
        "cpu-light passed: web1: errors 0 % (at most 5 %)",
        "memory-light begins: baseline 10 s, hold 60 s",
        "memory-light hold, 25 s left, errors 1.2 %, p95 1234 ms, measured 50.1 % of 2 cores",
        "memory-light passed: web1: errors 0 % (at most 5 %)",
    ]


@pytest.mark.parametrize("refused", [28, 30])
def test_with_another_callback_a_scenario_ends_once(refused):
    """It does not know the run: what ran is less than what has a record."""
    state = State()
    maker = lines.Lines(state, named=True)
    made = []
    for event in run(hosts=30, ids=LIGHT[:1]):
        if event["event"] in ("run", "host") or event["event"] != "ended" and refused == 30:
            continue
        if event["event"] == "scenario":
            event["host_count"] = 30 - refused
        if event["event"] == "ended":
            event.update(
                run_hosts=30,
                **({"word": "refused", "reason": "closed"} if int(event["host"][3:]) > 30 - refused else {}),
            )
        made += maker.take(state.apply(event), event["at"])
    over = [line for line in made if any("refused" in text for text, _style in line)]
    assert len(over) == 1, made


@pytest.mark.parametrize("known", ["run", "scenario"], ids=["console", "another callback"])
def test_a_wave_is_told_as_a_share_of_the_run(known):
    found = []
    for event in run(hosts=30, ids=LIGHT[:1], waves=3):
        if known == "scenario" and event["event"] == "scenario":
            event["run_hosts"] = 30
        if known == "run" or event["event"] not in ("run", "host"):
            found.append(event)
    begins = [line for line in told(found)[0] if "begins" in line]
    assert len(begins) == 1 and begins[0].endswith(", 10 of 30 hosts, wave 1 of 3"), begins


def with_halts(hosts, waves):
    """Events of a run in which every host of every wave is halted, each with figures of its own."""
    for event in run(hosts=hosts, ids=LIGHT[:1], waves=waves):
        if event.get("phase") == "recovery":
            for name in names:
                why = "error rate %d.0 %% reached the halt limit of 50 %%" % (50 + int(name[3:]))
                yield {"event": "halt", "at": event["at"], "scenario": LIGHT[0], "host": name, "why": why}
        names = event["hosts"] if event["event"] == "scenario" else locals().get("names")
        yield event


@pytest.mark.parametrize(("hosts", "waves"), [(1, 1), (3, 1), (30, 1), (30, 2)])
def test_a_fleet_that_is_halted_is_no_flood(hosts, waves):
    found, _made = told(with_halts(hosts, waves), heartbeats=False)
    halted = [line for line in found if "halting" in line]
    assert len(halted) <= 4 * waves, halted
    assert halted[0] == "cpu-light on web1: halting, error rate 51.0 % reached the halt limit of 50 %"
    if hosts == 30:
        more = 30 // waves - 3
        assert halted[3].startswith("cpu-light on %d more hosts: halting, the last was web" % more), halted
    else:
        assert len(halted) == hosts


def test_what_all_hosts_note_is_one_line():
    events = list(run(hosts=30, ids=LIGHT[:1]))
    notes = [{"event": "note", "at": NOON + 1.5, "host": "web%d" % n, "text": "2 of 7 cannot"} for n in range(1, 31)]
    own = [{"event": "note", "at": NOON + 1.6, "host": "web%d" % n, "text": "cut off, run %d" % n} for n in range(1, 9)]
    begin = next(number for number, event in enumerate(events) if event["event"] == "scenario")
    events[begin:begin] = notes + own
    found, _made = told(events, heartbeats=False)
    assert found[2:4] == ["web1, web2, web3 and 27 more: 2 of 7 cannot", "web1: cut off, run 1"], found
    assert len(found) == 10 and found[7] == "more in the report of web5, web6, web7 and 1 more", found


@pytest.mark.parametrize(("hosts", "now"), [(1, None), (30, True)])
def test_a_note_that_somebody_waits_for_is_told_at_once(hosts, now):
    state = State()
    maker = lines.Lines(state)
    event = next(run(hosts=hosts))
    maker.take(state.apply(event), NOON)
    note = {"event": "note", "at": NOON, "host": "web1", "text": "waits for the keeper: 2 of 2 are out", "now": now}
    (line,) = maker.take(state.apply(note), NOON)
    assert line[1][0] == "web1: waits for the keeper: 2 of 2 are out"


def test_hosts_that_are_put_back_are_told_together():
    """Each tells when its own fault is gone; the first of them is not all."""
    state = State()
    maker = lines.Lines(state)
    for event in run(hosts=12, until=("cpu-light", "hold")):
        maker.take(state.apply(event), event["at"])
    said = []
    for number in range(1, 12):  # the last one does not answer
        for done in (False, True):
            back = {"event": "back", "at": NOON + 40, "scenario": "cpu-light", "host": "web%d" % number, "done": done}
            said += maker.take(state.apply(back), NOON + 40)
    assert said == []
    collect = {"event": "phase", "at": NOON + 50, "scenario": "cpu-light", "phase": "collect"}
    ((_time, (text, _style)),) = maker.take(state.apply(collect), NOON + 50)
    assert text == "cpu-light on web1, web2, web3 and 8 more is put back"


def test_time_left_of_a_run_in_waves_counts_each_wave_once():
    state = State()
    for event in run(hosts=30, ids=LIGHT[:3], waves=2, until=("memory-light", "baseline")):
        state.apply(event)
    # Each wave took 10 + 30 s and 2.5 more on average; of six three are to come, one more has just begun its 10 s.
    assert state.left_s(state.current.since) == pytest.approx(4 * 42.5)
    state = State()
    state.apply(dict(next(run(hosts=30, ids=LIGHT[:3])), waves=2))
    assert state.left_s(NOON) == pytest.approx(6 * 45)


def test_a_phase_that_takes_longer_than_planned_says_so():
    state = State()
    maker = lines.Lines(state)
    for event in run(until=("cpu-light", "baseline")):
        maker.take(state.apply(event), event["at"])
    begun = state.current.since
    assert lines.phase(state.current, begun + 9) == "baseline, 1 s left"
    assert lines.phase(state.current, begun + 11) == "baseline, 0 s left"
    (line,) = maker.heartbeat(begun + 40)
    assert line[1][0].startswith("1/7 cpu-light baseline, 30 s late, errors 0.0 %"), line
    assert max(len(lines.phase(state.current, begun + 10 + late)) for late in (3, 89, 90, 3000)) <= live.PHASE


# -- the terminal

SIZES = [(80, 24), (200, 50), (120, 30), (60, 20), (40, 10), (20, 5), (2, 2)]


def drawn(events, width, height, color=True, unicode=True, later=1.0):
    """(what stays, what is drawn last) as [(line, cells)]."""
    state, painter = State(), live.Painter(color, unicode)
    stays, now = [], NOON
    for event in events:
        for kind, what in state.apply(event):
            if kind == "over":
                stays += painter.paint(
                    painter.over(what, state.run["host_count"] > 1, live.id_width(state), width), width
                )
        now = event["at"]
    return stays, painter.paint(painter.frame(state, now + later, width, height), width)


@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("hosts", [1, 30])
@pytest.mark.parametrize("until", [("cpu-light", "baseline"), ("network-delay-light", "hold"), None])
def test_a_frame_fits_its_terminal(width, height, hosts, until):
    ids = LIGHT if hosts == 1 else LIGHT + tuple("scenario-%d" % number for number in range(11))
    stays, frame = drawn(run(hosts=hosts, ids=ids, until=until), width, height)
    assert 0 < len(frame) <= max(2, height - 1)
    assert all(cells < width for _line, cells in stays + frame)


def test_a_frame_of_80_columns_is_the_one_of_the_readme():
    _stays, frame = drawn(run(until=("network-delay-light", "hold")), 80, 24, color=False)
    assert "```\n%s\n```" % "\n".join(line.rstrip() for line, _cells in frame) in (ROOT / "README.md").read_text()
    assert len(frame) == 8


def test_hosts_of_a_wave_are_those_of_this_wave_and_silent_ones_are_counted_where_it_is_narrow():
    events = [
        dict(event, lost=["web3", "web4"]) if event["event"] == "tick" else event for event in run(hosts=30, waves=2)
    ]
    second = next(n for n, event in enumerate(events) if event.get("wave") == 2 and event["event"] == "scenario")
    held = next(n for n, event in enumerate(events) if n > second and event.get("phase") == "hold")
    for width, silent in ((80, "no answer from 2 hosts"), (200, "no answer from web3, web4")):
        _stays, frame = drawn(events[: held + 3], width, 24, color=False)
        shown = "\n".join(line for line, _cells in frame)
        assert "15 hosts, wave 2 of 2" in shown and silent in shown, shown


def test_without_colour_there_is_no_escape_and_without_unicode_only_ascii():
    stays, frame = drawn(run(until=("network-delay-light", "hold")), 80, 24, color=False, unicode=False)
    assert all(line.isascii() and "\x1b" not in line for line, _cells in stays + frame)
    coloured, _frame = drawn(run(until=("network-delay-light", "hold")), 80, 24)
    assert "\x1b[" in coloured[0][0] and "passed" in coloured[0][0]


def test_the_height_of_a_scenario_that_runs_does_not_change():
    heights = {len(drawn(run(until=("cpu-light", phase)), 80, 24)[1]) for phase in ("baseline", "hold")}
    assert len(heights) == 1


def test_wide_characters_count_twice():
    events = list(run(until=("cpu-light", "hold")))
    events[-1]["effect"] = "日本語" * 40
    _stays, frame = drawn(events, 80, 24, color=False)
    assert all(cell_len(line) == cells < 80 for line, cells in frame)


@pytest.mark.parametrize(
    ("phase", "at", "expected"),
    [("baseline", 5.0, (0.5, 0.0, 0.0)), ("hold", 10.0, (1.0, 1 / 3, 0.0)), ("recovery", 3.0, (1.0, 1.0, 1.0))],
)
def test_the_bar_is_as_far_as_the_phase(phase, at, expected):
    state = State()
    events = [event for event in run(ids=LIGHT[:1]) if event["event"] in ("run", "scenario", "phase")]
    for event in events:
        state.apply(event)
        if event.get("phase") == phase:
            break
    shares = state.current.shares(event["at"] + at)
    assert [done for _phase, _weight, done in shares] == pytest.approx(expected)
    assert [weight for _phase, weight, _done in shares][:2] == [10, 30]
