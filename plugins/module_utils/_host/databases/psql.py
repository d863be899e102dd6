# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""psql, PostgreSQL's own client: statements, sessions that stay, quoting. Private to magsasa.chaos.

``login`` (dict, fit for the ledger): ``{"host", "port", "user", "as"}``: host None is psql's usual socket, ``as`` [uid,
gid] is whom to
run psql as, or None. The password is apart: it goes by the environment, never by the command line.
"""

from __future__ import annotations

import os
import pwd
import re

from ... import _cmd
from ..._errors import HostError, MissingTool, printable
from .. import listeners, processes
from . import client

_WORD = re.compile(r"-?\w+")
APPLICATION = "magsasa-chaos"  # application_name, as pg_stat_activity shows it


def program():
    """Path of psql; raises MissingTool."""
    found = _cmd.which("psql")
    if found is None:
        raise MissingTool("psql", "connect to the PostgreSQL server")
    return found


def _server(port):
    """Pid of the server that listens on a port of this host, or 0."""
    return listeners.server(port) or 0


def socket_folder(port):
    """Where the server on that port has its Unix socket: the fifth line of its postmaster.pid. None when that
    cannot be told.
    """
    try:
        with open("/proc/%d/cwd/postmaster.pid" % _server(port)) as source:  # the server's folder is its data
            folder = source.read(8192).splitlines()[4].strip()
    except (OSError, IndexError):
        return None
    return folder if folder.startswith("/") else None


def owner_login(port):
    """A login as the user that the server on that port runs as, by its Unix socket; only root can be it. None when
    there is none.
    """
    server = _server(port)
    try:
        known = pwd.getpwuid(os.stat("/proc/%d" % server).st_uid) if server and os.geteuid() == 0 else None
    except (OSError, KeyError):
        return None
    return (
        {"host": socket_folder(port), "port": port, "user": known.pw_name, "as": [known.pw_uid, known.pw_gid]}
        if known
        else None
    )


def name(text):
    """An identifier, quoted. The server lets no text out of it."""
    return '"%s"' % text.replace('"', '""')


def literal(text):
    """A string constant that means the same whatever standard_conforming_strings says."""
    return "E'%s'" % text.replace("\\", "\\\\").replace("'", "\\'")


def _argv(login, database):
    # -X: nobody's settings; -w: never ask for a password; sqlstate codes in errors, because their words are translated
    argv = [program(), "-X", "-A", "-t", "-q", "-w", "-v", "ON_ERROR_STOP=1", "-v", "VERBOSITY=verbose"]
    argv += ["-h", login["host"]] if login["host"] else []
    return argv + ["-p", str(login["port"]), "-U", login["user"], "-d", database]


def _environment(password, seconds):
    found = {
        "PGCONNECT_TIMEOUT": str(max(2, int(seconds))),
        "PGAPPNAME": APPLICATION,
        "PGOPTIONS": "-c client_min_messages=error",
    }
    if password:
        found["PGPASSWORD"] = password
    return found


def ask(login, password, database, sql, seconds=5.0):
    """_cmd.Result of one statement; rc 2: no connection, 1: the statement failed."""
    return _cmd.run(
        _argv(login, database) + ["-c", sql],
        timeout=seconds + 3,
        check=False,
        env=_environment(password, seconds),
        user=login["as"],
    )


def must(login, password, database, sql, seconds=5.0):
    """Output of a statement that must succeed; raises HostError with what the server said."""
    done = ask(login, password, database, sql, seconds)
    if done.rc:
        raise HostError("psql failed to %s: %s" % ("connect" if done.rc == 2 else "do it", said(done)))
    return done.stdout.strip()


def said(done):
    """The server's words on one line."""
    return _one_line(done.stderr.strip() or done.stdout.strip() or "nothing")


def _one_line(text):
    lines = [line for line in text.splitlines() if not line.startswith("LOCATION:")]
    return printable(" ".join(" ".join(lines).split()), 300)


def session(login, password, database):
    """A client.Session; raises MissingTool."""
    parent = os.getpid()

    def become():
        if login["as"] is not None and os.geteuid() == 0:
            os.setgroups([])
            os.setgid(login["as"][1])
            os.setuid(login["as"][0])
        processes.die_with_parent(parent)  # after the change of user, which clears it (prctl(2))

    return client.Session(_argv(login, database), _WORD, _one_line, become, _environment(password, 5.0))
