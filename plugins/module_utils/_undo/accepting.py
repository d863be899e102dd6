# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An undo is complete only when a database server takes connections again. Private to magsasa.chaos."""

from __future__ import annotations

from .. import _wait
from .._host.systemd import services


class Accepting:
    """``{"address", "port"}``: nothing to undo by itself; the fault is over only when the server takes connections
    again.
    """

    needs_services = True

    SERVER = "database server"
    PATIENCE = 30.0  # seconds that recovery after a stop may take

    @staticmethod
    def ping(address, port, timeout):
        """What a connection to the server meets: "accepting", or another word."""
        raise NotImplementedError

    @staticmethod
    def undo(args):
        """The process is started by another operation of the same fault, which comes after this one in the order of
        undoing.
        """

    @classmethod
    def left(cls, args):
        last = []  # what the last connection met

        def settled():
            last[:] = [cls.ping(args["address"], args["port"], 1.0)]
            return last[0] == "accepting" or services.host_ends()

        _wait.until(settled, cls.PATIENCE, 0.1)
        return (
            []
            if last[0] == "accepting"
            else ["the %s on port %d does not take connections again (%s)" % (cls.SERVER, args["port"], last[0])]
        )
