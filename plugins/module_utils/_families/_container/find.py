# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which containers are meant, and which no fault may touch. Private to magsasa.chaos."""

from __future__ import annotations

import os
import random

from ..._errors import BadOption, HostError, MissingTool, Refused, printable
from ..._host import container_engines, processes
from ..._host.systemd import services

UNIT = "PODMAN_SYSTEMD_UNIT"  # label of a container that a unit of systemd runs (podman-systemd.unit(5))
# Labels of containers that an orchestrator replaces when they end.
REPLACED = {"io.kubernetes.pod.name": "the kubelet", "com.docker.swarm.task.id": "Docker Swarm"}
SANDBOX = {"io.kubernetes.docker.type": "podsandbox", "io.cri-containerd.kind": "sandbox"}
SHORTEST_ID = 12  # digits of an id that are as good as all


def inspect(options):
    """``{"access", "found": [facts], "matching", "users": {id: [names]}, "carriers", "uid"}`` of what is meant;
    raises BadOption when nothing is.
    """
    known = {}
    silent = []
    for access in _candidates(options):
        try:
            everything = container_engines.containers(access)
        except HostError as error:
            if options["engine"] != "auto":
                raise
            silent.append(str(error))
            continue
        found = _matching(options, everything)
        known[access["engine"]] = (access, everything, found)
    fitting = {engine: each for engine, each in known.items() if each[2]}
    if len(fitting) > 1:
        ids = [sorted(each["id"] for each in found) for _access, _everything, found in fitting.values()]
        if ids[0] != ids[1]:  # else docker is another name of podman here
            raise BadOption(
                "engine",
                "auto",
                "is ambiguous: podman and docker both know %s" % _shown(options),
                "use podman or docker",
            )
        fitting.pop("docker")
    if not fitting:
        if silent and not known:
            raise HostError(silent[0])
        option = "container" if options["container"] else "label"
        raise BadOption(
            option,
            _shown(options),
            "matches no %s container" % " or ".join(known),
            "use one shown by %s ps -a" % next(iter(known)),
        )
    access, everything, found = next(iter(fitting.values()))
    chosen = found if options["count"] in (None, "all") else random.sample(found, min(len(found), options["count"]))
    return {
        "access": access,
        "found": sorted(chosen, key=lambda each: each["name"]),
        "matching": len(found),
        "users": {each["id"]: _users(each, everything) for each in chosen},
        "visible": [each["id"] for each in chosen if container_engines.is_ours(each)],
        "carriers": processes.above(os.getpid()),
        "systemd": services.available(),
    }


def _candidates(options):
    """Every engine that may be meant (access); raises MissingTool when there is none."""
    names = (
        [options["engine"]]
        if options["engine"] != "auto"
        else [name for name in ("podman", "docker") if container_engines.has(name)]
    )
    if options["podman_root"] or options["podman_runroot"]:
        names = ["podman"]
    elif options["docker_socket"]:
        names = ["docker"]
    if not names:
        raise MissingTool("podman or docker", "control its containers")
    _no_new_storage(options)
    found = []
    for name in names:
        if name == "podman":
            found.append({"engine": name, "root": options["podman_root"], "runroot": options["podman_runroot"]})
            continue
        socket = options["docker_socket"] or container_engines.socket_of_docker(os.environ)
        if socket:
            found.append({"engine": name, "socket": socket})
        elif len(names) == 1:
            raise Refused(
                "local",
                "DOCKER_HOST points to a daemon on another host",
                remedy="run the fault on that host, or give docker_socket",
            )
    return found


def _no_new_storage(options):
    """Refuse folders that podman does not use yet: it would make a storage there, also when it is only asked what
    it has.
    """
    for option, mark in (("podman_root", "storage.lock"), ("podman_runroot", "")):
        path = options[option]
        if path and not os.path.exists(os.path.join(path, mark)):
            raise BadOption(option, path, "is not a podman storage", "use the one shown by podman info")


def _shown(options):
    return printable(options["container"] or options["label"])


def _matching(options, everything):
    """By name, by the beginning of the id, or by label (those that run)."""
    wanted = options["container"]
    if wanted:
        named = [each for each in everything if wanted == each["name"]]
        return named or [each for each in everything if len(wanted) >= SHORTEST_ID and each["id"].startswith(wanted)]
    key, equals, value = options["label"].partition("=")
    return [
        each
        for each in everything
        if key in each["labels"] and (not equals or each["labels"][key] == value) and each["status"] == "running"
    ]


def _users(container, everything):
    """Names of others that live in its namespaces: they would keep what is left of these when it starts anew."""
    return sorted(
        each["name"]
        for each in everything
        if container["id"] in each["needs"] and each["status"] in ("running", "paused")
    )


def guard(each, options, facts):
    """Refuse one that cannot be put back, or that the host cannot do without."""
    action, name = options["action"], each["name"]
    if each["infra"] or any(each["labels"].get(key) == value for key, value in SANDBOX.items()):
        raise Refused(
            "protected container",
            "%s is the infra container of a pod" % name,
            remedy="name another container of the pod",
        )
    if each["pid"] and each["pid"] in facts["carriers"]:
        raise Refused("protected container", "%s runs this task or carries its connection" % name)
    if each["status"] != "running":
        raise BadOption(
            "container",
            name,
            "is not running (%s), so there is nothing to %s" % (printable(each["status"]), action),
            "start it first",
        )
    if action == "pause":
        return
    for label, who in REPLACED.items():
        if label in each["labels"]:
            raise Refused(
                "revival",
                "%s is managed by %s, which would replace it" % (name, who),
                remedy="use magsasa.chaos.process_fault",
            )
    unit = each["labels"].get(UNIT)
    if unit and (action != "kill" or not facts["systemd"]):
        figure = "%s is run by the systemd unit %s, which reacts to its end" % (name, printable(unit))
        raise Refused("revival", figure, remedy="use magsasa.chaos.service_fault")
    if each["auto_remove"] and not unit:
        raise Refused(
            "revival",
            "%s is removed when it exits (--rm), so it could not be restored" % name,
            remedy="run it without --rm, or use action=pause",
        )
    if facts["users"].get(each["id"]):
        users = ", ".join(facts["users"][each["id"]][:5])
        raise Refused(
            "revival",
            "%s would lose its network for good, because it uses a namespace of %s" % (users, name),
            remedy="use action=pause",
        )
