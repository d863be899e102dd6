# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bounds a process: whose it is and what the kernel lets it do. Private to magsasa.chaos.

What we start has the bounds of whoever starts it, but for its user and groups. So a process is started again only where
everything else
that bounds it is the same as ours: then nobody gets more than he had. What cannot be compared counts as different.
Sources: proc(5), credentials(7), capabilities(7), namespaces(7), seccomp(2), getauxval(3).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import struct

from .._errors import HostError, printable

_SETS = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
_NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "pid_for_children", "time", "time_for_children", "user", "uts")
_AT_NULL, _AT_SECURE = 0, 23
_WITHOUT = (61, 95)  # ENODATA, EOPNOTSUPP: a file without capabilities, a file system without any
UNPRIVILEGED_PORTS = "/proc/sys/net/ipv4/ip_unprivileged_port_start"


def status(pid):
    """Fields of /proc/PID/status (text)."""
    with open("/proc/%s/status" % pid, errors="replace") as source:
        return dict(line.split(":\t", 1) for line in source.read().splitlines() if ":\t" in line)


def standing(pid="self"):
    """What a process hands on to what it starts (JSON-able); raises HostError where it may not be looked at."""
    try:
        found = status(pid)
        return {
            "uid": [int(each) for each in found["Uid"].split()],
            "gid": [int(each) for each in found["Gid"].split()],
            "groups": sorted({int(each) for each in found.get("Groups", "").split()}),
            "capabilities": {key: int(found.get(key, "0"), 16) for key in _SETS},
            "no_new_privs": int(found.get("NoNewPrivs", "0")),
            "seccomp": _seccomp(found),
            "namespaces": {kind: _link("/proc/%s/ns/%s" % (pid, kind)) for kind in _NAMESPACES},
            "root": place("/proc/%s/root" % pid),
            "label": _label(pid),
        }
    except (OSError, KeyError, ValueError) as error:
        raise HostError(
            "the bounds of process %s cannot be read: %s" % (pid, getattr(error, "strerror", None) or error)
        )


def origin(pid):
    """``{"program": [device, inode], "set_id", "secure"}`` of the program that a process runs; raises HostError."""
    path = "/proc/%s/exe" % pid
    try:
        found = os.stat(path)
        with open("/proc/%s/auxv" % pid, "rb") as source:
            secure = _secure(source.read(65536))
        return {
            "program": [found.st_dev, found.st_ino],
            "set_id": bool(found.st_mode & (stat.S_ISUID | stat.S_ISGID)) or _has_capabilities(path),
            "secure": secure,
        }
    except OSError as error:
        raise HostError("the program of process %s cannot be inspected: %s" % (pid, error.strerror))


def identity(pid):
    """[device, inode] of the program that a process runs; raises HostError."""
    try:
        found = os.stat("/proc/%s/exe" % pid)
    except OSError as error:
        raise HostError("the program of process %s cannot be inspected: %s" % (pid, error.strerror))
    return [found.st_dev, found.st_ino]


def place(path):
    """[mount, device, inode]: exactly which folder this is."""
    descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        found = os.fstat(descriptor)
        with open("/proc/self/fdinfo/%d" % descriptor) as source:
            mount = next((int(line.split()[1]) for line in source if line.startswith("mnt_id:")), -1)
        return [mount, found.st_dev, found.st_ino]
    finally:
        os.close(descriptor)


def seccomp(pid):
    """The same of any process, or None where it may not be read."""
    try:
        return _seccomp(status(pid))
    except (OSError, ValueError):
        return None


def _seccomp(found):
    """[mode, filters]; kernels before 5.9 do not tell how many filters there are."""
    return [int(found.get("Seccomp", "0")), int(found["Seccomp_filters"]) if "Seccomp_filters" in found else None]


def _link(path):
    try:
        return os.readlink(path)
    except FileNotFoundError:
        return ""  # a kernel without this kind; or one that was made and that nobody is in yet


def _label(pid):
    """What a security module calls it, or None without one."""
    try:
        with open("/proc/%s/attr/current" % pid) as source:
            return source.read(4096).strip("\0\n ") or None
    except OSError:
        return None


def _secure(vector):
    """Whether the kernel told the program that it has more rights than whoever started it."""
    pair = struct.Struct("@NN")
    for kind, value in pair.iter_unpack(vector[: len(vector) // pair.size * pair.size]):
        if kind == _AT_NULL:
            break
        if kind == _AT_SECURE:
            return bool(value)
    return True  # nothing that tells


def _has_capabilities(path):
    try:
        os.getxattr(path, "security.capability")
        return True
    except OSError as error:
        return error.errno not in _WITHOUT


def why_not(found, ours, init=None):
    """What keeps a process with these bounds from being started again with exactly them (text), or None. Pure.

    ``found``, ``ours``: standing of the process and of whoever would start it; ``init``: [mode, filters] of the host's
    first process.
    """
    own, root = found["capabilities"], ours["uid"][1] == 0
    for kind, ids in (("user", found["uid"]), ("group", found["gid"])):
        if len(set(ids)) != 1:
            return "its real, effective and saved %ss differ (%s)" % (kind, ", ".join(map(str, ids)))
    apart = [kind for kind in _NAMESPACES if found["namespaces"].get(kind) != ours["namespaces"].get(kind)]
    if apart:
        return "it has its own namespaces (%s)" % ", ".join(apart)
    if found["root"] != ours["root"]:
        return "it has its own root directory (chroot)"
    if found["no_new_privs"]:
        return "it has NoNewPrivs set, and restrictions that go with it (Landlock) cannot be seen"
    if any(found["seccomp"]) and (
        found["seccomp"] != ours["seccomp"] or found["seccomp"] != init or None in found["seccomp"]
    ):
        return "it has its own seccomp filter"
    if found["seccomp"] != ours["seccomp"]:
        return "it has no seccomp filter, unlike this task"
    if found["label"] != ours["label"]:
        return "its security label is '%s', and that of this task is '%s'" % (
            printable(found["label"], 80),
            printable(ours["label"], 80),
        )
    if not root and [found[key] for key in ("uid", "gid", "groups")] != [ours[key] for key in ("uid", "gid", "groups")]:
        return "its groups are not those of this task, which does not run as root"
    if own != started(ours, found["uid"][0]):
        return "its capabilities differ from those that a program of its user gets"
    return None


def more_than(now, wanted):
    """What this process has that the other one had not, or not so (text), or None: asked once more right before it
    becomes the program. Pure.
    """
    differ = [key.replace("_", " ") for key in wanted if now[key] != wanted[key]]
    return "its bounds cannot be restored (%s)" % ", ".join(differ) if differ else None


def started(ours, uid):
    """The capability sets of a program that ``ours`` starts as ``uid``; None where that would take more than a
    change of user. Pure.
    """
    sets = ours["capabilities"]
    if sets["CapInh"] or sets["CapAmb"]:
        return None
    gets = sets["CapBnd"] if uid == 0 else 0
    return {"CapInh": 0, "CapPrm": gets, "CapEff": gets, "CapBnd": sets["CapBnd"], "CapAmb": 0}


def like(found, ours):
    """What must be equal of a process and of one that takes its place, as a digest. Pure.

    A namespace or a root directory that is not ours is one more that was made for it: its successor has another.
    """
    kept = {key: found[key] for key in ("groups", "capabilities", "no_new_privs", "seccomp", "label")}
    kept.update(uid=found["uid"][0], gid=found["gid"][0], root=found["root"] == ours["root"])
    kept["apart"] = [
        kind
        for kind in _NAMESPACES
        if found["namespaces"].get(kind) != ours["namespaces"].get(kind) and not kind.endswith("_for_children")
    ]
    return hashlib.sha256(json.dumps(kept, sort_keys=True).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def privileged_port(ports, uid):
    """The first of these ports that this user may not listen on, or None: whoever opened it has given that up since."""
    try:
        with open(UNPRIVILEGED_PORTS) as source:
            first = int(source.read())
    except (OSError, ValueError):
        first = 1024
    return next((port for port in sorted(ports) if uid and port < first), None)
