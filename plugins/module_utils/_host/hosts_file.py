# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Lines of our own in /etc/hosts: put in and taken out, everything else byte for byte as others left it. Private to
magsasa.chaos.
"""

from __future__ import annotations

import hashlib
import os

from .._errors import HostError
from .._ledger import locks, private_files
from . import pinned_files

PATH = "/etc/hosts"
LARGEST = 16 * 1024 * 1024
_MARK = b"# magsasa-chaos "


def line(address, name, fault_id):
    """One line (bytes): hosts(5), with the fault that it belongs to in its comment."""
    return b"%s %s %s%s\n" % (address.encode("ascii"), name.encode("ascii"), _MARK, fault_id.encode("ascii"))


def without(data, fault_id):
    """``data`` (bytes) without the lines of a fault."""
    mark = _MARK + fault_id.encode("ascii")
    return b"".join(each for each in data.splitlines(keepends=True) if not each.rstrip().endswith(mark))


def names(data):
    """Names that lines of others define, in small letters."""
    found = set()
    for each in data.splitlines():
        text, _hash, comment = each.partition(b"#")
        if not (b"#" + comment).startswith(_MARK):
            found.update(word.decode("ascii", "replace").lower().rstrip(".") for word in text.split()[1:])
    return found


def of_others(path):
    """Lines that are no fault's (texts); none when the file is gone."""
    try:
        data, _found = read(path)
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [each.decode("utf-8", "replace") for each in data.splitlines() if _MARK not in each]


def read(path=PATH):
    """(content, metadata of exact.metadata with ``ino`` and ``sha256``); raises OSError."""
    with pinned_files.held(path) as name, pinned_files.opened(name, os.O_RDONLY) as descriptor:
        found = dict(pinned_files.metadata(name), ino=os.fstat(descriptor).st_ino)
        data = pinned_files.read(descriptor, LARGEST + 1)
    if len(data) > LARGEST:
        raise HostError("%s is larger than 16 MiB" % path)
    return data, dict(found, sha256=hashlib.sha256(data).hexdigest())


def change(path, fault_id, make, times=None):
    """Replace the content by ``make(content)``, at once for every reader; owner, mode and attributes stay.

    ``times``: metadata of before; its times are put back when the content is what it was then. Raises HostError when
    the file
    cannot be replaced; it is never written in place, where a kill in the middle would leave a file that is neither.
    """
    lock_path = os.path.join(private_files.folders().run, "hosts.lock")
    with locks.of_fault(lock_path, "hosts", wait=20.0):  # which needs no folder
        try:
            for _attempt in range(10):
                data, found = read(path)
                wanted = make(data)
                if wanted == data or _replace(path, fault_id, wanted, found, times):
                    return
            raise HostError("other processes keep changing %s" % path)
        finally:
            private_files.remove(temporary(path, fault_id))


def temporary(path, fault_id):
    """The new file before it takes the old one's place; its name carries the fault."""
    return os.path.join(os.path.dirname(path), ".magsasa-chaos-%s.hosts" % fault_id)


def _replace(path, fault_id, data, found, times):
    """Returns whether it was done: not when somebody changed the file after it was read."""
    new = temporary(path, fault_id)
    private_files.remove(new)  # of a run that was killed
    descriptor = os.open(new, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        pinned_files.write(descriptor, data, 0)
        os.fchown(descriptor, found["uid"], found["gid"])
        os.fchmod(descriptor, found["mode"])
        for key, value in found["attributes"].items():
            os.setxattr(descriptor, key, bytes.fromhex(value))
        _put_times(descriptor, data, times)
        os.fsync(descriptor)
        now = os.lstat(path)
        if (now.st_ino, now.st_mtime_ns) != (found["ino"], found["mtime_ns"]):
            return False
        try:
            os.rename(new, path)
            private_files.sync_folder(os.path.dirname(path))
        except OSError as error:
            raise HostError("%s cannot be replaced: %s" % (path, error.strerror))
        return True
    finally:
        os.close(descriptor)


def _put_times(descriptor, data, times):
    if times and hashlib.sha256(data).hexdigest() == times["sha256"]:
        os.utime(descriptor, ns=(times["atime_ns"], times["mtime_ns"]))
