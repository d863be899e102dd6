# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a folder's file system and its device are, and the space that is left there. Private to magsasa.chaos."""

from __future__ import annotations

import os
import stat

from ... import _quantity
from ..._errors import BadOption, Refused
from ..._host import moved_paths
from ..._ledger import private_files

IN_MEMORY = ("tmpfs", "ramfs", "devtmpfs", "hugetlbfs")
RESERVE_LEAST = 1024 * 1024 * 1024
RESERVE_PCT = 5
LEDGER_ROOM = 8 * 1024 * 1024  # stays free where our own ledger is, whatever is asked
SECTOR = 512  # /proc/diskstats counts in these, whatever the device's own are


def parse_amount(params, option, low=0):
    """(bytes, percent) of an option that takes a size or a share of the file system; one of them is None."""
    if params[option] is None:
        return None, None
    if _quantity.is_percent(params[option]):
        return None, _quantity.percent(params[option], option)
    return _quantity.size(params[option], option, low=low), None


def amount(options, name, total):
    """Bytes of a parsed amount, or None when it was not given."""
    if options[name + "_pct"] is not None:
        return int(total * options[name + "_pct"] / 100.0)
    return options[name]


def inspect(path):
    """Facts of the folder ``path``: file system, device, space in bytes. Raises BadOption when it cannot be used.

    ``free`` is what a process without privileges can use (f_bavail: what df shows), also when we are root: the blocks
    that
    a file system keeps for root are never part of what a fault takes.
    """
    if not os.path.isabs(path):
        raise BadOption("path", path, "is not an absolute path", "use one such as /var/tmp")
    try:
        real = os.path.realpath(path)
        found = os.stat(real)
        volume = os.statvfs(real)
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or error
        raise BadOption("path", path, "cannot be used (%s)" % said, "name an existing folder")
    if not stat.S_ISDIR(found.st_mode):
        raise BadOption("path", path, "is not a folder", "name an existing folder")
    if not volume.f_blocks:
        raise BadOption("path", path, "is on a file system that cannot store files", "name a folder on a disk")
    if volume.f_flag & os.ST_RDONLY:
        raise BadOption(
            "path", path, "is on a file system that is mounted read-only", "name a folder that can be written to"
        )
    if not os.access(real, os.W_OK | os.X_OK):
        raise BadOption("path", path, "is not writable for this user", "name another folder, or run as its owner")
    mounted = mount_of(real, found.st_dev, _mountinfo())
    device = block_device(found.st_dev, mounted["source"])
    return {
        "path": real,
        "dev": found.st_dev,
        "place": moved_paths.of(real),
        "mount": mounted["point"],
        "type": mounted["type"],
        "device": device,
        "total": volume.f_blocks * volume.f_frsize,
        "free": volume.f_bavail * volume.f_frsize,
        "holds_ledger": holds_state(found.st_dev),
    }


def free_bytes(path):
    """What df calls available."""
    volume = os.statvfs(path)
    return volume.f_bavail * volume.f_frsize


def _mountinfo():
    try:
        with open("/proc/self/mountinfo") as source:
            return source.read()
    except OSError:
        return ""


def _unescape(text):
    for code, char in (("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")):
        text = text.replace(code, char)
    return text


def mount_of(path, dev, text):
    """``{"point", "type", "source"}`` of the mount that holds ``path``, from ``text`` of /proc/self/mountinfo
    (proc(5)).

    The longest mount point that is the path or above it; the last one listed covers those before it. ``dev`` decides
    nothing where the path does: btrfs gives every subvolume a number of its own.
    """
    best = {"point": "/", "type": "unknown", "source": ""}
    longest = -1
    for line in text.splitlines():
        left, _dash, right = line.partition(" - ")
        fields, described = left.split(), right.split()
        if len(fields) < 5 or len(described) < 2:
            continue
        point = _unescape(fields[4])
        if (path == point or point == "/" or path.startswith(point + "/")) and len(point) >= longest:
            longest = len(point)
            best = {"point": point, "type": described[0], "source": _unescape(described[1])}
    return best


def block_device(dev, source):
    """``[major, minor]`` of the block device under a file system, or None when it cannot be told (overlay, network,
    zfs).
    """
    if os.major(dev):
        return [os.major(dev), os.minor(dev)]
    if source.startswith("/dev/"):
        try:
            found = os.stat(source)
        except OSError:
            return None
        if stat.S_ISBLK(found.st_mode):
            return [os.major(found.st_rdev), os.minor(found.st_rdev)]
    return None


def diskstats(device, text=None):
    """Counters of one device since boot, or None: ``{"name", "read", "written" bytes, "flushes", "busy_s"}``.

    Source: Documentation/admin-guide/iostats.rst; flushes are there since Linux 5.5 (else None).
    """
    if device is None:
        return None
    if text is None:
        try:
            with open("/proc/diskstats") as source:
                text = source.read()
        except OSError:
            return None
    for line in text.splitlines():
        fields = line.split()
        if len(fields) >= 14 and [int(fields[0]), int(fields[1])] == list(device):
            return {
                "name": fields[2],
                "read": int(fields[5]) * SECTOR,
                "written": int(fields[9]) * SECTOR,
                "busy_s": int(fields[12]) / 1000.0,
                "flushes": int(fields[18]) if len(fields) > 18 else None,
            }
    return None


def holds_state(dev):
    """Whether one of our own state folders is on the file system ``dev``."""
    for folder in private_files.folders():
        while not os.path.exists(folder) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        if os.stat(folder).st_dev == dev:
            return True
    return False


def in_memory(facts, force):
    """Refuse a file system that is no disk, unless forced. Returns notes."""
    if facts["type"] not in IN_MEMORY:
        return []
    if not force:
        raise Refused("disk", "%s is on %s, which is memory and not a disk" % (facts["path"], facts["type"]), "force")
    return ["%s is on %s: the fault uses memory, not a disk" % (facts["path"], facts["type"])]


def reserve(options, facts):
    """Bytes that must stay free: what was asked, else the larger of 1 GiB and 5 % of the file system."""
    asked = amount(options, "reserve", facts["total"])
    return max(RESERVE_LEAST, facts["total"] * RESERVE_PCT // 100) if asked is None else asked


def admit(need, keep, facts):
    """The guard: refuse ``need`` bytes when fewer than ``keep`` would stay free, or too little for our own ledger."""
    left = facts["free"] - need
    figure = "%s would be used on %s, where %s is free" % (
        _quantity.show_size(need),
        facts["mount"],
        _quantity.show_size(facts["free"]),
    )
    if left < keep:
        said = "%s, and %s must stay free" % (figure, _quantity.show_size(keep))
        if left < 0:
            raise Refused("disk", said, remedy="use less than what is free")
        raise Refused("disk", said, "reserve")
    if facts["holds_ledger"] and left < LEDGER_ROOM:
        raise Refused(
            "ledger",
            "%s, and the ledger on the same file system needs %s" % (figure, _quantity.show_size(LEDGER_ROOM)),
            remedy="use less",
        )
