# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where something that a fault made or changed is now, whatever became of the folders above it. Private to
magsasa.chaos.

Whoever holds a fault keeps a descriptor (O_PATH) of it: the kernel knows the name that it has by now, and whether it
has one. Without a
holder its file system is searched. What cannot be told raises HostError, which makes it residue: never taken for gone.
"""

from __future__ import annotations

import os

from .. import _clock, _wait
from .._errors import HostError
from . import processes
from .marks import MARK

DELETED = " (deleted)"  # what proc(5) says behind the name of a file that has none any more
SEARCH_S = 2.0  # an undo that is tried again and again must not load the host
_held = {}  # path as the undo names it: descriptor of this process


def of(folder):
    """What tells later whether ``folder`` is still the one it was (JSON-able)."""
    found = os.stat(folder)
    return {"boot": _clock.boot_id(), "dev": found.st_dev, "folder": found.st_ino}


def known(facts):
    """The same as an argument of an undo operation; none where nobody looked."""
    return {"place": facts["place"]} if "place" in facts else {}


def hold(path, named=None):
    """Keep a descriptor of what is at ``path`` for as long as this process lives; returns it. ``named``: what the
    undo calls it.
    """
    _held[named or path] = os.open(path, os.O_PATH | os.O_CLOEXEC | os.O_NOFOLLOW)
    return _held[named or path]


def hold_too(pid, descriptor, path):
    """The same for what another process has open."""
    _held[path] = os.open("/proc/%d/fd/%d" % (pid, descriptor), os.O_PATH | os.O_CLOEXEC)


def release():
    """Let go what this process holds: all is undone, and what has no name any more goes with its last descriptor."""
    while _held:
        os.close(_held.popitem()[1])


def find(path, fault_id, place=None, ino=None):
    """The name (text) that it has now, None when it is gone for good. With ``ino`` it is that file and no other of
    its name.
    """
    try:
        if ino in (None, os.lstat(path).st_ino):
            return path
    except (FileNotFoundError, NotADirectoryError):
        pass
    descriptor = still_open(path, fault_id, ino)
    if descriptor is not None:
        return _name_of(descriptor, path)
    if not place or _same_folder(os.path.dirname(path), place):
        return None
    return _search(path, place, ino)


def still_open(path, fault_id, ino=None):
    """A name below /proc for the descriptor that somebody who holds this fault has of it, or None."""
    if path in _held:
        return "/proc/self/fd/%d" % _held[path]
    name = os.path.basename(path)
    for pid, _start in processes.marked(MARK, fault_id):
        folder = "/proc/%d/fd" % pid
        try:
            links = [os.path.join(folder, each) for each in os.listdir(folder)]
        except OSError:
            continue
        for link in links:
            try:
                target = os.readlink(link)
                if os.path.basename(
                    target[: -len(DELETED)] if target.endswith(DELETED) else target
                ) == name and ino in (None, os.stat(link).st_ino):
                    return link
            except OSError:
                continue
    return None


def _name_of(descriptor, path):
    found, name = os.stat(descriptor), os.readlink(descriptor)
    try:
        there = os.lstat(name)
        if (there.st_dev, there.st_ino) == (found.st_dev, found.st_ino):
            return name
    except OSError:
        pass
    if found.st_nlink == 0 or name.endswith(DELETED):
        return None
    raise HostError("%s still exists, but under an unknown name (%s)" % (path, name))


def _same_folder(folder, place):
    try:
        return os.stat(folder).st_ino == place.get("folder")
    except (FileNotFoundError, NotADirectoryError):
        return False


def _search(path, place, ino):
    """Look for a file of that name through its whole file system, the near first, for seconds at most."""
    root = os.path.dirname(path)
    while not os.path.isdir(root):
        root = os.path.dirname(root)
    device = os.stat(root).st_dev
    if device != place.get("dev"):
        raise HostError("%s: its file system is not mounted there any more" % path)
    name, deadline, seen = os.path.basename(path), _wait.Deadline(SEARCH_S), None
    while True:
        found = _below(root, seen, device, name, ino, deadline)
        if found is not None:
            return found
        if root == "/" or os.stat(os.path.dirname(root)).st_dev != device:
            return None
        root, seen = os.path.dirname(root), root


def _below(root, seen, device, name, ino, deadline):
    """The path of a file of that name below ``root``, but not below ``seen``; None when there is none. Raises
    HostError when time is over.
    """
    folders = [root]
    while folders:
        if deadline.over:
            raise HostError(
                "its folder was moved or removed, and file %s was not found within %g s; remove that file wherever"
                " it is" % (name, SEARCH_S)
            )
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.name == name and ino in (None, entry.inode()):
                        return entry.path
                    if (
                        entry.path != seen
                        and entry.is_dir(follow_symlinks=False)
                        and os.lstat(entry.path).st_dev == device
                    ):
                        folders.append(entry.path)
        except FileNotFoundError:
            continue  # it went while we looked
    return None


def made_by(fault, path, place, is_kind):
    """Name now of what was made at ``path`` under a name with the fault's id, or None; ``is_kind``: what stat must say
    of its mode.

    Raises OSError when that cannot be told (a folder closed to us, a dead mount).
    """
    if not fault or fault not in os.path.basename(path):
        return None
    found = find(path, fault, place)
    try:
        return found if found and is_kind(os.lstat(found).st_mode) else None
    except (FileNotFoundError, NotADirectoryError):
        return None
