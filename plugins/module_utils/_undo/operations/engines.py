# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to containers. Private to magsasa.chaos.

A container is known by its full id, and by the text of its last start: one that was replaced, removed, or started by
somebody
meanwhile is theirs and not touched.
"""

from __future__ import annotations

import time

from ... import _clock, _wait
from ..._errors import HostError
from ..._host import container_engines

PATIENCE = 10.0  # seconds that a start which is under way may take
SETTLES = 0.2  # seconds that one which cannot run needs to end again
UP = ("running", "paused", "restarting")


class Start:
    """``{"access", "id", "name", "started", "boot", "policy", "grace_s"}``: start a container that ran before.

    ``started`` None: whoever started it since, it must run (after a kill or a restart); else only the one that was
    stopped by us. After a
    reboot a container without a restart policy would be down anyway.
    """

    ARGS = {
        "access": "object",
        "id": "text",
        "name": "text",
        "started": "text or none",
        "boot": "text",
        "policy": "text",
        "grace_s": "number",
    }
    outlives_boot = True
    needs_services = True

    @staticmethod
    def _mine(args):
        """Its facts, or None when nothing is to be done about it any more."""
        found = container_engines.one(args["access"], args["id"])
        if found is None or (args["started"] is not None and found["started"] != args["started"]):
            return None
        return None if args["boot"] != _clock.boot_id() and args["policy"] in ("", "no") else found

    @classmethod
    def undo(cls, args):
        found = cls._mine(args)
        # Still up although it was to be stopped: the engine may be about to do it, though the one who asked is gone.
        deadline = _wait.Deadline(args["grace_s"] + 2.0 if args["started"] is not None else 0.0)
        while found and found["status"] == "running" and not deadline.over and args["access"]["engine"] == "docker":
            time.sleep(0.1)
            found = cls._mine(args)
        if found and found["status"] in ("stopping", "removing"):
            container_engines.stop(args["access"], [args["id"]], 0)
            found = cls._mine(args)
        if found and found["status"] not in UP:
            container_engines.start(args["access"], args["id"])
            time.sleep(SETTLES)
            found = container_engines.one(args["access"], args["id"])
            if found and found["status"] not in UP:
                raise HostError(
                    "container %s was started again and exited at once with code %d"
                    % (args["name"], found["exit_code"])
                )

    @classmethod
    def left(cls, args):
        deadline = _wait.Deadline(PATIENCE)
        while True:
            found = cls._mine(args)
            if found is None or found["status"] in UP:
                return []
            if deadline.over:
                return ["container %s is %s" % (args["name"], found["status"])]
            time.sleep(0.1)


class Unpause:
    """``{"access", "id", "name", "started"}``: let a paused container go on."""

    ARGS = {"access": "object", "id": "text", "name": "text", "started": "text"}
    needs_services = True

    @staticmethod
    def _paused(args):
        found = container_engines.one(args["access"], args["id"])
        return found is not None and found["started"] == args["started"] and found["status"] == "paused"

    @classmethod
    def undo(cls, args):
        if cls._paused(args):
            container_engines.run(args["access"], "unpause", args["id"])

    @classmethod
    def left(cls, args):
        return ["container %s is still paused" % args["name"]] if cls._paused(args) else []
