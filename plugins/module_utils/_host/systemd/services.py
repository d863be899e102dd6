# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""systemd services: which one owns a process, and what systemd says of it. Private to magsasa.chaos."""

from __future__ import annotations

import os
import re

from ... import _cmd
from ..._errors import MissingTool

RUNNING = "/run/systemd/system"  # sd_booted(3); also where units live that a reboot forgets
DROP_IN = "zz-magsasa-chaos-%s.conf"  # the last of a unit's drop-ins: nothing that comes later takes it back
NEVER = "[Unit]\nAssertPathExists=!/\n"  # systemd.unit(5): a start by whomever fails, a running service goes on
_UNIT = re.compile(r"[A-Za-z0-9:_.\\@-]{1,200}\.service")
_OF_USERS = re.compile(r"user@[0-9]+\.service")  # holds sessions, is no service of its own


def available():
    """Whether systemd runs this host and this user may steer it."""
    return os.path.isdir(RUNNING) and os.geteuid() == 0 and _cmd.which("systemctl") is not None


def require(purpose):
    """Raise MissingTool where systemd runs this host and the program that steers it is not there."""
    if os.path.isdir(RUNNING) and _cmd.which("systemctl") is None:
        raise MissingTool("systemctl", purpose)


def unit_in(cgroup):
    """Name of the innermost service in the text of /proc/PID/cgroup, or None."""
    for line in cgroup.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3 and (parts[1] in ("", "name=systemd")):
            for name in reversed(parts[2].split("/")):
                if _UNIT.fullmatch(name):
                    return None if _OF_USERS.fullmatch(name) else name
    return None


def unit_of(pid):
    """The service whose main process this is, or None."""
    if not available():
        return None
    try:
        with open("/proc/%d/cgroup" % pid) as source:
            unit = unit_in(source.read(65536))
    except OSError:
        return None
    return unit if unit and show(unit).get("MainPID") == str(pid) else None


def show(unit, properties="MainPID,ActiveState,SubState,Restart"):
    """Some of what systemd knows of a unit (dict of text)."""
    done = _cmd.run(["systemctl", "show", "--property=" + properties, "--", unit], timeout=10, check=False)
    return dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)


def described(unit):
    """State and unit files of a unit as lines of a state dump; drop-ins of ours are left out."""
    found = show(unit, "LoadState,ActiveState,UnitFileState,FragmentPath,DropInPaths")
    ours = DROP_IN.partition("%")[0]
    drop_ins = [path for path in found.get("DropInPaths", "").split() if not os.path.basename(path).startswith(ours)]
    lines = [
        "%s %s" % (key, found.get(key, "")) for key in ("LoadState", "ActiveState", "UnitFileState", "FragmentPath")
    ]
    return lines + ["drop-in %s" % path for path in drop_ins]


def active(unit):
    """Whether it runs."""
    return show(unit).get("ActiveState") == "active"


def host_ends():
    """Whether systemd is taking the host down: it starts nothing any more, and who waits for a start only keeps the
    host from ending.
    """
    if not available():
        return False
    said = _cmd.run(["systemctl", "is-system-running"], timeout=5, check=False).stdout.strip()
    return said in (
        "stopping",
        "",
    )  # nothing: the manager has ended already, only the last signals are still being sent


def control(verb, unit, timeout=60):
    """systemctl VERB UNIT; raises HostError."""
    return _cmd.run(["systemctl", verb, "--", unit], timeout=timeout)


def drop_in(unit, fault_id):
    """Path of the file that keeps a unit from being started while a fault lasts."""
    return os.path.join(RUNNING, unit + ".d", DROP_IN % fault_id)


def reload():
    """Let systemd read its unit files again; raises HostError."""
    return _cmd.run(["systemctl", "daemon-reload"], timeout=45)


def block(path):
    """Write the drop-in ``path`` and let systemd know."""
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
    with os.fdopen(descriptor, "w") as target:
        os.fchmod(descriptor, 0o644)
        target.write(NEVER)
    reload()
