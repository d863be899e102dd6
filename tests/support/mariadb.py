# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A MariaDB server of a test's own, which may be stopped, paused and locked."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from support.faults import wait_for
from support.needs import mariadb_server
from support.ports import free_port

SMALL = (
    "--innodb-buffer-pool-size=8M",
    "--innodb-log-file-size=4M",
    "--innodb-flush-log-at-trx-commit=0",
    "--max-connections=12",
    "--skip-log-bin",
)


class Server:
    """Runs as the user mysql when the tests run as root."""

    password = "Chaos-Pa55-w0rd"

    def __init__(self):
        self.program = mariadb_server()
        self.user = pwd.getpwnam("mysql").pw_name if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.folder = Path(tempfile.mkdtemp(prefix="chaos-maria-", dir="/tmp"))
        shutil.chown(self.folder, self.user)
        self.folder.chmod(0o755)
        self.socket = self.folder / "socket"
        self.port = free_port()
        install = [
            shutil.which("mariadb-install-db"),
            "--no-defaults",
            "--user=" + self.user,
            "--datadir=%s" % (self.folder / "data"),
        ]
        install += [
            "--auth-root-authentication-method=socket",
            "--auth-root-socket-user=" + pwd.getpwuid(os.geteuid()).pw_name,
            "--skip-test-db",
            *SMALL[:2],
        ]
        done = subprocess.run(install, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stdout + done.stderr
        self.start()
        words = (
            "create database shop; create user app@localhost identified by '{0}'; grant all on shop.* to app@localhost;"
        )
        words += (
            " create user chaos@localhost identified by '{0}'; grant all on *.* to chaos@localhost with grant option"
        )
        assert self.query(words.format(self.password), None)[0] == 0

    def start(self):
        """Start it, as a child of nobody that would start it again."""
        argv = [
            self.program,
            "--no-defaults",
            "--user=" + self.user,
            "--datadir=%s" % (self.folder / "data"),
            "--socket=%s" % self.socket,
        ]
        argv += [
            "--port=%d" % self.port,
            "--bind-address=127.0.0.1",
            "--pid-file=%s" % (self.folder / "pid"),
            "--log-error=%s" % (self.folder / "log"),
            *SMALL,
        ]
        # In between a shell that ends: then it has no parent, like a server after a boot.
        subprocess.run(["sh", "-c", '"$@" </dev/null >/dev/null 2>&1 &', "sh", *argv], check=True)
        assert wait_for(lambda: self.query("select 1", None)[0] == 0, 40), (self.folder / "log").read_text()

    def pid(self):
        """Pid of the server, 0 when there is none."""
        try:
            pid = int((self.folder / "pid").read_text())
            os.kill(pid, 0)
        except (OSError, ValueError):
            return 0
        return pid

    def _client(self, user, *more):
        """The client: root by the socket, anybody else by TCP and password."""
        way = ["--socket=%s" % self.socket, "--protocol=socket"]
        if user is not None:
            way = ["--protocol=tcp", "--host=127.0.0.1", "--port=%d" % self.port, "--user=" + user]
        return [
            "mariadb",
            "--no-defaults",
            *way,
            "--batch",
            "--skip-column-names",
            "--unbuffered",
            "--connect-timeout=2",
            *more,
        ]

    def query(self, sql, user="app", timeout=3):
        """(exit code, output) of some statements; exit code None when there is no answer in time."""
        environment = dict(os.environ, LC_ALL="C", **({"MYSQL_PWD": self.password} if user else {}))
        try:
            done = subprocess.run(
                self._client(user),
                input=sql,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
                timeout=timeout,
            )
        except subprocess.TimeoutExpired:
            return None, ""
        return done.returncode, (done.stdout + done.stderr).strip()

    def session(self, user="app"):
        """A client that stays connected and reads statements from its standard input."""
        environment = dict(os.environ, MYSQL_PWD=self.password, LC_ALL="C")
        session = subprocess.Popen(
            self._client(user),
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
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
        pid = self.pid()
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
                os.kill(pid, signal.SIGKILL)
            wait_for(lambda: not os.path.exists("/proc/%d" % pid))
        shutil.rmtree(self.folder)


@contextlib.contextmanager
def server():
    """A running server, removed afterwards."""
    found = Server()
    try:
        yield found
    finally:
        found.remove()


def after(session, sql="select 1;\n"):
    """What becomes of a session that asks once more: its exit code."""
    with contextlib.suppress(BrokenPipeError):
        session.stdin.write(sql)
        session.stdin.close()
    code = session.wait(10)
    session.stdout.close()
    return code
