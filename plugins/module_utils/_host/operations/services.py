# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to systemd units. Private to magsasa.chaos."""
from __future__ import annotations

from ... import _cmd


class Start:
    """``{"unit": ...}``: start a unit that was active before the fault."""

    @staticmethod
    def _active(args):
        return _cmd.run(["systemctl", "is-active", "--quiet", args["unit"]], check=False).rc == 0

    @classmethod
    def undo(cls, args):
        if not cls._active(args):
            _cmd.run(["systemctl", "start", args["unit"]], timeout=60.0)

    @classmethod
    def left(cls, args):
        return [] if cls._active(args) else ["unit %s is not active again" % args["unit"]]


OPERATIONS = {"service.start": Start}
