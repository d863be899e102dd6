# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objectives of a command line as JSON for chaos_objectives. Usage: check_objectives.py NAME=LIMIT...

Ends with 2 and one sentence where one of them means nothing.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / ".collections"))


def main(arguments):
    """Exit code."""
    from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
    from ansible_collections.magsasa.chaos.plugins.plugin_utils import _objectives

    found = {}
    try:
        for each in arguments:
            found.update(_objectives.stated(each if "=" in each else each + "=", option="--objective"))
    except ChaosError as error:
        print("%s; see ./run_chaos_tests.sh --help" % error, file=sys.stderr)
        return 2
    print(json.dumps(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
