# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network of a lab: one namespace per host, and one with the bridge that joins them. No interface of it leads out."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path

from .commands import run

NAMESPACES = Path("/run/netns")


def bridge_batch(lab):
    """Commands for ip -batch in the namespace of the bridge."""
    lines = [
        "link set lo up",
        # Forwarding delay 0: a port passes traffic at once, not after 15 s of listening.
        "link add br0 type bridge forward_delay 0",
        "addr add %s/24 dev br0" % lab.bridge_address,
        "link set br0 up",
    ]
    for host in lab.hosts:
        lines += [
            "link add v%d type veth peer name eth0 netns %s" % (host.number, lab.namespace(host)),
            "link set v%d master br0 up" % host.number,
        ]
    return "\n".join(lines) + "\n"


def host_batch(lab, host):
    """Commands for ip -batch in the namespace of a host. There is no default route: nothing is beyond the bridge."""
    return "link set lo up\naddr add %s/24 dev eth0\nlink set eth0 up\n" % lab.address(host)


def make(lab):
    """Make the namespaces and join them."""
    for host in lab.hosts:
        run(["ip", "netns", "add", lab.namespace(host)])
    run(["ip", "netns", "add", lab.namespace()])
    run(["ip", "-n", lab.namespace(), "-batch", "-"], stdin=bridge_batch(lab))
    for host in lab.hosts:
        run(["ip", "-n", lab.namespace(host), "-batch", "-"], stdin=host_batch(lab, host))


def names(tag):
    """Names of the namespaces of a lab that exist."""
    if not NAMESPACES.is_dir():
        return []
    return sorted(path.name for path in NAMESPACES.iterdir() if path.name == tag or path.name.startswith(tag + "-"))


def users(tag):
    """Pids of the processes inside a lab's namespaces: relays of SSH connections, and what else a person started
    there.
    """
    wanted = set()
    for name in names(tag):
        found = os.stat(NAMESPACES / name)
        wanted.add((found.st_dev, found.st_ino))
    pids = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            found = os.stat("/proc/%s/ns/net" % entry)
            if (found.st_dev, found.st_ino) in wanted:
                pids.append(int(entry))
    return pids


def end(tag, seconds=5.0):
    """End the processes inside a lab's namespaces, then remove the namespaces; returns what is left (texts)."""
    limit = time.monotonic() + seconds
    while users(tag) and time.monotonic() < limit:
        for pid in users(tag):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    left = ["process %d in the network of %s" % (pid, tag) for pid in users(tag)]
    for name in names(tag):
        run(["ip", "netns", "del", name], check=False)
    return left + ["network namespace %s" % name for name in names(tag)]
