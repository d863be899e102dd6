# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write what follows from the list of fault families (FAMILIES in plugins/plugin_utils/_names.py): the action group and
the action of every
fault module in meta/runtime.yml, what preflight_info can assess, and the schema of scenarios.
Usage: write_families.py [--check]. With --check nothing is written; ends with 1 where something differs.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".collections"))

from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES

MODULES = ["%s_fault" % name for name in FAMILIES]
RUNTIME = """---
# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
#
# Written by tools/write_families.py.
requires_ansible: '>=2.16.0'
action_groups:
  fault:
%s
# One action guards every fault module: what the inventory says comes before the host is touched.
plugin_routing:
  modules:
%s
"""


def runtime(_text):
    """meta/runtime.yml."""
    group = "\n".join("    - " + name for name in MODULES)
    return RUNTIME % (
        group,
        "\n".join("    %s:\n      action_plugin: magsasa.chaos.fault" % name for name in MODULES),
    )


def assessed(text):
    """The imports of _fault/assess.py: a module takes along only what it imports by name."""
    block = "".join("        %s,\n" % name for name in sorted(FAMILIES))
    head = "    from .._families import (  # pylint: disable=unused-import  # noqa: F401\n"
    text = _between(text, head, "    )\n", block)
    names = "".join('    "%s",\n' % name for name in sorted(FAMILIES))
    return _between(text, "NAMES = (  # written by tools/write_families.py\n", ")\n", names)


def schema(text):
    """The property family of docs/scenario.schema.json."""
    head = re.search(r'"family": \{(?:[^}]*?)"enum": \[\n', text).group(0)
    return _between(text, head, "          ]", ",\n".join('            "%s"' % name for name in FAMILIES) + "\n")


def _between(text, begin, end, new):
    before, mark, rest = text.partition(begin)
    if not mark:
        raise SystemExit("no place to write to: %r" % begin)
    return before + begin + new + end + rest.partition(end)[2]


FILES = {
    "meta/runtime.yml": runtime,
    "plugins/module_utils/_fault/assess.py": assessed,
    "docs/scenario.schema.json": schema,
}


def main(arguments):
    """Write, or compare; returns the exit code."""
    differing = []
    for name, made in FILES.items():
        path = ROOT / name
        text = path.read_text(encoding="utf-8")
        new = made(text)
        if new != text:
            differing.append(name)
            if "--check" not in arguments:
                path.write_text(new, encoding="utf-8")
    for name in differing:
        print(("differs: " if "--check" in arguments else "written: ") + name)
    return 1 if differing and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
