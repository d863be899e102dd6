# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of tables of nftables that a fault made, and of the worker that holds packets for one. Private to
magsasa.chaos.
"""

from __future__ import annotations

import signal

from ..._host import processes
from ..._host.packets import nft
from ..._host.marks import MARK

HOLDER = "chaos-net"  # the worker's short name
PATIENCE = 1.0  # seconds


class RemoveTable:
    """``{"table": "magsasa_chaos_<id>"}`` of the family inet: delete it; no other table is touched."""

    ARGS = {"table": "table"}

    @staticmethod
    def undo(args):
        nft.remove(args["table"])

    @staticmethod
    def left(args):
        return ["table inet %s still exists" % args["table"]] if nft.there(args["table"]) else []

    @staticmethod
    def state(args):
        """The rules of everybody else: a fault adds a table and touches none."""
        return {"packet filter %s" % name: lines for name, lines in nft.of_others().items()}


class ReleasePackets:
    """``{"fault": id}``: let the worker of a delay hand back what it holds; killed at once it would lose those
    packets.
    """

    ARGS = {"fault": "id"}

    @staticmethod
    def undo(args):
        found = [(pid, start) for pid, start in processes.marked(MARK, args["fault"]) if processes.comm(pid) == HOLDER]
        for pid, start in found:
            processes.send(pid, start, signal.SIGTERM)
        for pid, start in found:
            processes.wait_gone(pid, start, PATIENCE)

    @staticmethod
    def left(args):
        return []  # workers.end looks after a worker that stays
