# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A hostile or damaged ledger: nothing crashes, nothing is followed, nothing that is not ours is carried out or
removed, and it is told.
"""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import ledger_queries, poll
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import record as records
from ansible_collections.magsasa.chaos.plugins.module_utils._life import revert, tidying
from ansible_collections.magsasa.chaos.plugins.module_utils._undo import arguments, registry
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import private_files, schema
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.ledger import Ledger

from .factor import FACTOR

ID = "0123456789ab"
OTHER = "ba9876543210"


def good(victim, fault_id=ID):
    """A record of a fault that nobody holds any more, whose undo removes the file ``victim``."""
    entry = {"op": "file.remove", "args": {"path": str(victim), "fault": fault_id}}
    return {
        "schema": 1,
        "id": fault_id,
        "name": "gone",
        "family": "disk",
        "action": "fill",
        "state": "active",
        "boot_id": "of another boot",
        "undo": [entry],
        "steps": [{"do": "fill", "says": "fill", "args": {}, "undo": [entry], "tool": None}],
        "residue": [],
        "armed_at": {"monotonic": 1.0, "wall": 2.0},
        "requested": {},
        "measured": {},
        "effect": "confirmed",
        "notes": [],
        "event": False,
        "claims": [],
        "who": {"user": "somebody", "from": "here"},
    }


@pytest.fixture
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path / "state"))
    made = Ledger()
    made.prepare()
    return made


@pytest.fixture
def victim(tmp_path):
    path = tmp_path / ("file-" + ID)
    path.write_text("of the fault")
    return path


def put(ledger, content, fault_id=ID):
    """Write whatever it is as the record of an active fault."""
    path = ledger.path(fault_id)
    with open(path, "wb") as target:
        target.write(content if isinstance(content, bytes) else json.dumps(content).encode())
    os.chmod(path, 0o600)
    return path


def contact(ledger):
    """What every later run does; must never raise. Returns the final records of what was undone."""
    swept = revert.sweep(ledger)
    seen = ledger_queries.look(None, 100, 5.0)
    json.dumps([seen, [records.public(each) for each in swept]], allow_nan=False)
    tidying.tidy(ledger)
    return swept


def test_the_good_record_is_undone(ledger, victim):
    """The others would prove nothing if this one were not carried out either."""
    put(ledger, good(victim))
    assert [each["state"] for each in contact(ledger)] == ["reverted"]
    assert not victim.exists() and not ledger.unreadable() and ledger.past()[0]["id"] == ID


def _changed(**more):
    return lambda victim: dict(good(victim), **more)


BOMB = b"[" * 200000
DAMAGED = {
    "torn": lambda victim: json.dumps(good(victim)).encode()[:-7],
    "empty": lambda victim: b"",
    "zeros": lambda victim: b"\0" * 4096,
    "no text": lambda victim: b"\xff\xfe\x80{}",
    "a list": lambda victim: b"[]",
    "a bomb of lists": lambda victim: BOMB,
    "a bomb of mappings": lambda victim: b'{"a":' * 200000,
    "a huge number": lambda victim: b'{"schema": 1' + b"0" * 20000 + b"}",
    "too long": lambda victim: json.dumps(dict(good(victim), pad="x" * 5000000)).encode(),
    "a future form": _changed(schema=2),
    "true for a form": _changed(schema=True),
    "another's id": _changed(id=OTHER),
    "an id that leads out": _changed(id="../../etc/x"),
    "no name": _changed(name=None),
    "a list for a name": _changed(name=[]),
    "an unknown state": _changed(state="whatever"),
    "no undo": _changed(undo=None),
    "text for undo": _changed(undo="rm -rf /"),
    "undo that is no object": _changed(undo=["file.remove"]),
    "undo without arguments": _changed(undo=[{"op": "file.remove"}]),
    "steps that are none": _changed(steps=[7]),
    "a moment that is none": _changed(armed_at="now"),
    "a moment in letters": _changed(armed_at={"monotonic": "1", "wall": "2"}),
    "a keeper that is none": _changed(supervisor=7),
    "a keeper without start": _changed(supervisor={"pid": 1}),
    "claims that are none": _changed(claims=7),
    "residue that is none": _changed(residue=[{}]),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_record_is_told_and_left(ledger, victim, kind):
    path = put(ledger, DAMAGED[kind](victim))
    before = open(path, "rb").read()
    other = victim.with_name("file-" + OTHER)
    other.write_text("of the other fault")
    put(ledger, good(other, OTHER), OTHER)
    assert [each["id"] for each in contact(ledger)] == [
        OTHER
    ], "a damaged record must not keep others from being undone"
    assert victim.read_text() == "of the fault" and not other.exists()
    assert open(path, "rb").read() == before
    assert [path in sentence and "\n" not in sentence for sentence in ledger.unreadable()] == [True]
    assert ledger_queries.look(None, 5, 5.0)["unreadable"] == ledger.unreadable()


def _link(path, victim):
    kept = str(path) + ".real"
    os.rename(path, kept)
    os.symlink(kept, path)


def _second_name(path, victim):
    os.link(path, str(path) + ".second")


def _pipe(path, victim):
    os.unlink(path)
    os.mkfifo(path)


def _folder(path, victim):
    os.unlink(path)
    os.mkdir(path)


def _of_another(path, victim):
    os.chown(path, 65534, 65534)


def _to_a_device(path, victim):
    os.unlink(path)
    os.symlink("/dev/zero", path)


def _sparse(path, victim):
    os.truncate(path, 1 << 30)


@pytest.mark.parametrize(
    "plant",
    [_link, _second_name, _pipe, _folder, _of_another, _to_a_device, _sparse],
    ids=lambda each: each.__name__.strip("_"),
)
def test_what_is_not_our_file_is_not_read(ledger, victim, plant):
    if plant is _of_another and os.geteuid():
        pytest.skip("only root can give a file away")
    path = put(ledger, good(victim))
    plant(path, victim)
    assert contact(ledger) == []
    assert victim.exists() and os.path.lexists(path)
    assert len(ledger.unreadable()) == 1


@pytest.mark.parametrize("which", ["ledger", "faults"])
@pytest.mark.parametrize("how", ["open to others", "a link", "of another"])
def test_a_folder_that_is_not_ours_alone_is_not_read(ledger, victim, which, how):
    if how == "of another" and os.geteuid():
        pytest.skip("only root can give a folder away")
    put(ledger, good(victim))
    ledger.close(dict(good(victim, OTHER)))
    path = ledger.faults if which == "faults" else ledger.folders.ledger
    if how == "open to others":
        os.chmod(path, 0o770)
    elif how == "a link":
        os.rename(path, path + ".real")
        os.symlink(path + ".real", path)
    else:
        os.chown(path, 65534, 65534)
    assert contact(ledger) == [] and victim.exists()
    assert path in " ".join(ledger.unreadable())
    assert which == "faults" or ledger.past() == []
    with pytest.raises(HostError, match="private folder"):
        ledger.prepare()


@pytest.mark.parametrize(
    "plant", [_link, _second_name, _pipe, _folder, _to_a_device], ids=lambda each: each.__name__.strip("_")
)
def test_a_past_that_is_not_our_file_is_not_read(ledger, victim, plant):
    ledger.close(good(victim))
    assert len(ledger.past()) == 1
    plant(ledger.past_path, victim)
    assert ledger.past() == []
    contact(ledger)


def test_a_past_of_a_gigabyte_costs_its_end_only(ledger, victim):
    ledger.close(good(victim))
    line = open(ledger.past_path, "rb").read()
    with open(ledger.past_path, "wb") as target:
        target.truncate(1 << 30)
        target.seek(0, os.SEEK_END)
        target.write(b"\n" + line)
    assert [each["id"] for each in ledger.past()] == [ID]
    ledger.close(good(victim, OTHER))
    assert {each["id"] for each in ledger.past()} == {ID, OTHER}
    assert os.path.getsize(ledger.past_path) < 4 << 20


LINES = [
    BOMB,
    b"\0\0",
    b"{}",
    b'{"schema":1}',
    b'{"schema":1,"id":[]}',
    b'{"schema":1,"id":{}}',
    b"nonsense",
    b'{"schema": 1, "id": "' + b"a" * 100 + b'"}',
]


def test_foreign_lines_of_the_past_are_passed_over(ledger, victim):
    ledger.close(good(victim))
    with open(ledger.past_path, "ab") as target:
        target.write(b"\n".join(LINES + [json.dumps(good(victim, OTHER)).encode()]) + b"\n{torn")
    assert [each["id"] for each in ledger.past()] == [OTHER, ID]
    contact(ledger)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("/etc/passwd"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
KEYS = st.sampled_from(
    sorted(good("/x"))
    + ["supervisor", "guardian", "writer", "deadline", "injected_at", "reverted_at", "lease_s", "halt_on"]
)


@pytest.mark.parametrize("number", ["Infinity", "-Infinity", "NaN", "1e999"])
def test_a_number_that_json_does_not_have_is_passed_on_to_nobody(ledger, victim, number):
    put(ledger, json.dumps(dict(good(victim), action="@")).replace('"@"', number).encode())
    contact(ledger)
    assert not victim.exists() and ledger.active() == [] and ledger.past()[0]["action"] is None


@settings(max_examples=40 * FACTOR, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(KEYS, JSON, min_size=1, max_size=3))
def test_no_value_of_any_key_ends_a_contact(ledger, victim, changed):
    ledger.prepare()
    path = put(ledger, dict(good(victim), **changed))
    contact(ledger)
    if os.path.exists(path):
        os.unlink(path)


OPS = sorted(registry.OPERATIONS)


@settings(max_examples=60 * FACTOR, deadline=None)
@given(st.data())
def test_no_operation_is_carried_out_with_arguments_of_another_shape(data):
    """One argument of the right set has a shape that it must not have: the operation is never called."""
    op = data.draw(st.sampled_from(OPS))
    operation = registry.OPERATIONS[op]
    wrong = data.draw(st.sampled_from(sorted(operation.ARGS)))
    args = {name: GOOD[kind] for name, kind in operation.ARGS.items()}
    value = data.draw(JSON.filter(lambda each: not arguments.KINDS[operation.ARGS[wrong]](each)))
    args[wrong] = value
    called = []
    spy = type(
        "Spy", (), {"ARGS": operation.ARGS, "undo": staticmethod(called.append), "left": staticmethod(called.append)}
    )
    registry.OPERATIONS[op] = spy
    try:
        assert len(registry.carry_out([{"op": op, "args": args}], ID)) == 1
        assert len(registry.residue([{"op": op, "args": args}], ID)[0]) == 1
    finally:
        registry.OPERATIONS[op] = operation
    assert called == []


GOOD = {
    "bool": True,
    "count": 7,
    "file": {"dev": 1, "ino": 2, "uid": 3},
    "ifb": "ch%s0" % ID,
    "id": ID,
    "ip version": 4,
    "moment": {"wall": 1.0, "boottime": 2.0},
    "number": 1.5,
    "object": {},
    "path": "/tmp/" + ID,
    "pid": 4000000,
    "pair": ["app", "localhost"],
    "port": 1,
    "table": "magsasa_chaos_" + ID,
    "text": "x",
    "text or none": None,
    "unit": "some.service",
}


@pytest.mark.parametrize("op", OPS)
def test_each_operation_declares_its_arguments(op):
    operation = registry.OPERATIONS[op]
    assert set(operation.ARGS.values()) <= set(GOOD) == set(arguments.KINDS)
    arguments.check(operation, {name: GOOD[kind] for name, kind in operation.ARGS.items()}, ID)
    for bad in (None, [], {}, {"else": 1}, dict({name: GOOD[kind] for name, kind in operation.ARGS.items()}, more=1)):
        with pytest.raises(HostError):
            arguments.check(operation, bad, ID)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        ("path", "etc/passwd"),
        ("path", "/etc/\0"),
        ("path", "/" + "x" * 5000),
        ("unit", "--force"),
        ("unit", "../../x.service"),
        ("unit", "a b"),
        ("unit", ".."),
        ("table", "filter"),
        ("ifb", "eth0"),
        ("ifb", "ifb0"),
        ("table", "magsasa_chaos_x"),
        ("pid", 1),
        ("pid", 0),
        ("pid", -1),
        ("pid", True),
        ("number", float("nan")),
        ("number", float("inf")),
        ("file", {"dev": 1, "ino": 2}),
        ("file", {"dev": 1, "ino": 2, "uid": -1}),
        ("file", {"dev": 1, "ino": 2, "uid": True}),
        ("id", ""),
        ("id", ID + "\n"),
    ],
)
def test_shapes_that_would_do_harm(kind, bad):
    assert not arguments.KINDS[kind](bad)


def test_an_undo_of_another_fault_is_refused():
    assert "another fault" in registry.carry_out([{"op": "workers.end", "args": {"fault": OTHER}}], ID)[0]


def test_what_is_malformed_has_one_reason():
    assert schema.problem(good("/x"), ID) is None
    for change in DAMAGED.values():
        made = change("/x")
        if isinstance(made, dict):
            assert schema.problem(made, ID)


def test_a_run_folder_of_somebody_else_leads_nowhere(tmp_path, monkeypatch):
    """Its name can be foreseen in /tmp. Nothing in it is removed, named as a program to run, or believed."""
    monkeypatch.setenv(private_files.OVERRIDE, str(tmp_path / "state"))
    run = tmp_path / "state" / "run"
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "letter").write_text("dear")
    (precious / "evil.pyz").write_text("evil")
    run.mkdir(parents=True)
    os.symlink(precious, run / "lib")
    probe = run / "probes" / "mine"
    probe.mkdir(parents=True)
    (probe / "recorder.json").write_text("{}")
    for mode in (0o777, 0o700):
        run.chmod(mode)
        tidying.tidy(Ledger())
        assert sorted(os.listdir(precious)) == ["evil.pyz", "letter"]
        answer = poll.take(poll.parse({"name": "mine"}))
        assert mode == 0o700 or answer["probe"] is None
        assert mode == 0o700 or ledger_queries.end_probes() == []


def test_root_reads_no_ledger_of_a_user(tmp_path):
    environ = {"HOME": str(tmp_path), "XDG_STATE_HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    if os.geteuid() == 0:
        assert private_files.folders(environ) == private_files.Folders("/run/magsasa-chaos", "/var/lib/magsasa-chaos")
