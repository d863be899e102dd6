# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens, read from /proc: must agree with psutil about real sockets."""

from __future__ import annotations

import contextlib
import os
import signal
import socket

import psutil
from ansible_collections.magsasa.chaos.plugins.module_utils._host import listeners, processes

from support.waiting import wait_for


def _plain(address):
    return address[7:] if address.startswith("::ffff:") else address


def _by_psutil(status):
    return [each for each in psutil.net_connections("tcp") if each.status == status]


def test_agrees_with_psutil():
    with contextlib.ExitStack() as stack:
        for family, address in (
            (socket.AF_INET, "127.0.0.1"),
            (socket.AF_INET, "0.0.0.0"),
            (socket.AF_INET6, "::1"),
            (socket.AF_INET6, "::"),
        ):
            stack.enter_context(socket.create_server((address, 0), family=family))
        for _attempt in range(20):  # other sockets of this machine come and go between the two looks
            ours = {(each.address, each.port, pid) for each in listeners.listeners() for pid in each.pids or [None]}
            theirs = {(_plain(each.laddr.ip), each.laddr.port, each.pid) for each in _by_psutil("LISTEN")}
            # psutil names one process of those that share a socket
            seen = {each[:2] for each in ours} == {each[:2] for each in theirs} and {
                each for each in theirs if each[2]
            } <= ours
            if seen:
                break
        assert seen, (sorted(ours, key=str), sorted(theirs, key=str))
        assert len([each for each in ours if each[2] == os.getpid()]) >= 4


def test_one_own_socket_of_each_kind():
    cases = [
        (socket.AF_INET, "127.0.0.1"),
        (socket.AF_INET, "127.1.2.3"),
        (socket.AF_INET6, "::1"),
        (socket.AF_INET6, "::ffff:127.0.0.1"),
    ]
    for family, address in cases:
        with socket.socket(family) as listening:
            if family == socket.AF_INET6:
                listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if "." in address else 1)
            listening.bind((address, 0))
            listening.listen()
            port = listening.getsockname()[1]
            (row,) = [each for each in listeners.listeners() if each.port == port]
            assert (row.address, row.pids, row.inode) == (
                _plain(address),
                [os.getpid()],
                os.fstat(listening.fileno()).st_ino,
            )
        assert not [each for each in listeners.listeners() if each.port == port]


def test_connections_of_a_process():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted = listening.accept()[0]
        with client, accepted:
            mine = {(each.local_port, each.peer, each.peer_port) for each in listeners.connections([os.getpid()])}
            local = client.getsockname()[1]
            assert {(local, "127.0.0.1", port), (port, "127.0.0.1", local)} <= mine
            assert listeners.connections([]) == []


@contextlib.contextmanager
def forked(below):
    """Pid of a child that holds what this process holds, and of as many below it as ``below`` says."""
    reading, writing = os.pipe()
    pids = []
    try:
        first = os.fork()
        if first == 0:
            for _number in range(below):
                pid = os.fork()
                if pid == 0:
                    break
                os.write(writing, b"%d " % pid)
            else:
                os.write(writing, b".")
            signal.pause()
            os._exit(0)
        pids.append(first)
        told = b""
        while not told.endswith(b"."):
            told += os.read(reading, 100)
        pids += [int(each) for each in told[:-1].split()]
        yield pids
    finally:
        for pid in reversed(pids):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pids[0], 0)
        os.close(reading)
        os.close(writing)


def test_the_server_of_a_port_is_above_those_that_share_it():
    with socket.create_server(("127.0.0.1", 0)) as listening, forked(3) as pids:
        port = listening.getsockname()[1]
        (row,) = [each for each in listeners.listeners() if each.port == port]
        assert set(row.pids) == {os.getpid(), *pids}
        assert listeners.server(port) == listeners.top_of_tree(row.pids) == os.getpid()
    assert wait_for(lambda: listeners.server(port) is None)  # what was killed holds it until it is gone


def test_the_server_of_a_port_is_found_though_its_pid_is_higher_than_those_of_its_workers(monkeypatch):
    """Pids begin again at 1 when they are used up."""
    above = {10: 90, 11: 90, 90: 1, 95: 1}
    held = {10: {7}, 11: {7}, 90: {7}, 95: {8}}
    monkeypatch.setattr(processes, "pids", lambda: [95, 90, 11, 10, 1])
    monkeypatch.setattr(processes, "parent", above.get)
    monkeypatch.setattr(listeners, "sockets", lambda pid: held.get(pid, set()))
    monkeypatch.setattr(listeners, "_rows", lambda state: [("127.0.0.1", 80, "", 0, 7), ("127.0.0.1", 81, "", 0, 8)])
    assert listeners.server(80) == listeners.top_of_tree([10, 11, 90]) == 90
    assert listeners.server(81) == 95
    assert listeners.server(82) is None


def test_no_process_is_looked_at_beyond_the_server(monkeypatch):
    looked = []
    monkeypatch.setattr(processes, "pids", lambda: list(range(5000, 0, -1)))
    monkeypatch.setattr(processes, "parent", lambda pid: 1)
    monkeypatch.setattr(listeners, "sockets", lambda pid: looked.append(pid) or ({7} if pid in (30, 40) else set()))
    monkeypatch.setattr(listeners, "_rows", lambda state: [("127.0.0.1", 80, "", 0, 7)])
    assert listeners.server(80) == 30
    assert looked == list(range(1, 31)) + [1]  # its parent once more
