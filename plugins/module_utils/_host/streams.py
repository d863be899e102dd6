# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Standard input, output and error of a process, and the way back to the files among them. Private to magsasa.chaos.

A regular file is opened again by its path, as the user of the process, and only if it is the very file that the process
had open for
writing: whoever puts a link, a pipe or another file in its place gets nothing. A pipe, a socket or a terminal cannot be
given back.
"""

from __future__ import annotations

import contextlib
import os
import stat

from .._errors import HostError, printable
from . import pinned_files

NAMES = ("standard input", "standard output", "standard error")
NULL, FILE, TERMINAL, CLOSED, OTHER = "nothing", "file", "terminal", "closed", "other"
_MAJORS_OF_TERMINALS = frozenset([4, 5] + list(range(136, 144)))  # Documentation/admin-guide/devices.txt of Linux
_ACCESS = os.O_WRONLY | os.O_RDWR


def read(pid):
    """``[{"kind", "path", "id"}]`` of the three, JSON-able; ``id`` tells a file from any other."""
    return [_read(pid, number) for number in range(3)]


def _read(pid, number):
    name = "/proc/%d/fd/%d" % (pid, number)
    try:
        path, found = os.readlink(name), os.stat(name)
        with open("/proc/%d/fdinfo/%d" % (pid, number)) as source:
            flags = next(int(line.split()[1], 8) for line in source if line.startswith("flags:"))
    except FileNotFoundError:
        return {"kind": CLOSED, "path": "", "id": []}
    except (OSError, ValueError, StopIteration) as error:
        raise HostError("the %s of process %d cannot be inspected: %s" % (NAMES[number], pid, error))
    kind = OTHER
    if stat.S_ISCHR(found.st_mode):
        major = os.major(found.st_rdev)
        kind = (
            NULL if (major, os.minor(found.st_rdev)) == (1, 3) else TERMINAL if major in _MAJORS_OF_TERMINALS else OTHER
        )
    elif number and stat.S_ISREG(found.st_mode) and found.st_nlink == 1 and flags & _ACCESS and path.startswith("/"):
        kind = FILE
    return {"kind": kind, "path": path, "id": _identity(found)}


def _identity(found):
    return [found.st_dev, found.st_ino, found.st_uid, found.st_gid]


def lost(read_from):
    """What of them cannot be given back, a phrase each. Pure."""
    what = {TERMINAL: "a terminal", OTHER: "a pipe, a socket or a file that it could not get back"}
    return [
        "its %s is %s" % (NAMES[number], what[each["kind"]])
        for number, each in enumerate(read_from)
        if each["kind"] in what
    ]


def lines(pid):
    """The three as lines of a state dump."""
    said = []
    for name, each in zip(NAMES, read(pid)):
        path = (
            each["path"]
            if each["kind"] in (FILE, TERMINAL)
            else each["path"].partition(":")[0] if each["kind"] == OTHER else ""
        )
        said.append("%s: %s %s" % (name, each["kind"], printable(path)))
    return said


def attach(kept):
    """Make them those of this process, which has become the user of the old one; returns phrases of what could not
    be had.
    """
    problems = []
    for number, each in enumerate(kept):
        if each["kind"] == CLOSED:
            with contextlib.suppress(OSError):
                os.close(number)
            continue
        descriptor = None
        if each["kind"] == FILE:
            try:
                descriptor = _again(each)
            except OSError as error:
                problems.append("%s %s: %s" % (NAMES[number], each["path"], error.strerror or error))
        if descriptor is None:
            descriptor = os.open(os.devnull, os.O_RDONLY if number == 0 else os.O_WRONLY)
        if descriptor != number:
            os.dup2(descriptor, number)
            os.close(descriptor)
        else:
            os.set_inheritable(number, True)
    return problems


def _again(kept):
    with pinned_files.held(kept["path"]) as name:
        found = os.stat(name)
        if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1 or _identity(found) != kept["id"]:
            raise OSError(0, "another file has that name now")
        descriptor = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(descriptor, True)
    return descriptor
