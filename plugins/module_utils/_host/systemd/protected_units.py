# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd that no fault may touch. Private to magsasa.chaos."""

from __future__ import annotations

import fnmatch
import os

from .. import processes
from . import services

PROTECTED = {
    "the SSH daemon, which is needed to reach this host": (
        "ssh.*",
        "sshd.*",
        "ssh@*",
        "sshd@*",
        "sshd-keygen*",
        "dropbear*",
    ),
    "part of systemd": ("systemd-*", "user@*", "user-runtime-dir@*", "init.scope"),
    "the message bus, which controls systemd": ("dbus.*", "dbus-broker.*", "dbus-org.*"),
    "needed for the network of this host": (
        "NetworkManager*",
        "networking.*",
        "network.*",
        "wicked*",
        "dhcpcd*",
        "dhclient*",
        "connman.*",
        "ifup@*",
    ),
}


def why(names):
    """What makes a unit with these names untouchable (text), or None."""
    for said, patterns in PROTECTED.items():
        if any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns):
            return said
    return None


def carriers():
    """Services that run this very task or carry its connection."""
    for pid in processes.above(os.getpid()):
        try:
            with open("/proc/%d/cgroup" % pid) as source:
                unit = services.unit_in(source.read(65536))
        except OSError:
            continue
        if unit:
            yield unit
