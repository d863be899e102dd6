# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""PostgreSQL: a real server that is stopped, paused, locked or emptied, and afterwards is what it was."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from support.faults import (
    KEEPERS,
    do_repeat_check_undo,
    end,
    fresh_state,
    inject,
    killed_part_ends_all,
    left,
    ledger,
    marked,
    parts,
    refused_rows,
    wait_for,
)
from support.modules import run_module
from support.postgres import server

pytestmark = pytest.mark.postgres


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture(name="base", scope="module")
def _base():
    with server() as found:
        assert found.query("create table t (n int); insert into t values (1)")[0] == 0
        assert found.query("create database shop")[0] == 0
        yield found


@pytest.fixture(autouse=True)
def _works(base):
    """Every test finds it working and leaves it so."""
    assert wait_for(base.works, 10)
    yield
    assert wait_for(base.works, 10), base.query("select 1")


def fault_of(base, action="outage", **more):
    return dict(
        {"name": "no-database", "engine": "postgresql", "action": action, "port": base.port, "duration": "60s"}, **more
    )


def command_line(pid):
    return Path("/proc/%d/cmdline" % pid).read_bytes()


# -- without SQL


def test_outage_stops_the_server_and_starts_it_as_it_was(state, base):
    before = base.postmaster()
    argv, owner, shown = command_line(before), os.stat("/proc/%d" % before).st_uid, base.query("show max_connections")
    with_data = base.query("select count(*) from t")
    fault = inject("database_fault", fault_of(base, duration="6s"), state)
    assert fault["effect"] == "confirmed" and fault["measured"]["new_connections"] == "refused"
    assert base.postmaster() == 0 and base.query("select 1")[0] == 2
    assert wait_for(base.works, 30) and wait_for(lambda: not left(state)), left(state)
    after = base.postmaster()
    assert after != before and (command_line(after), os.stat("/proc/%d" % after).st_uid) == (argv, owner)
    assert base.query("show max_connections") == shown and base.query("select count(*) from t") == with_data
    past = ledger(state)[-1]
    assert (past["revert_cause"], past["residue"], past["effect"]) == ("deadline", [], "confirmed")


def test_outage_ends_open_sessions(state, base):
    session = base.session()
    inject("database_fault", fault_of(base), state)
    session.stdin.close()
    assert session.wait(10) is not None
    session.stdout.close()
    end("database_fault", "no-database", state)


def test_pause_makes_clients_wait(state, base):
    before = base.postmaster()
    fault = inject("database_fault", fault_of(base, "pause"), state)
    assert fault["effect"] == "confirmed" and fault["measured"]["new_connections"] == "silent"
    assert base.query("select 1", timeout=1)[0] != 0
    end("database_fault", "no-database", state)
    assert wait_for(base.works) and base.postmaster() == before


def test_terminate_ends_sessions_again_and_again(state, base):
    session = base.session()
    fault = inject("database_fault", fault_of(base, "terminate"), state)
    assert fault["effect"] == "confirmed" and fault["measured"]["sessions_ended"] >= 1
    session.stdin.write("select 1;\n")
    session.stdin.close()
    assert session.wait(10) == 2
    session.stdout.close()
    again = base.session()
    time.sleep(2.5)
    again.stdin.write("select 1;\n")
    again.stdin.close()
    assert again.wait(10) == 2
    again.stdout.close()
    end("database_fault", "no-database", state)


def by_day(rows, chosen):
    """Parameters of a test: the chosen rows (their numbers) by day, where each part and each action has its turn."""
    return [pytest.param(*row, marks=() if at in chosen else pytest.mark.nightly) for at, row in enumerate(rows)]


@pytest.mark.parametrize(
    "victim, cause, action", by_day([(*keeper, action) for keeper in KEEPERS for action in ("outage", "pause")], (0, 3))
)
def test_sigkill_of_a_keeper_brings_the_server_back(state, base, victim, cause, action):
    killed_part_ends_all("database_fault", fault_of(base, action), state, victim, cause)
    assert wait_for(base.works, 10)


@pytest.mark.parametrize("action", ["outage", "pause"])
def test_life(state, base, action):
    if (
        action == "outage"
    ):  # a server that is not there cannot be looked at again, so the same fault is asked for by its name
        first = inject("database_fault", fault_of(base), state)
        again = run_module("database_fault", fault_of(base), state)
        assert not again["changed"] and again["fault"]["id"] == first["id"]
        end("database_fault", "no-database", state)
        assert not run_module("database_fault", {"name": "no-database", "state": "absent"}, state)["changed"]
    else:
        do_repeat_check_undo("database_fault", fault_of(base, action), state)


# -- by SQL


def logins(base):
    """As root by the system's user, and by a role with its password."""
    by_password = {"login_user": base.user, "login_password": base.password, "login_host": "127.0.0.1"}
    return [{}, by_password] if os.geteuid() == 0 else [by_password]


@pytest.mark.parametrize("number", [0, 1])
def test_refuse_closes_one_database(state, base, number):
    login = logins(base)[number % len(logins(base))]
    session = base.session("shop")
    fault = inject("database_fault", fault_of(base, "refuse", database="shop", **login), state)
    assert fault["effect"] == "confirmed" and fault["measured"] == {"connected": False, "allowed": False}
    assert base.query("select 1", "shop")[0] == 2 and base.works()
    session.stdin.write("select 1;\n")
    session.stdin.close()
    assert session.wait(10) == 2
    session.stdout.close()
    kept = [path for path in state.rglob("*") if path.is_file() and base.password.encode() in path.read_bytes()]
    assert [path.suffix for path in kept] == ([".secret"] if login else []) and all(
        path.stat().st_mode & 0o777 == 0o600 for path in kept
    )
    assert base.password not in str(fault)
    end("database_fault", "no-database", state)
    assert base.query("select 1", "shop") == (0, "1")


@pytest.mark.parametrize("victim, cause", KEEPERS)
def test_sigkill_of_a_keeper_opens_the_database(state, base, victim, cause):
    login = logins(base)[-1]
    killed_part_ends_all("database_fault", fault_of(base, "refuse", database="shop", **login), state, victim, cause)
    assert base.query("select 1", "shop") == (0, "1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be the server's user; run as root")
def test_a_lost_password_keeps_no_database_closed(state, base):
    """A reboot takes the password with the run folder, and everybody who held the fault; the database stays closed."""
    inject("database_fault", fault_of(base, "refuse", database="shop", **logins(base)[-1]), state)
    running = marked(state)
    for number in (signal.SIGSTOP, signal.SIGKILL):  # none of them may see the other's end
        for pid, _name in running:
            os.kill(pid, number)
    for path in (state / "run").glob("*.secret"):
        path.unlink()
    assert base.query("select 1", "shop")[0] == 2
    undone = run_module("fault_halt", {}, state)["undone"]
    assert [(each["revert_cause"], each["residue"]) for each in undone] == [("halt", [])]
    assert base.query("select 1", "shop") == (0, "1")


def test_refuse_of_a_closed_database_is_refused(state, base):
    assert base.query("alter database shop allow_connections false")[0] == 0
    try:
        refused = run_module("database_fault", fault_of(base, "refuse", database="shop", **logins(base)[0]), state)
        assert refused["failed"] and "already accepts no connections" in refused["msg"]
        assert base.query("select datallowconn from pg_database where datname = 'shop'") == (0, "f")
    finally:
        base.query("alter database shop allow_connections true")


def test_lock_makes_readers_wait(state, base):
    assert base.query('create schema "Odd"; create table "Odd"."ta""ble" (n int)')[0] == 0
    for table, quoted in (("t", "t"), ('Odd.ta"ble', '"Odd"."ta""ble"')):
        fault = inject(
            "database_fault", fault_of(base, "lock", database="postgres", table=table, **logins(base)[-1]), state
        )
        assert fault["effect"] == "confirmed" and fault["measured"]["read"] == "waits for the lock"
        code, text = base.query("set lock_timeout = 300; select * from %s" % quoted)
        assert code == 1 and "lock timeout" in text
        end("database_fault", "no-database", state)
        assert base.query("set lock_timeout = 300; select * from %s" % quoted)[0] == 0
    assert base.query('drop schema "Odd" cascade')[0] == 0


def test_exhaust_leaves_ordinary_roles_no_connection(state, base):
    assert base.query("create role guest login password 'Chaos-Pa55-w0rd'")[0] == 0
    assert base.query("select 1", user="guest") == (0, "1")
    fault = inject("database_fault", fault_of(base, "exhaust", **logins(base)[0]), state)
    assert fault["effect"] == "confirmed" and fault["requested"]["sessions"] == 17
    code, text = base.query("select 1", user="guest")
    assert code == 2 and ("reserved" in text or "too many" in text)
    end("database_fault", "no-database", state)
    assert wait_for(lambda: base.query("select 1", user="guest") == (0, "1"), 10)
    assert wait_for(
        lambda: base.query("select count(*) from pg_stat_activity where application_name = 'magsasa-chaos'")
        == (0, "0"),
        10,
    )


SESSIONS = [("lock", {"database": "postgres", "table": "t"}), ("exhaust", {})]


@pytest.mark.parametrize(
    "victim, cause, action, more",
    by_day([(*part, *what) for part in parts("chaos-sql") for what in SESSIONS], (0, 3, 4)),
)
def test_sigkill_of_any_part_frees_the_sessions(state, base, victim, cause, action, more):
    killed_part_ends_all("database_fault", fault_of(base, action, **more, **logins(base)[0]), state, victim, cause)
    assert wait_for(
        lambda: base.query("select count(*) from pg_stat_activity where application_name = 'magsasa-chaos'")
        == (0, "0"),
        10,
    )
    assert base.query("set lock_timeout = 300; select count(*) from t")[0] == 0


def test_wrong_password_is_one_sentence(state, base):
    login = {"login_user": base.user, "login_password": "Wr0ng-Pa55", "login_host": "127.0.0.1"}
    refused = run_module("database_fault", fault_of(base, "refuse", database="shop", **login), state)
    assert refused["failed"] and "password authentication failed" in refused["msg"] and "\n" not in refused["msg"]
    assert "Wr0ng-Pa55" not in str(refused) and list(state.iterdir()) == []


def test_server_that_somebody_stopped_is_left_alone(state, base):
    os.kill(base.postmaster(), signal.SIGSTOP)
    try:
        refused = run_module("database_fault", fault_of(base, "pause"), state)
        assert refused["failed"] and "already frozen (SIGSTOP)" in refused["msg"]
        assert wait_for(lambda: not left(state), 40), left(state)
    finally:
        os.kill(base.postmaster(), signal.SIGCONT)


def test_bad_input(state, base):
    login = logins(base)[-1]
    rows = [
        ({"action": "explode"}, "action"),
        ({"port": 99999}, "port: '99999'"),
        ({"port": "five"}, "port: 'five'"),
        ({"port": 1}, "port: '1' does not belong to a PostgreSQL server"),
        ({"path": "/tmp/x.db"}, "path: '/tmp/x.db' has no effect with PostgreSQL"),
        ({"patience": "long"}, "patience: 'long'"),
        ({"database": "shop"}, "database: 'shop' has no effect with action=outage"),
        ({"login_password": "s3cret-thing"}, "login_password"),
        ({"action": "refuse"}, "database: '' is missing"),
        ({"action": "lock", "database": "postgres"}, "table: ''"),
        ({"action": "refuse", "database": "shop", "table": "t"}, "table: 't' has no effect"),
        ({"action": "lock", "database": "postgres", "table": "a.b.c"}, "table: 'a.b.c' has more than one dot"),
        (dict(login, action="refuse", database="nowhere"), "database: 'nowhere' does not exist"),
        (dict(login, action="refuse", database="x" * 64), "is not a valid name"),
        (dict(login, action="refuse", database="a\nb"), "is not a valid name"),
        (dict(login, action="lock", database="postgres", table="nothing"), "table: 'nothing' is not a table"),
        (dict(login, action="lock", database="postgres", table="t'; drop table t; --"), "is not a table"),
        (dict(login, action="lock", database="postgres", table="t", login_unix_socket="/tmp"), "exclude each other"),
        ({"action": "exhaust", "port": 1, "login_user": "x", "login_host": "127.0.0.1"}, "psql failed to connect"),
    ]
    if os.geteuid() == 0:
        rows.append(({"action": "exhaust", "become_user": "nobody-at-all"}, "become_user: 'nobody-at-all'"))
    refused_rows("database_fault", fault_of(base), rows, state)
