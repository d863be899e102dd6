# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The database behind a service, told by its health document or found in what its processes hold open."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import database
from ansible_collections.magsasa.chaos.plugins.module_utils._host import listeners

HOLD_FILE = """
import sqlite3, sys
shop = sqlite3.connect(sys.argv[1])
shop.execute("create table if not exists t (a)")
shop.commit()
other = open(sys.argv[2], "w")
other.write("not a database")
other.flush()
print("ready", flush=True)
sys.stdin.read()
"""
# A server that has the short name of PostgreSQL's; a client whose connection it holds. No database is needed to be
# found as one.
SERVE = """
import ctypes, socket, sys
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
listening = socket.create_server(("127.0.0.1", 0))
print(listening.getsockname()[1], flush=True)
held = listening.accept()
sys.stdin.read()
"""
CONNECT = """
import socket, sys
held = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
print("ready", flush=True)
sys.stdin.read()
"""


@contextlib.contextmanager
def running(program, *arguments):
    """A Python program that has said its first line: (pid, that line). Ends when its input does."""
    argv = [sys.executable, "-c", program, *map(str, arguments)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process.pid, process.stdout.readline().strip()
        finally:
            process.stdin.close()


def told(**more):
    return dict({"status": None, "backend": None, "path": None, "host": None, "port": None}, **more)


def test_an_open_sqlite_file(tmp_path):
    path = tmp_path / "shop"  # the name does not tell
    with running(HOLD_FILE, path, tmp_path / "decoy.db") as (pid, _line):
        found = told(backend="sqlite", path=str(path))
        assert database.find([pid], None) == dict(found, source="open file of process %d" % pid)
        source = "health document, open file of process %d" % pid
        assert database.find([pid], told(status="up")) == dict(found, status="up", source=source)
        assert database.find([pid], told(backend="sqlite")) == dict(found, source=source)
        own = told(backend="sqlite", path="/other.db")
        assert database.find([pid], own) == dict(own, source="health document")
        own = told(backend="postgresql", host="db", port=5432)
        assert database.find([pid], own) == dict(own, source="health document")


@pytest.mark.parametrize("name, backend", [("postgres", "postgresql"), ("mariadbd", "mysql")])
def test_a_connection_to_a_local_server_on_any_port(name, backend):
    with running(SERVE, name) as (_server, port):
        with running(CONNECT, port) as (pid, _line):
            found = database.find([pid], None, listeners.listeners())
            assert found == told(
                backend=backend, host="127.0.0.1", port=int(port), source="open connection to port %s" % port
            )
            assert database.find([pid], told(backend="other"), listeners.listeners())["port"] is None


def test_a_connection_to_something_else_is_no_database():
    with running(SERVE, "shop") as (_server, port):
        with running(CONNECT, port) as (pid, _line):
            assert database.find([pid], None, listeners.listeners()) is None


def test_nothing_is_known():
    assert database.find([], None) is None
    assert database.find([os.getpid()], told(status="down")) == told(status="down", source="health document")
