# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Byte code that this process has compiled anyway. Private to magsasa.chaos.

Ansible sends sources, so a module compiles what it loads, and the process that holds its fault would compile the same
again: half of the time until the fault is in. What is kept here goes into the runtime archive.
"""

from __future__ import annotations

CODE = {}  # name of a file below module_utils, such as "_life/launch.py": its code; filled by _fault/keep_code.py
AHEAD = {}  # the same of what the archive was given before this process has loaded it
