# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper of a lab: one process that starts its hosts, and starts again those that reboot. python -m lab.keeper
NAME
"""

from __future__ import annotations

import os
import subprocess
import sys

from . import cgroups, disks, lifecycle, places

MEMBER = "keeper"  # of the lab's control groups; no host has this name
WANTS_REBOOT = 133  # exit code of systemd-nspawn when the machine inside rebooted


def machine_name(lab, host):
    """Name of a host for systemd-nspawn, unlike that of any other lab's."""
    return "%s-%s" % (lab.tag, host.name)


def command(lab, host):
    """The program that is a host (list of arguments)."""
    return [
        "systemd-nspawn",
        "--quiet",
        "--register=no",
        "--keep-unit",
        "--machine=" + machine_name(lab, host),
        "--hostname=" + host.name,
        "--directory=%s" % disks.root(lab, host),
        "--network-namespace-path=/run/netns/" + lab.namespace(host),
        "--resolv-conf=off",
        "--timezone=off",
        "--link-journal=no",
        "--capability=CAP_NET_ADMIN,CAP_NET_RAW",
        "--console=pipe",
        "--boot",
    ]


def start(lab, host):
    """Start a host; returns its process."""
    with open(places.runtime(lab.name) / (host.name + ".log"), "ab") as log:
        return subprocess.Popen(
            command(lab, host),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=lambda: cgroups.enter(lab.tag, host.name),
        )


def keep(lab):
    """Start every host and wait until all of them have ended for good."""
    running = {start(lab, host).pid: host for host in lab.hosts}
    while running:
        pid, status = os.wait()
        host = running.pop(pid, None)
        if host is not None and os.waitstatus_to_exitcode(status) == WANTS_REBOOT:
            running[start(lab, host).pid] = host


if __name__ == "__main__":
    cgroups.enter("mcl-" + sys.argv[1], MEMBER)
    (places.runtime(sys.argv[1]) / "keeper.pid").write_text("%d\n" % os.getpid())
    keep(lifecycle.load(sys.argv[1]))
