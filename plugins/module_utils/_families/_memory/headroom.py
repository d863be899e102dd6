# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How much memory there is room for: the host's, or less where a control group limits us. Private to magsasa.chaos."""

from __future__ import annotations

import os

NO_LIMIT = 1 << 60  # cgroup v1 writes "no limit" as a number near 2**63
ROOTS_V2 = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified")
ROOT_V1 = "/sys/fs/cgroup/memory"

# limit files, usage file, and the counters in memory.stat that the kernel can take back
_V1 = (("memory.limit_in_bytes",), "memory.usage_in_bytes", ("total_inactive_file", "total_active_file"))
_V2 = (("memory.max", "memory.high"), "memory.current", ("inactive_file", "active_file"))


def _text(path):
    try:
        with open(path) as source:
            return source.read(65536)
    except OSError:
        return ""


def meminfo():
    """(total, available) bytes of the host; proc(5), MemTotal and MemAvailable."""
    found = dict(line.split(":", 1) for line in _text("/proc/meminfo").splitlines() if ":" in line)
    total, free = (int(found[key].split()[0]) * 1024 for key in ("MemTotal", "MemFree"))
    available = found.get("MemAvailable")
    return total, int(available.split()[0]) * 1024 if available else free


def groups(text, root_v1=ROOT_V1, roots_v2=ROOTS_V2):
    """Folders of our control groups that have a memory limit: [(folder, layout)], from ``text`` of /proc/self/cgroup.

    A limit holds for everything below it, so every folder up to the root counts. The memory controller is in one
    hierarchy only; the v1 one is named in the text where it is there.
    """
    paths = {}
    for line in text.splitlines():
        parts = line.split(":", 2)
        if len(parts) == 3:
            for controller in parts[1].split(","):
                paths[controller] = parts[2]
    roots, layout, path = (
        ((root_v1,), _V1, paths["memory"]) if "memory" in paths else (roots_v2, _V2, paths.get("", "/"))
    )
    found = []
    for root in roots:
        below = os.path.normpath("/" + path.lstrip("/"))
        while True:
            folder = root + below if below != "/" else root
            if _limit(folder, layout) is not None:
                found.append((folder, layout))
            if below == "/":
                break
            below = os.path.dirname(below)
    return found


def _limit(folder, layout):
    """Bytes, or None when the folder sets none."""
    found = [_text(os.path.join(folder, name)).strip() for name in layout[0]]
    limits = [int(text) for text in found if text.isdigit() and int(text) < NO_LIMIT]
    return min(limits) if limits else None


def group_headroom(folder, layout):
    """(limit, available) bytes of one control group; (None, None) when its limit is gone."""
    limit = _limit(folder, layout)
    usage = _text(os.path.join(folder, layout[1])).strip()
    if limit is None or not usage.isdigit():
        return None, None
    reclaimable = 0
    for line in _text(os.path.join(folder, "memory.stat")).splitlines():
        key, _space, number = line.partition(" ")
        if key in layout[2] and number.isdigit():
            reclaimable += int(number)
    return limit, max(0, limit - int(usage) + reclaimable)


class Headroom:
    """Reads what is available now; finds the control groups once."""

    def __init__(self):
        self.groups = groups(_text("/proc/self/cgroup"))

    def inspect(self):
        """``{"total", "available"`` bytes, ``"limited_by": "host" | "control group"}`` of whatever leaves the least."""
        total, available = meminfo()
        found = {"total": total, "available": available, "limited_by": "host"}
        for folder, layout in self.groups:
            limit, left = group_headroom(folder, layout)
            if limit is not None and left < found["available"]:
                found.update(available=left, limited_by="control group")
            if limit is not None:
                found["total"] = min(found["total"], limit)
        return found


def pressure(text=None):
    """Share of the last 10 s (percent) in which some task waited for memory, or None where the kernel does not tell.

    Source: /proc/pressure/memory, Documentation/accounting/psi.rst.
    """
    for line in (_text("/proc/pressure/memory") if text is None else text).splitlines():
        if line.startswith("some "):
            for field in line.split()[1:]:
                key, _equals, number = field.partition("=")
                if key == "avg10":
                    return float(number)
    return None


def taken(pid):
    """(bytes in memory, bytes in swap) that a process takes from the host: anonymous pages, shared ones by their share.

    Source: /proc/PID/smaps_rollup, Pss_Anon (Linux 5.4) or private pages before it. (0, 0) when it is gone.
    """
    found = {}
    for line in _text("/proc/%d/smaps_rollup" % pid).splitlines()[1:]:
        key, _colon, number = line.partition(":")
        found[key] = int(number.split()[0]) * 1024
    if found:
        return found.get("Pss_Anon", found.get("Private_Dirty", 0)), found.get("SwapPss", 0)
    status = dict(line.split(":", 1) for line in _text("/proc/%d/status" % pid).splitlines() if ":" in line)
    return tuple(int(status[key].split()[0]) * 1024 if key in status else 0 for key in ("RssAnon", "VmSwap"))


def resident(pid):
    """VmRSS of a process in bytes; 0 when it is gone."""
    for line in _text("/proc/%d/status" % pid).splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0
