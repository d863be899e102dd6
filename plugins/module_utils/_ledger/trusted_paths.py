# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may put another thing in the place of a path: whoever may change a folder on the way may. Private to
magsasa.chaos.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat

from .._errors import printable

_MOST_LINKS = 40  # as the kernel
_ACL = "system.posix_acl_access"


def stranger(path, uid):
    """What lets somebody else than root and ``uid`` decide what is at an absolute ``path`` (text), or None.

    Links are followed as the kernel does. What is not there yet is no way in: whoever may make it was found above it.
    """
    here, left, links = "/", _parts(path), 0
    while True:
        try:
            found = os.lstat(here)
        except OSError:
            return None
        why = _open_to_others(here, found, uid)
        if why:
            return why
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > _MOST_LINKS:
                return "%s is a circular link" % printable(here)
            target = os.readlink(here)
            here = "/" if target.startswith("/") else os.path.dirname(here)
            left = _parts(target) + left
        if not left:
            return None
        part = left.pop(0)
        here = os.path.dirname(here) if part == ".." else os.path.join(here, part)


def _parts(path):
    return [part for part in path.split("/") if part not in ("", ".")]


def _open_to_others(path, found, uid):
    """The same for one thing on the way; in a folder with the sticky bit each may change his own only."""
    shown = printable(path)
    if found.st_uid not in (0, uid):
        return "%s belongs to %s" % (shown, _name(found.st_uid))
    if stat.S_ISLNK(found.st_mode) or (stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX):
        return None
    if found.st_mode & stat.S_IWOTH:
        return "%s can be changed by everybody" % shown
    if found.st_mode & stat.S_IWGRP and not _alone(path, found.st_gid, uid):
        return "%s can be changed by the group %d" % (shown, found.st_gid)
    return None


def _alone(path, gid, uid):
    """Whether a group that may write has no other members than root and this user: many distributions give each
    user a group of his own.
    """
    if gid == 0:
        return True
    try:
        os.getxattr(path, _ACL)
        return False  # then the bits of the group are those of anybody whom the list names
    except OSError:
        pass
    try:
        us = {_name(0), _name(uid)}
        return set(grp.getgrgid(gid).gr_mem) <= us and all(
            each.pw_uid in (0, uid) for each in pwd.getpwall() if each.pw_gid == gid
        )
    except KeyError:
        return False


def _name(uid):
    try:
        return printable(pwd.getpwuid(uid).pw_name, 40)
    except KeyError:
        return "the user %d" % uid
