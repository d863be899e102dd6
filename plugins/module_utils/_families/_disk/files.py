# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of our own: made safely, given their space on the disk, filled. Private to magsasa.chaos."""

from __future__ import annotations

import ctypes
import errno
import os

PREFIX = ".magsasa-chaos-"
BLOCK = 1024 * 1024
PIECE = 1024 * 1024 * 1024  # one call asks for at most that much, so that a signal is never far away
_UNSUPPORTED = (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


def path(folder, number):
    """Name of one file of a fault; the engine puts the id in."""
    return os.path.join(folder, "%s$ID-%d" % (PREFIX, number))


def create(name):
    """Make a file that was not there, never through a link, for us alone; returns its descriptor."""
    return os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def reopen(name, flags=0):
    """Open a file of ours again, never through a link."""
    return os.open(name, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | flags)


def allocate(descriptor, start, length):
    """Give the file its blocks from ``start`` on, without writing them; returns False where the file system cannot.

    Raises OSError (ENOSPC, EDQUOT, ...). fallocate(2) itself: what C libraries call posix_fallocate writes to every
    block
    of the file where the file system cannot, for as long as that takes.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "fallocate64", None) or libc.fallocate
    call.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_int64, ctypes.c_int64]
    end = start + length
    while start < end:
        piece = min(PIECE, end - start)
        if call(descriptor, 0, start, piece) != 0:
            number = ctypes.get_errno()
            if number == errno.EINTR:
                continue
            if number in _UNSUPPORTED:
                return False
            raise OSError(number, os.strerror(number))
        start += piece
    return True


def write(descriptor, length, budget=None):
    """Write ``length`` bytes that no file system compresses away, from the start; stop early when ``budget()``
    bytes are used up.
    """
    block = os.urandom(BLOCK)
    done = 0
    while done < length:
        piece = min(BLOCK, length - done)
        if budget:
            piece = min(piece, budget())
            if piece <= 0:
                return
        done += os.pwrite(descriptor, block[:piece], done)


def taken(name):
    """Bytes that the file takes on the disk (st_blocks), 0 when it is not there."""
    try:
        return os.lstat(name).st_blocks * 512
    except OSError:
        return 0
