# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A PostgreSQL server of a test's own, which may be stopped, paused and locked."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from support.needs import postgres_folder
from support.ports import free_port

QUICK = (
    "-c",
    "fsync=off",
    "-c",
    "max_connections=20",
    "-c",
    "superuser_reserved_connections=3",
    "-c",
    "autovacuum=off",
)


class Server:
    """Runs as the user postgres when the tests run as root (PostgreSQL refuses to run as root)."""

    def __init__(self):
        self.programs = postgres_folder()
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-postgres-", dir="/tmp"))
        owner = pwd.getpwnam(self.user)
        self.ids = (owner.pw_uid, owner.pw_gid)
        os.chown(self.folder, *self.ids)
        self.port = free_port()
        self.data = self.folder / "data"
        secret = self.folder / "secret"
        secret.write_text(self.password)
        os.chown(secret, *self.ids)
        self._as_owner(
            "initdb",
            "-D",
            self.data,
            "-A",
            "scram-sha-256",
            "--auth-local=peer",
            "--pwfile",
            secret,
            "-N",
            "--no-instructions",
        )
        self.start()

    password = "Chaos-Pa55-w0rd"

    def _as_owner(self, program, *arguments):
        extra = {"user": self.ids[0], "group": self.ids[1], "extra_groups": []} if os.geteuid() == 0 else {}
        done = subprocess.run(
            [str(self.programs / program), *map(str, arguments)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
            **extra,
        )
        assert done.returncode == 0, done.stdout

    def start(self):
        """Start it and wait until it takes connections."""
        settings = " ".join(QUICK)
        options = "%s -p %d -h 127.0.0.1 -k %s" % (settings, self.port, self.folder)
        self._as_owner("pg_ctl", "-D", self.data, "-w", "-l", self.folder / "log", "-o", options, "start")

    def postmaster(self):
        """Pid of the server, 0 when there is none."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split()[0])
            os.kill(pid, 0)
        except (OSError, ValueError):
            return 0
        return pid

    def query(self, sql, database="postgres", timeout=2, user=None):
        """(exit code, output) of one statement over TCP with the password; exit code None when there is no answer
        in time.
        """
        argv = [
            "psql",
            "-XAtqw",
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            user or self.user,
            "-d",
            database,
            "-c",
            sql,
        ]
        environment = dict(os.environ, PGPASSWORD=self.password, PGCONNECT_TIMEOUT=str(timeout), LC_ALL="C")
        try:
            done = subprocess.run(
                argv,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                check=False,
                timeout=timeout + 1,
            )
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, done.stdout.strip()

    def session(self, database="postgres"):
        """A psql that stays connected and reads statements from its standard input."""
        argv = ["psql", "-XAtqw", "-h", "127.0.0.1", "-p", str(self.port), "-U", self.user, "-d", database]
        environment = dict(os.environ, PGPASSWORD=self.password, LC_ALL="C")
        session = subprocess.Popen(
            argv, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        session.stdin.write("select 'there';\n")
        session.stdin.flush()
        assert session.stdout.readline().strip() == "there"
        return session

    def works(self):
        """Whether it answers."""
        return self.query("select 1") == (0, "1")

    def remove(self):
        """Whatever state it is in."""
        pid = self.postmaster()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGQUIT)
            limit = time.monotonic() + 10
            while self.postmaster() and time.monotonic() < limit:
                time.sleep(0.05)
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def server():
    """A running server, removed afterwards."""
    found = Server()
    try:
        yield found
    finally:
        found.remove()
