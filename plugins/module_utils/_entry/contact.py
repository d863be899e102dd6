# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first question of a run to a host whose connection hands a command its input. Private to magsasa.chaos.

It is what the module host_contact does, with code that came with the question (plugin_utils/_brought.py), so that the
host loads nothing of Ansible.
"""

from __future__ import annotations

from .._fault import keep_code  # noqa: F401  pylint: disable=unused-import  # before the others, see there
import json
import sys

from .._life import runtime_archive
from . import ask


def main(text):
    """Answer ``{do, options, check}`` (JSON) as one line on stdout."""
    asked = json.loads(text)
    told = ask.contact(asked, asked["check"])
    if told.get("not_brought"):
        return runtime_archive.AGAIN  # the module brings all families
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    return 0
