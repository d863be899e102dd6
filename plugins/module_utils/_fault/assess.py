# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can carry faults out, by the plans of the families themselves. Changes nothing. Private to
magsasa.chaos.
"""

from __future__ import annotations

import os
import platform

from .. import _cmd
from .._errors import ChaosError
from .._families import (  # written by tools/write_families.py
    clock,
    container,
    cpu,
    database,
    disk,
    dns,
    file,
    host,
    http,
    limit,
    memory,
    network,
    process,
    service,
)
from .._host import containers
from .._host.systemd import services
from .._life import launch
from .. import _plan as plans

# By name, so that each travels with the module that asks.
FAMILIES = {
    "clock": clock.FAMILY,
    "container": container.FAMILY,
    "cpu": cpu.FAMILY,
    "database": database.FAMILY,
    "disk": disk.FAMILY,
    "dns": dns.FAMILY,
    "file": file.FAMILY,
    "host": host.FAMILY,
    "http": http.FAMILY,
    "limit": limit.FAMILY,
    "memory": memory.FAMILY,
    "network": network.FAMILY,
    "process": process.FAMILY,
    "service": service.FAMILY,
}
TOOLS = ("systemctl", "systemd-run", "nft", "iptables", "tc", "podman", "docker", "psql", "mariadb", "getent")


def assess(family, options, force=False):
    """What a fault of ``options`` (typed, as the module of the family would have them) comes to on this host.

    ``{"can": True, "backend", "plan": [{says, undo, tool}], "notes": []}``, or ``{"can": False, "why": sentence,
    "packages": {distribution: package}}``.
    """
    chosen = FAMILIES[family]
    try:
        parsed = dict(chosen.parse(options), force=force)
        found = chosen.plan(parsed, chosen.inspect(parsed))
    except ChaosError as error:
        return {"can": False, "why": str(error), "packages": error.details.get("packages") or {}}
    except OSError as error:
        return {"can": False, "why": "inspecting the host failed: %s" % error, "packages": {}}
    return {
        "can": True,
        "backend": found["backend"],
        "plan": plans.readable(found),
        "notes": found["notes"] + launch.caveats(plans.all_undo(found)),
    }


def host_facts():
    """What faults are made of on this host, whatever they are (dict)."""
    return {
        "python": platform.python_version(),
        "root": os.geteuid() == 0,
        "systemd": services.available(),
        "container": containers.inside(),
        "cgroup": "v2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "v1",
        "pressure": os.path.exists("/proc/pressure/memory"),
        "tools": {name: _cmd.which(name) for name in TOOLS},
    }
