# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host can carry faults out, by the plans of the families themselves. Changes nothing. Private to
magsasa.chaos.
"""

from __future__ import annotations

import importlib
import os
import sys

from .. import _cmd, _families
from .._errors import ChaosError
from .._host import containers
from .._host.systemd import services
from .._life import launch
from .. import _plan as plans

NAMES = (  # written by tools/write_families.py
    "clock",
    "container",
    "cpu",
    "database",
    "disk",
    "dns",
    "file",
    "host",
    "http",
    "limit",
    "memory",
    "network",
    "process",
    "service",
)
TOOLS = ("systemctl", "systemd-run", "nft", "iptables", "tc", "podman", "docker", "psql", "mariadb", "getent")


def family_of(name):
    """The family of this name, or None. Loaded only now: a host seldom needs all of them."""
    return importlib.import_module("%s.%s" % (_families.__name__, name)).FAMILY if name in NAMES else None


def _by_name():
    """Never called: a module takes along what it imports by name."""
    from .._families import (  # pylint: disable=unused-import  # noqa: F401
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


def assess(family, options, force=False):
    """What a fault of ``options`` (typed, as the module of the family would have them) comes to on this host.

    ``{"can": True, "backend", "plan": [{says, undo, tool}], "notes": []}``, or ``{"can": False, "why": sentence,
    "packages": {distribution: package}}``.
    """
    chosen = family_of(family)
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
        "python": sys.version.split()[0],
        "root": os.geteuid() == 0,
        "systemd": services.available(),
        "container": containers.inside(),
        "cgroup": "v2" if os.path.exists("/sys/fs/cgroup/cgroup.controllers") else "v1",
        "pressure": os.path.exists("/proc/pressure/memory"),
        "tools": {name: _cmd.which(name) for name in TOOLS},
    }
