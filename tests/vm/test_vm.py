# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The virtual machine itself: what its kernel can do, that it is apart, and that it goes without a trace."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from support.faults import wait_for
from support.vm import lifecycle, machines, processes, ssh, traces

# How much of one processor a busy loop gets (share), while it runs for three seconds.
BUSY = "import time\nend = time.monotonic() + 3\nwhile time.monotonic() < end: pass\nprint(time.process_time() / 3)"


def round_trip(vm):
    """Least round trip to the gateway (milliseconds): noise only adds."""
    text = ssh(vm, "ping -q -c 8 -i 0.2 -W 5 10.0.2.2")
    return float(re.search("= ([0-9.]+)/", text)[1])


def test_up_again_changes_nothing(vm):
    before = processes.find(vm.tag)
    same, changed = lifecycle.up(vm.name)
    assert (same, changed) == (vm, False)
    assert len(before) == 1 and processes.find(vm.tag) == before


def test_it_is_what_the_lab_lacks(vm):
    assert ssh(vm, "cat /proc/1/comm").strip() == "systemd"
    assert {"cpu", "io", "memory", "pids"} <= set(ssh(vm, "cat /sys/fs/cgroup/cgroup.controllers").split())
    with open("/proc/sys/kernel/random/boot_id") as ours:
        assert ssh(vm, "cat /proc/sys/kernel/random/boot_id") != ours.read()


def test_no_way_out(vm):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        heard = threading.Event()
        threading.Thread(target=lambda: listener.accept() and heard.set(), daemon=True).start()
        probe = "import socket; socket.create_connection(('10.0.2.2', %d), timeout=3)" % listener.getsockname()[1]
        assert ssh(vm, 'python3 -c "%s" >/dev/null 2>&1; echo $?' % probe).strip() == "1"
        assert not heard.is_set()
        with socket.create_connection(listener.getsockname()):
            assert heard.wait(5), "the listener does not work, so nothing was shown"


@pytest.mark.nightly  # by day: test_network_tc.py
def test_netem_delays(vm):
    before = round_trip(vm)
    ssh(vm, "tc qdisc add dev eth0 root netem delay 200ms")
    try:
        delayed = round_trip(vm)
    finally:
        ssh(vm, "tc qdisc del dev eth0 root")
    assert 195 < delayed - before < 260, (before, delayed)
    assert round_trip(vm) < before + 100


@pytest.mark.nightly  # by day: test_limit_fault.py
def test_cpu_quota_limits_a_unit(vm):
    shares = {}
    for quota in ("20%", "100%"):
        unit = "systemd-run -q --wait --pipe -p CPUAccounting=yes -p CPUQuota=%s python3 -c '%s'" % (quota, BUSY)
        shares[quota] = float(ssh(vm, unit))
    assert 0 < shares["20%"] < shares["100%"] / 2, shares


@pytest.mark.nightly  # by day: test_clock_fault.py
def test_its_clock_is_its_own(vm):
    def guest():
        return float(ssh(vm, "date +%s.%N"))

    before, ours, start = guest(), time.time(), time.monotonic()
    ssh(vm, "date -s '+1 hour'")
    try:
        assert 3590 < guest() - before < 3660
        assert abs((time.time() - ours) - (time.monotonic() - start)) < 1
    finally:
        ssh(vm, "date -s '-1 hour'")


@pytest.mark.nightly  # by day: tests/lab/test_lab.py
def test_down_clears_what_a_killed_up_left(spare_name, root):
    tag = machines.Machine(spare_name, 0, "", "").tag
    # It bears the name as an argument, as QEMU does, but it is something else.
    foreign = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "-name", tag])
    try:
        with subprocess.Popen(
            [str(root / "run_lab.sh"), "vm", "up", "--name", spare_name], stdout=subprocess.DEVNULL
        ) as starting:
            try:
                assert wait_for(lambda: processes.find(tag), 60)
            finally:
                os.kill(starting.pid, signal.SIGKILL)
        assert {each.split()[0] for each in traces(spare_name)} == {"process", "file"}
        assert lifecycle.down(spare_name)
        assert traces(spare_name) == []
        assert foreign.poll() is None, "something foreign was ended"
    finally:
        foreign.kill()
        foreign.wait()
    assert not lifecycle.down(spare_name), "there was something left to take down"


def test_the_command_says_what_is_wrong(vm, root):
    def command(*words):
        return subprocess.run(
            [str(root / "run_lab.sh"), "vm", *words], capture_output=True, text=True, timeout=120, check=False
        )

    done = command("up", "--name", "No such")
    assert (done.returncode, done.stderr) == (
        1,
        "Lab: 'No such' is not a name for a lab; use 1 to 12 small letters and digits, a letter first\n",
    )
    done = command("status", "--name", "nosuch")
    assert done.returncode == 1 and done.stderr.startswith(
        "Lab: there is no virtual machine nosuch; bring it up first (up: "
    )
    assert command("inventory", "--name", vm.name).stdout.strip() == str(lifecycle.inventory_path(vm))
    assert command("status", "--name", vm.name).stdout.rstrip().endswith("answers")
    assert command("ssh", "--name", vm.name, "exit", "7").returncode == 7
    assert json.loads(command("up", "--name", vm.name).stdout) == {
        "changed": False,
        "inventory": str(lifecycle.inventory_path(vm)),
    }
