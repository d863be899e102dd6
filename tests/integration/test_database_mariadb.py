# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""MariaDB: a real server that is stopped, paused, locked or filled up, and afterwards is what it was."""

from __future__ import annotations

import os
import signal
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
from support.mariadb import after, server
from support.modules import run_module

pytestmark = [pytest.mark.mariadb, pytest.mark.root]
CHAOS = {"login_user": "chaos", "login_host": "127.0.0.1"}
BOTH = [{}, pytest.param(CHAOS, marks=pytest.mark.nightly)]  # root by the socket; an account by TCP and password


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture(name="base", scope="module")
def _base():
    with server() as found:
        assert found.query("create table shop.t (n int); insert into shop.t values (1)")[0] == 0
        yield found


@pytest.fixture(autouse=True)
def _works(base):
    """Every test finds it working and leaves it so."""
    assert wait_for(base.works, 10)
    yield
    assert wait_for(base.works, 10), base.query("select 1")


def fault_of(base, action="outage", login=None, **more):
    given = dict(login, login_password=base.password) if login else {}
    return {
        "name": "no-database",
        "engine": "mariadb",
        "action": action,
        "port": base.port,
        "duration": "60s",
        **given,
        **more,
    }


def command_line(pid):
    return Path("/proc/%d/cmdline" % pid).read_bytes()


def test_outage_stops_the_server_and_starts_it_as_it_was(state, base):
    before = base.pid()
    argv, owner = command_line(before), os.stat("/proc/%d" % before).st_uid
    fault = inject("database_fault", fault_of(base, duration="4s"), state)
    assert fault["effect"] == "confirmed" and fault["measured"]["new_connections"] == "refused"
    assert base.pid() == 0 and base.query("select 1")[0] == 1
    assert wait_for(base.works, 30) and wait_for(lambda: not left(state)), left(state)
    after_it = base.pid()
    assert after_it != before and (command_line(after_it), os.stat("/proc/%d" % after_it).st_uid) == (argv, owner)
    assert base.query("select count(*) from shop.t") == (0, "1")
    past = ledger(state)[-1]
    assert (past["revert_cause"], past["residue"], past["effect"]) == ("deadline", [], "confirmed")


def test_pause_makes_clients_wait(state, base):
    before = base.pid()
    fault = inject("database_fault", fault_of(base, "pause"), state)
    assert fault["effect"] == "confirmed" and fault["measured"]["new_connections"] == "silent"
    assert base.query("select 1", timeout=1)[0] != 0
    end("database_fault", "no-database", state)
    assert wait_for(base.works) and base.pid() == before


@pytest.mark.nightly
def test_life(state, base):
    do_repeat_check_undo("database_fault", fault_of(base, "pause"), state)


@pytest.mark.parametrize(
    "action, victim, cause",
    [("outage", *KEEPERS[0])] + [pytest.param("pause", *each, marks=pytest.mark.nightly) for each in KEEPERS],
)
def test_sigkill_of_a_keeper_brings_the_server_back(state, base, action, victim, cause):
    killed_part_ends_all("database_fault", fault_of(base, action), state, victim, cause)
    assert wait_for(base.works, 10)


def test_terminate_ends_sessions_again_and_again(state, base):
    session = base.session()
    fault = inject("database_fault", fault_of(base, "terminate"), state)
    assert fault["effect"] == "confirmed" and fault["measured"]["sessions_ended"] >= 1
    assert after(session) == 1
    again = base.session()

    def gone():
        return base.query(
            "select count(*) from information_schema.processlist where user = 'app' and command = 'Sleep'", None
        ) == (0, "0")

    assert wait_for(gone, 10) and after(again) == 1
    end("database_fault", "no-database", state)


@pytest.mark.parametrize("login", BOTH)
def test_refuse_locks_an_account_out(state, base, login):
    before = base.query("show create user app@localhost", None)
    session = base.session()
    fault = inject("database_fault", fault_of(base, "refuse", login or CHAOS, account="app@localhost"), state)
    assert fault["effect"] == "confirmed" and fault["measured"] == {"locked": True, "sessions": 0}
    code, text = base.query("select 1")
    assert code == 1 and "locked" in text and after(session) == 1
    kept = [path for path in state.rglob("*") if path.is_file() and base.password.encode() in path.read_bytes()]
    assert [path.suffix for path in kept] == [".secret"] and kept[0].stat().st_mode & 0o777 == 0o600
    shown = [command_line(pid) + Path("/proc/%d/environ" % pid).read_bytes() for pid, _name in marked(state)]
    assert base.password not in str(fault) and not any(base.password.encode() in each for each in shown)
    end("database_fault", "no-database", state)
    assert base.works() and base.query("show create user app@localhost", None) == before


def test_refuse_leaves_other_accounts_of_the_same_name_alone(state, base):
    """A session over the socket is of app@localhost, the most specific of both; that it may go on is told."""
    assert base.query("create user app@'%'", None)[0] == 0
    session = base.session()
    try:
        fault = inject("database_fault", fault_of(base, "refuse", account="app@%"), state)
        assert fault["effect"] == "confirmed" and fault["measured"] == {"locked": True, "sessions": 0}
        assert "app can still log in as app@localhost" in fault["notes"]
        session.stdin.write("select 'there';\n")
        session.stdin.flush()
        assert session.stdout.readline() == "there\n" and base.works()
        end("database_fault", "no-database", state)
    finally:
        session.kill()
        session.communicate()
        base.query("drop user app@'%'", None)


@pytest.mark.nightly
def test_an_account_that_is_dropped_meanwhile_is_no_residue(state, base):
    assert base.query("create user brief@localhost", None)[0] == 0
    inject("database_fault", fault_of(base, "refuse", account="brief@localhost"), state)
    assert base.query("drop user brief@localhost", None)[0] == 0
    assert end("database_fault", "no-database", state)["residue"] == []


def test_a_lost_password_keeps_no_account_locked(state, base):
    """A reboot takes the password and everybody who held the fault; and the server was restarted meanwhile."""
    inject("database_fault", fault_of(base, "refuse", CHAOS, account="app@localhost"), state)
    running = marked(state)
    for number in (signal.SIGSTOP, signal.SIGKILL):  # none of them may see the other's end
        for pid, _name in running:
            os.kill(pid, number)
    for path in (state / "run").glob("*.secret"):
        path.unlink()
    pid = base.pid()
    os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: not os.path.exists("/proc/%d" % pid))
    base.start()
    assert base.query("select 1")[0] == 1
    undone = run_module("fault_halt", {}, state)["undone"]
    assert [(each["revert_cause"], each["residue"]) for each in undone] == [("halt", [])]
    assert base.works()


@pytest.mark.nightly
def test_lock_makes_readers_wait(state, base):
    assert base.query("create table shop.`odd``t` (n int)")[0] == 0
    for table, quoted in (("t", "t"), ("odd`t", "`odd``t`")):
        fault = inject("database_fault", fault_of(base, "lock", database="shop", table=table), state)
        assert fault["effect"] == "confirmed" and fault["measured"]["read"] == "waits for the lock"
        code, text = base.query("set lock_wait_timeout = 1; select * from shop.%s" % quoted)
        assert code == 1 and "Lock wait timeout" in text
        end("database_fault", "no-database", state)
        assert base.query("set lock_wait_timeout = 1; select * from shop.%s" % quoted)[0] == 0
    assert base.query("drop table shop.`odd``t`")[0] == 0


@pytest.mark.parametrize("login", BOTH)
def test_exhaust_leaves_applications_no_connection(state, base, login):
    fault = inject("database_fault", fault_of(base, "exhaust", login), state)
    assert fault["effect"] == "confirmed" and fault["requested"]["sessions"] >= 11
    code, text = base.query("select 1")
    assert code == 1 and "Too many connections" in text
    end("database_fault", "no-database", state)
    assert wait_for(base.works, 10)


@pytest.mark.parametrize(
    "action, more",
    [("lock", {"database": "shop", "table": "t"}), pytest.param("exhaust", {}, marks=pytest.mark.nightly)],
)
@pytest.mark.parametrize(
    "victim, cause", parts("chaos-sql")[2:] + tuple(pytest.param(*each, marks=pytest.mark.nightly) for each in KEEPERS)
)
def test_sigkill_of_any_part_frees_the_sessions(state, base, victim, cause, action, more):
    killed_part_ends_all("database_fault", fault_of(base, action, **more), state, victim, cause)
    assert wait_for(lambda: base.query("set lock_wait_timeout = 1; select count(*) from shop.t") == (0, "1"), 10)


@pytest.mark.nightly
def test_bad_input(state, base):
    login = dict(CHAOS, login_password=base.password)
    rows = [
        ({"port": 99999}, "port: '99999'"),
        ({"port": 1}, "port: '1' has no MySQL or MariaDB server"),
        ({"path": "/tmp/x.db"}, "path: '/tmp/x.db' has no effect"),
        ({"account": "app"}, "account: 'app' has no effect with action=outage"),
        ({"login_password": "s3cret-thing"}, "login_password"),
        ({"action": "refuse"}, "account: '' is missing"),
        ({"action": "refuse", "account": "a\\b"}, "contains a backslash"),
        ({"action": "refuse", "account": "nobody@nowhere"}, "account: 'nobody@nowhere' does not exist"),
        (dict(login, action="refuse", account="chaos@localhost"), "would have to unlock itself"),
        ({"action": "refuse", "account": "app@localhost", "database": "shop"}, "database: 'shop' has no effect"),
        ({"action": "lock", "database": "shop"}, "table: '' is missing"),
        ({"action": "lock", "database": "shop", "table": "t'; drop table t; --"}, "is not a table"),
        ({"action": "exhaust", "login_unix_socket": "/nowhere", "login_host": "h"}, "exclude each other"),
        (dict(CHAOS, action="exhaust", login_password="Wr0ng-Pa55"), "Access denied"),
        ({"action": "exhaust", "port": 1, "login_host": "127.0.0.1"}, "failed: "),
    ]
    refused_rows("database_fault", fault_of(base), rows, state)
