# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this host is a container, and so shares the kernel of another host. Private to magsasa.chaos."""

from __future__ import annotations

import os

# What systemd, docker and podman leave inside; process 1 is told by its environment (systemd.io, CONTAINER_INTERFACE).
MARKS = ("/run/systemd/container", "/.dockerenv", "/run/.containerenv")


def inside(marks=MARKS, environment="/proc/1/environ"):
    """Whether this is a container; True too where process 1 may not be looked at and there is another mark."""
    if any(os.path.exists(mark) for mark in marks):
        return True
    try:
        with open(environment, "rb") as source:
            return any(entry.startswith(b"container=") for entry in source.read(65536).split(b"\0"))
    except OSError:
        return False
