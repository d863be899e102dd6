# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases: what options mean, what the plan says, what it refuses."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import subprocess
import sys

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, HostError, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.database import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._database import (
    mysql_accounts,
    mysql_sql,
    postgresql,
    sql_worker,
    sqlite_locks,
)
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import record
from ansible_collections.magsasa.chaos.plugins.module_utils._host.databases import mysql_ping, psql

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}
FILE = {
    "path": "/x/shop.db",
    "file": {"dev": 1, "ino": 2, "uid": 3},
    "linked": False,
    "mode": "rollback",
    "open": False,
    "library": True,
}
MARKS = {
    "pid": 10,
    "start": 5,
    "command": "d",
    "ports": [5432],
    "old": [[10, 5]],
    "since": 9,
    "boot": "b",
    "parent": None,
}
NEEDS_IT = {"dependents": [{"id": "shop.service", "names": ["shop.service"], "active": "active"}], "carriers": []}
SERVER = {
    "uid": 26,
    "around": {"dependents": [], "carriers": []},
    "us": 0,
    "address": "127.0.0.1",
    "unit": None,
    "obstacle": (None, None),
    "tree": [[10, 5], [11, 6]],
    "marks": MARKS,
}
LOGIN = {"host": None, "port": 5432, "user": "postgres", "as": None}


def parsed(**change):
    return dict(FAMILY.parse(dict(GIVEN, **change)), force=False)


@pytest.mark.parametrize(
    "change, engine",
    [
        ({"path": "/x.db"}, "sqlite"),
        ({}, "postgresql"),
        ({"port": 5433}, "postgresql"),
        ({"engine": "sqlite", "path": "/x.db"}, "sqlite"),
    ],
)
def test_engine(change, engine):
    assert parsed(**change)["engine"] == engine


@pytest.mark.parametrize(
    "change, option",
    [
        ({"path": "/x.db", "action": "pause"}, "action"),
        ({"path": "/x.db", "port": 1}, "port"),
        ({"path": "x.db"}, "path"),
        ({"engine": "sqlite"}, "path"),
        ({"engine": "postgresql", "path": "/x.db"}, "path"),
        ({"port": 0}, "port"),
        ({"port": "²"}, "port"),
        ({"port": "1" * 50}, "port"),
        ({"patience": "soon"}, "patience"),
        ({"database": "x"}, "database"),
        ({"login_user": "x"}, "login_user"),
        ({"action": "refuse"}, "database"),
        ({"action": "refuse", "database": "a\0b"}, "database"),
        ({"action": "refuse", "database": "ä" * 32}, "database"),
        ({"action": "refuse", "database": "x", "table": "t"}, "table"),
        ({"action": "lock", "database": "x"}, "table"),
        ({"action": "lock", "database": "x", "table": "a..b"}, "table"),
        ({"action": "lock", "database": "x", "table": "a."}, "table"),
        ({"action": "exhaust", "login_host": "h", "login_unix_socket": "/s"}, "login_unix_socket"),
    ],
)
def test_bad_options(change, option):
    with pytest.raises(BadOption) as caught:
        parsed(**change)
    assert caught.value.details["option"] == option and "\0" not in str(caught.value)


def test_password_is_no_part_of_what_the_ledger_holds():
    options = parsed(action="refuse", database="shop", login_user="x", login_password="s3cret")
    assert options["secret"] == {"password": "s3cret"}
    plan = FAMILY.plan(options, {"login": LOGIN, "open": True})
    assert "s3cret" not in json.dumps(record.new(plan, {"name": "a"}, options, "planned"))
    with pytest.raises(BadOption) as caught:
        parsed(login_password="s3cret")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "action, facts, undone",
    [
        ("outage", {}, ["workers.end"]),
        ("lock", {}, ["workers.end"]),
        ("outage", {"mode": "wal"}, ["workers.end"]),
        ("lock", {"mode": "wal", "open": True}, ["workers.end"]),
        ("lock", {"mode": "wal"}, ["sqlite.settle", "workers.end"]),
    ],
)
def test_sqlite_ends_with_its_worker(action, facts, undone):
    (step,) = FAMILY.plan(parsed(path="/x/shop.db", action=action), dict(FILE, **facts))["steps"]
    assert [each["op"] for each in step["undo"]] == undone
    assert step["args"]["by_library"] == (undone[0] == "sqlite.settle")


@pytest.mark.parametrize(
    "facts, words",
    [({"linked": True}, "links to"), ({"library": False}, "sqlite3"), ({"mode": "wal", "open": True}, "10 s")],
)
def test_sqlite_says_what_must_be_known(facts, words):
    (note,) = FAMILY.plan(parsed(path="/y/link.db"), dict(FILE, **facts))["notes"]
    assert words in note


@pytest.mark.parametrize(
    "action, facts, undone",
    [
        ("outage", {}, ["postgres.accepting", "process.ensure_running"]),
        ("outage", {"unit": "pg.service"}, ["postgres.accepting", "service.start"]),
        ("pause", {}, ["postgres.accepting", "process.resume", "process.resume"]),
        ("terminate", {}, ["postgres.accepting"]),
    ],
)
def test_server_is_over_only_when_it_takes_connections(action, facts, undone):
    plan = FAMILY.plan(parsed(action=action), dict(SERVER, **facts))
    assert [each["op"] for each in plan["steps"][0]["undo"]] == undone
    assert plan["claims"] == ["postgresql:5432"] + (["service:pg.service"] if "unit" in facts else [])


@pytest.mark.parametrize("engine, port", [("postgresql", 5432), ("mysql", 3306)])
def test_what_ends_with_the_service_of_a_server_is_started_after_it(engine, port):
    facts = dict(SERVER, unit="db.service", around=NEEDS_IT)
    plan = FAMILY.plan(parsed(engine=engine), facts)
    starts = [each["args"]["unit"] for each in plan["steps"][0]["undo"] if each["op"] == "service.start"]
    assert starts == ["shop.service", "db.service"]  # carried out from the last to the first
    assert plan["claims"] == ["%s:%d" % (engine, port), "service:db.service", "service:shop.service"]
    assert any("shop.service" in note for note in plan["notes"])
    for active, refused in (("active", True), ("inactive", False)):
        vital = {"id": "ssh.service", "names": ["ssh.service"], "active": active}
        facts["around"] = dict(NEEDS_IT, dependents=[vital])
        with contextlib.ExitStack() as stack:
            if refused:
                stack.enter_context(pytest.raises(Refused, match="ssh.service ends with db.service and is the SSH"))
            assert len(FAMILY.plan(parsed(engine=engine), facts)["steps"][0]["undo"]) == 2


@pytest.mark.parametrize(
    "change, facts, words",
    [
        ({}, dict(SERVER, us=1000), "belong to another user"),
        ({"action": "refuse", "database": "x"}, {"login": LOGIN, "open": False}, "already accepts no connections"),
        ({}, dict(SERVER, unit="run-1.service", obstacle=("it is transient", "do")), "it is transient"),
        (
            {"engine": "mysql"},
            dict(SERVER, unit="run-1.service", obstacle=("it is transient", "do")),
            "it is transient",
        ),
        ({"action": "exhaust"}, {"login": LOGIN, "free": 0}, "already has no free connections"),
        ({"action": "exhaust"}, {"login": LOGIN, "free": 201}, "at most 200"),
    ],
)
def test_refused(change, facts, words):
    with pytest.raises(Refused, match=words):
        FAMILY.plan(parsed(**change), facts)


@pytest.mark.parametrize(
    "text, quoted", [("t", '"t"'), ('a"b', '"a""b"'), ("a'; drop", '"a\'; drop"'), ("A b", '"A b"')]
)
def test_names_stay_names(text, quoted):
    assert psql.name(text) == quoted


@pytest.mark.parametrize(
    "text, quoted", [("t", "E't'"), ("a'b", "E'a\\'b'"), ("a\\'b", "E'a\\\\\\'b'"), ("\\", "E'\\\\'")]
)
def test_literals_stay_literals(text, quoted):
    assert psql.literal(text) == quoted


@pytest.mark.parametrize(
    "head, mode",
    [
        (sqlite_locks.MAGIC + b"\x10\0\1\1", "rollback"),
        (sqlite_locks.MAGIC + b"\x10\0\2\2", "wal"),
        (sqlite_locks.MAGIC + b"\x10\0", None),
        (b"SQLite format 2\0\x10\0\1\1", None),
        (b"", None),
    ],
)
def test_header(tmp_path, head, mode):
    (tmp_path / "x.db").write_bytes(head)
    assert sqlite_locks.header(str(tmp_path / "x.db")) == mode


@pytest.mark.parametrize(
    "title, is_one",
    [
        ("postgres: shop orders 127.0.0.1(41234) idle", True),
        ("postgres: shop orders [local] SELECT", True),
        ("postgres: 15/main: shop orders ::1(41234) idle in transaction", True),
        ("postgres: writer launcher db.example.org(50000) idle", True),
        ("postgres: checkpointer ", False),
        ("postgres: 15/main: walwriter ", False),
        ("postgres: autovacuum worker shop", False),
        ("postgres: parallel worker for PID 4711 ", False),
        ("postgres: walsender replica 10.0.0.7(50000) streaming 0/3000148", False),
        ("postgres: logical replication launcher ", False),
        ("/usr/lib/postgresql/15/bin/postgres -D /data (1)", False),
    ],
)
def test_sessions_are_known_by_their_peer(title, is_one):
    assert postgresql.is_session(title) == is_one


MYSQL = {"host": "127.0.0.1", "port": 3306, "socket": None, "user": "root"}


@pytest.mark.parametrize("engine", ["mysql", "mariadb"])
@pytest.mark.parametrize(
    "change, facts, undone",
    [
        (
            {"action": "refuse", "account": "shop"},
            {"locked": False, "ours": "root@localhost", "others": []},
            ["mysql.unlock"],
        ),
        ({"action": "lock", "database": "shop", "table": "t"}, {}, ["workers.end"]),
        ({"action": "exhaust"}, {"free": 5}, ["workers.end"]),
        ({"action": "terminate"}, {}, ["workers.end"]),
    ],
)
def test_mysql_by_sql(engine, change, facts, undone):
    options = parsed(engine=engine, login_password="s3cret", **change)
    plan = FAMILY.plan(options, dict(facts, login=MYSQL))
    assert [each["op"] for each in plan["steps"][0]["undo"]] == undone and plan["claims"] == ["mysql:3306"]
    assert "s3cret" not in json.dumps(record.new(plan, {"name": "a"}, options, "planned"))


@pytest.mark.parametrize(
    "account, parts", [("shop", ["shop", "%"]), ("shop@10.0.0.%", ["shop", "10.0.0.%"]), ("a@b@c", ["a@b", "c"])]
)
def test_mysql_account(account, parts):
    assert parsed(engine="mysql", action="refuse", account=account)["account"] == parts


@pytest.mark.parametrize("parts, text", [(["shop", "%"], "'shop'@'%'"), (["o'brien", "h"], "'o''brien'@'h'")])
def test_mysql_account_is_quoted(parts, text):
    assert mysql_sql.account(parts) == text


@pytest.mark.parametrize(
    "said, locked",
    [
        ("CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*1' ACCOUNT LOCK", True),
        ("CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*1'", False),
        (
            "CREATE USER 'a'@'%' IDENTIFIED WITH 'x' PASSWORD EXPIRE DEFAULT ACCOUNT UNLOCK PASSWORD HISTORY DEFAULT",
            False,
        ),
        ("CREATE USER 'a'@'%' IDENTIFIED WITH 'x' PASSWORD EXPIRE DEFAULT ACCOUNT LOCK PASSWORD HISTORY DEFAULT", True),
    ],
)
def test_mysql_locked_account(said, locked):
    assert mysql_sql.is_locked(said) is locked


@pytest.mark.parametrize(
    "change, facts, words",
    [
        ({"action": "refuse", "account": "shop"}, {"locked": True, "ours": "root@localhost"}, "is already locked"),
        (
            {"action": "refuse", "account": "root@localhost"},
            {"locked": False, "ours": "root@localhost"},
            "unlock itself",
        ),
        ({"action": "exhaust"}, {"free": 0}, "no free connections"),
        ({"action": "exhaust"}, {"free": 201}, "at most 200"),
    ],
)
def test_mysql_refusals(change, facts, words):
    with pytest.raises(Refused, match=words):
        FAMILY.plan(parsed(engine="mysql", **change), dict(facts, login=MYSQL))


LISTENS = """
import socket, sys
kept = [socket.socket(socket.AF_UNIX) for path in sys.argv[1:]]
for listener, path in zip(kept, sys.argv[1:]):
    listener.bind(path)
    listener.listen(1)
print(flush=True)
sys.stdin.read()
"""


def test_the_socket_of_a_mysql_server_is_its_own(tmp_path):
    """Not that of another process, and not that of the X protocol."""
    with socket.socket(socket.AF_UNIX) as another:
        another.bind(str(tmp_path / "a.sock"))
        another.listen(1)
        argv = [
            sys.executable,
            "-I",
            "-S",
            "-c",
            LISTENS,
            *[str(tmp_path / name) for name in ("a-mysqlx.sock", "mysql.sock")],
        ]
        with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
            assert server.stdout.readline() == b"\n"
            assert mysql_ping.socket_path(server.pid) == str(tmp_path / "mysql.sock")
            server.stdin.close()
        assert mysql_ping.socket_path(server.pid) is None


def test_root_is_the_owner_of_a_postgresql_server(monkeypatch, tmp_path):
    """By the socket that the server's own file names; nobody else can be the owner."""
    us = pwd.getpwuid(os.geteuid())
    (tmp_path / "postmaster.pid").write_text("1\n/data\n0\n5432\n/run/postgresql\n*\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(psql, "_server", lambda port: {5432: os.getpid()}.get(port, 0))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    login = {"host": "/run/postgresql", "port": 5432, "user": us.pw_name, "as": [us.pw_uid, us.pw_gid]}
    assert psql.owner_login(5432) == login
    assert psql.owner_login(5433) is None
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert psql.owner_login(5432) is None


class Context:
    """A fault whose workers work at once, before ``spawn`` returns."""

    @staticmethod
    def spawn(_name, target, *args):
        target(*args)


def fails(*_args):
    raise HostError("the server said no")


@pytest.mark.parametrize(
    "work, words",
    [
        (lambda args, password, held: held(), None),
        (fails, "the server said no"),
        (lambda *_args: None, "did not get their locks or connections in time"),
    ],
)
def test_a_fault_by_sql_is_there_once_its_worker_says_so(work, words):
    before = len(os.listdir("/proc/self/fd"))
    if words is None:
        sql_worker.start(Context, work, {"patience_s": 0.0}, "secret")
    else:
        with pytest.raises(HostError, match=words):
            sql_worker.start(Context, work, {"patience_s": 0.0}, "secret")
    assert len(os.listdir("/proc/self/fd")) == before


@pytest.mark.parametrize(
    "client, hosts, whose",
    [
        ("localhost", ["%", "localhost"], "localhost"),
        ("localhost:53210", ["%", "10.%"], "%"),
        ("10.1.2.3:4000", ["%", "10.%", "10.1.%"], "10.1.%"),
        ("10.1.2.3:4000", ["%", "10.1.2.0/255.255.255.0", "10.1.2.%"], "10.1.2.0/255.255.255.0"),
        ("10.1.2.3:4000", ["10.1.2.3", "10.1.2.0/24"], "10.1.2.3"),
        ("web1.example.org:9", ["%.example.org", "web_.example.org"], "web_.example.org"),
        ("Web1.Example.ORG:9", ["web1.example.org"], "web1.example.org"),
        ("192.0.2.1:9", ["10.%", "localhost", "10.0.0.0/8"], None),
        ("2001:db8::1:51413", ["2001:db8::/32", "%"], "2001:db8::/32"),
        ("127.0.0.1:9", ["localhost", "%"], "localhost"),
        ("192.0.2.1:9", [""], ""),
        ("192.0.2.1:9", ["not/a/net", "(.*"], None),
    ],
)
def test_a_session_belongs_to_the_account_that_matches_best(client, hosts, whose):
    assert mysql_accounts.owner(mysql_accounts.client_host(client), hosts) == whose
    assert mysql_accounts.owner(mysql_accounts.client_host(client), hosts[::-1]) == whose


@pytest.mark.parametrize(
    "others, said",
    [
        ([], []),
        ([["10.%", False], ["localhost", True]], ["app can still log in as app@10.%"]),
        ([["localhost", True]], []),
        (None, ["whether app can still log in by another account cannot be seen by this login"]),
    ],
)
def test_other_accounts_of_a_locked_one_are_told(others, said):
    facts = {"login": LOGIN, "locked": False, "ours": "root@localhost", "others": others}
    assert FAMILY.plan(parsed(engine="mysql", action="refuse", account="app@%"), facts)["notes"] == said
