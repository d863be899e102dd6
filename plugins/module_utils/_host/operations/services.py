# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to systemd services. Private to magsasa.chaos."""
from __future__ import annotations

import time

from .. import services

PATIENCE = 10.0  # seconds that a start which is under way may take


class Start:
    """``{"unit"}``: start a service unless it runs, or systemd is starting it right now."""

    @staticmethod
    def undo(args):
        if services.show(args["unit"]).get("ActiveState") not in ("active", "activating"):
            services.control("start", args["unit"])

    @staticmethod
    def left(args):
        limit = time.monotonic() + PATIENCE
        while not services.active(args["unit"]):
            if time.monotonic() > limit or services.host_ends():
                return ["service %s does not run" % args["unit"]]
            time.sleep(0.1)
        return []


OPERATIONS = {"service.start": Start}
