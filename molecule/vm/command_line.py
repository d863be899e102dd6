# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Command line of the virtual machine; ./run_lab.sh vm is how a person calls it."""

from __future__ import annotations

import argparse
import json
import os
import sys

from . import lifecycle, machine


def parser():
    """The options."""
    top = argparse.ArgumentParser(
        prog="run_lab.sh vm",
        description="A virtual machine with its own kernel, reached by SSH, in an isolated network.",
    )
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--name", default="vm1", help="name of the machine (default: %(default)s); several can run at the same time"
    )
    actions = top.add_subparsers(dest="action", required=True, metavar="ACTION")
    actions.add_parser("up", parents=[common], help="start it and print the path of its inventory")
    actions.add_parser("down", parents=[common], help="stop it and clean up, even after a crash")
    actions.add_parser("status", parents=[common], help="print whether it is running and answers")
    actions.add_parser("inventory", parents=[common], help="print the path of its inventory")
    ssh = actions.add_parser("ssh", parents=[common], help="log in, or run a command there")
    ssh.add_argument("words", nargs=argparse.REMAINDER, metavar="COMMAND")
    return top


def _up(name):
    found, changed = lifecycle.up(name, lambda text: print(text, file=sys.stderr, flush=True))
    print(json.dumps({"changed": changed, "inventory": str(lifecycle.inventory_path(found))}))
    return 0


def _status(name):
    row = lifecycle.status(name)
    state = "answers" if row["answers"] else "is running, but does not answer" if row["runs"] else "is not running"
    print("%-12s 127.0.0.1:%-5d %s  %s" % (name, row["port"], row["accelerator"], state))
    return 0 if row["answers"] else 1


def main(words):
    """Carry out a command line; returns the exit code. Raises LabError."""
    arguments = parser().parse_args(words)
    name = arguments.name
    if arguments.action == "up":
        return _up(name)
    if arguments.action == "status":
        return _status(name)
    if arguments.action == "down":
        print(json.dumps({"changed": lifecycle.down(name)}))
    elif arguments.action == "inventory":
        print(lifecycle.inventory_path(lifecycle.load(name)))
    else:
        command = machine.ssh_command(lifecycle.load(name), *arguments.words)
        os.execvp(command[0], command)
    return 0
