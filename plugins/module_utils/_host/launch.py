# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Start a process that outlives the module which starts it. Private to magsasa.chaos.

One place chooses the form in which it is held; today that is a process in its own session (the guardian form).
"""
from __future__ import annotations

import json
import os
import select
import subprocess
import time
from collections import namedtuple

from .._errors import HostError, printable
from . import lock, payload, processes, state

Child = namedtuple("Child", "pid start ready")
READY_LIMIT = 1024 * 1024


def _travels():
    """Never called: Ansible sends along what is imported by name, and the archive's entries are in ``main``."""
    from . import main

    return main


def detach(entry, spec_path, mark, timeout=20.0, archive=None):
    """Run ``entry`` of the runtime archive on ``spec_path`` and wait until it says it is ready.

    ``mark`` (dict) joins its environment, so that whatever descends from it can be found again. Returns
    ``Child(pid, start, ready)``: ready is the object that it sent. Raises HostError when it ends, says an error, or says
    nothing for ``timeout`` seconds; it is ended then.
    """
    run = state.prepare(state.folders().run)
    with lock.held(os.path.join(run, "lib.lock"), shared=True):  # Ledger.tidy keeps out until we are ready
        return _detach(entry, spec_path, mark, timeout, archive or payload.install(run))


def _detach(entry, spec_path, mark, timeout, archive):
    reading, writing = os.pipe()
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "HOME": os.path.expanduser("~")}
    for key in (state.OVERRIDE, "XDG_RUNTIME_DIR", "XDG_STATE_HOME"):
        if os.environ.get(key):
            environment[key] = os.environ[key]
    environment.update(mark)
    environment["MAGSASA_CHAOS_READY"] = str(writing)
    try:
        # run_command waits for its program; this one stays.
        child = subprocess.Popen(  # pylint: disable=ansible-bad-function
            payload.command(archive, entry, spec_path),
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
    start = processes.start_time(child.pid)
    try:
        ready = _ready_line(reading, timeout)
    finally:
        os.close(reading)
    if ready is None or "error" in ready:
        ended = child.poll()
        if ended is None and ready is None:
            processes.end(child.pid, start)
        child.returncode = child.returncode or 0  # it is not ours to wait for: no ResourceWarning
        raise HostError(
            printable((ready or {}).get("error") or "the %s process did not become ready within %g s" % (entry, timeout), 500),
            **{key: value for key, value in (ready or {}).items() if key != "error"},
        )
    child.returncode = 0
    return Child(child.pid, start, ready)


def _ready_line(descriptor, timeout):
    """The one JSON line, or None when the time is over or the other end closed without one."""
    limit = time.monotonic() + timeout
    text = b""
    while not text.endswith(b"\n") and len(text) < READY_LIMIT:
        left = limit - time.monotonic()
        if left <= 0 or not select.select([descriptor], [], [], left)[0]:
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


def say_ready(value):
    """Called once in the detached process: hand ``value`` to whoever started it and close the pipe.

    The starter may be gone (its SSH connection cut): then nobody hears it, and the process goes on.
    """
    number = os.environ.pop("MAGSASA_CHAOS_READY", "")
    if not number.isdigit():
        return
    text = json.dumps(value) + "\n"
    try:
        with os.fdopen(int(number), "wb") as pipe:
            pipe.write(text.encode("utf-8"))
    except OSError:
        pass
