# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of files that a fault made. Private to magsasa.chaos."""
from __future__ import annotations

import os
import stat

from .. import state


class RemoveFile:
    """``{"path": ..., "fault": id}``: remove a regular file whose name carries the fault's id; nothing else is touched."""

    ARGS = {"path": "path", "fault": "id"}
    outlives_boot = True

    @staticmethod
    def _ours(args):
        """Whether it is there and ours; raises OSError when that cannot be told (a folder closed to us, a dead mount)."""
        path = args["path"]
        if not args["fault"] or args["fault"] not in os.path.basename(path):
            return False
        try:
            return stat.S_ISREG(os.lstat(path).st_mode)
        except (FileNotFoundError, NotADirectoryError):
            return False

    @classmethod
    def undo(cls, args):
        if cls._ours(args):
            state.remove(args["path"])

    @classmethod
    def left(cls, args):
        return ["file %s is still there" % args["path"]] if cls._ours(args) else []


OPERATIONS = {"file.remove": RemoveFile}
