# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits: what options mean, what the plan says, what it refuses, and how what was is put back."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _clock
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, HostError, NotHere, Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._families.limit import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._limit import descriptors, tasks, unit, workers
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from ansible_collections.magsasa.chaos.plugins.module_utils._host.systemd import services, unit_limits
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.registry import OPERATIONS

NOTHING = dict.fromkeys(FAMILY.options)
UNIT = {
    "id": "web.service",
    "names": ["web.service"],
    "load": "loaded",
    "active": "active",
    "group": "/sys/fs/cgroup/system.slice/web.service",
    "above_us": [],
    "inside": [],
    "controllers": ["cpu", "io", "memory", "pids"],
    "memory": 50 << 20,
    "tasks": 5,
    "shown": {
        "CPUQuota": "infinity",
        "MemoryMax": "314572800",
        "TasksMax": "77",
        "IOReadBandwidthMax": "/dev/vda 5",
        "IOWriteBandwidthMax": "",
    },
    "files": dict.fromkeys(unit_limits.PROPERTIES),
    "folder": False,
    "root": True,
    "boot_id": "b",
    "device": ["254:0", "/dev/vda"],
}
HOST_TASKS = {
    "root": True,
    "pid_max": 10000,
    "threads_max": 20000,
    "used": 1000,
    "group_tasks_left": None,
    "available_kib": 4 << 20,
}
HOST_FILES = {"root": True, "used": 2000, "most": 100000, "each": 65000}
INODES = {"path": "/srv", "device": 7, "total": 100000, "free": 90000}
PROCESS = {"start": 9, "soft": 1024, "hard": 4096, "numbers": [0, 1, 2, 5], "name": "web", "why": None}


def parsed(**given):
    return dict(FAMILY.parse(dict(NOTHING, **given)), force=False)


def planned(facts, force=False, **given):
    return FAMILY.plan(dict(parsed(**given), force=force), facts)


@pytest.mark.parametrize(
    "given, words",
    [
        ({}, "action: '' is missing"),
        ({"action": "unit"}, "unit: '' is missing"),
        ({"action": "unit", "unit": "web"}, "has no limit to set"),
        ({"action": "unit", "unit": "web.socket", "cpu": "5%"}, "not the name"),
        ({"action": "unit", "unit": "--now", "cpu": "5%"}, "not the name"),
        ({"action": "unit", "unit": "a b", "cpu": "5%"}, "not the name"),
        ({"action": "unit", "unit": "web", "cpu": "0.5%"}, "cpu: '0.5%'"),
        ({"action": "unit", "unit": "web", "cpu": "much"}, "cpu: 'much'"),
        ({"action": "unit", "unit": "web", "memory": "9"}, "memory: '9'"),
        ({"action": "unit", "unit": "web", "tasks": 0}, "tasks: '0'"),
        ({"action": "unit", "unit": "web", "io_read": "1"}, "io_read: '1'"),
        ({"action": "unit", "unit": "web", "io_write": "fast"}, "io_write: 'fast'"),
        ({"action": "unit", "unit": "web", "cpu": "5%", "path": "/"}, "path: '/' has no effect"),
        ({"action": "unit", "unit": "web", "cpu": "5%", "leave_free": 1}, "use action=descriptors or inodes or tasks"),
        ({"action": "inodes"}, "path: '' is missing"),
        ({"action": "inodes", "path": "/srv"}, "leave_free: '' is missing"),
        ({"action": "inodes", "path": "/srv", "leave_free": -1}, "leave_free: '-1' is below"),
        ({"action": "tasks"}, "leave_free: '' is missing"),
        ({"action": "tasks", "leave_free": 300, "reserve": -2}, "reserve: '-2'"),
        ({"action": "tasks", "leave_free": 300, "pid": 7}, "pid: '7' has no effect"),
        ({"action": "descriptors"}, "leave_free: '' is missing"),
        ({"action": "descriptors", "pid": 0}, "pid: '0'"),
        ({"action": "descriptors", "pid": 7, "reserve": 5}, "reserve: '5' has no effect with pid"),
        ({"action": "descriptors", "leave_free": 9000, "cpu": "5%"}, "cpu: '5%' has no effect"),
    ],
)
def test_bad_options(given, words):
    with pytest.raises(BadOption) as caught:
        parsed(**given)
    assert words in str(caught.value) and "\n" not in str(caught.value)


def test_limits_of_a_unit_and_their_undo():
    found = planned(UNIT, action="unit", unit="web", cpu="150%", memory="100M", tasks=3, io_read="1M")
    assert found["steps"][0]["args"]["settings"] == [
        "CPUQuota=150.00%",
        "IOReadBandwidthMax=/dev/vda 1048576",
        "MemoryMax=104857600",
        "TasksMax=3",
    ]
    back = found["steps"][0]["undo"][0]["args"]
    assert back["former"]["MemoryMax"] == {"shown": "314572800", "file": None} and (back["folder"], back["root"]) == (
        False,
        True,
    )
    assert "limit of web.service: TasksMax" in found["claims"] and "already has 5 tasks" in found["notes"][0]


@pytest.mark.parametrize(
    "name, shown, assigned",
    [
        ("CPUQuota", "infinity", ["CPUQuota="]),
        ("CPUQuota", "1s 500ms", ["CPUQuota=150.00%"]),
        ("CPUQuota", "505ms", ["CPUQuota=50.50%"]),
        ("CPUQuota", "1min 1s", ["CPUQuota=6100.00%"]),
        ("MemoryMax", "infinity", ["MemoryMax=infinity"]),
        ("TasksMax", "77", ["TasksMax=77"]),
        ("IOReadBandwidthMax", "", ["IOReadBandwidthMax=/dev/vda infinity"]),
        ("IOReadBandwidthMax", "/dev/vdb 5 /dev/vda 700", ["IOReadBandwidthMax=/dev/vda 700"]),
    ],
)
def test_what_systemd_said_is_what_is_set_again(name, shown, assigned):
    assert unit_limits.assignments(name, shown, "/dev/vda") == assigned


@pytest.mark.parametrize(
    "facts, change, given, error, words",
    [
        (UNIT, {"load": "not-found"}, {}, BadOption, "not known"),
        (UNIT, {"names": ["web.service", "sshd.service"]}, {}, Refused, "needed to reach this host"),
        (UNIT, {"id": "system.slice"}, {}, Refused, "the host itself"),
        (UNIT, {"above_us": [7]}, {}, Refused, "part of this task"),
        (UNIT, {"inside": ["ssh.service"]}, {}, Refused, "contains ssh.service"),
        (UNIT, {"controllers": []}, {}, NotHere, "cgroup v2 controller cpu"),
        (UNIT, {"active": "inactive"}, {}, BadOption, "is not running"),
        (UNIT, {}, {"memory": "49M"}, Refused, "set force"),
    ],
)
def test_units_that_are_refused(facts, change, given, error, words):
    with pytest.raises(error, match=words):
        planned(dict(facts, **change), action="unit", unit="web", cpu="20%", **given)


def test_force_lifts_the_guard_of_memory_in_use():
    assert planned(UNIT, force=True, action="unit", unit="web", memory="10M")["requested"]["memory_bytes"] == 10 << 20


@pytest.mark.parametrize(
    "facts, given, need",
    [
        (HOST_TASKS, {"action": "tasks", "leave_free": 500}, 8500),
        (HOST_TASKS, {"action": "tasks", "leave_free": 100, "reserve": 60}, 8900),
        (HOST_FILES, {"action": "descriptors", "leave_free": 5000}, 93000),
        (INODES, {"action": "inodes", "path": "/srv", "leave_free": 1024}, 88976),
    ],
)
def test_what_is_taken_leaves_what_was_asked(facts, given, need):
    found = planned(facts, **given)
    assert found["steps"][0]["args"]["need"] == need and str(need) in found["steps"][0]["says"]
    assert "workers.end" in [entry["op"] for entry in found["steps"][0]["undo"]]


@pytest.mark.parametrize(
    "facts, change, given, error, words",
    [
        (HOST_TASKS, {}, {"action": "tasks", "leave_free": 499}, Refused, "499 would stay free, and 500 must"),
        (HOST_TASKS, {}, {"action": "tasks", "leave_free": 47, "reserve": 0}, Refused, "needs 48"),
        (HOST_TASKS, {"root": False}, {"action": "tasks", "leave_free": 500}, NotHere, "needs root"),
        (HOST_TASKS, {"used": 9800}, {"action": "tasks", "leave_free": 500}, Refused, "only 200 are free now"),
        (
            HOST_TASKS,
            {"pid_max": 1 << 22, "threads_max": 1 << 22},
            {"action": "tasks", "leave_free": 300000},
            NotHere,
            "take too long",
        ),
        (HOST_TASKS, {"group_tasks_left": 2000}, {"action": "tasks", "leave_free": 500}, NotHere, "allows 2000 more"),
        (
            HOST_TASKS,
            {"available_kib": 400 * 1024},
            {"action": "tasks", "leave_free": 500},
            Refused,
            "400 MiB is available",
        ),
        (HOST_FILES, {}, {"action": "descriptors", "leave_free": 4999}, Refused, "5000 must"),
        (HOST_FILES, {"most": 1 << 62}, {"action": "descriptors", "leave_free": 5000}, NotHere, "fs.file-max"),
        (HOST_FILES, {"root": False}, {"action": "descriptors", "leave_free": 5000}, NotHere, "needs root"),
        (INODES, {}, {"action": "inodes", "path": "/srv", "leave_free": 1023}, Refused, "1024 must"),
        (INODES, {"total": 0}, {"action": "inodes", "path": "/srv", "leave_free": 2000}, NotHere, "btrfs"),
        (
            INODES,
            {"total": 1 << 30, "free": 1 << 29},
            {"action": "inodes", "path": "/srv", "leave_free": 1, "reserve": 0},
            NotHere,
            "too long",
        ),
        (PROCESS, {"why": "part of systemd"}, {"action": "descriptors", "pid": 7}, Refused, "part of systemd"),
        (
            PROCESS,
            {"soft": 6},
            {"action": "descriptors", "pid": 7, "leave_free": 2},
            BadOption,
            "the 2 that process 7 can",
        ),
    ],
)
def test_what_is_refused(facts, change, given, error, words):
    with pytest.raises(error, match=words):
        planned(dict(facts, **change), **given)


@pytest.mark.parametrize(
    "numbers, leave, bound", [({0, 1, 2}, 0, 3), ({0, 1, 2}, 4, 7), ({0, 2, 3}, 0, 1), ({0, 2, 3}, 1, 4), (set(), 0, 0)]
)
def test_gaps_between_open_files_count(numbers, leave, bound):
    assert descriptors.bound_for(numbers, leave) == bound and descriptors.free_below(numbers, bound) == leave


def test_a_process_gets_its_limit_back():
    with subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(60)"]) as process:
        try:
            soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
            args = {"pid": process.pid, "start": processes.start_time(process.pid), "soft": soft, "hard": hard}
            operation = OPERATIONS["limits.process"]
            assert operation.left(args) == []
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (5, hard))
            assert operation.left(args)
            operation.undo(args)
            operation.undo(args)
            assert operation.left(args) == [] and resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (soft, hard)
        finally:
            process.kill()
    operation.undo(args)
    assert operation.left(args) == []


FORKS = """import os, sys, time
sys.stdin.readline()
if os.fork():
    os.wait()
print("forked", flush=True)
time.sleep(60)
"""


def test_what_a_process_started_meanwhile_gets_its_limit_back_and_what_others_set_stays():
    """A child inherits the limit of the fault; an administrator gives the process itself another one."""
    with subprocess.Popen(
        [sys.executable, "-S", "-c", FORKS], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        child = None
        try:
            soft, hard = resource.prlimit(process.pid, resource.RLIMIT_NOFILE)
            args = {
                "pid": process.pid,
                "start": processes.start_time(process.pid),
                "soft": soft,
                "hard": hard,
                "bound": 9,
            }
            operation = OPERATIONS["limits.process"]
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (9, hard))
            process.stdin.write(b"\n")
            process.stdin.flush()
            assert process.stdout.readline() == b"forked\n"
            (child,) = processes.below(process.pid)
            resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (soft - 1, hard))
            assert operation.left(args) == ["process %d may have 9 open files instead of %d" % (child, soft)]
            assert operation.gone(args) == []
            operation.undo(args)
            assert resource.prlimit(child, resource.RLIMIT_NOFILE) == (soft, hard)
            assert resource.prlimit(process.pid, resource.RLIMIT_NOFILE) == (soft - 1, hard)
            assert (
                operation.gone(args) == operation.left(args)
                and "somebody else set meanwhile" in operation.gone(args)[0]
            )
        finally:
            if child:
                os.kill(child, signal.SIGKILL)
            process.kill()


@pytest.fixture
def control(tmp_path, monkeypatch):
    """systemd as a table of properties, and its folder of drop-ins."""
    monkeypatch.setattr(unit_limits, "CONTROL", str(tmp_path / "system.control"))
    live = {"CPUQuota": "infinity", "MemoryMax": "infinity"}
    monkeypatch.setattr(unit_limits, "live", lambda unit: live)
    monkeypatch.setattr(
        unit_limits, "assign", lambda unit, settings, check=True: live.update(CPUQuota="infinity", MemoryMax="infinity")
    )
    monkeypatch.setattr(services, "reload", lambda: None)
    return live, tmp_path / "system.control" / "web.service.d"


@pytest.mark.parametrize("there", [False, True])
def test_drop_ins_are_as_before(control, there):
    live, folder = control
    args = {"unit": "web.service", "device": None, "folder": there, "root": there, "boot_id": _clock.boot_id()}
    path = folder / "50-CPUQuota.conf"
    if there:
        folder.mkdir(parents=True)
        path.write_text("# of the administrator\n[Service]\nCPUQuota=\n")
        path.chmod(0o640)
        os.utime(path, (1e9, 1e9))
    args["former"] = {"CPUQuota": {"shown": "infinity", "file": unit_limits.kept(str(path))}}
    operation = OPERATIONS["limits.unit"]
    assert operation.left(args) == []
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text("[Service]\nCPUQuota=20.00%\n")
    live["CPUQuota"] = "200ms"
    assert len(operation.left(args)) == 2
    assert operation.left(dict(args, boot_id="another boot")) == []
    operation.undo(args)
    operation.undo(args)
    assert operation.left(args) == []
    if there:
        assert (
            path.read_text().startswith("# of the administrator")
            and path.stat().st_mode & 0o777 == 0o640
            and path.stat().st_mtime == 1e9
        )
        assert os.listdir(folder) == [path.name]
    else:
        assert not folder.parent.exists()


def test_a_limit_that_somebody_else_set_meanwhile_is_theirs(control, monkeypatch):
    """One property by a deployment, another still as the fault set it."""
    live, folder = control
    folder.mkdir(parents=True)
    for name, text in (("CPUQuota", "CPUQuota=20.00%"), ("MemoryMax", "MemoryMax=2147483648")):
        (folder / ("50-%s.conf" % name)).write_text("[Service]\n%s\n" % text)
    live.update(CPUQuota="200ms", MemoryMax="2147483648")
    args = {
        "unit": "web.service",
        "device": None,
        "folder": False,
        "root": False,
        "boot_id": _clock.boot_id(),
        "former": {name: {"shown": "infinity", "file": None} for name in ("CPUQuota", "MemoryMax")},
        "bound": {"CPUQuota": 200000, "MemoryMax": 1073741824},
    }
    operation = OPERATIONS["limits.unit"]
    assert all("CPUQuota" in each for each in operation.left(args)) and operation.gone(args) == []
    monkeypatch.setattr(
        unit_limits, "assign", lambda unit, settings, check=True: live.update(each.split("=", 1) for each in settings)
    )
    operation.undo(args)
    assert live == {"CPUQuota": "", "MemoryMax": "2147483648"} and os.listdir(folder) == ["50-MemoryMax.conf"]
    (said,) = operation.gone(args)
    assert said == "MemoryMax of web.service is 2147483648 instead of infinity, which somebody else set meanwhile"
    assert operation.left(args) == [said]


@pytest.mark.parametrize(
    "name, now, ours, theirs",
    [
        ("CPUQuota", "333.3ms", 333300, False),
        ("CPUQuota", "1s", 1000000, False),
        ("CPUQuota", "500ms", 333300, True),
        ("CPUQuota", "infinity", 333300, False),
        ("TasksMax", "18446744073709551615", 9, False),
        ("TasksMax", "12", 9, True),
        ("MemoryMax", "", 4096, False),
        ("MemoryMax", "4K", 4096, False),
        ("IOReadBandwidthMax", "/dev/vda 5 /dev/vdb 7", 5, False),
        ("IOReadBandwidthMax", "/dev/vdb 7", 5, False),
        ("IOReadBandwidthMax", "/dev/vda 6", 5, True),
    ],
)
def test_whose_limit_it_is(control, name, now, ours, theirs):
    live, _folder = control
    live[name] = now
    args = {
        "unit": "web.service",
        "device": "/dev/vda",
        "folder": False,
        "root": False,
        "boot_id": _clock.boot_id(),
        "former": {name: {"shown": "", "file": None}},
        "bound": {name: ours},
    }
    assert bool(OPERATIONS["limits.unit"].gone(args)) == theirs


@pytest.mark.parametrize("said, shown", [("loaded", "20"), ("not-found", "")])
def test_a_unit_that_is_gone_has_no_limits(monkeypatch, said, shown):
    monkeypatch.setattr(
        services, "show", lambda unit, properties: {"LoadState": said, "TasksMax": "20", "CPUQuotaPerSecUSec": "1s"}
    )
    assert unit_limits.live("web.service")["TasksMax"] == shown


def test_only_a_folder_of_the_fault_is_removed(tmp_path):
    operation = OPERATIONS["folder.remove"]
    mine, other, link = tmp_path / ".magsasa-chaos-abc-inodes", tmp_path / "other", tmp_path / "abc-link"
    for folder in (mine, other):
        folder.mkdir()
        (folder / "0").touch()
    link.symlink_to(other)
    (mine / "link").symlink_to(other / "0")
    for path in (mine, other, link):
        operation.undo({"path": str(path), "fault": "abc"})
        operation.undo({"path": str(path), "fault": "abc"})
        assert operation.left({"path": str(path), "fault": "abc"}) == []
    assert not mine.exists() and (other / "0").exists() and link.is_symlink()


def test_room_of_the_control_groups_above(tmp_path):
    for folder, most, used in (("a", "100", "10"), ("a/b", "max", "5"), ("pids/x", "30", "8")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pids.max").write_text(most)
        (tmp_path / folder / "pids.current").write_text(used)
    assert tasks.group_tasks_left("0::/a/b", str(tmp_path)) == 90
    assert tasks.group_tasks_left("3:pids:/x\n1:cpu:/y\n0::/", str(tmp_path)) == 22
    assert tasks.group_tasks_left("0::/", str(tmp_path)) is None


@pytest.mark.parametrize("done", [0, 1])
def test_a_worker_that_got_less_is_an_error_also_when_it_has_ended(done):
    shared = workers.Shared(2)
    shared.put(0, taken=500, done=1)
    shared.put(1, taken=147, errno=11, done=done)
    with pytest.raises(HostError, match="provided only 647 tasks: Resource temporarily unavailable; leave more free"):
        workers.wait(None, shared, "tasks")


def test_a_limit_is_held_when_the_kernel_says_so(tmp_path):
    for name, text in (
        ("cpu.max", "20000 100000"),
        ("memory.max", "4096"),
        ("pids.max", "max"),
        ("io.max", "8:0 rbps=5 wbps=max\n254:0 rbps=7 wbps=max"),
    ):
        (tmp_path / name).write_text(text + "\n")
    group = str(tmp_path)
    asked = (("cpu", 20.0), ("cpu", 30.0), ("memory", 4096), ("tasks", 5), ("io_read", 7), ("io_write", 7))
    assert [unit.held(*each, group, "254:0")[0] for each in asked] == [True, False, True, False, True, False]


@pytest.mark.parametrize(
    "name, why",
    [
        ("systemd-logind", "part of systemd"),
        ("systemd", "part of systemd"),
        ("sshd", "the SSH daemon"),
        ("dropbear", "the SSH daemon"),
        ("dbus-daemon", "the message bus"),
        ("dbus-broker", "the message bus"),
        ("dbus-broker-lau", "the message bus"),
        ("NetworkManager", "needed for the network"),
        ("dhcpcd", "needed for the network"),
        ("init", "a process that the host needs"),
        ("nginx", None),
    ],
)
def test_daemons_of_the_host_keep_their_descriptors_on_a_host_without_systemd_too(name, why, monkeypatch):
    """Whatever is above it: some hosts start their daemons by a supervisor."""
    argv = ["sh", "-c", "echo ready; read line"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout.readline() == b"ready\n"  # before, its command line may be empty
            monkeypatch.setattr(descriptors.processes, "comm", lambda pid: name)
            monkeypatch.setattr(descriptors.processes, "environ", lambda pid: [])
            monkeypatch.setattr(descriptors.unit_limits, "read", lambda path: "0::/\n")
            said = descriptors.inspect({"pid": process.pid, "leave_free": 0})["why"]
            assert said is None if why is None else said.startswith(why), said
        finally:
            process.kill()
