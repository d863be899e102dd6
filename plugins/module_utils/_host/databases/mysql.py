# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The client of MariaDB and MySQL: statements, sessions that stay, quoting. Private to magsasa.chaos.

``login`` (dict, fit for the ledger): ``{"host", "port", "socket", "user"}``; a socket (path) goes before the host. The
password is apart: the
client reads it as an option file from memory that only it can see, never from the command line or the environment.
"""

from __future__ import annotations

import contextlib
import os
import re

from ... import _cmd
from ..._errors import HostError, MissingTool, printable
from .. import processes
from . import client

_WORD = re.compile(r"[\w\t.-]+")
_NUMBER = re.compile(r"ERROR (\d+)")


def program():
    """Path of the client; raises MissingTool."""
    found = _cmd.which("mariadb") or _cmd.which("mysql")
    if found is None:
        raise MissingTool("mariadb or mysql", "connect to the server")
    return found


def name(text):
    """An identifier, quoted."""
    return "`%s`" % text.replace("`", "``")


def literal(text):
    """A string constant; the text holds no backslash, whose meaning depends on sql_mode."""
    return "'%s'" % text.replace("'", "''")


@contextlib.contextmanager
def _secret(password):
    """(argument of the client, descriptors to pass): nobody's option files, and the password from an unnamed file
    that only this user may open.
    """
    if not password:
        yield "--no-defaults", ()
        return
    descriptor = os.memfd_create("chaos-login", 0)
    try:
        os.fchmod(descriptor, 0o600)  # the client passes over a file that others may write
        quoted = (
            password.replace("\\", "\\\\")
            .replace('"', '\\"')
            .replace("\n", "\\n")
            .replace("\t", "\\t")
            .replace("\r", "\\r")
        )
        try:
            os.write(descriptor, ('[client]\npassword="%s"\n' % quoted).encode("utf-8", "surrogateescape"))
        except UnicodeEncodeError:
            raise HostError("login_password: contains an incomplete character, which no client can send; correct it")
        yield "--defaults-file=/proc/self/fd/%d" % descriptor, (descriptor,)
    finally:
        os.close(descriptor)


def _argv(login, database, first, seconds):
    argv = [
        program(),
        first,
        "--batch",
        "--skip-column-names",
        "--unbuffered",
        "--connect-timeout=%d" % max(2, int(seconds)),
        "--user=" + login["user"],
    ]
    if login["socket"]:
        argv += ["--protocol=socket", "--socket=" + login["socket"]]
    else:
        argv += ["--protocol=tcp", "--host=" + login["host"], "--port=%d" % login["port"]]
    return argv + (["--database=" + database] if database else [])


def ask(login, password, sql, database=None, seconds=5.0):
    """_cmd.Result of some statements, read from the standard input."""
    with _secret(password) as (first, descriptors):
        return _cmd.run(
            _argv(login, database, first, seconds),
            timeout=seconds + 3,
            check=False,
            stdin=sql + "\n",
            pass_fds=descriptors,
        )


def must(login, password, sql, database=None, seconds=5.0):
    """Output of statements that must succeed; raises HostError with what the server said."""
    done = ask(login, password, sql, database, seconds)
    if done.rc:
        raise HostError("%s failed: %s" % (os.path.basename(program()), said(done)), number=number(done))
    return done.stdout.strip()


def said(done):
    """The server's words on one line."""
    return _one_line(done.stderr.strip() or done.stdout.strip() or "nothing")


def _one_line(text):
    return printable(" ".join(text.split()), 300)


def number(done):
    """The number of the error (MariaDB documentation, "MariaDB Error Codes"), 0 when there is none."""
    found = _NUMBER.search(done.stderr)
    return int(found.group(1)) if found else 0


def session(login, password, database=None):
    """A client.Session; raises HostError, MissingTool."""
    parent = os.getpid()
    with _secret(password) as (first, descriptors):
        return client.Session(
            _argv(login, database, first, 5.0),
            _WORD,
            _one_line,
            lambda: processes.die_with_parent(parent),
            pass_fds=descriptors,
        )
