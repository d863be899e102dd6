# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A command on a host that gets an input and answers in one line of JSON. Private to magsasa.chaos."""

from __future__ import annotations

import json
import shlex

MOST_ANSWER = 64 * 1024 * 1024  # characters; a million samples are about 20 million


def answered(text):
    """The JSON object in the last line of a command's output (a login may have said something before), or None."""
    lines = text.strip().splitlines()
    try:
        found = json.loads(lines[-1]) if lines and len(lines[-1]) <= MOST_ANSWER else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def takes_input(runner):
    """Whether a command may have an input on this connection. Ansible asks its user (pipelining), as sudo may want
    a terminal; without become none does.
    """
    return runner._is_pipelining_enabled("new") or bool(
        runner._connection.has_pipelining and not runner._connection.become
    )


def command(runner, argv, data):
    """What a host said to a command with an input (bytes): ``{rc, stdout, stderr}``, in the environment of the task."""
    # Ansible hands every command to the login shell of the host, so each word is quoted for it.
    line = " ".join([runner._compute_environment_string(), *map(shlex.quote, argv)]).strip()
    return runner._low_level_execute_command(line, in_data=data)
