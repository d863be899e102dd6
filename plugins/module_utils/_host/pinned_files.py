# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Somebody else's file, held fast: found without following any link, with its metadata, put back as it was. Private
to magsasa.chaos.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat

_WALK = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
BLOCK = 4096  # a write that is cut short by a signal ends between two pages


@contextlib.contextmanager
def folder(path):
    """Descriptor of the folder of ``path``, by a walk from the root on which no part may be a link; raises OSError."""
    here = os.open("/", _WALK | os.O_DIRECTORY)
    try:
        for part in [each for each in os.path.dirname(path).split("/") if each]:
            there = os.open(part, _WALK | os.O_DIRECTORY, dir_fd=here)
            os.close(here)
            here = there
        yield here
    finally:
        os.close(here)


@contextlib.contextmanager
def held(path):
    """A name (below /proc/self/fd) for exactly this file or folder, whatever its path names later; raises OSError."""
    with folder(path) as parent:
        descriptor = os.open(os.path.basename(path), _WALK, dir_fd=parent)
    try:
        if stat.S_ISLNK(os.fstat(descriptor).st_mode):
            raise FileNotFoundError(path)  # somebody put a link in its place: it is not what we knew
        yield "/proc/self/fd/%d" % descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def same(path, ino):
    """As ``held``, or None when the file is gone or another one has its name."""
    with contextlib.ExitStack() as stack:
        try:
            name = stack.enter_context(held(path))
        except (FileNotFoundError, NotADirectoryError):
            name = None
        yield name if name and os.stat(name).st_ino == ino else None


@contextlib.contextmanager
def opened(name, flags):
    """Descriptor of what ``held`` or ``same`` named; where that is allowed, reading leaves no trace in the access
    time.
    """
    try:
        descriptor = os.open(name, flags | os.O_CLOEXEC | os.O_NOATIME)
    except PermissionError:  # open(2): for the owner of the file and root only
        descriptor = os.open(name, flags | os.O_CLOEXEC)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def regular(path):
    """Descriptor to read a regular file with, wherever links lead. Raises OSError.

    Nothing else is opened: a pipe would hold us up, and some devices act on it.
    """
    found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(found).st_mode):
            raise OSError(0, "it is not a regular file")
        descriptor = os.open("/proc/self/fd/%d" % found, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    finally:
        os.close(found)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def metadata(name):
    """Owner, mode, times (ns) and extended attributes (hex) of a file (JSON-able)."""
    found = os.stat(name)
    attributes = {}
    with contextlib.suppress(OSError):  # a file system without them
        attributes = {key: os.getxattr(name, key).hex() for key in os.listxattr(name)}
    return {
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "atime_ns": found.st_atime_ns,
        "mtime_ns": found.st_mtime_ns,
        "attributes": attributes,
    }


def described(path, inode=False):
    """Kind, owner, mode and extended attributes of a file as lines of a state dump; with ``inode`` also which file
    it is.
    """
    try:
        with held(path) as name:
            found, what = metadata(name), os.stat(name)
    except (FileNotFoundError, NotADirectoryError):
        return ["not there"]
    lines = ["mode %s" % stat.filemode(what.st_mode), "owner %d, group %d" % (found["uid"], found["gid"])]
    lines += [
        "attribute %s %s" % (key, hashlib.sha256(value.encode("ascii")).hexdigest()[:12])
        for key, value in sorted(found["attributes"].items())
    ]
    return lines + (["inode %d" % what.st_ino] if inode else [])


def content_digest(path, length):
    """Digest of the first bytes of a file as a line of a state dump."""
    try:
        with held(path) as name, opened(name, os.O_RDONLY) as descriptor:
            return "first %d bytes with the digest %s" % (
                length,
                hashlib.sha256(read(descriptor, length)).hexdigest()[:12],
            )
    except (FileNotFoundError, NotADirectoryError):
        return "no content"


def put_lost(name, before, times):
    """Put back what the kernel takes from a file that is written to or changes hands: setuid bits, capabilities;
    with ``times`` those too.
    """
    found = metadata(name)
    lost = before["mode"] & ~found["mode"]
    if lost and found["mode"] | lost == before["mode"] and not lost & ~(stat.S_ISUID | stat.S_ISGID):
        os.chmod(name, before["mode"])
    for key, value in before["attributes"].items():
        if key not in found["attributes"]:
            os.setxattr(name, key, bytes.fromhex(value))
    if times:
        os.utime(name, ns=(before["atime_ns"], before["mtime_ns"]))


def junk(fault_id, length):
    """Bytes that mean nothing, always the same for one fault: so the undo knows them again without having kept them."""
    return hashlib.shake_256(fault_id.encode("ascii")).digest(length)


def blocks(length):
    """(from, to) of every block of ``length`` bytes."""
    return [(at, min(at + BLOCK, length)) for at in range(0, length, BLOCK)]


def read(descriptor, length, at=0):
    """Up to ``length`` bytes from ``at`` on; fewer at the end of the file only."""
    pieces = []
    while length > 0:
        piece = os.pread(descriptor, min(length, 1 << 20), at)
        if not piece:
            break
        pieces.append(piece)
        at += len(piece)
        length -= len(piece)
    return b"".join(pieces)


def write(descriptor, data, at):
    """All of ``data`` from ``at`` on."""
    done = 0
    while done < len(data):
        done += os.pwrite(descriptor, data[done:], at + done)
