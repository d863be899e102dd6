# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An SQLite database opened with the rights of its owner alone. Private to magsasa.chaos.

SQLite does what the files beside a database say. It plays a ``-journal`` back and then deletes the file that this
names as its super-journal (https://www.sqlite.org/fileformat2.html, section 3). Old versions (seen with 3.26) follow a
link in the place of ``-journal``, ``-wal`` or ``-shm`` too, and as root give the file there to the owner of the
database, or write to it, even when they open for reading only. Whoever may write to the folder could so have root
delete, change or hand over any file. So no process of root opens a database of another user: a child does, with the
user and groups of the owner, only while the file is the one that was known before. Root opens a database of root only
where nobody else can put a file beside it.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pwd
import select
import signal
import stat

try:
    import sqlite3
except ImportError:  # some builds of Python leave it out
    sqlite3 = None

from ... import _wait
from ..._errors import HostError, Refused, printable
from ..._ledger import trusted_paths
from .. import capabilities, processes

SIDES = ("-journal", "-wal", "-shm")
NOBODY = 65534  # the group of an owner whom the host does not know: his number may be that of a group of others
MOST = 65536  # bytes of an answer


class Changed(HostError):
    """The file is not the one that was known before."""


class TooLate(HostError):
    """There was no answer in time."""


def known(path):
    """Which file it is and whose: ``{"dev", "ino", "uid"}`` of a path without links at its end. Raises OSError."""
    found = os.lstat(path)
    if not stat.S_ISREG(found.st_mode):
        raise OSError(errno.EINVAL, "it is not a regular file")
    return {"dev": found.st_dev, "ino": found.st_ino, "uid": found.st_uid}


def verify(path, file):
    """The stat of ``path`` if it still is the file that ``known`` told; raises Changed."""
    shown = printable(path)
    try:
        found = os.lstat(path)
    except OSError as error:
        raise Changed("%s cannot be inspected any more (%s)" % (shown, error.strerror))
    now = (found.st_dev, found.st_ino)
    if not stat.S_ISREG(found.st_mode) or now != (file["dev"], file["ino"]):
        raise Changed(
            "%s is another file than before (device and inode were %d:%d, now %d:%d)"
            % ((shown, file["dev"], file["ino"]) + now)
        )
    if found.st_uid != file["uid"]:
        raise Changed("%s now belongs to user %d, before to user %d" % (shown, found.st_uid, file["uid"]))
    return found


def open_to_others(path):
    """What lets somebody else than root put a file beside a database of root, as ``(reason, remedy)``, or None."""
    folder = os.path.dirname(path)
    for each in [path] + [path + side for side in SIDES]:
        why = trusted_paths.stranger(each, 0)
        if why:
            return why, "let only root write there, or give the database to the user of its application (chown)"
    found = os.stat(folder)
    if found.st_mode & stat.S_IWOTH or (found.st_mode & stat.S_IWGRP and found.st_gid != 0):
        # It has the sticky bit: nobody replaces a file in it, but everybody adds one.
        return (
            "%s can be written by others (mode %04o)" % (printable(folder), stat.S_IMODE(found.st_mode)),
            "move the database to a folder of its own, or give it to the user of its application (chown)",
        )
    return None


def guard(path, file, named=None):
    """Refuse a database of root beside which others can put a file; ``named``: the path as the user wrote it, whose
    links count too. Raises Refused.
    """
    if os.geteuid() != 0 or file["uid"] != 0:
        return
    found = open_to_others(path)
    if not found and named and named != path:
        why = trusted_paths.stranger(named, 0)
        found = why and (why, "name the file itself, by a path that only root can change")
    if found:
        raise Refused(
            "ownership",
            "%s belongs to root, but %s: a journal put beside it would make SQLite delete any file as root"
            % (printable(path), found[0]),
            remedy=found[1],
        )


def _rights(path, file):
    """``(uid, gid, groups)`` to open the file with, or None where this process opens it as it is.

    The group of the file, if the owner is a member: files that SQLite puts beside the database get it, and others of
    that group may share them.
    """
    found = verify(path, file)
    guard(path, file)
    if os.geteuid() != 0 or found.st_uid == 0:
        return None
    try:
        entry = pwd.getpwuid(found.st_uid)
        groups = os.getgrouplist(entry.pw_name, entry.pw_gid)
    except KeyError:
        return found.st_uid, NOBODY, []
    return found.st_uid, found.st_gid if found.st_gid in groups else entry.pw_gid, groups


def _become(path, file, rights, keep):
    """Make this process one of the owner, for good; nothing is imported after it, as the archive is root's alone."""
    if rights is not None:
        uid, gid, groups = rights
        try:
            os.setgroups(groups)
            os.setresgid(gid, gid, gid)
            os.setresuid(uid, uid, uid)
        except OSError as error:
            raise HostError(
                "root may not become user %d, the owner of %s, on this host (%s); give it the capabilities CAP_SETUID"
                " and CAP_SETGID" % (uid, printable(path), error.strerror)
            )
        if os.getresuid() != (uid,) * 3 or capabilities.held(capabilities.DAC_OVERRIDE):
            raise HostError("root keeps its rights on this host when it becomes user %d" % uid)
    with contextlib.suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            if int(name) > 2 and int(name) != keep:
                with contextlib.suppress(OSError):
                    os.close(int(name))
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW))
    except OSError as error:
        raise HostError(
            "%s cannot be opened by user %d, who owns it (%s); let that user enter each folder above it and read it"
            % (printable(path), file["uid"], error.strerror)
            if rights is not None
            else "%s cannot be opened (%s)" % (printable(path), error.strerror)
        )
    verify(path, file)


def enter(path, file, keep):
    """Make this process, a worker that dies with its parent, one of the file's owner. ``keep``: the one descriptor
    beside the standard ones that it keeps. Raises HostError, Refused.
    """
    above = os.getppid()
    _become(path, file, _rights(path, file), keep)
    processes.die_with_parent(above)  # again: the change of user cleared it (prctl(2))


def run(path, file, seconds, work, *args):
    """What ``work(path, *args)`` returns (JSON), called in a child with the rights of the file's owner.

    A child that takes more than ``seconds`` is killed. Raises HostError, Changed, Refused.
    """
    import ctypes  # noqa: F401  pylint: disable=unused-import  # for die_with_parent in the child

    rights = _rights(path, file)
    me = os.getpid()
    reading, writing = os.pipe()
    try:
        pid = os.fork()
    except OSError as error:
        os.close(reading)
        os.close(writing)
        raise HostError("no process could be started to open %s (%s)" % (printable(path), error.strerror))
    if not pid:
        _answer(me, writing, path, file, rights, work, args)
    os.close(writing)
    try:
        said = _heard(reading, seconds)
    finally:
        os.close(reading)
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)
    if "error" in said:
        raise {"changed": Changed, "late": TooLate}.get(said.get("kind"), HostError)(said["error"])
    return said["value"]


def _answer(parent, writing, path, file, rights, work, args):
    """The child: never returns."""
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        try:
            _become(path, file, rights, writing)
            processes.die_with_parent(parent)
            said = {"value": work(path, *args)}
        except Exception as error:  # whatever it is, whoever waits must hear it
            said = {
                "error": printable(str(error) or type(error).__name__, 400),
                "kind": "changed" if isinstance(error, Changed) else "",
            }
        os.write(writing, json.dumps(said).encode("ascii"))
    finally:
        os._exit(0)


def _heard(reading, seconds):
    deadline, text = _wait.Deadline(seconds), b""
    poll = select.poll()
    poll.register(reading, select.POLLIN)
    while len(text) < MOST:
        if not poll.poll(max(0.0, deadline.left) * 1000):
            return {"error": "SQLite did not answer within %g s" % seconds, "kind": "late"}
        piece = os.read(reading, MOST)
        if not piece:
            break
        text += piece
    try:
        return json.loads(text.decode("ascii"))
    except ValueError:
        return {"error": "the process that opened the database ended without an answer"}


def connect(path, mode, timeout=0.0):
    """A connection; ``mode``: "ro" or "rw". Only in a process that ``enter`` or ``run`` made the owner's."""
    address = "file:" + "".join(
        c if c.isalnum() or c in "/._-" else "".join("%%%02X" % byte for byte in os.fsencode(c)) for c in path
    )
    return sqlite3.connect("%s?mode=%s" % (address, mode), uri=True, timeout=timeout, isolation_level=None)
