# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Signals to a process that is going: what the kernel says of it is no error."""

from __future__ import annotations

import errno
import os
import signal

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes


def refusing(number):
    """An os.pidfd_open that fails with this errno."""

    def pidfd_open(_pid, _flags=0):
        raise OSError(number, os.strerror(number))

    return pidfd_open


@pytest.mark.parametrize("number", [errno.ESRCH, errno.EINVAL])
def test_a_process_that_is_just_reaped_was_not_there(monkeypatch, number):
    monkeypatch.setattr(os, "pidfd_open", refusing(number), raising=False)
    monkeypatch.setattr(signal, "pidfd_send_signal", None, raising=False)
    assert processes.send(os.getpid(), processes.start_time(os.getpid()), 0) is False


def test_any_other_error_is_told(monkeypatch):
    monkeypatch.setattr(os, "pidfd_open", refusing(errno.EMFILE), raising=False)
    monkeypatch.setattr(signal, "pidfd_send_signal", None, raising=False)
    with pytest.raises(OSError, match=os.strerror(errno.EMFILE)):
        processes.send(os.getpid(), processes.start_time(os.getpid()), 0)
