# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the application and PostgreSQL for tests."""

from __future__ import annotations

import contextlib
import glob
import http.client
import json
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
Answer = namedtuple("Answer", "status body seconds headers")


def free_port():
    """A port that nothing listens on now, below those that the kernel gives to others while the application is down."""
    while True:
        port = random.SystemRandom().randint(15000, 30000)
        with contextlib.suppress(OSError), socket.socket() as trial:
            trial.bind(("127.0.0.1", port))
            return port


def wait_for(condition, seconds, what):
    """The first true value of ``condition()``; AssertionError after ``seconds``."""
    limit = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < limit, "waited %s s for %s" % (seconds, what)
        time.sleep(0.02)


def children(pid):
    """Pids of the children of a process."""
    try:
        return [int(word) for word in Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()]
    except OSError:
        return []


def alive(pid):
    """Whether a process exists and is not a zombie."""
    try:
        return Path("/proc/%d/stat" % pid).read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


class App:
    """``python -m magsasa_app`` on a free port; SQLite in ``folder`` unless DATABASE_URL is given."""

    def __init__(self, folder, **environment):
        self.folder = folder
        self.port = free_port()
        self.database = folder / "shop.db"
        self.log = folder / "app.log"
        kept = {
            key: value
            for key, value in os.environ.items()
            if key not in ("DATABASE_URL", "FRAGILE", "PYTHONDONTWRITEBYTECODE")
        }
        kept.update(PYTHONPATH=str(ROOT), APP_PORT=str(self.port), APP_DATABASE_FILE=str(self.database), **environment)
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "magsasa_app"],
                env=kept,
                cwd=folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def ask(self, path, method="GET", body=None, timeout=60, headers=None):
        """Answer, over a new connection; the body is decoded JSON when it is JSON."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        began = time.monotonic()
        try:
            sent = json.dumps(body) if body is not None and not isinstance(body, (str, bytes)) else body
            kinds = {"Content-Type": "application/json"} if body is not None else {}
            connection.request(method, path, sent, dict(kinds, Connection="close", **(headers or {})))
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        seconds = time.monotonic() - began
        return Answer(
            response.status,
            json.loads(text) if "json" in response.headers.get("Content-Type", "") else text.decode(),
            seconds,
            response.headers,
        )

    def status(self, path="/health"):
        """Status code, 0 when there is no answer."""
        try:
            return self.ask(path).status
        except (OSError, http.client.HTTPException):
            return 0

    def wait_until_it_answers(self):
        """Self, once /live answers."""
        wait_for(lambda: self.status("/live") == 200 or self.process.poll() is not None, 60, "the application to start")
        assert self.process.poll() is None, self.log.read_text()
        return self

    def serving(self):
        """Whether a worker has taken a connection; one that nobody has taken yet has no inode."""
        rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
        return any(row[1].endswith(":%04X" % self.port) and row[3] == "01" and row[9] != "0" for row in rows)

    def workers(self):
        """Pids of gunicorn's workers."""
        return children(self.process.pid)

    def end(self):
        """Whatever state it is in."""
        family = [self.process.pid] + self.workers()
        for pid in family:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        self.process.wait(10)


class Postgres:
    """A server in a folder of its own; run as the user postgres when the tests run as root."""

    def __init__(self):
        self.bin = self.binaries()
        self.port = free_port()
        self.folder = tempfile.mkdtemp(prefix="magsasa-pg-")
        self._user = "postgres" if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self.folder, self._user)
        self.url = "postgresql://shop:secret-word@127.0.0.1:%d/postgres" % self.port
        try:
            self._run("initdb", "-D", self.folder, "-U", "shop", "-A", "trust", "-N", "-E", "UTF8")
            self.start()
        except BaseException:
            self.remove()
            raise

    @staticmethod
    def binaries():
        """Folder of the newest server programs, or None."""
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb")) or [
            path for path in [shutil.which("initdb")] if path
        ]
        return os.path.dirname(found[-1]) if found else None

    def _run(self, program, *arguments):
        user = {}
        if self._user:
            entry = pwd.getpwnam(self._user)
            user = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        with tempfile.TemporaryFile() as said:  # never a pipe: the server would keep it open
            done = subprocess.run(
                [os.path.join(self.bin, program), *arguments],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=said,
                check=False,
                timeout=60,
                **user,
            )
            said.seek(0)
            assert done.returncode == 0, said.read().decode()

    def start(self):
        """Start it, and wait until it accepts connections."""
        self._run(
            "pg_ctl",
            "-D",
            self.folder,
            "-w",
            "-l",
            self.folder + "/log",
            "-o",
            "-p %d -h 127.0.0.1 -k %s -F" % (self.port, self.folder),
            "start",
        )

    def stop(self):
        """Stop it; sessions are ended."""
        self._run("pg_ctl", "-D", self.folder, "-w", "-m", "fast", "stop")

    @property
    def master(self):
        """Pid of the server."""
        return int(Path(self.folder, "postmaster.pid").read_text().split()[0])

    def sessions(self):
        """Pids of the processes that serve a connection."""
        return [
            pid
            for pid in children(self.master)
            if Path("/proc/%d/cmdline" % pid).read_bytes().startswith(b"postgres: shop ")
        ]

    def signal(self, number):
        """Send a signal to the server and all its processes."""
        master = self.master
        for pid in [master] + children(master):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def remove(self):
        """Stop it whatever it does, and remove its folder."""
        if Path(self.folder, "postmaster.pid").exists():
            self.signal(signal.SIGCONT)
            self._run("pg_ctl", "-D", self.folder, "-w", "-m", "immediate", "stop")
        shutil.rmtree(self.folder)
