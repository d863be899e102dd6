# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of tables of nftables that a fault made. Private to magsasa.chaos."""
from __future__ import annotations

from .. import nft


class RemoveTable:
    """``{"table": "magsasa_chaos_<id>"}`` of the family inet: delete it; no other table is touched."""

    @staticmethod
    def undo(args):
        nft.remove(args["table"])

    @staticmethod
    def left(args):
        return ["table inet %s is still there" % args["table"]] if nft.there(args["table"]) else []


OPERATIONS = {"nft.remove_table": RemoveTable}
