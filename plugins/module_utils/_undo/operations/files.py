# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of files that a fault made. Private to magsasa.chaos."""

from __future__ import annotations

import os
import stat

from ..._ledger import private_files
from ..._host import moved_paths


class RemoveFile:
    """``{"path": ..., "fault": id, "place": where that was}``: remove a regular file that was made under a name
    with the fault's id; nothing else.
    """

    ARGS = {"path": "path", "fault": "id"}
    OPTIONAL = {"place": "object"}
    outlives_boot = True

    @staticmethod
    def _ours(args):
        return moved_paths.made_by(args["fault"], args["path"], args.get("place"), stat.S_ISREG)

    @classmethod
    def undo(cls, args):
        found = cls._ours(args)
        if found:
            _empty(found)
            private_files.remove(found)

    @classmethod
    def left(cls, args):
        found = cls._ours(args)
        return ["file %s still exists" % found] if found else []


def _empty(path):
    """Give its space back now: a file without a name keeps it as long as somebody, a holder of the fault too, has
    it open.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return  # it goes all the same
    try:
        os.ftruncate(descriptor, 0)
    except OSError:
        pass
    finally:
        os.close(descriptor)
