# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python for a host of the inventory that writes down how much memory each module of it took."""

from __future__ import annotations

import os
import sys

PROGRAM = """#!%s -IS
import os, sys
child = os.fork()
if child == 0:
    os.execv(%r, [%r] + sys.argv[1:])
_pid, status, used = os.wait4(child, 0)
with open(%r, "a") as told:
    told.write("%%d\\n" %% used.ru_maxrss)
os._exit(os.waitstatus_to_exitcode(status) & 255)
"""


class Interpreter:
    """``path`` is given as ansible_python_interpreter; ``peaks()`` are the largest resident sizes (MiB) of what it
    ran.
    """

    def __init__(self, folder):
        self.path = os.path.join(str(folder), "measured-python")
        self._told = os.path.join(str(folder), "peaks")
        with open(self.path, "w", encoding="utf-8") as target:
            target.write(PROGRAM % (sys.executable, sys.executable, sys.executable, self._told))
        os.chmod(self.path, 0o755)

    def peaks(self):
        """MiB of each run so far, in their order."""
        with open(self._told, encoding="utf-8") as source:
            return [int(line) / 1024 for line in source]
