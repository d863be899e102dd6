# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of limits: those of a unit, those of a process; and of a folder full of small files. Private to
magsasa.chaos.
"""

from __future__ import annotations

import contextlib
import os
import resource
import stat

from ... import _clock
from ..._ledger import private_files
from ..._host import moved_paths, processes
from ..._host.systemd import services, unit_limits


class RestoreUnit:
    """``{"unit", "former": {property: {"shown", "file"}}, "bound": {property: figure}, "device", "folder", "root",
    "boot_id"}``.

    ``shown``: what systemd said of the property; ``file``: its drop-in (unit_limits.kept) or None; ``folder``,
    ``root``: whether the folder
    of the unit's drop-ins, and that of all units', were there. First the control group gets its old limits, then the
    files are as before, then
    systemd reads them. After a reboot there is nothing to do: all of it was below /run.

    ``bound``: what the fault set, missing in records of an earlier version. A property that has neither this nor its
    former value was set by somebody else meanwhile: that stays, and is told as a difference.
    """

    ARGS = {
        "unit": "unit",
        "former": "object",
        "device": "text or none",
        "folder": "bool",
        "root": "bool",
        "boot_id": "text",
    }
    OPTIONAL = {"bound": "object"}
    needs_services = True
    INEXACT = 0.01  # by which systemd may show another figure than it was given

    @classmethod
    def _theirs(cls, args, found):
        """{property: sentence} of what somebody else set meanwhile; ``found``: what systemd says now."""
        theirs = {}
        for name, bound in args.get("bound", {}).items():
            former = args["former"][name]["shown"]
            try:
                now, before = (unit_limits.figure(name, text, args["device"]) for text in (found[name], former))
            except ValueError:
                continue
            if found[name] and now != before and abs(now - bound) > cls.INEXACT * bound:
                theirs[name] = "%s of %s is %s instead of %s, which somebody else set meanwhile" % (
                    name,
                    args["unit"],
                    found[name],
                    former or "not set",
                )
        return theirs

    @classmethod
    def undo(cls, args):
        if args["boot_id"] != _clock.boot_id() or not cls._ours_left(args):
            return
        settings = []
        theirs = cls._theirs(args, unit_limits.live(args["unit"]))
        ours = {name: former for name, former in sorted(args["former"].items()) if name not in theirs}
        for name, former in ours.items():
            settings += unit_limits.assignments(name, former["shown"], args["device"])
        if settings:  # a unit that is gone has no limits either; left() has the last word
            unit_limits.assign(args["unit"], settings, check=False)
        for name, former in ours.items():
            private_files.remove(unit_limits.path(args["unit"], name) + ".magsasa-chaos")
            unit_limits.put(unit_limits.path(args["unit"], name), former["file"])
        folder = os.path.dirname(unit_limits.path(args["unit"], "x"))
        if not args["folder"]:
            private_files.remove_if_empty(folder)
        if not args["root"]:
            private_files.remove_if_empty(os.path.dirname(folder))
        services.reload()

    @classmethod
    def left(cls, args):
        if args["boot_id"] != _clock.boot_id():
            return []
        return cls._ours_left(args) or sorted(cls._theirs(args, unit_limits.live(args["unit"])).values())

    @classmethod
    def gone(cls, args):
        """Nothing of ours is there, only what somebody else set."""
        return [] if cls._ours_left(args) else cls.left(args)

    @classmethod
    def _ours_left(cls, args):
        found = unit_limits.live(args["unit"])
        theirs = cls._theirs(args, found)
        left = []
        for name, former in sorted(args["former"].items()):
            if name in theirs:
                continue
            path = unit_limits.path(args["unit"], name)
            if unit_limits.kept(path) != former["file"]:
                left.append("%s differs from before" % path)
            if found[name] and cls._differs(name, found[name], former["shown"], args["device"]):
                left.append(
                    "%s of %s is %s instead of %s" % (name, args["unit"], found[name], former["shown"] or "not set")
                )
        folder = os.path.dirname(unit_limits.path(args["unit"], "x"))
        if not args["folder"] and os.path.isdir(folder) and not os.listdir(folder):
            left.append("the folder %s still exists" % folder)
        return left

    @staticmethod
    def _differs(name, now, former, device):
        try:
            return unit_limits.figure(name, now, device) != unit_limits.figure(name, former, device)
        except ValueError:
            return now != former


class RestoreProcess:
    """``{"pid", "start", "soft", "hard", "bound"}``: the former limit of open files of a process (prlimit(2)), and of
    what it started meanwhile, which inherited ``bound``. One that is gone needs nothing; a limit that somebody else set
    meanwhile is theirs. ``bound`` is missing in records of an earlier version.
    """

    ARGS = {"pid": "pid", "start": "count", "soft": "number", "hard": "number"}
    OPTIONAL = {"bound": "number"}
    ROUNDS = 20  # a child that was forked while we looked

    @staticmethod
    def _now(pid):
        with contextlib.suppress(ProcessLookupError):
            return resource.prlimit(pid, resource.RLIMIT_NOFILE)
        return None

    @classmethod
    def _heirs(cls, args, ours):
        """Those below it that have our limit; not one of another user, which this user could not have limited."""
        for pid in processes.below(args["pid"]):
            with contextlib.suppress(PermissionError):
                if cls._now(pid) == ours:
                    yield pid, ours

    @classmethod
    def _limited(cls, args):
        """``[(pid, (soft, hard))]`` of those that have our limit, the process itself first."""
        if not processes.alive(args["pid"], args["start"]):
            return []
        former, ours = (args["soft"], args["hard"]), (args.get("bound"), args["hard"])
        own = cls._now(args["pid"])
        found = [(args["pid"], own)] if own not in (None, former) and (ours[0] is None or own == ours) else []
        return found + (list(cls._heirs(args, ours)) if ours != former else [])

    @classmethod
    def undo(cls, args):
        for _round in range(cls.ROUNDS):
            limited = cls._limited(args)
            if not limited:
                break
            for pid, _now in limited:
                with contextlib.suppress(ProcessLookupError):
                    resource.prlimit(pid, resource.RLIMIT_NOFILE, (args["soft"], args["hard"]))

    @classmethod
    def left(cls, args):
        return [cls._said(args, pid, now) for pid, now in cls._limited(args)] or cls._theirs(args)

    @classmethod
    def gone(cls, args):
        """Nothing of it is there: somebody else set another limit meanwhile."""
        return [] if cls._limited(args) else cls._theirs(args)

    @classmethod
    def _theirs(cls, args):
        now = cls._now(args["pid"]) if processes.alive(args["pid"], args["start"]) else None
        if now in (None, (args["soft"], args["hard"])):
            return []
        return [cls._said(args, args["pid"], now) + ", which somebody else set meanwhile"]

    @staticmethod
    def _said(args, pid, now):
        return "process %d may have %d open files instead of %d" % (pid, now[0], args["soft"])


class RemoveFolder:
    """``{"path", "fault", "place": where that was}``: remove a folder of empty files that was made under a name
    with the fault's id; no link is followed.
    """

    ARGS = {"path": "path", "fault": "id"}
    OPTIONAL = {"place": "object"}
    outlives_boot = True

    @staticmethod
    def _ours(args):
        return moved_paths.made_by(args["fault"], args["path"], args.get("place"), stat.S_ISDIR)

    @classmethod
    def undo(cls, args):
        found = cls._ours(args)
        if not found:
            return
        descriptor = os.open(found, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    with contextlib.suppress(FileNotFoundError):
                        os.unlink(entry.name, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        os.rmdir(found)

    @classmethod
    def left(cls, args):
        found = cls._ours(args)
        return ["folder %s still exists" % found] if found else []
