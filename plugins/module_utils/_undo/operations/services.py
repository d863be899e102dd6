# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of what a fault did to systemd services. Private to magsasa.chaos."""

from __future__ import annotations

import os
import time

from ... import _wait
from ..._ledger import private_files
from ..._host import told_to_end
from ..._host.systemd import services

PATIENCE = 10.0  # seconds that a start which is under way may take


class Start:
    """``{"unit"}``: start a service unless it runs, or systemd is starting it right now.

    An entry with ``ending`` (see told_to_end) is written right before a signal to its main process: it waits for the end
    of that, and the entry of the plan, which is undone after it, sees to the start.
    """

    ARGS = {"unit": "unit"}
    OPTIONAL = {"ending": "object"}
    outlives_boot = True  # one that is not enabled; and a host that goes down in good order starts nothing any more
    needs_services = True

    @staticmethod
    def undo(args):
        if "ending" in args:
            told_to_end.carry_on(args["ending"])
            return
        said = services.show(args["unit"], "ActiveState,Transient")
        found = said.get("ActiveState")
        # That failure is all that keeps a transient one loaded.
        if found == "failed" and said.get("Transient") != "yes":
            services.control("reset-failed", args["unit"])  # else the limit of starts in a row may refuse this one
        if found not in ("active", "activating"):
            services.control("start", args["unit"])

    @classmethod
    def left(cls, args):
        if "ending" in args:
            return told_to_end.left(args["ending"])
        deadline = _wait.Deadline(PATIENCE)
        while not services.active(args["unit"]):
            if deadline.over or services.host_ends():
                return ["service %s is not running" % args["unit"]]
            if cls.gone(args):
                break  # it is not awaited
            time.sleep(0.1)
        return [] if services.active(args["unit"]) else ["service %s is not running" % args["unit"]]

    @staticmethod
    def gone(args):
        """Its owner removed the service, or its process did not end in all the time that it had."""
        if "ending" in args:
            return told_to_end.outlasted(args["ending"])
        if services.show(args["unit"], "LoadState").get("LoadState") != "not-found":
            return []
        return ["service %s is not running any more: it was removed meanwhile" % args["unit"]]

    @staticmethod
    def state(args):
        return {"service %s" % args["unit"]: services.described(args["unit"])}


class Unblock:
    """``{"unit", "fault", "folder"}``: take the drop-in away that keeps a unit from being started; ``folder``: and
    its folder, which was not there.
    """

    ARGS = {"unit": "unit", "fault": "id", "folder": "bool"}
    needs_services = True

    @staticmethod
    def undo(args):
        path = services.drop_in(args["unit"], args["fault"])
        there = private_files.remove(path)
        if args["folder"]:
            private_files.remove_if_empty(os.path.dirname(path))
        if there or path in _known(args):
            services.reload()

    @staticmethod
    def left(args):
        path = services.drop_in(args["unit"], args["fault"])
        return (
            ["service %s cannot be started (%s)" % (args["unit"], path)]
            if os.path.lexists(path) or path in _known(args)
            else []
        )

    @staticmethod
    def state(args):
        return {"service %s" % args["unit"]: services.described(args["unit"])}


def _known(args):
    """Drop-ins that systemd has read for the unit."""
    return services.show(args["unit"], "DropInPaths").get("DropInPaths", "").split()
