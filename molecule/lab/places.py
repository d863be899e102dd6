# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where the lab keeps things."""

from __future__ import annotations

import os
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]


def home():
    """Folder of images and of what labs write; CHAOS_LAB_HOME names another. It must not be on an overlay file
    system.
    """
    chosen = os.environ.get("CHAOS_LAB_HOME")
    if chosen:
        return Path(chosen).absolute()
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache) / "magsasa-chaos-lab"


def images():
    """Folder of the base images."""
    return home() / "images"


def disks(name):
    """Folder of what the hosts of a lab write."""
    return home() / "disks" / name


def runtime(name=None):
    """Folder of a lab's small files, or of all labs: keys, inventory, logs. Short, because a socket's path must be."""
    folder = Path("/run/magsasa-chaos-lab")
    return folder / name if name else folder
