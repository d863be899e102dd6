# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Descriptors and inodes of hosts over SSH, used up as far as asked: programs there meet the end, and afterwards
all is free again.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import ledger, look, on_hosts, remains, ssh

HOST = "app1"
PLACE = "/srv/few-inodes"
INODES = {"name": "few", "action": "inodes", "path": PLACE, "leave_free": 50, "reserve": 50, "duration": "60s"}
STATE = "df -i --output=iused %s; ls -A %s; pgrep -x sleep | xargs -rn1 -I{} grep 'open files' /proc/{}/limits" % (
    PLACE,
    PLACE,
)


@pytest.fixture(scope="module")
def host(lab):
    """A host with a small file system and a process of the test's own."""
    ssh(lab, HOST, "mkdir -p %s && mount -t tmpfs -o nr_inodes=3000,size=8m none %s" % (PLACE, PLACE))
    ssh(lab, HOST, "systemd-run -q --unit=victim-of-limits sleep 600")
    yield lab
    ssh(lab, HOST, "systemctl stop victim-of-limits; umount %s; rmdir %s" % (PLACE, PLACE))


@pytest.fixture(autouse=True)
def clean(host):
    """As before, after every test."""
    before = look(host, HOST, STATE)
    yield
    left = remains(host, HOST)
    if left:
        on_hosts(host, HOST, "fault_halt", {})
    assert not left
    assert wait_for(lambda: look(host, HOST, STATE) == before, 8), (before, look(host, HOST, STATE))


def fault(lab, options, *more, **change):
    return on_hosts(lab, HOST, "limit_fault", dict(options, **change), *more)[HOST]


def absent(lab, name):
    found = fault(lab, {}, name=name, state="absent")
    assert found["changed"] and found["fault"]["residue"] == [] and found["fault"]["revert_cause"] == "absent", found


def made(lab, count):
    """How many of ``count`` files can be made there."""
    told = ssh(
        lab,
        HOST,
        "cd %s; mkdir t; for i in $(seq %d); do : > t/$i; done 2>/dev/null; ls t | wc -l; rm -r t" % (PLACE, count),
        check=False,
    )
    return int(told.split()[0])


def opened(lab, pid, count=140):
    """How many numbers below its limit a process has not given out, up to ``count``."""
    soft = int(ssh(lab, HOST, "prlimit -p %s -n -o SOFT --noheadings" % pid))
    numbers = {int(each) for each in ssh(lab, HOST, "ls /proc/%s/fd" % pid).split()}
    return sum(1 for each in range(min(soft, count)) if each not in numbers)


def test_inodes_are_used_up_and_come_back(host):
    planned = fault(host, INODES, "--check")
    assert planned["fault"]["state"] == "planned" and not remains(host, HOST), planned
    assert made(host, 120) == 120
    found = fault(host, INODES)
    assert (
        found["changed"] and found["fault"]["effect"] == "confirmed" and found["fault"]["measured"]["free"] == 50
    ), found
    assert made(host, 120) == 49  # the folder takes one
    assert not fault(host, INODES)["changed"]
    other = fault(host, INODES, name="other")
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    absent(host, "few")
    assert not fault(host, {}, name="few", state="absent")["changed"]


@pytest.mark.nightly  # by day: tests/crash
def test_a_killed_supervisor_leaves_no_file(host):
    found = fault(host, INODES)
    ssh(host, HOST, "kill -KILL $(pgrep -x chaos-fault)")
    assert wait_for(lambda: not remains(host, HOST), 10)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (found["fault"]["id"], "supervisor_died", [])


@pytest.mark.parametrize("leave", [0, pytest.param(7, marks=pytest.mark.nightly)])
def test_a_process_can_open_no_more_files(host, leave):
    pid = look(host, HOST, "systemctl show -p MainPID --value victim-of-limits").strip()
    before = look(host, HOST, "cat /proc/%s/limits" % pid)
    asked = {"name": "files", "action": "descriptors", "pid": int(pid), "leave_free": leave, "duration": "60s"}
    found = fault(host, asked)
    assert found["fault"]["effect"] == "confirmed" and found["fault"]["measured"]["free"] == leave, found
    assert opened(host, pid) == leave and not fault(host, asked)["changed"]
    assert ssh(host, HOST, "prlimit -p %s -n -o HARD --noheadings" % pid).strip() in before
    absent(host, "files")
    assert look(host, HOST, "cat /proc/%s/limits" % pid) == before


NIGHTLY = pytest.mark.nightly
REFUSED = [
    pytest.param({"action": "descriptors", "pid": 1}, "refused by the protected process guard", marks=NIGHTLY),
    pytest.param({"action": "descriptors", "leave_free": 2000}, "fs.file-max", marks=NIGHTLY),
    ({"action": "unit", "unit": "victim-of-limits", "cpu": "20%"}, "needs the cgroup v2 controller cpu"),
    pytest.param({"action": "inodes", "path": PLACE, "leave_free": 10}, "refused by the inodes guard", marks=NIGHTLY),
    pytest.param(
        {"action": "tasks", "leave_free": 10, "reserve": 0},
        "needed to reach this host into this host needs 48",
        marks=NIGHTLY,
    ),
]


@pytest.mark.parametrize(("change", "words"), REFUSED)
def test_what_cannot_be_limited_says_why(host, change, words):
    found = fault(host, {"name": "no", "duration": "9s"}, **change)
    assert found["failed"] and words in found["msg"] and "\n" not in found["msg"], found
    assert not remains(host, HOST)
