# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The systemd form in which a fault is held: a transient unit that undoes the fault whatever ends its processes.
Private to magsasa.chaos.

The supervisor and its guardian run in the unit as they do without one. The unit is one ring more: it ends what hangs
(``RuntimeMaxSec=``), and when everything in it is gone, killed all at once or not, ``ExecStopPost=`` carries out what
is left of the
undo; where that fails, a timer tries again until it is done. A second timer, which goes with the unit, looks after the
deadline whether
those in the unit could act: they may all be stopped, or frozen. The fault no longer belongs to the session that
injected it, and a host
that goes down stops the unit in good order first.
Sources: systemd.service(5), systemd.kill(5), systemd.timer(5), systemd-run(1).
"""

from __future__ import annotations

import os

from .. import _cmd, _packages
from .._errors import HostError
from .._ledger import private_files
from .._host.systemd import services
from .._host.marks import UNIT as NAME

WATCH = "magsasa-chaos-%s-watch"  # timer, and the service that it starts
RETRY = "magsasa-chaos-%s-retry"
WATCH_AFTER_S = 1.5  # past the deadline, as far as it is known when the fault is armed
WATCH_EVERY_S, RETRY_EVERY_S = 10, 10
MARKER = ".unit"  # <run>/<fault id>.unit: its ExecStopPost= has not been carried out yet and needs the runtime archive
READY = ".ready"  # <run>/<fault id>.ready: the FIFO on which its supervisor tells whoever waits that it is ready
SLACK_S = 130.0  # beyond the duration: what injecting and reverting may take at most, and a little
STOP_S = 70  # seconds that a stopped supervisor has for its undo, before everything in the unit is killed
UNKNOWN = "unknown"  # part of what systemd-run says about a property that it, or systemd, does not know
GONE = ("inactive", "failed", "")


def possible():
    """Whether this host has systemd for it."""
    return services.available() and _cmd.which("systemd-run") is not None


def note():
    """What a user must know where no unit holds a fault (text), or None."""
    if possible():
        return None
    if os.geteuid() != 0:
        why = "this user is not root"
    elif not os.path.isdir(services.RUNNING):
        why = "systemd does not run this host"
    else:
        missing = next(
            (program for program in ("systemctl", "systemd-run") if _cmd.which(program) is None), "systemd-run"
        )
        why = "%s is not installed; %s" % (missing, _packages.where(missing))
    return (
        "no systemd unit backs this fault (%s); if all its processes are killed or stopped at once, it stays until a"
        " module of this collection next runs here" % why
    )


def marker(run, fault_id):
    """Path of the file that says that a unit of this fault is there."""
    return os.path.join(run, fault_id + MARKER)


def ready(run, fault_id):
    """Path of the FIFO on which the supervisor of this fault says that it is ready."""
    return os.path.join(run, fault_id + READY)


def start(run, fault_id, argv, environment, undo_argv, duration_s):
    """Start ``argv`` as the unit of a fault; returns whether systemd took it. Where it does not, there is no unit
    and nothing runs.
    """
    name = NAME % fault_id
    command = [
        "systemd-run",
        "--quiet",
        "--collect",
        "--unit=" + name,
        "--description=Chaos fault %s, reverts by itself" % fault_id,
    ]
    properties = {
        "KillMode": "mixed",  # a stop asks the supervisor alone; the rest goes with it
        "TimeoutStopSec": str(STOP_S),
        "RuntimeMaxSec": str(int(duration_s + SLACK_S)),
        "StandardOutput": "null",
        "StandardError": "null",
        "WorkingDirectory": "/",
        # By default a unit has a share of the host's tasks, and a fault that uses up tasks has its workers in it.
        "TasksMax": "infinity",
        # A worker that the kernel took has ended its fault, and its supervisor says so; by default systemd would stop
        # them all.
        "OOMPolicy": "continue",
        "Delegate": "yes",  # see enclosure.py
        "ExecStopPost": " ".join(map(quoted, undo_argv)),
    }
    command += _environment(environment)
    private_files.write_private(marker(run, fault_id), name + "\n", durable=False)
    for left_out in (
        (),
        ("OOMPolicy",),
        ("OOMPolicy", "TasksMax"),
        ("OOMPolicy", "TasksMax", "Delegate"),
    ):  # unknown to systemd before 243, 227, 218
        words = ["--property=%s=%s" % pair for pair in sorted(properties.items()) if pair[0] not in left_out]
        try:
            done = _cmd.run(command + words + ["--", *argv], timeout=30, check=False)
            if done.rc == 0:
                return True
        except HostError:
            break
        if UNKNOWN not in done.stderr.lower():
            break
    if running(fault_id):  # it took it and did not say so
        return True
    private_files.remove(marker(run, fault_id))
    return False


def _environment(values):
    return ["--setenv=%s=%s" % pair for pair in sorted(values.items())]


def watch(fault_id, argv, environment, duration_s):
    """A timer that looks after the deadline whether who holds the fault could act. It lives as long as the unit;
    returns whether there is one.
    """
    properties = ["OnUnitInactiveSec=%d" % WATCH_EVERY_S, "BindsTo=" + NAME % fault_id, "After=" + NAME % fault_id]
    return _timer(WATCH % fault_id, duration_s + WATCH_AFTER_S, properties, argv, environment)


def retry(fault_id, argv, environment):
    """A timer that goes on with an undo that failed, where nobody is left who does; returns whether there is one."""
    return _timer(RETRY % fault_id, RETRY_EVERY_S, ["OnUnitInactiveSec=%d" % RETRY_EVERY_S], argv, environment)


def _timer(name, after_s, properties, argv, environment):
    command = [
        "systemd-run",
        "--quiet",
        "--collect",
        "--unit=" + name,
        "--description=Chaos fault, deadline check",
        "--on-active=%.1f" % after_s,
    ]
    command += ["--timer-property=" + each for each in ["AccuracySec=100ms"] + properties]
    command += ["--property=StandardOutput=null", "--property=StandardError=null", "--property=WorkingDirectory=/"]
    try:
        return _cmd.run(command + _environment(environment) + ["--", *argv], timeout=30, check=False).rc == 0
    except HostError:
        return False


def end_retries(fault_id):
    """Take that timer away, if there is one. Not the service that it starts: it may be the one that asks."""
    if possible():
        try:
            _cmd.run(["systemctl", "stop", "--", RETRY % fault_id + ".timer"], timeout=10, check=False)
        except HostError:
            pass  # it finds nothing to do any more, and goes by itself


def quoted(word):
    """A word of a command line as systemd reads it in a unit."""
    return '"%s"' % word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")


def running(fault_id):
    """Whether the unit of a fault is there, be it on its way out."""
    return services.show(NAME % fault_id, "ActiveState").get("ActiveState", "") not in GONE


def wanted(run):
    """Whether a unit still needs the runtime archive. Files of units that are gone are taken away: whoever made them
    was killed.

    Called with the lock that keeps out whoever starts a unit right now.
    """
    try:
        names = os.listdir(run)
    except OSError:
        return False
    of_units = [name for name in names if name.endswith((MARKER, READY))]
    alive = {fault_id for fault_id in {name.partition(".")[0] for name in of_units} if running(fault_id)}
    for name in of_units:
        if name.partition(".")[0] not in alive:
            private_files.remove(os.path.join(run, name))
    return bool(alive)
