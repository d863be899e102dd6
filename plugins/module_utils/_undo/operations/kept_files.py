# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to files of others. Private to magsasa.chaos.

What others did to a file meanwhile is theirs and stays: each operation takes back what it finds as the fault left it,
and no more.
"""

from __future__ import annotations

import ctypes
import errno
import os

from ..._errors import HostError
from ..._ledger import private_files
from ..._host import moved_paths, pinned_files

MOST_BEHIND = 64 * 1024 * 1024  # bytes that others may have written behind ours
MOST_COMPARED = 4 * 1024 * 1024  # bytes of a file that a state dump reads
_RENAME_NOREPLACE = 1  # renameat2(2)


def aside(fault_id):
    """Name of a file that was moved aside, in its own folder."""
    return ".magsasa-chaos-%s" % fault_id


def place_aside(path, fault_id):
    """The path of a file that was moved aside."""
    return os.path.join(os.path.dirname(path), aside(fault_id))


def kept(fault_id):
    """Where the bytes that a fault overwrote are kept; a reboot does not forget them."""
    return os.path.join(private_files.folders().ledger, "faults", fault_id + ".kept")


def move(parent, old, new):
    """Rename within a folder, never over another file: raises FileExistsError."""
    libc = ctypes.CDLL(None, use_errno=True)
    call = getattr(libc, "renameat2", None)
    if call is not None:
        if call(parent, os.fsencode(old), parent, os.fsencode(new), _RENAME_NOREPLACE) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.EINVAL, errno.ENOSYS):
            raise OSError(number, os.strerror(number), new)
    if there(parent, new):  # a C library or file system without it
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), new)
    os.rename(old, new, src_dir_fd=parent, dst_dir_fd=parent)


def there(parent, name):
    try:
        os.stat(name, dir_fd=parent, follow_symlinks=False)
        return True
    except FileNotFoundError:
        return False


class _File:
    """What the operations on one file have in common: its state is which file it is, its owner, mode and attributes.

    Size, times and what lies behind the bytes of ours are not compared: a program that has the file open may go on
    writing.
    """

    OPTIONAL = {"fault": "id", "place": "object"}
    state_outlives_boot = True

    @staticmethod
    def path(args):
        """Where the file is now, be it in a folder that was renamed; the path of the plan when it is gone."""
        return moved_paths.find(args["path"], args.get("fault"), args.get("place"), args["ino"]) or args["path"]

    @classmethod
    def state(cls, args):
        return {args["path"]: pinned_files.described(cls.path(args), inode=True)}


class PutBack(_File):
    """``{"path", "fault"}``: move a file back that was moved aside. What was made in its place meanwhile is kept
    beside it.
    """

    ARGS = {"path": "path", "fault": "id"}
    outlives_boot = True

    @staticmethod
    def path(args):
        """Where it would be if it were not aside, in the folder that holds it now."""
        held = place_aside(args["path"], args["fault"])
        found = moved_paths.find(held, args["fault"], args.get("place"))
        return (
            args["path"]
            if found in (None, held)
            else os.path.join(os.path.dirname(found), os.path.basename(args["path"]))
        )

    @classmethod
    def undo(cls, args):
        name = os.path.basename(args["path"])
        try:
            with pinned_files.folder(cls.path(args)) as parent:
                if not there(parent, aside(args["fault"])):
                    return
                made = None
                for attempt in range(1, 20):
                    try:
                        move(parent, aside(args["fault"]), name)
                        break
                    except FileExistsError:
                        made = "%s.made-during-%s-%d" % (os.fsdecode(os.fsencode(name)[:200]), args["fault"], attempt)
                        move(parent, name, made)
                private_files.sync_folder("/proc/self/fd/%d" % parent)
        except (FileNotFoundError, NotADirectoryError):
            return
        if made:
            raise HostError(
                "%s was created again meanwhile; the new file is kept as %s in the same folder" % (args["path"], made)
            )

    @classmethod
    def left(cls, args):
        try:
            with pinned_files.folder(cls.path(args)) as parent:
                is_aside = there(parent, aside(args["fault"]))
        except (FileNotFoundError, NotADirectoryError):
            return []
        return (
            ["%s is still moved aside, as %s in its folder" % (args["path"], aside(args["fault"]))] if is_aside else []
        )


class Permissions(_File):
    """``{"path", "ino", "before", "after"}``: owner, group and mode as they were, each if it is still what the
    fault made it.
    """

    ARGS = {"path": "path", "ino": "count", "before": "object", "after": "object"}
    outlives_boot = True

    @staticmethod
    def _ours(args, found):
        return [key for key, value in args["after"].items() if found[key] == value != args["before"][key]]

    @classmethod
    def undo(cls, args):
        with pinned_files.same(cls.path(args), args["ino"]) as name:
            if name is None:
                return
            before, found = args["before"], pinned_files.metadata(name)
            ours = cls._ours(args, found)
            owner, group = (before[key] if key in ours else -1 for key in ("uid", "gid"))
            if (owner, group) != (-1, -1):
                os.chown(name, owner, group)
            if "mode" in ours:
                os.chmod(name, before["mode"])
            if ours:
                pinned_files.put_lost(name, before, times=False)

    @classmethod
    def left(cls, args):
        with pinned_files.same(cls.path(args), args["ino"]) as name:
            ours = [] if name is None else cls._ours(args, pinned_files.metadata(name))
        return ["%s of %s is still as the fault set it" % (key, args["path"]) for key in ours]


class Contents(_File):
    """``{"path", "ino", "fault", "size", "before"}``: the first ``size`` bytes as they were, where they are still
    our junk.
    """

    ARGS = {"path": "path", "ino": "count", "fault": "id", "size": "count", "before": "object"}
    outlives_boot = True

    @staticmethod
    def _blocks(args, descriptor, original):
        """((from, to), is still junk, is as it was) of every block."""
        junk = pinned_files.junk(args["fault"], args["size"])
        found = pinned_files.read(descriptor, args["size"])
        return [
            ((start, end), found[start:end] == junk[start:end], found[start:end] == original[start:end])
            for start, end in pinned_files.blocks(args["size"])
        ]

    @classmethod
    def undo(cls, args):
        original = _read_kept(args)
        if original is None:  # nothing was overwritten: they are kept before that
            return
        with pinned_files.same(cls.path(args), args["ino"]) as name:
            if name is not None:
                with pinned_files.opened(name, os.O_RDWR) as descriptor:
                    found = cls._blocks(args, descriptor, original)
                    for (start, end), junk, _same in found:
                        if junk:
                            pinned_files.write(descriptor, original[start:end], start)
                    os.fsync(descriptor)
                pinned_files.put_lost(name, args["before"], times=all(junk or same for _span, junk, same in found))
        private_files.remove(kept(args["fault"]))

    @classmethod
    def left(cls, args):
        if os.path.lexists(kept(args["fault"])) and _read_kept(args) is not None:
            return ["the first bytes of %s are not restored" % args["path"]]
        with pinned_files.same(cls.path(args), args["ino"]) as name:
            if name is None:
                return []
            with pinned_files.opened(name, os.O_RDONLY) as descriptor:
                # a last block of a byte or two may look like junk by chance
                junk = any(
                    ours and end - start >= min(args["size"], 4)
                    for (start, end), ours, _same in cls._blocks(args, descriptor, b"")
                )
        return (
            ["the first bytes of %s are overwritten, and the original ones are missing from the ledger" % args["path"]]
            if junk
            else []
        )

    @classmethod
    def state(cls, args):
        path = cls.path(args)
        return {
            args["path"]: (
                pinned_files.described(path, inode=True)
                + [pinned_files.content_digest(path, min(args["size"], MOST_COMPARED))]
            )
        }


def _read_kept(args):
    """The bytes that were overwritten, from a descriptor of them too when somebody removed the file; None when they
    were not kept or are put back.
    """
    path = kept(args["fault"])
    for name in (path, None):
        name = name or moved_paths.still_open(path, args["fault"])
        try:
            with open(name or path, "rb") as source:
                data = source.read(args["size"])
        except (FileNotFoundError, NotADirectoryError):
            continue
        if len(data) == args["size"]:
            return data
    return None


class Cut(_File):
    """``{"path", "ino", "fault", "at", "ours", "before"}``: take bytes out that were appended at ``at``; what others
    wrote behind them moves up.

    ``ours``: ``{"text": str}`` or ``{"junk": bytes}``.
    """

    ARGS = {"path": "path", "ino": "count", "fault": "id", "before": "object", "at": "count", "ours": "object"}
    outlives_boot = True

    @staticmethod
    def added(args):
        """The bytes that the fault appends."""
        if "text" in args["ours"]:
            return args["ours"]["text"].encode("utf-8", "replace")
        return pinned_files.junk(args["fault"], args["ours"]["junk"])

    @classmethod
    def _find(cls, args, descriptor):
        """Bytes of ours that are at their place: all, fewer when the write was cut short, 0 when somebody wrote
        something else there.
        """
        ours = cls.added(args)
        found = pinned_files.read(descriptor, len(ours), args["at"])
        return len(found) if found and ours.startswith(found) else 0

    @classmethod
    def undo(cls, args):
        with pinned_files.same(cls.path(args), args["ino"]) as name:
            if name is None:
                return
            with pinned_files.opened(name, os.O_RDWR) as descriptor:
                length = cls._find(args, descriptor)
                if not length:
                    return
                behind = os.fstat(descriptor).st_size - args["at"] - length
                if behind > MOST_BEHIND:
                    raise HostError("%d bytes were appended to %s after those of the fault" % (behind, args["path"]))
                rest = pinned_files.read(descriptor, behind, args["at"] + length)
                pinned_files.write(descriptor, rest, args["at"])
                os.ftruncate(descriptor, args["at"] + len(rest))
                os.fsync(descriptor)
            pinned_files.put_lost(name, args["before"], times=not rest)

    @classmethod
    def left(cls, args):
        with pinned_files.same(cls.path(args), args["ino"]) as name:
            if name is None:
                return []
            with pinned_files.opened(name, os.O_RDONLY) as descriptor:
                return [
                    "%d appended bytes are still in %s" % (length, args["path"])
                    for length in [cls._find(args, descriptor)]
                    if length
                ]

    @classmethod
    def state(cls, args):
        """Of a long file the first 4 MiB: what was appended lies behind what was there."""
        path = cls.path(args)
        return {
            args["path"]: (
                pinned_files.described(path, inode=True)
                + [pinned_files.content_digest(path, min(args["at"], MOST_COMPARED))]
            )
        }
