# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of a systemd unit: what systemd and the kernel say of them, set at run time, put back exactly. Private to
magsasa.chaos.

``systemctl set-property --runtime`` (systemd.resource-control(5)) changes the control group at once and leaves one
drop-in for each
property below /run/systemd/system.control, which a reboot forgets.
"""

from __future__ import annotations

import base64
import math
import os
import re
import stat

from ... import _cmd
from ..._ledger import private_files
from . import services

CONTROL = "/run/systemd/system.control"
CGROUPS = "/sys/fs/cgroup"
SHOWN = {  # property as set -> as shown, where the names differ
    "CPUQuota": "CPUQuotaPerSecUSec",
}
PROPERTIES = ("CPUQuota", "MemoryMax", "TasksMax", "IOReadBandwidthMax", "IOWriteBandwidthMax")
MOST = 65536  # bytes of a drop-in that is kept
_SPAN = re.compile(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|min|h)\b")
_SPAN_US = {"us": 1, "ms": 1000, "s": 10**6, "min": 60 * 10**6, "h": 3600 * 10**6}


def path(unit, name):
    """The drop-in that systemd writes for one property."""
    return os.path.join(CONTROL, unit + ".d", "50-%s.conf" % name)


def span_us(text):
    """Microseconds of "1s 500ms", as systemctl show prints them; None for "infinity"."""
    if text in ("", "infinity"):
        return None
    return int(round(sum(float(number) * _SPAN_US[unit] for number, unit in _SPAN.findall(text))))


def assignments(name, shown, device=None):
    """What to set so that a property is what ``systemctl show`` said of it (list of "Name=value")."""
    if name == "CPUQuota":
        quota = span_us(shown)
        return ["CPUQuota=" if quota is None else "CPUQuota=%.2f%%" % (quota / 10000.0)]
    if name.startswith("IO"):
        words = shown.split()
        former = dict(zip(words[::2], words[1::2]))
        # without a word about this device systemd would forget the limit but leave it in the kernel
        return ["%s=%s %s" % (name, device, former.get(device, "infinity"))]
    return ["%s=%s" % (name, shown or "infinity")]


def figure(name, shown, device=None):
    """The limit that ``systemctl show`` tells: microseconds of CPU a second, bytes, tasks, bytes a second of
    ``device``; infinity without one. Raises ValueError.
    """
    if name.startswith("IO"):
        words = shown.split()
        shown = dict(zip(words[::2], words[1::2])).get(device, "")
    if shown in ("", "infinity"):
        return math.inf
    found = span_us(shown) if name == "CPUQuota" else int(shown)
    return math.inf if found >= 2**64 - 1 else found


def live(unit):
    """``{property: text}`` as systemd has them now; no text for a unit that is gone, of which systemd tells its
    defaults only.
    """
    found = services.show(unit, ",".join(["LoadState"] + [SHOWN.get(name, name) for name in PROPERTIES]))
    if found.get("LoadState") == "not-found":
        return dict.fromkeys(PROPERTIES, "")
    return {name: found.get(SHOWN.get(name, name), "") for name in PROPERTIES}


def kept(name):
    """``{"data" (base64), "mode", "uid", "gid", "mtime_ns"}`` of a drop-in, or None when it is not there. Raises
    OSError.
    """
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_size > MOST:
            raise OSError(0, "%s is not a drop-in of systemd" % name)
        data = os.read(descriptor, MOST)
    finally:
        os.close(descriptor)
    return {
        "data": base64.b64encode(data).decode("ascii"),
        "mode": stat.S_IMODE(found.st_mode),
        "uid": found.st_uid,
        "gid": found.st_gid,
        "mtime_ns": found.st_mtime_ns,
    }


def put(name, former):
    """Make the drop-in what ``kept`` said of it; idempotent."""
    if former is None:
        private_files.remove(name)
        return
    if kept(name) == former:
        return
    os.makedirs(os.path.dirname(name), mode=0o755, exist_ok=True)
    fresh = name + ".magsasa-chaos"  # no drop-in for systemd: it does not end in .conf
    private_files.remove(fresh)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, base64.b64decode(former["data"]))
        os.fchown(descriptor, former["uid"], former["gid"])
        os.fchmod(descriptor, former["mode"])
        os.utime(descriptor, ns=(former["mtime_ns"], former["mtime_ns"]))
    finally:
        os.close(descriptor)
    os.rename(fresh, name)


def assign(unit, settings, check=True):
    """Set properties until the next boot; raises HostError."""
    return _cmd.run(["systemctl", "set-property", "--runtime", "--", unit] + settings, timeout=30, check=check)


def controllers(folder=CGROUPS):
    """Controllers of cgroup v2 that units can have (set); empty where the host has no unified hierarchy."""
    return set(read(os.path.join(folder, "cgroup.controllers")).split())


def read(name):
    """Text of a kernel file, "" when it is not there."""
    try:
        with open(name) as source:
            return source.read(65536).strip()
    except OSError:
        return ""


def figures(name):
    """``{key: number}`` of a flat keyed file such as cpu.stat or memory.events."""
    return {
        key: int(value)
        for key, _space, value in (line.partition(" ") for line in read(name).splitlines())
        if value.isdigit()
    }


def device_figures(name, device):
    """``{key: text}`` of one device's line in io.max or io.stat."""
    for line in read(name).splitlines():
        words = line.split()
        if words and words[0] == device:
            return dict(word.partition("=")[::2] for word in words[1:])
    return {}
