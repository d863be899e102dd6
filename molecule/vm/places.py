# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a virtual machine keeps things."""

from __future__ import annotations

from lab import places


def images():
    """Folder of the images of virtual machines."""
    return places.home() / "vm-images"


def disks(name):
    """Folder of what a virtual machine writes to its disk."""
    return places.home() / "vm-disks" / name


def runtime(name):
    """Folder of a machine's small files: what it is, inventory, serial log. No lab's name has the dash in it."""
    return places.runtime("vm-" + name)
