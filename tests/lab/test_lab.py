# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself: it comes up, keeps apart, survives a reboot inside, and goes without a trace."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from support.faults import wait_for
from support.lab import lifecycle, look, places, processes, ssh, starts, traces

from lab import layout

ONE = layout.plan_hosts(1)


def lasting(lab):
    """{pid: start time} of the keeper, and of the first process of each host. Others come and go: a session, a timer."""
    found = [int((places.runtime(lab.name) / "keeper.pid").read_text())]
    for pid in processes(lab):
        with contextlib.suppress(OSError):
            status = Path("/proc/%d/status" % pid).read_text()
            numbers = re.search(r"^NSpid:\s+(.*)$", status, re.MULTILINE)[1].split()
            found += [pid] if len(numbers) > 1 and numbers[-1] == "1" else []
    return starts(found)


def test_up_again_changes_nothing(lab):
    before = lasting(lab)
    assert len(before) == 1 + len(lab.hosts)
    same, changed = lifecycle.up(lab.name, lab.hosts)
    assert same == lab and not changed
    assert lasting(lab) == before


@pytest.mark.parametrize("number", ["KILL", pytest.param("STOP", marks=pytest.mark.nightly)])
def test_looks_share_a_connection_and_get_over_its_loss(lab, number):
    first, again, apart = (ask(lab, "app1", "echo $PPID").strip() for ask in (look, look, ssh))
    assert first == again != apart
    ssh(lab, "app1", "kill -%s %s" % (number, first))
    assert look(lab, "app1", "echo $PPID").strip() != first
    ssh(lab, "app1", "kill -KILL %s 2>/dev/null; true" % first)


def test_hosts_know_each_other_and_have_no_way_out(lab):
    for host in lab.hosts:
        assert ssh(lab, host.name, "hostname").strip() == host.name
        assert ssh(lab, host.name, "ip route").split() == [
            "10.213.%d.0/24" % lab.subnet,
            "dev",
            "eth0",
            "proto",
            "kernel",
            "scope",
            "link",
            "src",
            lab.address(host),
        ]
    ssh(lab, "app1", "ping -q -c 1 -W 2 db1")
    assert "unreachable" in ssh(lab, "app1", "ping -q -c 1 -W 1 192.0.2.1 2>&1 || true").lower()


@pytest.mark.nightly  # by day: stages with a lab of their own run beside each other
def test_two_labs_at_once_are_apart(lab, spare_name):
    other, changed = lifecycle.up(spare_name, ONE)
    assert changed and other.subnet != lab.subnet
    assert ssh(other, "app1", "ls /root").strip() == ""
    ssh(lab, "app1", "touch /root/of-the-first")
    assert ssh(other, "app1", "ls /root").strip() == ""
    lifecycle.down(spare_name)
    assert ssh(lab, "app1", "rm -v /root/of-the-first").strip() == "removed '/root/of-the-first'"


@pytest.mark.nightly  # by day: test_down_finds_what_a_crash_left
def test_down_leaves_nothing(spare_name):
    lab, _changed = lifecycle.up(spare_name, ONE)
    ssh(lab, "app1", "true")
    running, there = processes(lab), traces(lab.tag, lab.name)
    assert len(running) > 5 and {each.split()[0] for each in there} == {"mount", "netns", "cgroup", "file"}
    assert lifecycle.down(spare_name)
    assert traces(lab.tag, lab.name) == []
    assert wait_for(lambda: not (starts(running).items() & running.items())), starts(running)
    assert not lifecycle.down(spare_name), "there was something left to take down"


def test_down_finds_what_a_crash_left(spare_name):
    lab, _changed = lifecycle.up(spare_name, ONE)
    keeper = int((places.runtime(lab.name) / "keeper.pid").read_text())
    os.kill(keeper, signal.SIGKILL)
    for path in places.runtime(lab.name).iterdir():
        path.unlink()
    running = processes(lab)
    assert len(running) > 5
    assert lifecycle.down(spare_name)
    assert traces(lab.tag, lab.name) == []
    assert wait_for(lambda: not (starts(running).items() & running.items())), starts(running)


@pytest.mark.nightly  # by day: test_down_finds_what_a_crash_left
def test_up_clears_what_a_crash_left(spare_name):
    lab, _changed = lifecycle.up(spare_name, ONE)
    ssh(lab, "app1", "touch /root/old")
    (places.runtime(lab.name) / "lab.json").unlink()
    lab, changed = lifecycle.up(spare_name, ONE)
    assert changed and ssh(lab, "app1", "ls /root").strip() == ""


def test_a_host_reboots(lab):
    booted = "stat -c %Y /run/systemd/system"
    before = ssh(lab, "app2", booted)
    ssh(lab, "app2", "touch /root/stays /run/goes; sleep 1; systemctl reboot", check=False)
    wait_for(lambda: ssh(lab, "app2", booted, check=False) not in ("", before), 60, 0.2)
    assert ssh(lab, "app2", "ls /root/stays /run/goes 2>/dev/null || true").split() == ["/root/stays"]


def test_the_command_says_what_is_wrong(lab, root):
    def command(*words):
        return subprocess.run(
            [str(root / "run_lab.sh"), *words], capture_output=True, text=True, timeout=120, check=False
        )

    for words, code, sentence in (
        (["sideways"], 2, "'sideways' is not an action; see ./run_lab.sh --help\n"),
        (
            ["up", "0", "--name", lab.name],
            1,
            "Lab: a lab of 0 application hosts and 2 hosts altogether is not possible; use 1 to 50 hosts\n",
        ),
        (
            ["up", "--name", "No such"],
            1,
            "Lab: 'No such' is not a name for a lab; use 1 to 12 small letters and digits, a letter first\n",
        ),
        (
            ["ssh", "--name", lab.name, "app9"],
            1,
            "Lab: the lab %s has no host 'app9'; it has app1, app2, app3, db1, observer1\n" % lab.name,
        ),
    ):
        done = command(*words)
        assert (done.returncode, done.stderr) == (code, sentence)
    assert command("inventory", "--name", lab.name).stdout.strip() == str(lifecycle.inventory_path(lab))
    assert command("ssh", "--name", lab.name, "app1", "hostname").stdout == "app1\n"
    assert command("ssh", "--name", lab.name, "app1", "exit", "7").returncode == 7
    assert command("status", "--name", lab.name).stdout.count(" answers") == 5
