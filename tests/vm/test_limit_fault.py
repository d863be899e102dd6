# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits of units and of the host, on a machine with cgroup v2: felt by the unit, and afterwards byte by byte as
before.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.vm import inject, ledger, module, remains, ssh

UNIT = "chaos-hungry.service"
GROUP = "/sys/fs/cgroup/system.slice/" + UNIT
FILE = "/etc/systemd/system/" + UNIT
TEXT = '[Service]\\nExecStart=/bin/sh -c "while :; do :; done"\\nTasksMax=77\\n'
STATE = (
    "find /run/systemd/system.control -printf '%%p %%y %%m %%u %%g %%s %%l\\n' 2>/dev/null | sort; find"
    " /run/systemd/system.control -type f -printf '%%p %%T@ ' -exec cat {} \\; 2>/dev/null; systemctl show -p"
    " CPUQuotaPerSecUSec,MemoryMax,TasksMax,IOReadBandwidthMax,IOWriteBandwidthMax,DropInPaths,NeedDaemonReload %s; cd"
    " %s && grep . cpu.max memory.max pids.max io.max; true" % (UNIT, GROUP)
)
SLOW = {"name": "slow", "action": "unit", "unit": UNIT, "cpu": "20%", "duration": "120s"}


@pytest.fixture(scope="module")
def host(vm):
    """A service that burns CPU, with one limit that an administrator gave it until the next boot."""
    ssh(vm, "printf '%s' > %s; systemctl daemon-reload; systemctl start %s" % (TEXT, FILE, UNIT))
    ssh(vm, "systemctl set-property --runtime %s MemoryMax=300M" % UNIT)
    yield vm
    ssh(
        vm,
        "systemctl stop %s; rm -rf %s /run/systemd/system.control/%s.d; systemctl daemon-reload" % (UNIT, FILE, UNIT),
    )


@pytest.fixture(autouse=True)
def clean(host):
    """As before, after every test."""
    before = ssh(host, STATE)
    assert "MemoryMax=314572800" in before and "TasksMax=77" in before, before
    yield
    left = remains(host)
    if left:
        module(host, "fault_halt", {})
    assert not left
    assert wait_for(lambda: ssh(host, STATE) == before, 10), (before, ssh(host, STATE))


def used_pct(vm, seconds=3):
    """CPU time of the unit in percent of one core, as the kernel counts it."""
    told = ssh(
        vm,
        "read_() { grep usage_usec %s/cpu.stat; cut -d ' ' -f 1 /proc/uptime; }; read_; sleep %d; read_"
        % (GROUP, seconds),
    ).split()
    return (int(told[4]) - int(told[1])) / ((float(told[5]) - float(told[2])) * 1e4)


def test_all_limits_of_a_unit_and_back(host):
    asked = dict(SLOW, memory="200M", tasks=30, io_read="1M", io_write="2M")
    before = ssh(host, STATE)
    planned = module(host, "limit_fault", asked, "--check")
    assert planned["fault"]["state"] == "planned" and ssh(host, STATE) == before
    assert used_pct(host) > 35
    fault = inject(host, "limit_fault", asked)
    assert fault["effect"] == "confirmed", fault
    assert abs(used_pct(host) - 20) <= 3
    assert ssh(host, "cd %s; cat cpu.max memory.max pids.max; cut -d ' ' -f 2,3 io.max" % GROUP).split("\n")[:4] == [
        "20000 100000",
        str(200 * 1024 * 1024),
        "30",
        "rbps=%d wbps=%d" % (1024 * 1024, 2 * 1024 * 1024),
    ]
    assert module(host, "limit_fault", asked)["changed"] is False
    ended = module(host, "limit_fault", {"name": "slow", "state": "absent"})
    assert (ended["changed"], ended["fault"]["revert_cause"], ended["fault"]["residue"]) == (True, "absent", []), ended
    assert ended["fault"]["measured"]["nr_throttled"] > 0
    assert module(host, "limit_fault", {"name": "slow", "state": "absent"})["changed"] is False


@pytest.mark.nightly
def test_a_killed_supervisor_leaves_no_limit(host):
    fault = inject(host, "limit_fault", dict(SLOW, memory="100M", io_read="1M"))
    other = module(host, "limit_fault", dict(SLOW, name="other"))
    assert other["failed"] and "refused by the conflict guard" in other["msg"]
    ssh(host, "kill -KILL $(pgrep -x chaos-fault)")
    assert wait_for(lambda: not remains(host), 20), remains(host)
    past = ledger(host)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "supervisor_died", [])


@pytest.mark.nightly
def test_refused_before_anything_changes(host):
    for unit, words in (
        ("ssh", "needed to reach this host"),
        ("system.slice", "a slice that contains the host itself"),
        ("nothing-here", "not known"),
    ):
        found = module(host, "limit_fault", dict(SLOW, unit=unit))
        assert found["failed"] and words in found["msg"] and "\n" not in found["msg"], found


@pytest.mark.nightly
def test_memory_below_use_takes_force(host):
    ssh(host, "systemd-run -q --unit=chaos-fat python3 -c 'import time; x = bytearray(40 << 20); time.sleep(300)'")
    try:
        assert wait_for(
            lambda: int(ssh(host, "cat /sys/fs/cgroup/system.slice/chaos-fat.service/memory.current")) > 40 << 20, 30
        )
        asked = dict(SLOW, name="fat", unit="chaos-fat", cpu=None, memory="20M")
        asked.pop("cpu")
        found = module(host, "limit_fault", asked)
        assert found["failed"] and "refused by the memory guard" in found["msg"] and "set force" in found["msg"]
        inject(host, "limit_fault", dict(asked, force=True))
        assert wait_for(
            lambda: "chaos-fat" not in ssh(host, "systemctl list-units --no-legend --state=active chaos-fat.service"),
            20,
        )
        assert module(host, "limit_fault", {"name": "fat", "state": "absent"})["fault"]["residue"] == []
    finally:
        ssh(host, "systemctl stop chaos-fat; systemctl reset-failed chaos-fat; true", check=False)


@pytest.mark.nightly
def test_reads_of_a_unit_are_held_at_the_rate(host):
    ssh(
        host,
        "systemd-run -q --unit=chaos-reader sh -c 'while :; do dd if=/dev/vda of=/dev/null bs=64k count=64"
        " iflag=direct; done'",
    )
    try:
        inject(
            host,
            "limit_fault",
            {
                "name": "io",
                "action": "unit",
                "unit": "chaos-reader",
                "io_read": "1M",
                "path": "/dev/vda",
                "duration": "90s",
            },
        )
        count = (
            "grep -o 'rbytes=[0-9]*' /sys/fs/cgroup/system.slice/chaos-reader.service/io.stat | cut -d = -f 2; cut -d '"
            " ' -f 1 /proc/uptime"
        )
        told = [float(each) for each in ssh(host, "sleep 2; %s; sleep 10; %s" % (count, count)).split()]
        rate = (told[2] - told[0]) / (told[3] - told[1])
        assert abs(rate - 1048576) < 0.1 * 1048576, rate
        assert module(host, "limit_fault", {"name": "io", "state": "absent"})["fault"]["residue"] == []
    finally:
        ssh(host, "systemctl stop chaos-reader; systemctl reset-failed chaos-reader; true", check=False)


@pytest.mark.nightly
def test_descriptors_of_the_host(host):
    most = ssh(host, "cat /proc/sys/fs/file-max").strip()
    used = int(ssh(host, "cut -f 1 /proc/sys/fs/file-nr"))
    ssh(host, "sysctl -qw fs.file-max=%d" % (used + 8000))
    try:
        fault = inject(
            host,
            "limit_fault",
            {"name": "files", "action": "descriptors", "leave_free": 1500, "reserve": 1000, "duration": "60s"},
        )
        assert fault["effect"] == "confirmed", fault
        code = 'import os; [os.dup(0) for each in range(1)]; [os.open("/dev/null", 0) for each in range(2500)]'
        tried = ssh(
            host,
            "ulimit -n 5000; setpriv --reuid=65534 --regid=65534 --clear-groups python3 -c '%s' 2>&1 || true" % code,
        )
        assert "Too many open files in system" in tried, tried
        assert module(host, "limit_fault", {"name": "files", "state": "absent"})["fault"]["residue"] == []
    finally:
        ssh(host, "sysctl -qw fs.file-max=%s" % most)


@pytest.mark.nightly
def test_tasks_of_the_host(host):
    most = ssh(host, "cat /proc/sys/kernel/pid_max").strip()
    ssh(host, "sysctl -qw kernel.pid_max=1000")
    try:
        fault = inject(
            host,
            "limit_fault",
            {"name": "crowd", "action": "tasks", "leave_free": 100, "reserve": 64, "duration": "90s"},
        )
        assert fault["effect"] == "confirmed", fault
        tried = ssh(
            host,
            'python3 -c \'import subprocess; [subprocess.Popen(["sleep", "1"]) for each in range(300)]\' 2>&1',
            check=False,
        )
        assert "temporarily unavailable" in tried, tried
        assert module(host, "limit_fault", {"name": "crowd", "state": "absent"})["fault"]["residue"] == []
    finally:
        ssh(host, "sysctl -qw kernel.pid_max=%s" % most)
