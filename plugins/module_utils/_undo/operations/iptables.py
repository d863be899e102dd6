# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of chains of iptables that a fault made. Private to magsasa.chaos."""

from __future__ import annotations

from ..._host.packets import iptables


class RemoveChains:
    """``{"fault": id, "version": 4 or 6}``: take the jumps to its chains away, then the chains; nothing else is
    touched.
    """

    ARGS = {"fault": "id", "version": "ip version"}

    @staticmethod
    def undo(args):
        iptables.remove(args["fault"], args["version"])

    @staticmethod
    def left(args):
        return iptables.left(args["fault"], args["version"])

    @staticmethod
    def state(args):
        """The rules of everybody else."""
        return iptables.of_others(args["version"])
