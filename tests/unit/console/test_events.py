# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Events of a run: a private file, bounded lines, nothing that a target says reaches a terminal as it is."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events


@pytest.fixture
def heard(tmp_path, monkeypatch):
    monkeypatch.setenv(_events.FILE, "")
    path = _events.listen(str(tmp_path))
    yield path
    _events.forget(path)


def test_what_is_told_is_read_once_and_in_order(heard):
    reader = _events.Reader(heard)
    assert stat.S_IMODE(os.stat(heard).st_mode) == 0o600
    _events.tell("phase", scenario="cpu-light", phase="hold", seconds=30)
    _events.tell("tick", scenario="cpu-light", error_rate_pct=0.5)
    first, second = reader.read()
    assert (first["event"], first["phase"], first["seconds"]) == ("phase", "hold", 30)
    assert (second["event"], second["error_rate_pct"]) == ("tick", 0.5)
    assert reader.read() == []


def test_nobody_listens_nothing_is_written_and_nothing_is_asked(tmp_path, monkeypatch):
    monkeypatch.delenv(_events.FILE, raising=False)
    _events.tell("end")
    assert not _events.heard() and _events.stop_asked() is None and list(tmp_path.iterdir()) == []


def test_the_run_of_another_process_is_not_ours(heard, monkeypatch):
    """A task that starts an ansible-playbook of its own hands its environment on."""
    monkeypatch.setenv(_events.FILE, "1%s" % os.environ[_events.FILE])
    _events.tell("end")
    assert not _events.heard() and os.path.getsize(heard) == 0


def test_a_worker_writes_into_the_file_of_its_parent(heard):
    code = (
        "from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events; _events.tell('note', host='h',"
        " text='from a child')"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)))
    assert [event["text"] for event in _events.Reader(heard).read()] == ["from a child"]


def test_a_file_that_is_gone_is_not_made_again(heard):
    os.unlink(heard)
    _events.tell("end")
    assert not os.path.exists(heard) and _events.Reader(heard).read() == []


def test_a_link_in_its_place_is_not_followed(heard, tmp_path):
    other = tmp_path / "other"
    other.write_text("")
    os.unlink(heard)
    os.symlink(other, heard)
    _events.tell("end")
    assert other.read_text() == "" and _events.Reader(heard).read() == []


def test_somebody_asks_the_run_to_end(heard):
    assert _events.stop_asked() is None
    _events.ask_to_stop(heard, "Ctrl-C")
    _events.ask_to_stop(heard, "again")
    assert _events.stop_asked() == "Ctrl-C"
    _events.forget(heard)
    assert not os.path.exists(heard + _events.STOP)


@pytest.mark.parametrize(
    ("fields", "key", "value"),
    [
        ({"why": "\x1b[2J\r\nbad\x07\u202e"}, "why", "[2J bad"),
        ({"why": "x" * 5000}, "why", "x" * 297 + "..."),
        ({"error_rate_pct": float("nan")}, "error_rate_pct", None),
        ({"error_rate_pct": float("inf")}, "error_rate_pct", None),
        ({"error_rate_pct": 10**400}, "error_rate_pct", None),
        ({"effect": {"a": {"b": {"c": "d"}}}}, "effect", {"a": {"b": "{'c': 'd'}"}}),
        ({"reason": "http://user:secret@h/ password=hunter2"}, "reason", "http://<redacted>@h/ password=<redacted>"),
        ({"nobody": "knows"}, "nobody", None),
    ],
)
def test_what_a_target_says_is_bounded_and_made_harmless(fields, key, value):
    kind = next(kind for kind, known in _events.EVENTS.items() if key in known) if key != "nobody" else "end"
    line = _events.encode(kind, fields, 1.0)
    told = json.loads(line)
    assert line.endswith(b"\n") and line.count(b"\n") == 1 and b"\x1b" not in line
    if "redacted" in str(value):
        assert "hunter2" not in told[key] and "secret@" not in told[key]
    else:
        assert told.get(key) == value


def test_a_line_is_never_longer_than_a_reader_takes():
    hosts = ["web%d.%s" % (number, "x" * 200) for number in range(5000)]
    line = _events.encode("scenario", {"scenario": "cpu-light", "hosts": hosts, "host_count": 5000}, 1.0)
    told = json.loads(line)
    assert len(line) <= _events.LONGEST_LINE and told["host_count"] == 5000 and told["hosts"] == hosts[:4]
    line = _events.encode("tick", {"scenario": "cpu-light", "lost": hosts, "left_s": 3}, 1.0)
    told = json.loads(line)
    assert len(line) <= _events.LONGEST_LINE and told["left_s"] == 3 and "lost" not in told


def test_the_names_of_a_fleet_do_not_cost_the_plan_of_the_run():
    """Without its scenarios a run has no live display, no numbers and no time left."""
    hosts = ["web%d.%s" % (number, "x" * 90) for number in range(200)]
    run = {"scenarios": [{"id": "cpu-light", "hold_s": 30}], "hosts": hosts, "host_count": 200}
    told = json.loads(_events.encode("run", run, 1.0))
    assert (told["scenarios"], told["host_count"], told["hosts"][0]) == (run["scenarios"], 200, hosts[0])


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"1",
        b'{"event": "nonsense", "at": 1}',
        b'{"event": "end"}',
        b'{"event": "end", "at": "x"}',
        b"\xff",
        b"[" * 100000,
    ],
)
def test_what_is_no_event_is_passed_over(line):
    assert _events.decode(line) is None


def test_half_a_line_waits_for_its_end(heard):
    reader = _events.Reader(heard)
    line = _events.encode("end", {}, 1.0)
    with open(heard, "ab", buffering=0) as target:
        target.write(line[:5])
        assert reader.read() == []
        target.write(line[5:])
        assert [event["event"] for event in reader.read()] == ["end"]


FOUND = {
    "url": "http://u:secret@web1:8000",
    "service": "shop",
    "version": "1.0",
    "step": "identified",
    "why": "named",
    "process": {"pid": 7, "name": "python"},
}


@pytest.mark.parametrize(
    ("endpoint", "able", "found", "note"),
    [
        (FOUND, {"a": {"can": True}}, "http://web1:8000 (shop 1.0, process python 7): identified; named", None),
        (
            dict(FOUND, process=None),
            {},
            "http://web1:8000 (shop 1.0, its process is not known): identified; named",
            None,
        ),
        (
            FOUND,
            {"a": {"can": False}, "b": {"can": True}},
            "http://web1:8000 (shop 1.0, process python 7): identified; named",
            "1 of 2 scenarios cannot run here: a",
        ),
        ({}, {"a": {"can": False}}, None, "1 of 1 scenarios cannot run here: a"),
    ],
)
def test_what_is_tested_is_told_with_how_it_was_found(heard, endpoint, able, found, note):
    _events.detected("web1", endpoint, able)
    told = _events.Reader(heard).read()
    assert told[0].get("found") == found and [each["text"] for each in told[1:]] == ([note] if note else [])


@pytest.mark.parametrize("endpoint", [[], "x", dict(FOUND, process="x"), 7])
@pytest.mark.parametrize("able", [{"a": 1}, [], "x"])
def test_a_host_that_says_anything_breaks_nothing(heard, endpoint, able):
    _events.detected("web1", endpoint, able)


@pytest.mark.parametrize(
    ("record", "word", "figure"),
    [
        ({"verdict": "passed", "status": "completed"}, "passed", "errors 0.5 % (at most 5 %)"),
        (
            {"verdict": "failed", "status": "completed", "missed": True},
            "failed",
            "recovery never (at most 10 s) MISSED",
        ),
        (
            {"verdict": "unknown", "status": "refused", "objectives": [], "reason": "refused by the window guard"},
            "refused",
            None,
        ),
        ({"verdict": "unknown", "status": "failed", "objectives": []}, "broken", None),
    ],
)
def test_a_finished_experiment_in_one_event(heard, record, word, figure):
    good = {"name": "error_rate", "objective": 5.0, "measured": 0.5, "unit": "%", "met": True}
    bad = {"name": "recovery_time", "objective": 10.0, "measured": None, "unit": "s", "met": False}
    record = dict(
        {"scenario": "cpu-light", "host": "web1", "objectives": [good] + ([bad] if record.get("missed") else [])},
        **record,
    )
    _events.ended(record)
    (event,) = _events.Reader(heard).read()
    assert (event["word"], event.get("figure"), event["host"]) == (word, figure, "web1")
