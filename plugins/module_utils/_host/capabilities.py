# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the kernel lets this process do, root or not: root in a container has seldom all of it. Private to
magsasa.chaos.

Source: capabilities(7); the numbers are from include/uapi/linux/capability.h.
"""

from __future__ import annotations

DAC_OVERRIDE = 1
NET_ADMIN = 12
SYS_TIME = 25


def among(status, capability):
    """Whether a process has a capability in effect, by the text of its /proc/PID/status. Pure."""
    for line in status.splitlines():
        if line.startswith("CapEff:"):
            return bool(int(line.split()[1], 16) >> capability & 1)
    return False


def held(capability):
    """Whether this process has it."""
    with open("/proc/self/status") as source:
        return among(source.read(65536), capability)
