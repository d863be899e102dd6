# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The right to undo one fault: one at a time, also where no file can be made; nobody else can keep it."""

from __future__ import annotations

import os
import signal
import socket
import time
import uuid

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import locks


@pytest.mark.parametrize("place", ["", "nowhere"], ids=["a file too", "no file can be made"])
def test_one_at_a_time(tmp_path, place):
    path, fault = str(tmp_path / place / "x.lock"), uuid.uuid4().hex[:12]
    with locks.of_fault(path, fault) as held:
        assert len(held) == (1 if place else 2)
        with pytest.raises(locks.Busy), locks.of_fault(path, fault, wait=0.1):
            pass
        with locks.of_fault(path + "2", uuid.uuid4().hex[:12], wait=0.1):
            pass
    with locks.of_fault(path, fault, wait=0.1):
        pass
    assert not os.path.exists(path)


def test_the_file_alone_keeps_out_who_knows_no_name(tmp_path):
    path, fault = str(tmp_path / "x.lock"), uuid.uuid4().hex[:12]
    with locks.held(path), pytest.raises(locks.Busy), locks.of_fault(path, fault, wait=0.1):
        pass


@pytest.mark.root
@pytest.mark.parametrize("queue", [8, 0], ids=["listens", "takes no connection"])
def test_the_name_of_another_user_is_no_lock(tmp_path, queue, monkeypatch):
    monkeypatch.setattr(locks, "DOUBT_S", 0.2)
    fault = uuid.uuid4().hex[:12]
    address = "\0magsasa-chaos/%d/%s" % (os.geteuid(), fault)
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setuid(65534)
        taken = socket.socket(socket.AF_UNIX)
        taken.bind(address)
        taken.listen(queue)
        os.write(writing, b"in")
        time.sleep(600)
    waiting = [
        socket.socket(socket.AF_UNIX) for _each in range(0 if queue else 4)
    ]  # its queue is full: whose it is cannot be asked
    try:
        assert os.read(reading, 2) == b"in"
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(address)
        with locks.of_fault(str(tmp_path / "x.lock"), fault, wait=5.0) as held:
            assert len(held) == 1, "the name is not ours, the file is"
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        for each in [reading, writing, *waiting]:
            each.close() if hasattr(each, "close") else os.close(each)
