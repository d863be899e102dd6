# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Container engines of this host, podman and docker, by their command line. Private to magsasa.chaos.

``access`` (dict, fit for the ledger) says which storage or daemon is meant, so that an undo meets the same one whatever
its own environment
says: ``{"engine": "podman", "root", "runroot"}`` or ``{"engine": "docker", "socket"}``; None is the engine's own
choice.
"""

from __future__ import annotations

import json
import os

from .. import _cmd
from .._errors import HostError, MissingTool, printable
from .._ledger import private_files
from . import control_groups, processes
from .marks import MARK

MOST = 500  # containers of one engine that are looked at
PAUSE_IMAGES = ("pause", "podman-pause", "k8s-pause")
# What starts a container must not hand our mark on, nor leave its monitor in the unit of the fault: all of that ends
# with it.
_STAYS = {"env": {MARK: None, private_files.OVERRIDE: None}, "prepare": control_groups.leave_unit}


def has(engine):
    """Whether the program is there."""
    return _cmd.which(engine) is not None


def socket_of_docker(environment):
    """Path of the daemon's socket on this host as the docker CLI would find it, or None when it would speak to
    another host.
    """
    host = environment.get("DOCKER_HOST") or ""
    if host:
        return host[len("unix://") :] if host.startswith("unix:///") else None
    own = os.path.join(environment.get("XDG_RUNTIME_DIR") or "/run/user/%d" % os.geteuid(), "docker.sock")
    return own if os.geteuid() and os.path.exists(own) else "/var/run/docker.sock"


def command(access):
    """Beginning of an argv: never a remote engine, whatever contexts and variables say."""
    if access["engine"] == "docker":
        return ["docker", "--host", "unix://" + access["socket"]]
    found = ["podman", "--remote=false"]
    for option in ("root", "runroot"):
        if access[option]:
            found += ["--" + option, access[option]]
    return found


def run(access, *words, **how):
    """_cmd.Result of one command of the engine; raises HostError, MissingTool."""
    if not has(access["engine"]):
        raise MissingTool(access["engine"], "control its containers")
    how.setdefault("timeout", 20.0)
    return _cmd.run(command(access) + list(words), **how)


def start(access, number):
    """Start a container that is there; raises HostError."""
    run(access, "start", number, timeout=45.0, **_STAYS)


def restart(access, numbers, grace_s):
    """End them as they want to be ended, then start them; raises HostError."""
    run(access, "restart", "-t", str(int(grace_s)), *numbers, timeout=80.0, **_STAYS)


def stop(access, numbers, grace_s):
    """Their stop signal, SIGKILL after ``grace_s`` seconds. The engine then leaves them down, whatever the restart
    policy is. Raises HostError.
    """
    run(access, "stop", "-t", str(int(grace_s)), *numbers, timeout=80.0)


def containers(access, running=False):
    """Facts (see ``facts``) of all containers that the engine knows; raises HostError when it does not answer."""
    words = ["ps", "-q", "--no-trunc"] + ([] if running else ["-a"])
    numbers = run(access, *words).stdout.split()[:MOST]
    return _inspect(access, numbers)


def one(access, number):
    """Facts of one container by its full id, or None when the engine knows it no more; raises HostError when that
    cannot be told.
    """
    found = [each for each in _inspect(access, [number]) if each["id"] == number]
    if not found and number in run(access, "ps", "-aq", "--no-trunc").stdout.split():
        raise HostError("%s has no information about container %s" % (access["engine"], number[:12]))
    return found[0] if found else None


def _inspect(access, numbers):
    """One that is removed meanwhile is left out: the engine then says what it knows of the others."""
    if not numbers:
        return []
    done = run(access, "inspect", "--type", "container", *numbers, check=False, timeout=30.0)
    try:
        said = json.loads(done.stdout)
        return [facts(each) for each in said]
    except (ValueError, KeyError, TypeError, AttributeError):
        answer = printable(done.stderr.strip() or done.stdout.strip() or "nothing", 200)
        raise HostError("%s inspect gave an unreadable answer: %s" % (access["engine"], answer))


def facts(said):
    """What inspect prints of one container, in one form for both engines (JSON-able).

    ``pid``, ``start``: its first process, 0 when none; ``started``: text that changes with every start; ``needs``: ids
    of containers
    whose namespaces it shares.
    """
    now, settings, host = said["State"], said.get("Config") or {}, said.get("HostConfig") or {}
    pid = int(now.get("Pid") or 0)
    image = str(said.get("ImageName") or settings.get("Image") or "")
    modes = [str(host.get(key) or "") for key in ("NetworkMode", "PidMode", "IpcMode")]
    needs = {mode.split(":", 1)[1] for mode in modes if mode.startswith("container:")} | set(
        said.get("Dependencies") or ()
    )
    return {
        "id": str(said["Id"]),
        "name": str(said["Name"]).lstrip("/"),
        "status": str(now["Status"]).lower(),
        "pid": pid,
        "start": (processes.start_time(pid) if pid else None) or 0,
        "started": str(now.get("StartedAt") or ""),
        "exit_code": int(now.get("ExitCode") or 0),
        "policy": str((host.get("RestartPolicy") or {}).get("Name") or "no"),
        "auto_remove": bool(host.get("AutoRemove")),
        "infra": bool(said.get("IsInfra")) or image.rsplit("/", 1)[-1].split(":")[0].split("@")[0] in PAUSE_IMAGES,
        "labels": {str(key): str(value) for key, value in (settings.get("Labels") or {}).items()},
        "needs": sorted(needs),
    }


def is_ours(container):
    """Whether the pid that the engine names is this container's on this host, not a number in a virtual machine."""
    try:
        with open("/proc/%d/cgroup" % container["pid"]) as source:
            if container["id"] in source.read(65536):
                return True
    except OSError:
        return False
    above = processes.parent(container["pid"])
    return bool(above) and processes.comm(above) == "conmon" and container["id"] in processes.argv(above)
