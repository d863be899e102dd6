# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which file is meant, who uses it, and which files no fault may touch. Private to magsasa.chaos."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import stat
import struct
import sys

from ..._errors import BadOption, Refused, printable
from ..._host import moved_paths, pinned_files, processes
from ..._ledger import private_files

KERNEL = ("/proc", "/sys", "/dev")
OWNER = "/etc/magsasa-chaos"  # where the host's owner says no
PROGRAMS = (
    "/bin /sbin /lib /lib32 /lib64 /libx32 /usr/bin /usr/sbin /usr/lib /usr/lib32 /usr/lib64 /usr/libexec /boot"
    " /run/systemd".split()
)
SETTINGS = (
    "ssh pam.d pam.conf security passwd shadow group gshadow nsswitch.conf sudoers sudoers.d login.defs fstab crypttab"
    " systemd ld.so.cache ld.so.conf ld.so.conf.d ld.so.preload hosts.allow hosts.deny network NetworkManager netplan"
    " selinux apparmor.d dbus-1 init.d inittab profile shells"
).split()
WAY_BACK = (".ssh", ".ansible")
MOST_SHOWN = 3
_GET_FLAGS = 0x80086601 if struct.calcsize("l") == 8 else 0x80046601  # FS_IOC_GETFLAGS, ioctl_iflags(2)
_LOCKED = ((0x10, "immutable (chattr +i)"), (0x20, "only to be appended to (chattr +a)"))


def absolute(text):
    """The path as given, without double slashes or dots; raises BadOption."""
    path = text or ""
    if not path:
        raise BadOption("path", "", "is missing", "name a file, such as /srv/app/settings.ini")
    if not os.path.isabs(path) or "\0" in path:
        raise BadOption(
            "path", path, "is not an absolute path", "write it from the root, such as /srv/app/settings.ini"
        )
    return os.path.normpath("/" + path.lstrip("/"))


def inspect(path, regular=True):
    """Facts of the file (JSON-able); raises BadOption when there is none that can be used."""
    try:
        real = os.path.realpath(path)
        if real != path and os.path.lexists(path):
            raise BadOption(
                "path", path, "is, or leads through, a symbolic link", "name %s itself" % printable(real, 200)
            )
        with pinned_files.held(path) as name:
            found = os.stat(name)
            before = pinned_files.metadata(name)
    except (OSError, ValueError) as error:
        raise BadOption(
            "path",
            path,
            "cannot be used (%s)" % (getattr(error, "strerror", None) or "it does not exist"),
            "name an existing file",
        )
    if not (stat.S_ISREG(found.st_mode) or (stat.S_ISDIR(found.st_mode) and not regular)):
        raise BadOption("path", path, "is not a regular file", "name a file" if regular else "name a file or a folder")
    return {
        "path": path,
        "dev": found.st_dev,
        "ino": found.st_ino,
        "place": moved_paths.of(os.path.dirname(path)),
        "size": found.st_size,
        "names": found.st_nlink if stat.S_ISREG(found.st_mode) else 1,
        "before": before,
        "uid": os.geteuid(),
        "read_only": bool(os.statvfs(path).f_flag & os.ST_RDONLY),
        "locked": {"file": _locked(path), "folder": _locked(os.path.dirname(path))},
        "usable": {"folder": _may_move(path, found.st_uid), "file": os.access(path, os.R_OK | os.W_OK)},
        "protected": protected(),
        "homes": homes(),
        "writers": writers(found.st_dev, found.st_ino) if stat.S_ISREG(found.st_mode) else [],
    }


def _locked(path):
    """What keeps even root from changing a file or folder (text), or None: its attributes, where its file system has
    any.
    """
    flags = bytearray(8)
    try:
        with pinned_files.held(path) as name, pinned_files.opened(name, os.O_RDONLY | os.O_NONBLOCK) as descriptor:
            fcntl.ioctl(descriptor, _GET_FLAGS, flags)
    except OSError:
        return None
    value = struct.unpack_from("i", flags)[0]
    return next((words for bit, words in _LOCKED if value & bit), None)


def _may_move(path, owner):
    """Whether this user may rename a file: where the folder is sticky (/tmp), only the owner of the file or of the
    folder may.
    """
    folder = os.path.dirname(path)
    found = os.stat(folder)
    return os.access(folder, os.W_OK | os.X_OK) and (
        not found.st_mode & stat.S_ISVTX or os.geteuid() in (0, owner, found.st_uid)
    )


def protected():
    """{path: why} of files and folders that no fault may touch, nor what is below or above them."""
    found = dict.fromkeys(KERNEL, "a file of the kernel, not on a disk")
    found.update(dict.fromkeys(PROGRAMS, "a program or library of the host"))
    found.update(dict.fromkeys(("/etc/" + name for name in SETTINGS), "needed to boot the host or to log in"))
    found[OWNER] = "reserved for the owner of the host"
    found.update(dict.fromkeys(private_files.folders(), "the collection's own state"))
    found.update(
        dict.fromkeys(
            (os.path.realpath(sys.executable), os.path.dirname(os.path.realpath(os.__file__))),
            "the Python that runs the revert",
        )
    )
    return found


def homes():
    """Folders of users who log in: with other permissions the SSH daemon would not take their keys."""
    return sorted(
        {
            user.pw_dir
            for user in pwd.getpwall()
            if user.pw_shell.rsplit("/", 1)[-1] not in ("nologin", "false", "sync", "")
        }
    )


def writers(device, ino):
    """Texts that name the processes that have a file open for writing, as far as this user may see."""
    found = []
    for pid in processes.pids():
        with contextlib.suppress(OSError, ValueError):
            for number in os.listdir("/proc/%d/fd" % pid):
                if _writes("/proc/%d" % pid, number, device, ino):
                    found.append("process %d (%s)" % (pid, printable(processes.comm(pid) or "?", 20)))
                    break
    return found


def _writes(process, number, device, ino):
    try:
        there = os.stat("%s/fd/%s" % (process, number))
        if (there.st_dev, there.st_ino) != (device, ino):
            return False
        with open("%s/fdinfo/%s" % (process, number)) as source:
            flags = next(int(line.split()[1], 8) for line in source if line.startswith("flags:"))
    except (OSError, StopIteration):
        return False
    return flags & os.O_ACCMODE != os.O_RDONLY


def why_protected(path, found, homes_of_users):
    """What makes a path untouchable (text), or None."""
    if set(WAY_BACK) & set(path.split("/")):
        return "%s is needed to reach this host" % path
    for other, why in found.items():
        if path == other or path.startswith(other + "/"):
            return "%s is %s" % (other, why)
        if other.startswith(path.rstrip("/") + "/"):
            return "%s is below it and is %s" % (other, why)
    if any(home == path or home.startswith(path.rstrip("/") + "/") for home in homes_of_users):
        return "%s is or contains the home folder of a user who logs in" % path
    return None


def guard(options, facts):
    """Refuse what must not be touched or would not work; returns notes."""
    path, action = facts["path"], options["action"]
    why = why_protected(path, facts["protected"], facts["homes"])
    if why:
        raise Refused("protected file", why, remedy="name a file of an application")
    if facts["read_only"]:
        raise BadOption("path", path, "is on a file system that is mounted read-only", "name a writable file")
    for what, shown in (("file", path), ("folder", os.path.dirname(path))):
        locked = facts["locked"][what]
        if locked and (what == "file" or action == "remove"):
            raise BadOption("path", shown, "is %s" % locked, "name a %s that can be changed" % what)
    if facts["uid"]:
        able = facts["usable"]["folder"]
        if action != "remove":  # only an owner can put times and modes back
            able = facts["before"]["uid"] == facts["uid"] and (action == "permissions" or facts["usable"]["file"])
        if not able:
            raise Refused("permission", "this user may not change %s" % path, remedy="use become: true")
    notes = []
    if facts["names"] > 1:
        notes.append("%s has %d names (hard links), and the others would change with it" % (path, facts["names"]))
    if facts["writers"]:
        shown = ", ".join(facts["writers"][:MOST_SHOWN]) + (" and others" if len(facts["writers"]) > MOST_SHOWN else "")
        notes.append("%s is open for writing in %s" % (path, shown))
    if notes and not options["force"]:
        raise Refused("file in use", notes[0], "force")
    return notes
