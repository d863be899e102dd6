# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every fault of every family is told as a sentence: no key of its data reaches a reader."""

from __future__ import annotations

import ast
import functools
import importlib
import re

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._undo import registry
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import (
    markdown,
    model,
    phrases,
    recommend,
    rows,
    series,
    terminal,
)
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases import figures
from hypothesis import given, settings
from hypothesis import strategies as st

from support import reports
from support.modules import ROOT
from support.samples import fault

FAMILIES = ROOT / "plugins" / "module_utils" / "_families"
SCOPE = "tcp port 5432 with 192.0.2.7 in and out"
QUEUES = {"packets_passed": 950, "packets_dropped": 50, "packets_waiting": 0, "dropped_pct": 5.0}
OURS = {"host_load_pct": 50.1, "own_load_pct": 43.9, "over_s": 30.0}
IO = {"workers": 2, "mode": "write", "fsync": True, "block_kib": 64.0, "file_mib": 64.0, "path": "/var/tmp"}
IO_SEEN = {
    "over_s": 30.0, "fsyncs_s": 480.2, "write_mib_s": 31.4, "read_mib_s": 0.0, "device_write_mib_s": 33.0, "device_read_mib_s": 0.0,
    "device": "vda", "device_busy_pct": 91.2, "device_flushes_s": 470.0,
}  # fmt: skip
HELD = {
    "held_mib": 257.2, "worker_rss_mib": 249.0, "available_mib": 3120.4, "available_drop_mib": 260.1, "given_back_mib": 0.0, "back_offs": 0, "swapped_mib": 0.0,
}  # fmt: skip
BACK = {"ended": True, "back_after_s": 1.92, "back_pid": 5151, "started_by": "the host"}
HTTP = {"connections": 9, "requests": 210, "requests_matched": 201, "requests_hit": 20, "hit_pct": 9.95}
DNS = {"queries": 30, "queries_matched": 20, "queries_hit": 12}
PG, MY = {"engine": "postgresql", "port": 5432}, {"engine": "mariadb", "port": 3306}
UNIT_SEEN = {
    "nr_throttled": 410, "throttled_usec": 12345678, "usage_usec": 900000, "memory_max_events": 3, "oom_kills": 1, "tasks_refused": 2, "read_bytes": 5 << 20,
    "written_bytes": 9 << 20, "memory_bytes": 120 << 20, "tasks": 8, "cpu_limit": "20000 100000", "memory_limit": "268435456", "tasks_limit": "8",
    "io_read_limit": "1048576", "io_write_limit": "2097152",
}  # fmt: skip
UNIT = {
    "unit": "web.service",
    "cpu_pct": 20.0,
    "memory_bytes": 256 << 20,
    "tasks": 8,
    "io_read_bytes_s": 1 << 20,
    "io_write_bytes_s": 2 << 20,
}
# family, action, requested, measured, sentence
ROWS = [
    ("cpu", "load", {"load_pct": 50.0, "cores": 2, "of": "host"}, OURS, "asked 50 % of 2 cores; measured 50.1 % over 30.0 s, of it 43.9 % by the fault"),
    (
        "cpu", "load", {"load_pct": 80.0, "cores": 1, "of": "added", "core_ids": [3]}, dict(OURS, core_load_pct={"3": 99.0, "4": 98.5}),
        "asked 80 % added to core 3; measured 43.9 % added over 30.0 s, 50.1 % busy in all; single cores from 98.5 % to 99 %",
    ),
    ("cpu", "load", {"load_pct": 50.0, "cores": 2, "of": "host", "core_ids": [0, 2]}, {}, "asked 50 % of cores 0, 2; nothing measured"),
    (
        "memory", "hold", {"size_mib": 256.0, "reserve_mib": 788.1, "ramp_s": 0.0}, HELD,
        "asked 256 MiB of memory, 788.1 MiB in reserve; measured 257.2 MiB held, 3120 MiB still available",
    ),
    (
        "memory", "hold", {"size_mib": 256.0, "reserve_mib": 788.1, "ramp_s": 10.0}, dict(HELD, given_back_mib=12.0, back_offs=1, swapped_mib=3.0),
        "asked 256 MiB of memory, taken over 10 s, 788.1 MiB in reserve; measured 257.2 MiB held, 3120 MiB still available, 12 MiB given back to the host, "
        "3 MiB of it in swap",
    ),
    (
        "disk", "io", dict(IO, rate_mib_s=40.0), IO_SEEN,
        "asked 2 workers writing blocks of 64 KiB, each synced, at most 40 MiB/s; measured 31.4 MiB/s written and 480.2 syncs a second over 30.0 s; disk vda "
        "busy 91.2 % of the time",
    ),
    ("disk", "io", dict(IO, mode="read", workers=1), {}, "asked 1 worker reading blocks of 64 KiB; nothing measured"),
    (
        "disk", "fill", {"size_mib": 1024.0, "path": "/srv"}, {"filled_mib": 1024.0, "free_mib": 512.0, "free_drop_mib": 1024.1, "backend": "fallocate"},
        "asked 1024 MiB of the disk of /srv taken; measured 1024 MiB taken, 512 MiB left free",
    ),
    (
        "disk", "fill", {"size_mib": 1024.0, "path": "/srv", "leave_free_mib": 100.0}, {},
        "asked all but 100 MiB of the disk of /srv taken (1024 MiB); nothing measured",
    ),
    (
        "network", "delay", {"delay_ms": 200.0, "jitter_ms": 20.0, "distribution": "pareto", "scope": SCOPE},
        {"packets_held": 1204, "delay_ms": 200.4, "jitter_ms": 19.8, "packets_matched": 1204},
        "asked 200 ms of delay give or take 20 ms (pareto), for %s; measured 1204 packets held for 200.4 ms on average, give or take 19.8 ms" % SCOPE,
    ),
    (
        "network", "delay", {"delay_ms": 50.0, "jitter_ms": 0.0, "scope": SCOPE}, dict(QUEUES, packets_dropped=0),
        "asked 50 ms of delay, for %s; measured 950 packets came through it" % SCOPE,
    ),
    ("network", "loss", {"loss_pct": 5.0, "scope": SCOPE}, QUEUES, "asked 5 % of packets lost, for " + SCOPE + "; measured 50 of 1000 packets (5 %) dropped"),
    (
        "network", "loss", {"loss_pct": 5.0, "scope": SCOPE}, {"packets_matched": 1000, "packets_hit": 51, "hit_pct": 5.1},
        "asked 5 % of packets lost, for " + SCOPE + "; measured 51 of 1000 packets (5.1 %) lost",
    ),
    (
        "network", "loss", {"gemodel_p_pct": 1.0, "gemodel_r_pct": 10.0, "gemodel_loss_bad_pct": 100.0, "gemodel_loss_good_pct": 0.0, "scope": SCOPE},
        {"packets_lost": 90, "packets_seen": 1000},
        "asked losses in bursts (1 % of packets begin one, 10 % end it; 100 % lost within, 0 % outside), for "
        + SCOPE + "; measured 90 of 1000 packets (9 %) lost",
    ),
    ("network", "duplicate", {"duplicate_pct": 1.0, "scope": SCOPE}, {"packets_duplicated": 9, "packets_seen": 1000}, None),
    ("network", "corrupt", {"corrupt_pct": 1.0, "scope": SCOPE}, {"packets_damaged": 9, "packets_seen": 1000}, None),
    (
        "network", "reorder", {"reorder_pct": 25.0, "delay_ms": 20.0, "jitter_ms": 0.0, "scope": SCOPE},
        {"packets_held": 30, "delay_ms": 20.1, "jitter_ms": 0.1, "packets_ahead": 10, "packets_seen": 40},
        "asked 20 ms of delay and 25 % of packets sent ahead of the rest, for " + SCOPE
        + "; measured 30 packets held for 20.1 ms on average, 10 of 40 packets (25 %) sent ahead",
    ),
    (
        "network", "rate", {"rate_bps": 10000000, "scope": SCOPE}, dict(QUEUES, rate_bps=9800000),
        "asked at most 10 Mbit/s, for " + SCOPE + "; measured 50 of 1000 packets (5 %) dropped, 9.8 Mbit/s while it was full",
    ),
    ("network", "degrade", {"delay_ms": 20.0, "jitter_ms": 0.0, "loss_pct": 1.0, "rate_bps": 500, "scope": SCOPE}, QUEUES, None),
    (
        "network", "partition", {"scope": SCOPE}, {"packets_matched": 18, "packets_hit": 18, "hit_pct": 100.0},
        "asked nothing let through, for " + SCOPE + "; measured 18 of 18 packets (100 %) stopped",
    ),
    ("network", "reject", {"scope": SCOPE}, {"packets_matched": 0, "packets_hit": 0}, "asked everything rejected, for %s; measured no packet came by" % SCOPE),
    ("network", "reset", {"scope": SCOPE}, {"packets_matched": 1, "packets_hit": 1, "hit_pct": 100.0}, None),
    (
        "dns", "fail", {"names": ["db.example.org"], "failure": "nxdomain"}, dict(DNS, check="nxdomain"),
        "asked questions for db.example.org answered with 'name does not exist'; "
        "measured a question of our own: name does not exist; 12 of 20 questions (60 %) met",
    ),
    ("dns", "fail", {"names": "all", "failure": "timeout"}, dict(DNS, check="no answer"), None),
    ("dns", "delay", {"names": ["a", "b"], "delay_ms": 200.0}, dict(DNS, check="answer", check_ms=201.0, delay_ms=200.5), None),
    ("dns", "redirect", {"names": ["a"], "addresses": ["192.0.2.9"]}, dict(DNS, check="answer", check_addresses=["192.0.2.9"]), None),
    (
        "dns", "block", {"names": ["a", "b"], "addresses": ["255.255.255.255", "ff0e::1"]}, {"as_asked": 2, "of": 2, "answers": {}},
        "asked a and b leading nowhere; measured 2 of 2 names as asked",
    ),
    (
        "http", "status", {"port": 8000, "requests_pct": 10.0, "status": 503, "delay_ms": 200.0, "paths": ["/api"], "methods": ["POST"]},
        dict(HTTP, delay_ms=200.4, connections_unread=1, connections_unreachable=2, connections_reset=3),
        "asked 10 % of the requests to port 8000 (POST, of /api) answered with 503 after 200 ms; measured 20 of 201 requests (9.95 %), held for 200.4 ms on "
        "average; 3 connections that clients held reset; 1 connection could not be read (TLS, HTTP/2); 2 connections did not reach the service",
    ),
    ("http", "delay", {"port": 8000, "requests_pct": 100.0, "delay_ms": 200.0}, dict(HTTP, requests_matched=0), None),
    ("http", "abort", {"port": 8000, "requests_pct": 100.0}, HTTP, None),
    ("process", "kill", {"processes": 1, "signal": "KILL"}, BACK, "asked 1 process ended by SIGKILL; measured ended, back after 1.92 s (started by the host)"),
    ("process", "restart", {"processes": 1, "signal": "TERM"}, dict(BACK, forced=True, started_by="this fault"), None),
    ("process", "pause", {"processes": 3, "signal": "STOP"}, {"stopped": 3, "of": 3}, "asked 3 processes stopped (SIGSTOP); measured 3 of 3 stopped"),
    (
        "service", "stop", {"unit": "web.service"}, {"active_state": "inactive", "main_pid": 0, "blocked": True, "stopped_in_s": 0.4},
        "asked service web.service stopped and kept down; measured inactive, kept from starting, stopped within 0.4 s",
    ),
    ("service", "mask", {"unit": "web.service"}, {"active_state": "active", "main_pid": 7, "blocked": False}, None),
    (
        "service", "kill", {"unit": "web.service", "signal": 9, "whom": "main"}, {"ended": True, "back_after_s": None, "back_pid": None},
        "asked the main process of service web.service ended by SIGKILL; measured ended, not back by itself",
    ),
    ("service", "restart", {"unit": "web.service"}, {"ended": True, "back_after_s": 0.5, "back_pid": 8}, None),
    ("container", "kill", {"containers": 2, "names": ["a", "b"], "signal": 15},
     {"ended": True, "containers": 2, "back": 1, "back_after_s": None, "back_pid": None}, None),
    (
        "container", "stop", {"containers": 1, "names": ["a"]}, {"stopped": 1, "of": 1, "stopped_in_s": 0.4, "started_by_others": 2},
        "asked container a stopped and kept down; measured 1 of 1 stopped; started by others 2 times, and stopped again each time",
    ),
    ("container", "pause", {"containers": 2, "names": ["a", "b"]}, {"paused": 1, "of": 2}, "asked containers a and b paused; measured 1 of 2 paused"),
    ("container", "restart", {"containers": 1, "names": ["a"]}, {"ended": False, "containers": 1, "back": 0, "back_after_s": None, "back_pid": None}, None),
    ("database", "outage", PG, {"new_connections": "refused"}, "asked PostgreSQL on port 5432 shut down; measured new connections refused"),
    ("database", "pause", MY, {"new_connections": "silent"}, "asked MariaDB on port 3306 stopped (SIGSTOP); measured new connections get no answer"),
    ("database", "terminate", PG, {"sessions_ended": 4}, "asked sessions of PostgreSQL on port 5432 ended, again and again; measured 4 sessions ended"),
    ("database", "refuse", dict(PG, database="shop"), {"connected": False, "allowed": False}, None),
    ("database", "refuse", dict(MY, account="app@%"), {"locked": True, "sessions": 0}, None),
    ("database", "lock", dict(MY, database="shop", table="orders"), {"read": "waits for the lock"}, None),
    ("database", "exhaust", dict(PG, database="shop", sessions=97), {"connected": True, "free_connections": 0}, None),
    (
        "database", "outage", {"engine": "sqlite", "path": "/srv/erp.db"}, {"read": "busy", "write": "busy", "tried": 31, "refused": 31, "took_ms": 0.4},
        "asked readers and writers of SQLite kept out of /srv/erp.db; measured reading refused, writing refused; 31 of 31 attempts kept out",
    ),
    ("database", "lock", {"engine": "sqlite", "path": "/srv/erp.db"}, {"read": "ok", "write": "busy", "tried": 3, "refused": 3, "took_ms": 0.4}, None),
    ("file", "remove", {"path": "/etc/app.conf"}, {"there": True, "moved_aside": True}, None),
    (
        "file", "permissions", {"path": "/etc/app.conf", "mode": "0000", "uid": "0", "gid": "0"}, {"mode": "0000", "uid": "0", "gid": "0"},
        "asked mode 0000, owner 0, group 0 for /etc/app.conf; measured mode 0000, owner 0, group 0",
    ),
    ("file", "corrupt", {"path": "/etc/app.conf", "size": 512}, {"corrupt_bytes": 512, "of": 512, "differing_bytes": 510}, None),
    ("file", "append", {"path": "/etc/app.conf", "size": 1}, {"size_before": 9, "size": 10, "appended": 1}, None),
    (
        "limit", "unit", UNIT, UNIT_SEEN,
        "asked web.service limited to 20 % of a core and 256 MiB of memory and 8 tasks and 1 MiB read a second and 2 MiB written a second; measured throttled "
        "for 12.3 s (410 times), met the memory limit 3 times, 1 process killed, 2 new tasks refused, 5 MiB read and 9 MiB written, it has 120 MiB of memory "
        "and 8 tasks",
    ),
    (
        "limit", "descriptors", {"pid": 4242, "leave_free": 64}, {"limit": 128, "open": 64, "free": 64},
        "asked all but 64 file descriptors of process 4242 used up; measured limit 128, 64 open, 64 free",
    ),
    ("limit", "descriptors", {"leave_free": 64}, {"taken": 5000, "free": 64}, None),
    ("limit", "tasks", {"leave_free": 500}, {"taken": 9000, "free": 512}, "asked all but 500 tasks of the host used up; measured 9000 taken, 512 free"),
    ("limit", "inodes", {"leave_free": 10, "path": "/srv"}, {"taken": 9000, "free": 10}, None),
    ("clock", "offset", {"offset_s": -3600.0}, {"offset_s": -3600.002}, "asked time of day 3600 s behind; measured 3600 s behind"),
    ("host", "reboot", {"delay_s": 2.0}, {"going_down": True}, "asked the host rebooted after 2 s; measured the host is going down"),
    ("host", "shutdown", {"delay_s": 2.0}, {}, None),
    ("host", "panic", {"delay_s": 2.0}, {"going_down": False}, None),
    ("host", "reset", {"delay_s": 2.0}, {}, None),
]  # fmt: skip
NAMES = ["%s-%s-%d" % (row[0], row[1], number) for number, row in enumerate(ROWS)]


def record_of(row, **more):
    family, action, requested, measured, _sentence = row
    return fault(family=family, action=action, requested=requested, measured=measured, **more)


def words_of(text):
    return set(re.findall(r"[a-z]+(?:_[a-z0-9]+)+", text))


@functools.lru_cache(maxsize=None)
def judged():
    """Records of one that passed, one that failed and one that was only planned."""
    scenario = reports.scenario(
        objectives={"error_rate in hold": "5%", "recovery_time": "10s", "latency_impact": "100ms", "liveness": "95%"}
    )
    found = [
        reports.judge({"scenario": scenario, "samples": samples, "fault": fault()}, "web1")
        for samples in (reports.QUIET, reports.DOWN)
    ]
    return found + [reports.judge({"scenario": scenario, "fault": reports.PLANNED}, "web1")]


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
def test_no_key_reaches_a_reader(row):
    said = phrases.of(record_of(row))
    if row[4] is not None:
        assert said.sentence == row[4]
    assert said.asked and (said.found or not row[3]) and "  " not in said.sentence
    assert (
        "_" not in said.sentence
        and "?" not in said.sentence
        and "None" not in said.sentence
        and "{" not in said.sentence
    ), said.sentence
    assert said.asked != figures.readable(row[2]) or len(row[2]) < 2, "told by its keys"
    found = []
    for effect in ("confirmed", "mismatch", "inconclusive"):
        for record in judged():
            found.append(
                dict(
                    record,
                    fault=record_of(
                        row, effect=effect, state=record["fault"]["state"], injected_at=record["fault"]["injected_at"]
                    ),
                )
            )
            found[-1]["recommendations"] = recommend.for_experiment(found[-1])
    report = model.build(dict(reports.RUN, command="ansible-playbook"), found)
    shown = markdown.render(report).replace("\\", "")
    assert said.asked in shown
    for text in (shown, "\n".join(terminal.render(report, None, 120))):
        assert not words_of(text.replace("chaos_observer", "")), words_of(text)


@pytest.mark.parametrize("cause", sorted(rows.ENDS) + ["something_new"])
def test_how_a_fault_ended_is_told_in_words(cause):
    record = reports.judge(
        {"scenario": reports.scenario(), "samples": reports.QUIET, "fault": fault(revert_cause=cause)}, "web1"
    )
    assert "_" not in rows.put_back(record) + record["reason"]


def actions_of(family):
    options = importlib.import_module(
        "ansible_collections.magsasa.chaos.plugins.module_utils._families." + family
    ).FAMILY.options
    return options.get("action", {}).get("choices") or [{"cpu": "load", "memory": "hold", "clock": "offset"}[family]]


def families():
    return sorted(path.stem for path in FAMILIES.iterdir() if not path.name.startswith("_"))


def test_every_family_and_action_is_in_the_table():
    assert sorted(phrases.FAMILIES) == families()
    assert {(family, action) for family in families() for action in actions_of(family)} == {row[:2] for row in ROWS}


def keys_in_code(family):
    """Keys that the family's code puts into ``requested`` or ``measured``, by its syntax tree."""
    path = FAMILIES / family
    found = set()
    for source in sorted(path.rglob("*.py")) if path.is_dir() else [FAMILIES / (family + ".py")]:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
                if any(
                    isinstance(target, ast.Name) and target.id in ("requested", "measured", "shown")
                    for target in node.targets
                ):
                    found |= {key.value for key in node.value.keys if isinstance(key, ast.Constant)}
            if isinstance(node, ast.Dict):
                for key, value in zip(node.keys, node.values):
                    if isinstance(key, ast.Constant) and key.value == "measured" and isinstance(value, ast.Dict):
                        found |= {each.value for each in value.keys if isinstance(each, ast.Constant)}
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    named = (
                        isinstance(target, ast.Subscript)
                        and isinstance(target.value, ast.Name)
                        and target.value.id in ("requested", "measured", "shown")
                    )
                    if named and isinstance(target.slice, ast.Constant):
                        found.add(target.slice.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "update":
                if isinstance(node.func.value, ast.Name) and node.func.value.id in ("requested", "measured", "shown"):
                    found |= {keyword.arg for keyword in node.keywords if keyword.arg}
    return found


@pytest.mark.parametrize("family", families())
def test_every_key_of_the_code_is_in_the_table(family):
    known = {key for row in ROWS if row[0] == family for key in list(row[2]) + list(row[3])}
    assert keys_in_code(family) - known == set()
    assert len(known) >= 2 or family == "clock"


def test_every_undo_operation_has_words():
    for operation in registry.CLASSES:
        given = (
            "%s dev=lo fault=0123456789ab id=0 name=app with_name path=/var/tmp/a b pid=7 port=5432 unit=web.service"
            " database=shop" % operation
        )
        told = phrases.undo(given)
        assert told and "_" not in told.replace("with_name", "") and "{" not in told and operation not in told, (
            operation,
            told,
        )
    assert phrases.undo("file.remove ino=5 path=/srv/a b/c") == "remove /srv/a b/c"
    assert phrases.undo("some.new_thing path=/x") == "some: new thing"


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=4,
)


@pytest.mark.parametrize("row", ROWS, ids=NAMES)
@settings(max_examples=15)
@given(data=st.data())
def test_a_host_may_say_anything(row, data):
    """Nothing that a host says of a fault makes an error: what the family's phrase cannot tell is told by its keys."""
    family, action, requested, measured, _sentence = row
    strange = {key: data.draw(ANY) for key in list(requested) + list(measured)}
    said = phrases.of(
        fault(
            family=family,
            action=action,
            requested={k: strange[k] for k in requested},
            measured={k: strange[k] for k in measured},
        )
    )
    assert said.sentence.startswith(("asked", "nothing asked"))
    phrases.lines(fault(family=family, action=action, requested={k: strange[k] for k in requested}))


def test_a_family_of_another_version_is_told_by_its_keys_made_readable():
    said = phrases.of(
        fault(
            family="weather",
            action="rain",
            requested={"rain_mm_per_s": 4.5, "for_s": 30.0, "wet": True},
            measured={"rain_pct": 99.96},
        )
    )
    assert said.sentence == "asked rain mm 4.5 /s, for 30 s, wet: yes; measured rain 99.96 %"


def test_the_series_of_a_fault():
    found = record_of(
        ROWS[0],
        series={"at_s": [0.3, 1.3], "figures": {"host_load_pct": [50.2, "x"], "strange": [1, 2], "own_load_pct": [1]}},
    )
    lines, note = series.of(found)
    assert lines == {
        "at_s": [0.3, 1.3],
        "lines": [{"key": "host_load_pct", "label": "cores busy", "unit": "%", "asked": 50.0, "values": [50.2, None]}],
    }
    assert note == "" and series.of(record_of(ROWS[0]))[1] == series.NOT_KEPT
    assert series.of(fault(family="file", action="remove", requested={"path": "/x"}))[1] == series.NONE
    for bad in (
        None,
        [],
        {"at_s": []},
        {"at_s": ["x"], "figures": {}},
        {"at_s": [float("nan")], "figures": {"a": [1]}},
        {"at_s": [1], "figures": {"a": 5}},
    ):
        assert series.checked(bad) is None


@pytest.mark.parametrize(
    "action, requested, key, asked",
    [
        ("outage", {"engine": "sqlite"}, "refused_pct", 100),  # everybody is kept out
        ("exhaust", {"engine": "postgresql"}, "free_connections", 0),
        ("terminate", {"engine": "postgresql"}, "ended_per_s", None),
    ],
)
def test_what_a_series_of_a_database_was_asked_for(action, requested, key, asked):
    assert phrases.lines(fault(family="database", action=action, requested=requested))[key][2] == asked
