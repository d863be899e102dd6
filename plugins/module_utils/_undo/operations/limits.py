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
    """``{"unit", "former": {property: {"shown", "file"}}, "device", "folder", "root", "boot_id"}``.

    ``shown``: what systemd said of the property; ``file``: its drop-in (unit_limits.kept) or None; ``folder``,
    ``root``: whether the folder
    of the unit's drop-ins, and that of all units', were there. First the control group gets its old limits, then the
    files are as before, then
    systemd reads them. After a reboot there is nothing to do: all of it was below /run.
    """

    ARGS = {
        "unit": "unit",
        "former": "object",
        "device": "text or none",
        "folder": "bool",
        "root": "bool",
        "boot_id": "text",
    }
    needs_services = True

    @classmethod
    def undo(cls, args):
        if args["boot_id"] != _clock.boot_id() or not cls.left(args):
            return
        settings = []
        for name, former in sorted(args["former"].items()):
            settings += unit_limits.assignments(name, former["shown"], args["device"])
        unit_limits.assign(
            args["unit"], settings, check=False
        )  # a unit that is gone has no limits either; left() has the last word
        for name, former in args["former"].items():
            private_files.remove(unit_limits.path(args["unit"], name) + ".magsasa-chaos")
            unit_limits.put(unit_limits.path(args["unit"], name), former["file"])
        folder = os.path.dirname(unit_limits.path(args["unit"], "x"))
        if not args["folder"]:
            private_files.remove_if_empty(folder)
        if not args["root"]:
            private_files.remove_if_empty(os.path.dirname(folder))
        services.reload()

    @staticmethod
    def left(args):
        if args["boot_id"] != _clock.boot_id():
            return []
        found = unit_limits.live(args["unit"])
        left = []
        for name, former in sorted(args["former"].items()):
            path = unit_limits.path(args["unit"], name)
            if unit_limits.kept(path) != former["file"]:
                left.append("%s differs from before" % path)
            if found[name] and found[name] != former["shown"]:
                left.append(
                    "%s of %s is %s instead of %s" % (name, args["unit"], found[name], former["shown"] or "not set")
                )
        folder = os.path.dirname(unit_limits.path(args["unit"], "x"))
        if not args["folder"] and os.path.isdir(folder) and not os.listdir(folder):
            left.append("the folder %s still exists" % folder)
        return left


class RestoreProcess:
    """``{"pid", "start", "soft", "hard"}``: the former limit of open files of a process (prlimit(2)); one that is
    gone needs nothing.
    """

    ARGS = {"pid": "pid", "start": "count", "soft": "number", "hard": "number"}

    @staticmethod
    def _now(args):
        if not processes.alive(args["pid"], args["start"]):
            return None
        with contextlib.suppress(ProcessLookupError):
            return resource.prlimit(args["pid"], resource.RLIMIT_NOFILE)
        return None

    @classmethod
    def undo(cls, args):
        former = (args["soft"], args["hard"])
        if cls._now(args) not in (None, former):
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(args["pid"], resource.RLIMIT_NOFILE, former)

    @classmethod
    def left(cls, args):
        now = cls._now(args)
        if now in (None, (args["soft"], args["hard"])):
            return []
        return ["process %d may have %d open files instead of %d" % (args["pid"], now[0], args["soft"])]


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
