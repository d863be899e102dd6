# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a task with a fault module asks a host whose connection hands a command its input. Private to magsasa.chaos.

The code comes with the question (plugin_utils/_brought.py) and is loaded from memory, so that the host loads nothing of
Ansible: that took longer than the fault. The options have been checked on the controller, by the argument spec of the
module.
"""

from __future__ import annotations

from .._fault import keep_code  # noqa: F401  pylint: disable=unused-import  # before the others, see there
import importlib
import json
import sys

from .. import _families
from .._fault import request


def main(text):
    """Answer ``{family, params, check, diff}`` (JSON) as one line on stdout: the result of the module."""
    asked = json.loads(text)
    absent = asked["params"]["state"] == "absent"  # by its name alone: nothing of a family is needed
    family = request.Nobody if absent else importlib.import_module(_families.__name__ + "." + asked["family"]).FAMILY
    result = request.carry_out(family, request.here(family, asked["params"]), asked["check"])
    if not result.get("failed"):
        request.add_diff(result, asked["params"]["state"], asked["diff"])
    sys.stdout.write(json.dumps(result) + "\n")
    sys.stdout.flush()
    return 0
