# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the lab; ./run_lab.sh is how a person calls it."""

from __future__ import annotations

import argparse
import json
import os
import sys

from vm import command_line as vm_command_line

from . import access, layout, lifecycle, services
from .errors import LabError


def parser():
    """The options."""
    top = argparse.ArgumentParser(
        prog="run_lab.sh",
        description="A lab of small Linux machines on this one, reached by SSH, in an isolated network.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--name", default="main", help="name of the lab (default: %(default)s); several can run at the same time"
    )
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    up = actions.add_parser("up", parents=[common], help="start it and print the path of its inventory")
    up.add_argument(
        "apps", nargs="?", type=int, default=2, metavar="N", help="number of application hosts (default: %(default)s)"
    )
    up.add_argument("--no-db", dest="db", action="store_false", help="no database host: applications use SQLite")
    up.add_argument("--no-observer", dest="observer", action="store_false", help="no host that probes from outside")
    up.add_argument("--protected", type=int, default=0, metavar="N", help="number of protected application hosts")
    up.add_argument("--bare", action="store_true", help="only the hosts, without PostgreSQL and the sample application")
    actions.add_parser("down", parents=[common], help="stop it and clean up, even after a crash")
    actions.add_parser("status", parents=[common], help="print its hosts and whether they answer")
    actions.add_parser("inventory", parents=[common], help="print the path of its inventory")
    ssh = actions.add_parser("ssh", parents=[common], help="log in to a host, or run a command there")
    ssh.add_argument("host", metavar="HOST")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    return top


def _up(arguments):
    hosts = layout.plan_hosts(arguments.apps, arguments.db, arguments.observer, arguments.protected)
    lab, changed = lifecycle.up(arguments.name, hosts, say)
    if not arguments.bare:
        changed = services.start(lab, say) or changed
    print(json.dumps({"changed": changed, "inventory": str(lifecycle.inventory_path(lab))}))
    return 0


def say(text):
    """Tell a person what goes on; stdout is for the result."""
    print(text, file=sys.stderr, flush=True)


def _status(arguments):
    rows = lifecycle.status(arguments.name)
    for row in rows:
        state = "answers" if row["answers"] else "does not answer"
        print(
            "%-10s %-14s %-9s %s%s"
            % (row["name"], row["address"], row["group"], state, ", protected" if row["protected"] else "")
        )
    return 0 if all(row["answers"] for row in rows) else 1


def _ssh(arguments):
    lab = lifecycle.load(arguments.name)
    command = access.ssh_command(lab, lab.find(arguments.host), *arguments.words)
    os.execvp(command[0], command)


def main(words):
    """Carry out a command line; returns the exit code."""
    try:
        if words[:1] == ["vm"]:
            return vm_command_line.main(words[1:])
        arguments = parser().parse_args(words)
        if arguments.action == "up":
            return _up(arguments)
        if arguments.action == "down":
            print(json.dumps({"changed": lifecycle.down(arguments.name)}))
            return 0
        if arguments.action == "inventory":
            print(lifecycle.inventory_path(lifecycle.load(arguments.name)))
            return 0
        return {"status": _status, "ssh": _ssh}[arguments.action](arguments)
    except LabError as error:
        print("Lab: %s" % error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
