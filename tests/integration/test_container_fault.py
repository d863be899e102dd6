# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Containers of a real engine: whether they run is told by what they write, not by the engine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from support import direct
from support.containers import DEAF, engine
from support.faults import (
    KEEPERS,
    do_repeat_check_undo,
    end,
    fresh_state,
    inject,
    killed_part_ends_all,
    left,
    ledger,
    marked,
    refused_rows,
    wait_for,
)
from support.modules import ROOT, environment, run_module

pytestmark = [pytest.mark.root]
ENGINES = [
    pytest.param("podman", marks=pytest.mark.podman),
    pytest.param("docker", marks=[pytest.mark.docker, pytest.mark.nightly]),
]


@pytest.fixture(name="state")
def _state(tmp_path):
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture(name="box", scope="module", params=ENGINES)
def _box(request):
    with engine(request.param) as found:
        yield found


@pytest.fixture(autouse=True)
def _no_containers(box):
    """Every test begins and ends without containers."""
    yield
    box.remove()


def fault_of(box, action, **more):
    target = {} if "label" in more else {"container": "web"}
    return {"name": "box", "action": action, "duration": "60s", "grace": "2s", **box.options, **target, **more}


def test_stop_holds_and_what_ran_runs_again(state, box):
    """Whoever starts it meanwhile: the restart policy does not, and a person's start is undone, and counted."""
    box.start("web", "--restart", "always", "--label", "app=shop")
    before = box.lasting("web")
    fault = inject("container_fault", fault_of(box, "stop"), state)
    assert fault["effect"] == "confirmed" and (fault["measured"]["stopped"], fault["measured"]["of"]) == (1, 1)
    assert not box.counts("web", 0.6) and box.state("web")[0] == "exited"
    box.run("start", "web")
    assert wait_for(lambda: box.state("web")[0] == "exited") and not box.counts("web")
    time.sleep(1.2)
    past = end("container_fault", "box", state)
    assert past["residue"] == [] and past["measured"]["started_by_others"] == 1
    assert box.counts("web") and box.lasting("web") == before


@contextlib.contextmanager
def like_a_unit(pids):
    """A control group with the name of a fault's unit, with these processes in it; gives the file of its processes."""
    above = [
        path
        for path in map(Path, ("/sys/fs/cgroup/systemd", "/sys/fs/cgroup/pids", "/sys/fs/cgroup"))
        if (path / "cgroup.procs").exists()
    ][0]
    group = above / ("magsasa-chaos-t%d.service" % os.getpid())
    group.mkdir()
    try:
        for pid in pids:
            (group / "cgroup.procs").write_text(str(pid))
        yield group / "cgroup.procs"
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            (above / "cgroup.procs").write_text(pid)
        assert wait_for(lambda: not (group / "cgroup.procs").read_text())
        group.rmdir()


def test_what_runs_again_is_not_in_the_unit_of_the_fault(state, box):
    """systemd ends whatever is in there when the fault is over, the container's monitor too."""
    box.start("web")
    inject("container_fault", fault_of(box, "stop"), state)
    with like_a_unit([pid for pid, name in marked(state) if name.startswith("chaos-")]) as procs:
        assert procs.read_text()
        end("container_fault", "box", state)
        assert wait_for(lambda: not left(state)) and box.counts("web")
        assert procs.read_text() == "", [
            Path("/proc/%s/cmdline" % pid).read_text() for pid in procs.read_text().split()
        ]


@pytest.mark.nightly
@pytest.mark.parametrize("action", ["stop", "pause"])
def test_life(state, box, action):
    box.start("web")
    before = box.lasting("web")
    do_repeat_check_undo("container_fault", fault_of(box, action), state)
    assert box.counts("web") and box.lasting("web") == before


def test_pause_freezes_and_nothing_is_started_anew(state, box):
    number = box.start("web")
    before = box.state("web")
    fault = inject("container_fault", fault_of(box, "pause", container=number[:12], duration="2s"), state)
    assert fault["effect"] == "confirmed" and not box.counts("web", 0.6)
    assert wait_for(lambda: box.counts("web")) and wait_for(lambda: not left(state))
    assert box.state("web") == before and ledger(state)[-1]["revert_cause"] == "deadline"


def test_kill_meets_the_restart_policy(state, box):
    """The engine's own kill would switch the policy off; a crash does not."""
    box.start("web", "--restart", "always")
    pid = box.state("web")[1]
    inject("container_fault", fault_of(box, "kill"), state)
    assert not os.path.exists("/proc/%d" % pid)
    assert wait_for(lambda: not left(state), 15)
    past = ledger(state)[-1]
    assert (past["revert_cause"], past["effect"], past["residue"]) == ("event_over", "confirmed", [])
    status, now, _started = box.state("web")
    assert status == "running" and now != pid and box.counts("web")
    assert past["measured"]["back_pid"] == now and 0 <= past["measured"]["back_after_s"] < 5


def test_kill_without_a_policy_is_mended_by_the_undo_and_says_so(state, box):
    box.start("web")
    fault = inject("container_fault", fault_of(box, "kill", duration="2s"), state)
    assert fault["effect"] == "confirmed" and "its restart policy is no" in fault["notes"][0]
    assert not box.counts("web")
    assert wait_for(lambda: not left(state))
    past = ledger(state)[-1]
    assert (past["revert_cause"], past["residue"]) == ("deadline", [])
    assert (
        past["measured"]["ended"] and past["measured"]["back_pid"] is None
    )  # what makes the report say revived_by_undo
    assert box.counts("web")


@pytest.mark.nightly
def test_restart_starts_it_anew(state, box):
    box.start("web")
    pid = box.state("web")[1]
    fault = inject("container_fault", fault_of(box, "restart"), state)
    assert fault["effect"] == "confirmed" and fault["measured"]["back_pid"] == box.state("web")[1] != pid
    assert wait_for(lambda: not left(state)) and ledger(state)[-1]["revert_cause"] == "event_over" and box.counts("web")


def test_a_replaced_container_is_not_touched(state, box):
    box.start("web")
    inject("container_fault", fault_of(box, "stop"), state)
    box.remove("web")
    number = box.start("web")
    box.run("stop", "web")
    past = end("container_fault", "box", state)
    assert past["residue"] == [] and box.state("web")[0] == "exited" and box.inspect("web")["Id"] == number


@pytest.mark.parametrize(
    "action, victim, cause",
    [("stop", *KEEPERS[0])]
    + [
        pytest.param(*row, marks=pytest.mark.nightly)
        for row in (("stop", *KEEPERS[1]), ("pause", *KEEPERS[0]), ("pause", *KEEPERS[1]))
    ],
)
def test_sigkill_of_a_keeper_brings_it_back(state, box, action, victim, cause):
    box.start("web")
    before = box.lasting("web")
    killed_part_ends_all("container_fault", fault_of(box, action), state, victim, cause)
    assert box.lasting("web") == before and box.counts("web")


def test_sigkill_while_it_is_being_stopped(state, box):
    """The engine waits for a container that does not listen; who asked it is killed in that time."""
    box.start("web", program=DEAF)
    argv = [
        sys.executable,
        "-m",
        "ansible",
        "adhoc",
        "localhost",
        "-i",
        str(ROOT / "inventory" / "hosts"),
        "-m",
        "magsasa.chaos.container_fault",
        "-a",
    ]
    words = " ".join("%s=%s" % each for each in fault_of(box, "stop", grace="4s").items())
    with subprocess.Popen(
        [*argv, words], cwd=ROOT, env=environment(state), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as asking:
        try:
            assert wait_for(lambda: any(name == box.name for _pid, name in marked(state)), 20)
            time.sleep(0.3)
            os.kill(next(pid for pid, name in marked(state) if name == "chaos-fault"), signal.SIGKILL)
            asking.wait(30)
        finally:
            asking.kill()
    assert wait_for(lambda: not left(state), 15), left(state)
    time.sleep(0.5)
    assert box.state("web")[0] == "running" and box.counts("web") and ledger(state)[-1]["residue"] == []


@pytest.mark.nightly
def test_label_and_count(state, box):
    for name in ("web", "two", "three"):
        box.start(name, "--label", "app=shop")
    refused = run_module("container_fault", fault_of(box, "pause", label="app=shop"), state)
    assert refused["failed"] and "3 containers match and count is not given" in refused["msg"]

    def paused():
        return [name for name in ("web", "two", "three") if box.state(name)[0] == "paused"]

    fault = inject("container_fault", fault_of(box, "pause", label="app=shop", count=2), state)
    assert fault["measured"] == {"paused": 2, "of": 2} and sorted(paused()) == sorted(fault["requested"]["names"])
    end("container_fault", "box", state)
    assert (
        inject("container_fault", fault_of(box, "pause", label="app", count="all"), state)["measured"]["paused"]
        == 3
        == len(paused())
    )
    end("container_fault", "box", state)
    assert paused() == []


@pytest.mark.nightly
def test_bad_input(state, box):
    number = box.start("web")
    box.start("passing", "--rm")
    box.start("sharing", network="container:web")
    box.start("unit", "--label", "PODMAN_SYSTEMD_UNIT=shop.service")
    box.start("swarm", "--label", "com.docker.swarm.task.id=1")
    box.start("down")
    box.run("stop", "down")
    rows = [
        ({"action": None}, "action: '' is missing"),
        ({"container": None}, "target: 'nothing'"),
        ({"label": "a"}, "give exactly one of container, label"),
        ({"container": "nowhere"}, "container: 'nowhere' matches no %s container" % box.name),
        ({"container": number[:11]}, "matches no "),
        ({"container": "-x"}, "is not a name or id"),
        ({"container": None, "label": "=x"}, "label: '=x' is not a label"),
        ({"container": None, "label": "none"}, "label: 'none' matches no container"),
        ({"count": 2}, "count: '2' has no effect with a single container"),
        ({"container": None, "label": "a", "count": 0}, "count: '0' is not a number"),
        ({"signal": "TERM"}, "signal: 'TERM' has no effect with action=stop"),
        ({"action": "kill", "signal": "STOP"}, "signal: 'STOP'"),
        ({"grace": "1h"}, "grace: '1h'"),
        ({"podman_root": "x", "docker_socket": None}, "podman_root"),
        ({"podman_root": "/var/tmp", "docker_socket": None}, "podman_root: '/var/tmp'"),
        ({"podman_root": "/nowhere", "docker_socket": "/nowhere"}, "exclude each other"),
        ({"container": "down"}, "is not running (exited)"),
        ({"container": "passing"}, "--rm"),
        ({}, "sharing would be cut off for good"),
        ({"container": "unit"}, "shop.service of systemd"),
        ({"container": "swarm"}, "Docker Swarm"),
    ]
    refused_rows("container_fault", fault_of(box, "stop"), rows, state)
    assert all(box.state(name)[0] == "running" for name in ("web", "passing", "sharing", "unit", "swarm"))


@pytest.mark.root
def test_a_process_of_a_container_is_not_ended_by_what_could_only_start_it_on_the_host(state, box):
    box.start("web")
    pid = box.state("web")[1]
    base = {"name": "inside", "pid": pid, "duration": "60s", "force": True}
    for refused in direct.run(state, ("process", dict(base, action="kill")), ("process", dict(base, action="restart"))):
        assert refused["failed"] and "it has its own namespaces" in refused["msg"] and "use " in refused["msg"], refused
    assert box.counts("web")
    (paused,) = direct.run(state, ("process", dict(base, action="pause")))
    assert paused["fault"]["effect"] == "confirmed" and not box.counts("web")
    direct.run(state, ("process", {"name": "inside", "state": "absent"}))
    assert box.counts("web")
