# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of every kind that something bounds, or that have more rights than whoever started them. For root only.

As a program: ``kinds.py KIND SECONDS`` becomes a process of that kind, says its pid when it is, and sleeps.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NOBODY = 65534
# More digits for the seconds of a sleep: another run of the tests on this machine has processes of the same kinds.
OWN = "%07d" % os.getpid()
CAP_NET_RAW = 13
_NEW = {
    "mount namespace": 0x00020000,
    "network namespace": 0x40000000,
    "user namespace": 0x10000000,
    "pid namespace": 0x20000000,
    "uts namespace": 0x04000000,
}


def _libc(call, *arguments):
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, call)(*arguments):
        raise OSError(ctypes.get_errno(), call)


def _filter_calls():
    """A seccomp filter that lets everything through: one instruction, SECCOMP_RET_ALLOW."""
    code = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000), 8)
    program = struct.pack("HxxxxxxP", 1, ctypes.addressof(code))
    _libc("prctl", 22, 2, ctypes.c_char_p(program), 0, 0)


def _drop_capabilities():
    header, data = struct.pack("II", 0x20080522, 0), struct.pack("IIIIII", 0, 0, 0, 0, 0, 0)
    _libc("capset", ctypes.c_char_p(header), ctypes.c_char_p(data))


def _inheritable():
    header = struct.pack("II", 0x20080522, 0)
    data = ctypes.create_string_buffer(24)
    _libc("capget", ctypes.c_char_p(header), data)
    words = list(struct.unpack("IIIIII", data.raw))
    words[2] |= 1 << CAP_NET_RAW
    _libc("capset", ctypes.c_char_p(header), ctypes.c_char_p(struct.pack("IIIIII", *words)))
    _libc("prctl", 47, 2, CAP_NET_RAW, 0, 0)  # ambient, raise


def _below_itself():
    """The first process of the new namespace is a child."""
    _libc("unshare", _NEW["pid namespace"])
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        os._exit(0)
    _libc("prctl", 1, signal.SIGKILL, 0, 0, 0)


BECOME = {
    "plain": lambda: None,
    "another user's": lambda: (
        os.setgroups([]),
        os.setresgid(NOBODY, NOBODY, NOBODY),
        os.setresuid(NOBODY, NOBODY, NOBODY),
    ),
    "saved user differs": lambda: os.setresuid(NOBODY, NOBODY, 0),
    "saved group differs": lambda: os.setresgid(NOBODY, NOBODY, 0),
    "chroot": lambda: os.chroot(os.environ["JAIL"]),
    "mount namespace": lambda: _libc("unshare", _NEW["mount namespace"]),
    "network namespace": lambda: _libc("unshare", _NEW["network namespace"]),
    "user namespace": lambda: _libc("unshare", _NEW["user namespace"]),
    "uts namespace": lambda: _libc("unshare", _NEW["uts namespace"]),
    "children in a pid namespace": lambda: _libc("unshare", _NEW["pid namespace"]),
    "pid namespace": _below_itself,
    "NoNewPrivs": lambda: _libc("prctl", 38, 1, 0, 0, 0),
    "seccomp": _filter_calls,
    "bounding set": lambda: _libc("prctl", 24, CAP_NET_RAW, 0, 0, 0),
    "root without capabilities": _drop_capabilities,
    "ambient capabilities": _inheritable,
}
ON_FILES = ("set-user-id", "set-group-id", "file capabilities")  # copies of sleep


def _marked_copy(kind, folder):
    """A copy of sleep that has more rights than whoever runs it."""
    program = folder / ("sleep-" + kind.replace(" ", "-"))
    shutil.copy(shutil.which("sleep"), program)
    if kind == "file capabilities":
        program.chmod(0o755)
        os.setxattr(program, "security.capability", struct.pack("<IIIII", 0x02000001, 1 << CAP_NET_RAW, 0, 0, 0))
    else:
        program.chmod(0o4755 if kind == "set-user-id" else 0o2755)
    return program


@contextlib.contextmanager
def running(kind, seconds="613.25", environment=None):
    """Pid of a process of this kind, which ends with the context; its standard files are /dev/null."""
    folder = Path(tempfile.mkdtemp(prefix="chaos-kind-", dir="/tmp"))
    folder.chmod(0o755)
    quiet = {"stdin": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": "/", "start_new_session": True}
    env = dict({"PATH": os.environ["PATH"], "JAIL": str(folder)}, **(environment or {}))
    process = None
    try:
        if kind in ON_FILES:
            process = subprocess.Popen(
                [_marked_copy(kind, folder), seconds],
                stdout=subprocess.DEVNULL,
                env=env,
                user=NOBODY,
                group=NOBODY,
                extra_groups=[],
                **quiet,
            )
            pid = process.pid
        else:
            told = folder / "pid"
            process = subprocess.Popen(
                [sys.executable, "-S", __file__, kind, seconds, str(told)], stdout=subprocess.DEVNULL, env=env, **quiet
            )
            while not told.exists() or not told.read_text().endswith("\n"):
                assert process.poll() is None, "a process of this kind could not be made: %s" % kind
                time.sleep(0.01)
            pid = int(told.read_text()) or _child(process.pid)
        yield pid
    finally:
        if process:
            process.kill()
            process.wait()
        shutil.rmtree(folder)


def _child(pid):
    """The one process below another."""
    return int(Path("/proc/%d/task/%d/children" % (pid, pid)).read_text().split()[0])


if __name__ == "__main__":
    WHERE = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT, 0o644)
    BECOME[sys.argv[1]]()
    os.write(WHERE, b"%d\n" % (0 if sys.argv[1] == "pid namespace" else os.getpid()))
    os.close(WHERE)
    time.sleep(float(sys.argv[2]))
