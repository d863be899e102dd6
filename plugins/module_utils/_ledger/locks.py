# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisory locks: on files that may themselves be removed, and for one fault, which must be had where no file can
be made. Private to magsasa.chaos.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import struct
import time

from .. import _wait
from .._errors import HostError

_PAUSE_S = 0.01
DOUBT_S = 2.0  # a name whose owner cannot be told for so long is no lock
_CREDENTIALS = struct.Struct("iII")  # pid, uid, gid of SO_PEERCRED, socket(7)


class Busy(HostError):
    """Somebody else holds the lock."""


@contextlib.contextmanager
def held(path, shared=False, wait=10.0, make=None):
    """Hold flock(2) on ``path`` (made when needed) for the block; raises HostError after ``wait`` seconds.

    ``make``: called where the folder of ``path`` is gone, as its last user takes it away.
    Whoever got the lock on a file that its last holder removed meanwhile tries again on the new one.
    """
    deadline = _wait.Deadline(wait)
    descriptor = None
    try:
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                if _same(path, descriptor):
                    break
            except BlockingIOError:
                if deadline.over:
                    raise Busy("another process has locked %s for more than %g s" % (path, wait))
                time.sleep(_PAUSE_S)
            except OSError as error:
                if make and isinstance(error, FileNotFoundError) and not deadline.over:
                    make()
                    continue
                raise HostError("%s cannot be locked: %s" % (path, error.strerror))
            if descriptor is not None:
                os.close(descriptor)
                descriptor = None
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def _same(path, descriptor):
    try:
        named, opened = os.stat(path), os.fstat(descriptor)
    except FileNotFoundError:
        return False
    return (named.st_dev, named.st_ino) == (opened.st_dev, opened.st_ino)


@contextlib.contextmanager
def of_fault(path, fault_id, wait=60.0):
    """The right to undo one fault, for the block; yields the descriptors that hold it (a child that is forked in the
    block closes them).

    Two locks in one: a name in the abstract socket name space (unix(7)), which needs no file system at all, and
    flock(2) on ``path``
    where that file can be made. A name that another user has taken is no lock: it must not keep a fault in. Raises
    HostError
    after ``wait`` seconds.
    """
    deadline = _wait.Deadline(wait)
    descriptors = []
    named = _name_of(fault_id, deadline, path, wait)
    try:
        if named is not None:
            descriptors.append(named.fileno())
        with contextlib.ExitStack() as stack:
            try:
                descriptors.append(stack.enter_context(held(path, wait=deadline.left)))
            except Busy:
                raise
            except HostError:
                pass  # no room, no folder, no right to write: the name alone has to do
            yield descriptors
            _remove(path)
    finally:
        if named is not None:
            named.close()


def _remove(path):
    try:
        os.unlink(path)
    except OSError:
        pass


def _name_of(fault_id, deadline, path, wait):
    """The bound socket; None where a name cannot be had: no such sockets here, or somebody else sits on it."""
    import socket  # not at the top: a question needs none

    address = "\0magsasa-chaos/%d/%s" % (os.geteuid(), fault_id)
    ours, doubted = False, _wait.Deadline(DOUBT_S)
    while True:
        made = None
        try:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            made.bind(address)
            made.listen(64)
            return made
        except OSError as error:
            if made is not None:
                made.close()
            if error.errno != errno.EADDRINUSE:
                return None
        if not ours:  # asked until it is known: nobody takes these connections, and only so many may wait
            ours = _is_ours(address)
            if ours is False or (ours is None and doubted.over):
                return None
        if deadline.over:
            raise Busy("another process has been reverting this fault (%s) for more than %g s" % (path, wait))
        time.sleep(_PAUSE_S)


def _is_ours(address):
    """Whether the name belongs to a process of this user, or of root; None when that cannot be told now."""
    import socket

    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
            asking.setblocking(False)
            asking.connect(address)
            _pid, uid, _gid = _CREDENTIALS.unpack(
                asking.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
            )
    except OSError:  # it is free by now, or does not listen yet
        return None
    return uid in (0, os.geteuid())
