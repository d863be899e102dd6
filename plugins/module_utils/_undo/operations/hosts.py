# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of names that a fault put into /etc/hosts. Private to magsasa.chaos."""

from __future__ import annotations

import os

from ..._ledger import private_files
from ..._host import hosts_file, pinned_files


class Remove:
    """``{"path", "fault", "before"}``: take the lines of a fault out; what others changed meanwhile stays."""

    ARGS = {"path": "path", "fault": "id", "before": "object"}
    outlives_boot = True
    state_outlives_boot = True

    @staticmethod
    def undo(args):
        try:
            hosts_file.change(
                args["path"], args["fault"], lambda data: hosts_file.without(data, args["fault"]), args["before"]
            )
        except FileNotFoundError:
            private_files.remove(
                hosts_file.temporary(args["path"], args["fault"])
            )  # somebody removed the file, and our lines with it

    @staticmethod
    def left(args):
        found = []
        try:
            data, _metadata = hosts_file.read(args["path"])
            if hosts_file.without(data, args["fault"]) != data:
                found.append("lines of fault %s are still in %s" % (args["fault"], args["path"]))
        except FileNotFoundError:
            pass
        new = hosts_file.temporary(args["path"], args["fault"])
        return found + (["file %s still exists" % new] if os.path.lexists(new) else [])

    @staticmethod
    def state(args):
        """Lines of others, owner, mode and attributes."""
        return {args["path"]: pinned_files.described(args["path"]) + hosts_file.of_others(args["path"])}
