# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which tasks of a play are told by the events of the run, and what their failures come to. Private to
magsasa.chaos.
"""

from __future__ import annotations

import os

from ansible.playbook.task_include import TaskInclude
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text

OWN = "magsasa.chaos"
DEBUG = ("debug", "ansible.builtin.debug", "ansible.legacy.debug")
TOLD = ("preflight", "suite", "experiment")  # roles whose debug tasks say what the events say
PLAYBOOKS = (
    os.path.join(
        os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))), "playbooks"
    )
    + os.sep
)
LONGEST = 1000
CORES_OWN = "Task failed: "  # newer cores begin with it whatever a task says
MOST_HOSTS = 3
MOST_SENTENCES = 5


def role_of(task):
    """Name of the role of this collection that a task belongs to, or ""."""
    role = getattr(task, "_role", None)
    name = role.get_name() if role is not None else ""
    return name[len(OWN) + 1 :] if name.startswith(OWN + ".") else ""


def is_own(task):
    """Whether a task is one of this collection's roles or playbooks; all others are somebody's own and shown as
    always.
    """
    if role_of(task):
        return True
    path = os.path.realpath(str(task.get_path() or "").rpartition(":")[0]) if hasattr(task, "get_path") else ""
    return path.startswith(os.path.realpath(PLAYBOOKS) + os.sep)


def is_told(task):
    """Whether nothing need be said of a success of an own task."""
    return isinstance(task, TaskInclude) or task.action not in DEBUG or role_of(task) in TOLD


def message(result):
    """Why a task failed, in one line."""
    found = result.get("msg")
    if isinstance(result.get("results"), list):
        bad = [
            each
            for each in result["results"]
            if isinstance(each, dict) and (each.get("failed") or each.get("unreachable"))
        ]
        found = bad[0].get("msg") or found if bad else found
    if not found:
        found = result.get("stderr") or result.get("reason") or result.get("exception") or "no reason was given"
    if isinstance(found, (list, tuple)):
        found = "; ".join(str(each) for each in found)
    return text.plain(str(found).removeprefix(CORES_OWN), LONGEST)


def gathered(held):
    """``[(message, hosts)]`` of ``{host: message}``: a sentence that all hosts say is said once, first what most
    say.
    """
    found = {}
    for host, said in held.items():
        found.setdefault(said, []).append(host)
    return sorted(found.items(), key=lambda entry: -len(entry[1]))


def spoken(value):
    """The lines of what a debug task says."""
    if isinstance(value, (list, tuple)):
        return [line for each in value for line in spoken(each)]
    if isinstance(value, dict):
        return ["%s: %s" % (text.plain(key, 60), line) for key, each in value.items() for line in spoken(each) or [""]]
    return [text.plain(value, LONGEST)]
