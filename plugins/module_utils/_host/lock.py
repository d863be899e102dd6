# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Advisory locks on files that may themselves be removed. Private to magsasa.chaos."""
from __future__ import annotations

import contextlib
import fcntl
import os
import time

from .._errors import HostError


@contextlib.contextmanager
def held(path, shared=False, wait=10.0, make=None):
    """Hold flock(2) on ``path`` (made when needed) for the block; raises HostError after ``wait`` seconds.

    ``make``: called where the folder of ``path`` is gone, as its last user takes it away.
    Whoever got the lock on a file that its last holder removed meanwhile tries again on the new one.
    """
    limit = time.monotonic() + wait
    descriptor = None
    try:
        while True:
            try:
                descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
                fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
                if _same(path, descriptor):
                    break
            except BlockingIOError:
                if time.monotonic() >= limit:
                    raise HostError("another process holds %s for more than %g s" % (path, wait))
                time.sleep(0.01)
            except OSError as error:
                if make and isinstance(error, FileNotFoundError) and time.monotonic() < limit:
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
