# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a machine needs to host a virtual machine, and how it gets it."""

from __future__ import annotations

import os
import platform

from lab import needs
from lab.errors import LabError

# program -> Debian package
PROGRAMS = {
    "qemu-system-x86_64": "qemu-system-x86",
    "qemu-img": "qemu-utils",
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "ssh": "openssh-client",
    "ssh-keygen": "openssh-client",
}


def obstacle():
    """Why this machine cannot host a virtual machine, whatever is installed (one sentence), or None."""
    if os.geteuid() != 0:
        return "the virtual machine needs root, because its image is made with Debian's installer; run it as root"
    if platform.machine() != "x86_64":
        return (
            "the virtual machine needs an x86-64 processor, and this machine has %s; use another machine"
            % platform.machine()
        )
    return needs.not_installable("the virtual machine", needs.lacking(PROGRAMS))


def require():
    """Make the machine able to host a virtual machine: install what lacks. Raises LabError when it cannot."""
    reason = obstacle()
    if reason:
        raise LabError(reason)
    needs.install("the virtual machine", PROGRAMS)
