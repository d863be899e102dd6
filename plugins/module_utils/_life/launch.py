# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a process that outlives the module which starts it. Private to magsasa.chaos.

One place chooses the form in which it is held: a fault is a transient unit where systemd runs the host (unit.py),
everything else is
a process in a session of its own.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections import namedtuple

from .. import _wait
from .._errors import HostError, printable
from .._ledger import locks, private_files
from .._host import processes
from . import boot_units, fault_unit, runtime_archive

Child = namedtuple("Child", "pid start ready")
READY_LIMIT = 1024 * 1024
ENTRIES = (
    (runtime_archive.command, "fault"),
    (runtime_archive.command_by_any, "undo"),
    (runtime_archive.command_by_any, "watch"),
)  # of the archive, for a unit
ENDED = "the %s process ended after %.1f s without an answer; its archive or the Python of this host may be damaged"
UNWATCHED = (
    "systemd accepted no timer for this fault; if all its processes are stopped at once, it stays until a module of"
    " this collection next runs here"
)
LOOK_S = 2.0  # between two looks whether a unit that says nothing is still there


def detach(entry, spec_path, mark, timeout=20.0, archive=None):
    """Run ``entry`` of the runtime archive on ``spec_path`` as a process and wait until it says it is ready.

    ``mark`` (dict) joins its environment, so that whatever descends from it can be found again. Returns
    ``Child(pid, start, ready)``: ready is the object that it sent. Raises HostError when it ends, says an error, or
    says
    nothing for ``timeout`` seconds; it is ended then.
    """
    run = private_files.prepare(private_files.folders().run)
    with locks.held(os.path.join(run, "lib.lock"), shared=True):  # Ledger.tidy keeps out until we are ready
        return _detach(entry, spec_path, mark, timeout, archive or runtime_archive.install(run))


def hold(fault_id, mark, duration_s, timeout=90.0):
    """Start the supervisor of an armed fault in the best form that this host has; returns what it said when it was
    ready (dict).

    Raises HostError as ``detach`` does.
    """
    run = private_files.prepare(private_files.folders().run)
    with locks.held(os.path.join(run, "lib.lock"), shared=True):
        archive = runtime_archive.install(run)
        if fault_unit.possible():
            ready = _hold_by_unit(run, fault_id, mark, duration_s, timeout, archive)
            if ready is not None:
                return _checked("fault", ready, timeout)
        return _detach("fault", fault_id, mark, timeout, archive).ready


def caveats(entries):
    """What a user must know about how a fault with these undo operations is held on this host (texts)."""
    return [text for text in (boot_units.note(entries), fault_unit.note() if entries else None) if text]


def _hold_by_unit(run, fault_id, mark, duration_s, timeout, archive):
    """What the supervisor said; {} when nothing came in time; None where systemd did not take the unit."""
    path = fault_unit.ready(run, fault_id)
    os.mkfifo(path, 0o600)
    try:
        reading = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            environment = dict(_environment(mark), MAGSASA_CHAOS_READY=path)
            argv, undo_argv, watch_argv = (by(archive, entry, fault_id) for by, entry in ENTRIES)
            began = time.monotonic()
            if not fault_unit.start(run, fault_id, argv, environment, undo_argv, duration_s):
                return None
            watched = fault_unit.watch(fault_id, watch_argv, environment, duration_s)  # while the supervisor loads
            while time.monotonic() < began + timeout:
                ready = _ready_line(reading, min(LOOK_S, began + timeout - time.monotonic()))
                if ready is not None:
                    return ready if watched else _unwatched(ready)
                if not fault_unit.running(fault_id):
                    return {"error": ENDED % ("fault", time.monotonic() - began)}
            return {}
        finally:
            os.close(reading)
    finally:
        private_files.remove(path)


def _unwatched(ready):
    if isinstance(ready.get("fault"), dict):
        ready["fault"].setdefault("notes", []).append(UNWATCHED)
    return ready


def _environment(mark):
    """The whole environment of a process that stays."""
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": os.path.expanduser("~")}
    for key in (private_files.OVERRIDE, "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        if os.environ.get(key):
            environment[key] = os.environ[key]
    environment.update(mark)
    return environment


def _checked(entry, ready, timeout):
    """What a process said when it was ready; raises HostError when that was an error, or nothing."""
    if ready and "error" not in ready:
        return ready
    raise HostError(
        printable(
            (ready or {}).get("error") or "the %s process did not become ready within %g s" % (entry, timeout), 500
        ),
        **{key: value for key, value in (ready or {}).items() if key != "error"},
    )


def _detach(entry, spec_path, mark, timeout, archive):
    reading, writing = os.pipe()
    environment = dict(_environment(mark), MAGSASA_CHAOS_READY=str(writing))
    try:
        # run_command waits for its program; this one stays.
        child = subprocess.Popen(  # pylint: disable=ansible-bad-function
            runtime_archive.command(archive, entry, spec_path),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(writing,),
            close_fds=True,
            cwd="/",
            env=environment,
            start_new_session=True,
        )
    except OSError as error:
        os.close(reading)
        raise HostError("the %s process could not be started: %s" % (entry, error.strerror))
    finally:
        os.close(writing)
    start, began = processes.start_time(child.pid), time.monotonic()
    try:
        ready = _ready_line(reading, timeout)
    finally:
        os.close(reading)
    if ready is None or "error" in ready:
        ended = _ended(child) if ready is None else child.poll()
        if ended is None and ready is None:
            processes.end(child.pid, start)
        child.returncode = child.returncode or 0  # it is not ours to wait for: no ResourceWarning
        if ended is not None and ready is None:
            ready = {"error": ENDED % (entry, time.monotonic() - began)}
        _checked(entry, ready, timeout)
    child.returncode = 0
    return Child(child.pid, start, ready)


def _ended(child):
    """Exit code of a child that closed the pipe without a word, which it does a moment before it ends; None when it
    goes on.
    """
    _wait.until(lambda: child.poll() is not None, 1.0, 0.01)
    return child.poll()


def _ready_line(descriptor, timeout):
    """The one JSON line, or None when the time is over or the other end closed without one."""
    deadline = _wait.Deadline(timeout)
    text = b""
    while not text.endswith(b"\n") and len(text) < READY_LIMIT:
        if deadline.over or not select.select([descriptor], [], [], deadline.left)[0]:
            return None
        piece = os.read(descriptor, 65536)
        if not piece:
            break
        text += piece
    try:
        value = json.loads(text.decode("utf-8"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
