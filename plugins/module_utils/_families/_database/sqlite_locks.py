# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The byte locks of an SQLite database file, taken as SQLite itself takes them. Private to magsasa.chaos.

Places and order are those of SQLite's own VFS for Unix: https://www.sqlite.org/lockingv3.html (rollback journal) and
https://www.sqlite.org/walformat.html section 2.3 (write-ahead log: one byte for each lock, from offset 120 of the -shm
file).
They are advisory locks of fcntl(2): nothing is written, and the kernel drops them with the process, whatever ends it.
They also go when the process closes ANY descriptor of the file: who holds them opens each file once.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import time

from ... import _wait
from ..._errors import HostError

PENDING = (0x40000000, 1)  # (offset, length)
RESERVED = (0x40000001, 1)
SHARED = (0x40000002, 510)
WAL_WRITE = (120, 1)
WAL_ALL = (120, 8)  # write, checkpoint, recover, and five read marks
MAGIC = b"SQLite format 3\0"
HOT_JOURNAL = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"  # a journal that is not finished begins with it
_FLOCK = "@hhqqi"  # struct flock of fcntl(2) with 64-bit offsets


def header(path):
    """ "rollback", "wal" or None (no SQLite 3 database), from the file format's first bytes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        first = os.read(descriptor, 20)
    finally:
        os.close(descriptor)
    if len(first) < 20 or not first.startswith(MAGIC):
        return None
    return "wal" if first[18:20] == b"\2\2" else "rollback"


def has_hot_journal(path):
    """Whether a rollback journal waits to be played back."""
    try:
        descriptor = os.open(
            path + "-journal", os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
        )  # a pipe must not hold us up
    except OSError:
        return False
    try:
        return os.read(descriptor, 8) == HOT_JOURNAL
    except OSError:
        return False
    finally:
        os.close(descriptor)


class Locks:
    """Exclusive locks on one file, held until the process ends."""

    def __init__(self, path):
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)

    def take(self, where, deadline):
        """Lock (offset, length), trying until ``deadline``; raises HostError that names who is in the way."""
        offset, length = where
        pause = 0.001
        while True:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, length, offset)
                return
            except OSError as error:
                if error.errno not in (errno.EACCES, errno.EAGAIN):
                    raise HostError("%s cannot be locked: %s" % (self.path, error.strerror))
            if deadline.over:
                raise HostError("%s is locked by %s, and was not released in time" % (self.path, self._holder(where)))
            time.sleep(pause)
            pause = min(pause * 1.5, 0.02)

    def _holder(self, where):
        try:
            asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, where[0], where[1], 0)
            kind, _whence, _start, _length, pid = struct.unpack(
                _FLOCK, fcntl.fcntl(self._descriptor, fcntl.F_GETLK, asked)
            )
        except OSError:
            return "another process"
        return "process %d" % pid if kind != fcntl.F_UNLCK and pid > 0 else "other processes in turn"


def take_all(path, mode, seconds):
    """Nobody reads or writes any more. Returns what must be kept for that; raises HostError.

    Rollback journal: the way to EXCLUSIVE, on which PENDING keeps new readers out while those inside finish.
    Write-ahead log: PENDING keeps new connections out (each needs SHARED on the file for its life), the locks of the
    log keep
    those that are open from beginning anything.
    """
    deadline = _wait.Deadline(seconds)
    locks = Locks(path)
    if mode == "wal":
        locks.take(PENDING, deadline)
        if not os.path.exists(path + "-shm"):
            locks.take(SHARED, deadline)  # nobody has it open
            return [locks]
        log = Locks(path + "-shm")
        for offset in range(WAL_ALL[0], sum(WAL_ALL)):
            log.take((offset, 1), deadline)
        return [locks, log]
    for where in (RESERVED, PENDING, SHARED):
        locks.take(where, deadline)
    return [locks]


def take_write(path, mode, seconds):
    """Nobody writes any more, readers go on. As take_all; not for a write-ahead log that nobody has open."""
    deadline = _wait.Deadline(seconds)
    locks = Locks(path + "-shm" if mode == "wal" else path)
    locks.take(WAL_WRITE if mode == "wal" else RESERVED, deadline)
    if mode != "wal" and has_hot_journal(path):
        # Readers take a reserved lock as a sign that the journal is not theirs to play back: they would see half a
        # transaction.
        raise HostError(
            "%s has the journal of a crashed writer; let the application open the database once, then try again" % path
        )
    return [locks]
