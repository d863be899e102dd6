# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a process was called: its words, its environment, and the file name by which the kernel calls it the same again.
Private to magsasa.chaos.

A script is run by its own name where its first line gives the same words; a program by the name that it was called by,
where that is still the
same file. Otherwise the process would have the name of the interpreter or of a version. Source: execve(2).
"""

from __future__ import annotations

import os
import shutil

from .._errors import HostError, printable
from . import pinned_files, processes

LONGEST = 1024 * 1024
MOST_FILES = 16  # words of a command line that are looked at as files


def _strings(path):
    with open(path, "rb") as source:
        text = source.read(LONGEST + 1)
    if len(text) > LONGEST:
        raise HostError("its command line or environment is too long to save")
    if text and not text.endswith(b"\0"):
        raise HostError("it has overwritten its command line")
    return [part.decode("utf-8", "surrogateescape") for part in text[:-1].split(b"\0")] if text else []


def words(pid):
    """Its command line, exactly; raises HostError, OSError."""
    found = _strings("/proc/%d/cmdline" % pid)
    if not found:
        raise HostError("it has no command line")
    return found


def environment(pid):
    """What it was started with (dict); raises HostError, OSError."""
    try:
        pairs = _strings("/proc/%d/environ" % pid)
    except HostError:
        raise HostError("it has overwritten its environment")
    return {key: value for key, sign, value in (pair.partition("=") for pair in pairs) if sign and key}


def names_program(pid):
    """Whether the command line still names a program: some servers write a title over theirs, and cannot be started
    again from it.
    """
    argv = processes.argv(pid)
    if not argv or not argv[0]:
        return False
    try:
        return (
            _found(
                argv[0],
                os.readlink("/proc/%d/cwd" % pid),
                processes.environ(pid).get(b"PATH", b"").decode("utf-8", "surrogateescape"),
            )
            is not None
        )
    except OSError:
        return False


def _found(word, cwd, path):
    """The file that a word means as a program, or None."""
    if "/" in word:
        name = os.path.join(cwd, word)
        return name if os.path.exists(name) else None
    usual = os.defpath + ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return shutil.which(word, path=(path + ":" if path else "") + usual)


def identity(path):
    """[device, inode] of a file."""
    found = os.stat(path)
    return [found.st_dev, found.st_ino]


def read(pid, argv, env):
    """``{"argv", "exe", "name", "args", "script"}``: ``name`` and ``args`` are what execve is to get; raises
    HostError, OSError.
    """
    exe = os.readlink("/proc/%d/exe" % pid)
    if not os.path.isfile(exe) or identity(exe) != identity("/proc/%d/exe" % pid):
        raise HostError("its program %s was replaced or removed since it started" % printable(exe))
    comm, cwd = processes.comm(pid), os.readlink("/proc/%d/cwd" % pid)
    for place in range(1, min(3, len(argv))):
        if os.path.basename(argv[place])[:15] == comm and _calls(os.path.join(cwd, argv[place]), argv[:place], exe):
            return {
                "argv": argv,
                "exe": exe,
                "name": argv[place],
                "args": argv[place:],
                "script": identity(os.path.join(cwd, argv[place])),
            }
    called = _found(argv[0], cwd, env.get("PATH", ""))
    if called and os.path.basename(called)[:15] == comm and identity(called) == identity(exe):
        return {"argv": argv, "exe": exe, "name": called, "args": argv, "script": None}
    return {"argv": argv, "exe": exe, "name": exe, "args": argv, "script": None}


def _calls(path, before, exe):
    """Whether the first line of this script gives the words before it, and the program that runs."""
    try:
        with pinned_files.regular(path) as descriptor:
            if not os.fstat(descriptor).st_mode & 0o111:
                return False
            line = os.read(descriptor, 256).partition(b"\n")[0].decode("utf-8", "surrogateescape")
        return (
            line.startswith("#!") and line[2:].strip().split(None, 1) == before and identity(before[0]) == identity(exe)
        )
    except OSError:
        return False


def files(command, cwd):
    """Absolute paths of what would be run: the program, the name it is called by, and each word that names a file."""
    found = [command["exe"]] + [os.path.join(cwd, word) for word in [command["name"]] + command["argv"][1:MOST_FILES]]
    return [path for number, path in enumerate(found) if number < 2 or os.path.isfile(path)]


def run(command, program, env):
    """Become the program; never returns. Raises OSError, HostError when it is another one now."""
    if identity(command["exe"]) != program or (command["script"] and identity(command["name"]) != command["script"]):
        raise HostError("its program %s is a different one now" % printable(command["exe"]))
    if not command["script"] and identity(command["name"]) != program:
        raise HostError("%s is a different program now" % printable(command["name"]))
    kept = {_bytes(key): _bytes(value) for key, value in env.items() if not key.startswith("MAGSASA_CHAOS_")}
    os.execve(_bytes(command["name"]), [_bytes(word) for word in command["args"]], kept)


def _bytes(text):
    return text.encode("utf-8", "surrogateescape")
