# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The process behind a port: real processes that share a real socket."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys

import psutil
import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import processes
from ansible_collections.magsasa.chaos.plugins.module_utils._host import listeners

FORKING = """
import os, socket, sys
listening = socket.create_server(("127.0.0.1", 0))
children = []
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        sys.stdin.read()
        os._exit(0)
    children.append(pid)
print(listening.getsockname()[1], *children, flush=True)
sys.stdin.read()
for pid in children:
    os.waitpid(pid, 0)
"""


def test_the_master_of_processes_that_share_a_socket():
    argv = [sys.executable, "-c", FORKING, "--token=hunter2"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        port, *workers = map(int, server.stdout.readline().split())
        (row,) = [each for each in listeners.listeners() if each.port == port]
        assert row.pids == sorted([server.pid] + workers)
        found = processes.describe(row.pids)
        seen = psutil.Process(server.pid)
        assert (found["pid"], found["ppid"], sorted(found["workers"])) == (server.pid, os.getpid(), sorted(workers))
        assert (found["name"], found["user"]) == (seen.name()[:15], pwd.getpwuid(os.geteuid()).pw_name)
        assert found["argv0"] in (sys.executable, sys.executable[:77] + "...")
        assert "hunter2" not in str(found) and len(found["command"]) <= 160
        ticks = found["start_time"] / os.sysconf("SC_CLK_TCK")
        assert abs(psutil.boot_time() + ticks - seen.create_time()) < 2
        server.stdin.close()
    assert processes.describe(row.pids) is None  # gone


@pytest.mark.parametrize(
    "text, expected",
    [
        ("0::/system.slice/shop.service\n", "shop.service"),
        ("12:cpu:/\n1:name=systemd:/system.slice/shop.service\n", "shop.service"),
        ("0::/system.slice/system-shop.slice/shop@1.service\n", "shop@1.service"),
        ("0::/system.slice/shop.service/worker\n", "shop.service"),
        ("0::/system.slice/my\\x2dshop.service\n", "my\\x2dshop.service"),
        ("0::/user.slice/user-0.slice/session-3.scope\n", None),
        ("0::/user.slice/user-1000.slice/user@1000.service/app.slice/shop.service\n", None),
        ("0::/system.slice/ssh.service\n", None),
        ("0::/system.slice/docker-0123.scope\n", None),
        ("0::/\n", None),
        ("", None),
    ],
)
def test_unit_of_a_control_group(text, expected):
    assert processes.unit_of(text) == expected
