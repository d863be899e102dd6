# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units of systemd that no fault may touch, and processes that do the same work. Private to magsasa.chaos."""

from __future__ import annotations

import fnmatch
import os

from .. import processes
from . import services

SSH = "the SSH daemon, which is needed to reach this host"
SYSTEMD = "part of systemd"
BUS = "the message bus, which controls systemd"
NETWORK = "needed for the network of this host"
PROTECTED = {
    SSH: (
        "ssh.*",
        "sshd.*",
        "ssh@*",
        "sshd@*",
        "sshd-keygen*",
        "dropbear*",
    ),
    SYSTEMD: ("systemd-*", "user@*", "user-runtime-dir@*", "init.scope"),
    BUS: ("dbus.*", "dbus-broker.*", "dbus-org.*"),
    NETWORK: (
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
# Names of their processes; of a host with systemd the unit tells more.
DAEMONS = {
    SSH: ("sshd", "dropbear"),
    SYSTEMD: ("systemd", "systemd-*"),  # the first also keeps the services of a user
    BUS: ("dbus-daemon", "dbus-broker*"),
    NETWORK: ("NetworkManager", "dhcpcd", "dhclient", "udhcpc", "wickedd*", "connmand"),
}


def why(names):
    """What makes a unit with these names untouchable (text), or None."""
    for said, patterns in PROTECTED.items():
        if any(fnmatch.fnmatchcase(name, pattern) for name in names for pattern in patterns):
            return said
    return None


def why_program(name):
    """What makes a process with this name (as /proc/PID/comm has it) untouchable (text), or None."""
    for said, patterns in DAEMONS.items():
        if any(fnmatch.fnmatchcase(name or "", pattern) for pattern in patterns):
            return said
    return None


def why_process(pid):
    """What makes a process untouchable (text), or None; by its name only a child of init: what serves one session of
    SSH has the name of the daemon.
    """
    said = why_program(processes.comm(pid)) if processes.parent(pid) == 1 else None
    if said:
        return said
    try:
        with open("/proc/%d/cgroup" % pid) as source:
            unit = services.unit_in(source.read(65536))
    except OSError:
        return None
    said = why([unit]) if unit else None
    return None if said == SSH else said  # without PAM, what somebody starts over SSH stays in the unit of the daemon


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
