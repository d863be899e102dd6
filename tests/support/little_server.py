# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server for tests that end or stop it: a master that listens, workers that answer with their pid and a word from the
environment.

As a program: ``little_server.py PORT [stubborn]`` serves; ``little_server.py keep DELAY PORT`` starts it again whenever
it ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time

WORKERS = 2


def answer(listening, master):
    """A worker: ends when its master has."""
    listening.settimeout(0.2)
    while os.getppid() == master:
        with contextlib.suppress(OSError):
            connection, _peer = listening.accept()
            with connection:
                connection.sendall(b"%d %s %s" % (os.getpid(), os.environb.get(b"LITTLE_WORD", b"-"), os.getcwdb()))
    os._exit(0)


def serve(port, stubborn):
    """The master: forks the workers and waits."""
    listening = socket.create_server(("127.0.0.1", port))
    workers = []
    for _number in range(WORKERS):
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            answer(listening, os.getppid())
        workers.append(pid)

    def end(number, frame):
        for pid in workers:
            os.kill(pid, signal.SIGTERM)
        for pid in workers:
            os.waitpid(pid, 0)
        os._exit(0)

    signal.signal(signal.SIGTERM, signal.SIG_IGN if stubborn else end)
    while True:
        signal.pause()


def keep(delay, port):
    """A supervisor: starts the server again ``delay`` seconds after its end."""
    running = []

    def end(number, frame):
        for child in running:
            child.kill()
        os._exit(0)

    signal.signal(signal.SIGTERM, end)
    while True:
        running[:] = [subprocess.Popen([sys.executable, "-S", __file__, str(port)])]
        running[0].wait()
        time.sleep(delay)


if __name__ == "__main__":
    if sys.argv[1] == "keep":
        keep(float(sys.argv[2]), int(sys.argv[3]))
    else:
        serve(int(sys.argv[1]), "stubborn" in sys.argv)
