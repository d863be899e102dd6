# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SQLite: other processes are refused as long as asked, and the file is the same as before."""

from __future__ import annotations

import contextlib
import hashlib
import os
import pathlib
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile
import time

import pytest

from support.faults import (
    do_repeat_check_undo,
    end,
    fresh_state,
    inject,
    killed_part_ends_all,
    left,
    ledger,
    parts,
    pids,
    refused_rows,
    wait_for,
)
from support.modules import run_module

CLIENT = """
import sqlite3, sys
base = sqlite3.connect(sys.argv[1], timeout=0, isolation_level=None)
print("ready", flush=True)
for line in sys.stdin:
    try:
        for each in line.strip().split(";"):
            base.execute(each).fetchall()
        print("ok", flush=True)
    except sqlite3.Error as error:
        print(error, flush=True)
"""
READ, WRITE = "select count(*) from t", "insert into t values (2)"


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture(name="base", params=[pytest.param("delete", marks=pytest.mark.nightly), "wal"])
def _base(tmp_path, request):
    """A database in both ways that SQLite keeps its journal."""
    return make(tmp_path / ("shop %s.db" % request.param), request.param)


@pytest.fixture(name="plain")
def _plain(tmp_path):
    return make(tmp_path / "plain.db", "delete")


def make(path, mode):
    """A database with one table and one row."""
    with contextlib.closing(sqlite3.connect(path)) as made:
        made.execute("pragma journal_mode=%s" % mode)
        made.execute("create table t (n)")
        made.execute("insert into t values (1)")
        made.commit()
    return path


class Client:
    """An application in a process of its own that keeps its connection."""

    def __init__(self, path):
        self.process = subprocess.Popen(
            [sys.executable, "-S", "-c", CLIENT, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout.readline() == "ready\n"

    def ask(self, statements):
        """ "ok", or what SQLite says."""
        self.process.stdin.write(statements + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@contextlib.contextmanager
def client(path):
    """See Client; ended afterwards."""
    found = Client(path)
    try:
        yield found
    finally:
        found.process.stdin.close()
        found.process.wait(30)
        found.process.stdout.close()


def once(path, statements):
    """What a new connection of another process gets."""
    with client(path) as found:
        return found.ask(statements)


def fingerprint(path):
    """What may not change: the file's bytes and metadata, and the names beside it."""
    found = os.stat(path)
    names = sorted(name for name in os.listdir(path.parent) if name.startswith(path.name))
    return (
        hashlib.sha256(path.read_bytes()).hexdigest(),
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_mode,
        found.st_uid,
        found.st_size,
        names,
    )


def fault_of(path, action="outage", **more):
    return dict({"name": "no-database", "action": action, "path": str(path), "duration": "60s"}, **more)


def test_outage_refuses_everybody_new_and_ends_by_itself(state, base):
    before = fingerprint(base)
    fault = inject("database_fault", fault_of(base, duration="8s"), state)
    assert fault["effect"] == "confirmed" and (fault["measured"]["read"], fault["measured"]["write"]) == (
        "busy",
        "busy",
    )
    assert "locked" in once(base, READ) and "locked" in once(base, WRITE)
    assert wait_for(lambda: not left(state), 20), left(state)
    past = ledger(state)[-1]
    assert (past["revert_cause"], past["residue"], past["effect"]) == ("deadline", [], "confirmed") and past[
        "measured"
    ]["refused"] >= 2
    assert fingerprint(base) == before
    assert once(base, READ) == "ok" and once(base, WRITE) == "ok"


def test_outage_of_an_application_that_keeps_its_connection(state, base):
    with client(base) as application:
        assert application.ask(WRITE) == "ok"
        inject("database_fault", fault_of(base), state)
        began = time.monotonic()
        assert "lock" in application.ask(READ)  # locked, or locking protocol
        assert time.monotonic() - began < 30
        assert "locked" in once(base, READ)
        end("database_fault", "no-database", state)
        assert application.ask(READ) == "ok" and application.ask(WRITE) == "ok"


@pytest.mark.parametrize("kept_open", [False, True])
def test_lock_refuses_writers_and_lets_readers_in(state, base, kept_open):
    before = fingerprint(base)
    with client(base) if kept_open else contextlib.nullcontext() as application:
        if kept_open:
            assert application.ask(READ) == "ok"
        fault = inject("database_fault", fault_of(base, "lock"), state)
        assert fault["effect"] == "confirmed" and (fault["measured"]["read"], fault["measured"]["write"]) == (
            "ok",
            "busy",
        )
        assert once(base, READ) == "ok" and "locked" in once(base, WRITE)
        if kept_open:
            assert application.ask(READ) == "ok" and "locked" in application.ask(WRITE)
        end("database_fault", "no-database", state)
    assert fingerprint(base) == before
    assert once(base, WRITE) == "ok"


def test_busy_writer_is_waited_for(state, base):
    """A writer that is inside for a second delays the fault and loses nothing."""
    with client(base) as application:
        assert application.ask("begin immediate; insert into t values (7)") == "ok"
        waiting = subprocess.Popen(["sleep", "2"])
        with contextlib.closing(sqlite3.connect(base)) as seen:
            rows = seen.execute(READ).fetchone()[0]
        started = subprocess.Popen(
            [sys.executable, "-c", "import sys, time; time.sleep(2); print('commit', flush=True)"],
            stdout=application.process.stdin.fileno(),
        )
        fault = inject("database_fault", fault_of(base), state)
        assert fault["effect"] == "confirmed"
        assert started.wait(10) == 0 and waiting.wait(10) == 0 and application.process.stdout.readline() == "ok\n"
        end("database_fault", "no-database", state)
        with contextlib.closing(sqlite3.connect(base)) as seen:
            assert seen.execute(READ).fetchone()[0] == rows + 1


def test_lock_that_cannot_be_had_is_told_and_leaves_nothing(state, plain):
    with client(plain) as application:
        assert application.ask("begin immediate") == "ok"
        result = run_module("database_fault", fault_of(plain, patience="1s"), state)
        assert (
            result["failed"] and "process %d" % application.process.pid in result["msg"] and "\n" not in result["msg"]
        )
        assert wait_for(lambda: not left(state)), left(state)
        assert application.ask("insert into t values (3); commit") == "ok"


def test_journal_of_a_crashed_writer_stays_for_its_owner(state, plain):
    """While writers are locked out nobody can play a journal back, so readers would see half a transaction."""
    whole = plain.read_bytes()
    crash = (
        "import os, sqlite3, sys; b = sqlite3.connect(sys.argv[1], isolation_level=None); b.execute('pragma"
        " cache_size=1'); b.execute('begin'); [b.execute('insert into t values (?)', ('x' * 2000,)) for _ in"
        " range(200)]; os._exit(9)"
    )
    assert subprocess.run([sys.executable, "-S", "-c", crash, str(plain)], check=False).returncode == 9
    journal = plain.with_name(plain.name + "-journal")
    assert journal.stat().st_size > 0 and plain.read_bytes() != whole
    refused = run_module("database_fault", fault_of(plain, "lock"), state)
    assert refused["failed"] and "crashed" in refused["msg"]
    inject("database_fault", fault_of(plain), state)
    end("database_fault", "no-database", state)
    with contextlib.closing(sqlite3.connect(plain)) as seen:
        assert seen.execute(READ).fetchone()[0] == 1


def test_link_is_followed_and_said(state, plain, tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(plain)
    fault = inject("database_fault", fault_of(link), state)
    assert fault["requested"]["path"] == str(plain) and "links to" in fault["notes"][0]
    assert "locked" in once(plain, READ)
    end("database_fault", "no-database", state)


def test_life(state, plain):
    do_repeat_check_undo("database_fault", fault_of(plain), state)


@pytest.mark.parametrize("victim, cause", parts("chaos-sqlite"))
def test_sigkill_of_any_part_opens_the_database(state, base, victim, cause):
    before = fingerprint(base)
    killed_part_ends_all("database_fault", fault_of(base), state, victim, cause)
    assert fingerprint(base) == before and once(base, WRITE) == "ok"


def test_bad_input(state, plain, tmp_path):
    (tmp_path / "text.db").write_text("this is no database, though it has some length\n")
    (tmp_path / "empty.db").touch()
    rows = [
        ({"engine": "oracle"}, "engine"),
        ({"action": "explode"}, "action"),
        ({"action": "pause"}, "action: 'pause' is not possible with sqlite"),
        ({"path": None, "engine": "sqlite"}, "path: '' is missing"),
        ({"path": "shop.db"}, "path: 'shop.db' is not an absolute path"),
        ({"path": "/nowhere/shop.db"}, "path: '/nowhere/shop.db' cannot be inspected"),
        ({"path": str(tmp_path)}, "is not a file"),
        ({"path": "/dev/null"}, "is not a file"),
        ({"path": str(tmp_path / "text.db")}, "is not an SQLite 3 database"),
        ({"path": str(tmp_path / "empty.db")}, "is not an SQLite 3 database"),
        ({"port": 5432}, "port: '5432' has no effect with SQLite"),
        ({"patience": "long"}, "patience: 'long'"),
        ({"patience": "1h"}, "patience: '1h'"),
        ({"duration": "30 parsecs"}, "duration: '30 parsecs'"),
    ]
    before = fingerprint(plain)
    refused_rows("database_fault", fault_of(plain), rows, state)
    assert fingerprint(plain) == before


ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="only root opens a database of another user; run as root")
NOBODY = 65534
CAUGHT = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  # of a journal that is not finished


@pytest.fixture(name="his")
def _his():
    """A folder of another user, who can reach it."""
    above = pathlib.Path(tempfile.mkdtemp(prefix="chaos-his-"))
    try:
        above.chmod(0o755)
        folder = above / "app"
        folder.mkdir()
        os.chown(folder, NOBODY, NOBODY)
        yield folder
    finally:
        shutil.rmtree(above)


@pytest.fixture(name="victim")
def _victim(tmp_path):
    """A file that only root may remove."""
    path = tmp_path / "victim"
    path.write_text("of root\n")
    path.chmod(0o600)
    return path


def give(path):
    """Let another user own a database and what lies beside it."""
    for each in path.parent.glob(path.name + "*"):
        os.chown(each, NOBODY, NOBODY, follow_symlinks=False)
    return path


def plant(path, victim, uid=NOBODY):
    """A journal that makes SQLite delete ``victim`` as its super-journal: fileformat2.html, section 3."""
    name, page = str(victim).encode(), 4096
    head = CAUGHT + struct.pack(">IIIII", 0, 1, path.stat().st_size // page, 512, page)
    tail = struct.pack(">I", 0x40000000 // page + 1) + name + struct.pack(">II", len(name), sum(name)) + CAUGHT
    journal = path.with_name(path.name + "-journal")
    journal.write_bytes(head.ljust(512, b"\0") + tail)
    os.chown(journal, uid, uid)


def test_a_planted_journal_is_one_that_deletes(his, victim):
    """What the tests below rest on: SQLite in a process that may delete the file does so."""
    base = make(his / "shop.db", "wal")
    plant(base, victim, os.geteuid())
    once(base, READ)
    assert not victim.exists()


@ROOT_ONLY
@pytest.mark.parametrize("action", ["lock", "outage"])
def test_planted_journal_deletes_nothing_as_root(state, his, victim, action):
    base = give(make(his / "shop.db", "wal"))
    plant(base, victim)
    run_module("database_fault", fault_of(base, action), state)
    run_module("fault_halt", {}, state)
    assert victim.read_text() == "of root\n" and victim.stat().st_uid == 0


@ROOT_ONLY
def test_journal_planted_beside_another_file_during_the_fault(state, his, victim):
    """The locks are on the file that was there: the new one is not opened, neither to measure nor to revert."""
    base = give(make(his / "shop.db", "wal"))
    fault = inject("database_fault", fault_of(base, "lock", duration="4s"), state)
    other = give(make(his / "other.db", "wal"))
    plant(base, victim)
    os.replace(other, base)
    assert wait_for(lambda: not left(state), 20), left(state)
    past = ledger(state)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "deadline", [])
    assert past["effect"] == "inconclusive" and "another file" in past["note"], past
    assert any("another file" in each for each in past["differences"]), past
    assert victim.read_text() == "of root\n"


@ROOT_ONLY
@pytest.mark.parametrize("mode", ["delete", "wal"])
@pytest.mark.parametrize("action", ["lock", "outage"])
def test_database_of_another_user_is_opened_as_that_user(state, his, mode, action):
    base = give(make(his / "shop.db", mode))
    before = fingerprint(base)
    fault = inject("database_fault", fault_of(base, action), state)
    assert fault["effect"] == "confirmed", fault
    (worker,) = pids(state, fault, "chaos-sqlite")
    status = pathlib.Path("/proc/%d/status" % worker).read_text().splitlines()
    for wanted in ("Uid:\t65534\t65534\t65534\t65534", "Gid:\t65534\t65534\t65534\t65534", "CapEff:\t" + "0" * 16):
        assert wanted in status
    assert {each.stat().st_uid for each in his.iterdir()} == {NOBODY}
    assert "locked" in once(base, WRITE)
    past = end("database_fault", "no-database", state)
    assert (past["residue"], past["differences"], past.get("undo_problems")) == ([], [], None)
    assert fingerprint(base) == before and once(base, WRITE) == "ok"


@ROOT_ONLY
@pytest.mark.parametrize("victim_part, cause", parts("chaos-sqlite"))
def test_sigkill_of_any_part_opens_the_database_of_another_user(state, his, victim_part, cause):
    base = give(make(his / "shop.db", "wal"))
    before = fingerprint(base)
    killed_part_ends_all("database_fault", fault_of(base, "lock"), state, victim_part, cause)
    assert fingerprint(base) == before and once(base, WRITE) == "ok"


@ROOT_ONLY
def test_database_whose_owner_changed_is_left_to_him(state, his):
    base = give(make(his / "shop.db", "wal"))
    inject("database_fault", fault_of(base, "lock"), state)
    os.chown(base, NOBODY - 1, NOBODY)
    past = end("database_fault", "no-database", state)
    assert past["state"] == "reverted" and past["residue"] == []
    assert wait_for(lambda: not left(state)), left(state)
    assert ["now belongs to user 65533" in each for each in past["differences"]] == [True], past
    os.chown(base, NOBODY, NOBODY)
    assert once(base, WRITE) == "ok"


@ROOT_ONLY
def test_database_of_root_where_others_can_write_is_refused(state, his, tmp_path):
    root_only = make(tmp_path / "root.db", "wal")
    link = his / "link.db"
    link.symlink_to(root_only)
    os.chown(link, NOBODY, NOBODY, follow_symlinks=False)
    sticky = tmp_path / "sticky"
    sticky.mkdir()
    sticky.chmod(0o1777)
    rows = [
        ({"path": str(make(his / "root.db", "delete"))}, "app belongs to nobody: a journal put beside it"),
        ({"path": str(make(sticky / "root.db", "delete"))}, "can be written by others (mode 1777)"),
        ({"path": str(link)}, "belongs to nobody"),
    ]
    refused_rows("database_fault", fault_of(root_only), rows, state)
    inject("database_fault", fault_of(root_only), state)
    end("database_fault", "no-database", state)


@ROOT_ONLY
def test_owner_who_cannot_open_his_database_is_named(state, tmp_path):
    base = give(make(tmp_path / "shop.db", "delete"))
    refused_rows(
        "database_fault",
        fault_of(base),
        [({}, "cannot be opened by user 65534, who owns it (Permission denied); let that user enter each folder")],
        state,
    )
