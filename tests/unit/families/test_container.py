# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers: what options mean, what the plan says, what it refuses, what is said to the engines."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock, _cmd
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, HostError, MissingTool, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.container import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._host import container_engines
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations import engines

GIVEN = {key: spec.get("default") for key, spec in FAMILY.options.items()}
ID = "123c5dc23598" + "0" * 52
PODMAN = {"engine": "podman", "root": None, "runroot": None}
SAID = {
    "Id": ID,
    "Name": "/web",
    "State": {"Status": "running", "Pid": 0, "StartedAt": "2026-01-01T00:00:00Z", "ExitCode": 0},
    "Config": {"Image": "shop:1", "Labels": None},
    "HostConfig": {"RestartPolicy": {"Name": "always"}, "AutoRemove": False, "NetworkMode": "bridge"},
}


def parsed(**change):
    return dict(FAMILY.parse(dict(GIVEN, **dict({"action": "stop", "container": "web"}, **change))), force=False)


def container(**change):
    return dict(container_engines.facts(SAID), **change)


def around(*found, **change):
    facts = {"access": PODMAN, "found": list(found or [container()]), "matching": len(found) or 1}
    return dict(facts, **dict({"users": {}, "visible": [ID], "carriers": [], "systemd": True}, **change))


def planned(facts=None, **change):
    return FAMILY.plan(parsed(**change), facts or around())


@pytest.mark.parametrize(
    "change, option",
    [
        ({"action": None}, "action"),
        ({"container": None}, "target"),
        ({"label": "a"}, "target"),
        ({"container": "a b"}, "container"),
        ({"container": "--all"}, "container"),
        ({"container": "a\n"}, "container"),
        ({"container": None, "label": "a\0"}, "label"),
        ({"container": None, "label": "a", "count": "some"}, "count"),
        ({"container": None, "label": "a", "count": True}, "count"),
        ({"container": None, "label": "a", "count": 1.5}, "count"),
        ({"count": "all"}, "count"),
        ({"signal": "KILL"}, "signal"),
        ({"grace": "51s"}, "grace"),
        ({"podman_root": "relative"}, "podman_root"),
        ({"engine": "docker", "podman_root": "/x"}, "podman_root"),
        ({"engine": "podman", "docker_socket": "/x"}, "docker_socket"),
    ],
)
def test_bad_options(change, option):
    with pytest.raises(BadOption) as caught:
        parsed(**change)
    assert caught.value.details["option"] == option


@pytest.mark.parametrize(
    "action, op, started",
    [
        ("stop", "container.start", SAID["State"]["StartedAt"]),
        ("kill", "container.start", None),
        ("restart", "container.start", None),
    ],
)
def test_what_ran_is_started_again(action, op, started):
    first, last = planned(action=action)["steps"][0]["undo"]
    assert (first["op"], first["args"]["id"], first["args"]["started"], last["op"]) == (op, ID, started, "workers.end")


def test_pause_is_known_by_the_start_too():
    first = planned(action="pause")["steps"][0]["undo"][0]
    assert (first["op"], first["args"]["started"]) == ("container.unpause", SAID["State"]["StartedAt"])


def test_another_fault_is_named_by_whatever_name_it_was_given():
    claims = planned()["claims"]
    assert {"container:web", "container:" + ID} <= set(claims) and set(FAMILY.claims(parsed())) <= set(claims)
    assert FAMILY.claims(parsed(container=ID[:12])) == ["container:" + ID[:12]]


@pytest.mark.parametrize(
    "facts, change, words",
    [
        (around(matching=2), {"container": None, "label": "a"}, "2 containers match"),
        (around(container(infra=True)), {"action": "pause"}, "infra container of a pod"),
        (
            around(container(labels={"io.cri-containerd.kind": "sandbox"})),
            {"action": "pause"},
            "infra container of a pod",
        ),
        (around(container(pid=7), carriers=[9, 7]), {}, "this task"),
        (around(container(auto_remove=True)), {}, "--rm"),
        (around(container(labels={"PODMAN_SYSTEMD_UNIT": "web.service"})), {}, "web.service"),
        (
            around(container(labels={"PODMAN_SYSTEMD_UNIT": "web.service"}), systemd=False),
            {"action": "kill"},
            "web.service",
        ),
        (around(container(labels={"io.kubernetes.pod.name": "x"})), {"action": "kill"}, "kubelet"),
        (around(users={ID: ["side"]}), {"action": "restart"}, "side would lose its network"),
        (around(visible=[]), {"action": "kill"}, "not visible"),
    ],
)
def test_refusals(facts, change, words):
    with pytest.raises(Refused, match=words):
        planned(facts, **change)


@pytest.mark.parametrize("status", ["exited", "paused", "created"])
def test_what_does_not_run_is_no_target(status):
    with pytest.raises(BadOption, match="is not running"):
        planned(around(container(status=status)))


def test_a_killed_one_of_systemd_is_started_by_systemd():
    plan = planned(around(container(labels={"PODMAN_SYSTEMD_UNIT": "web.service"}, auto_remove=True)), action="kill")
    assert plan["steps"][0]["undo"][0] == {"op": "service.start", "args": {"unit": "web.service"}}


@pytest.mark.parametrize(
    "access, argv",
    [
        (PODMAN, ["podman", "--remote=false"]),
        (dict(PODMAN, root="/r", runroot="/s"), ["podman", "--remote=false", "--root", "/r", "--runroot", "/s"]),
        ({"engine": "docker", "socket": "/run/d.sock"}, ["docker", "--host", "unix:///run/d.sock"]),
    ],
)
def test_no_remote_engine_is_ever_meant(access, argv):
    assert container_engines.command(access) == argv


def test_an_engine_is_told_by_its_program_where_there_is_one(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(_cmd, "_EXTRA_PATH", ())
    with pytest.raises(MissingTool, match="podman"):
        container_engines.run(PODMAN, "ps")
    program = tmp_path / "podman"
    program.write_text('#!/bin/sh\necho "$*"\n')
    program.chmod(0o755)
    assert container_engines.run(PODMAN, "ps").stdout == "--remote=false ps\n"


@pytest.mark.parametrize(
    "environment, socket",
    [
        ({}, "/var/run/docker.sock"),
        ({"DOCKER_HOST": "unix:///x"}, "/x"),
        ({"DOCKER_HOST": "tcp://h:2375"}, None),
        ({"DOCKER_HOST": "ssh://h"}, None),
    ],
)
def test_socket_of_docker(environment, socket, monkeypatch):
    monkeypatch.setattr(container_engines.os.path, "exists", lambda path: False)
    assert container_engines.socket_of_docker(environment) == socket


def test_facts_of_both_engines():
    assert (container()["name"], container()["policy"], container()["labels"], container()["needs"]) == (
        "web",
        "always",
        {},
        [],
    )
    shared = container_engines.facts(
        dict(SAID, HostConfig={"NetworkMode": "container:abc"}, Dependencies=["def"], IsInfra=True)
    )
    assert (shared["needs"], shared["infra"], shared["policy"], shared["auto_remove"]) == (
        ["abc", "def"],
        True,
        "no",
        False,
    )


class Engine:
    """An engine with one container; ``started`` counts what it was told to start."""

    def __init__(self, found, ends=False):
        self.found, self.ends, self.started = found, ends, 0

    def one(self, access, number):
        assert (access, number) == (PODMAN, ID)
        return self.found

    def start(self, access, number):
        assert (access, number) == (PODMAN, ID)
        self.started += 1
        self.found = dict(self.found, status="exited" if self.ends else "running")


@pytest.fixture
def engine(monkeypatch):
    """``engine(found)``: the engine that the undo meets."""

    def met(*args, **options):
        made = Engine(*args, **options)
        for name in ("one", "start"):
            monkeypatch.setattr(container_engines, name, getattr(made, name))
        monkeypatch.setattr(engines, "SETTLES", 0.0)
        monkeypatch.setattr(engines, "PATIENCE", 0.0)
        return made

    return met


def undone_by(**change):
    args = planned()["steps"][0]["undo"][0]["args"]
    return dict(args, boot=_clock.boot_id(), grace_s=0.0, **change)


@pytest.mark.parametrize(
    "found, change, starts",
    [
        (container(status="exited"), {}, 1),
        (container(status="exited", started="2026-02-02T00:00:00Z"), {}, 0),  # started by somebody since, and ended
        (container(status="exited", started="2026-02-02T00:00:00Z"), {"started": None}, 1),
        (container(status="running"), {"started": None}, 0),
        (container(status="paused"), {}, 0),
        (None, {}, 0),  # removed meanwhile
    ],
)
def test_only_what_we_stopped_is_started_again(engine, found, change, starts):
    met, args = engine(found), undone_by(**change)
    engines.Start.undo(args)
    assert (met.started, engines.Start.left(args)) == (starts, [])


@pytest.mark.parametrize("policy, starts", [("", 0), ("no", 0), ("always", 1)])
def test_after_a_reboot_only_what_the_engine_brings_back_is_started(engine, policy, starts):
    met = engine(container(status="exited"))
    engines.Start.undo(dict(undone_by(policy=policy), boot="another"))
    assert met.started == starts


def test_what_does_not_run_is_told(engine):
    met, args = engine(container(status="exited"), ends=True), undone_by()
    assert engines.Start.left(args) == ["container web is exited"] and not met.started
    with pytest.raises(HostError, match="web was started again and exited at once with code 0"):
        engines.Start.undo(args)
