# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faults on hosts over SSH: measured from outside, ended whatever dies, refused where the inventory says so."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from support import lab as labs
from support.lab import access, chaos_processes, clean_environment, ledger, lifecycle, look, on_hosts, remains, ssh
from support.waiting import wait_for

# Little, and on top of what else the machine does: the hosts share its cores with each other and with everything else.
BUSY = {"load": "10%", "of": "added", "cores": 1}
WORKER_TIME = "cat $(for pid in $(pgrep -x chaos-cpu); do echo /proc/$pid/stat; done) /dev/null"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_times(lab, name):
    """(busy ticks of all cores, ticks altogether, ticks of our workers) of a host, by a connection of its own."""
    text = ssh(lab, name, "head -n 1 /proc/stat; %s" % WORKER_TIME)
    first, *workers = text.splitlines()
    counters = list(map(int, first.split()[1:9]))
    spent = [row.rpartition(")")[2].split() for row in workers]
    return sum(counters) - counters[3] - counters[4], sum(counters), sum(int(row[11]) + int(row[12]) for row in spent)


def inject(lab, host, **options):
    """Record of a CPU fault that must go in."""
    return labs.inject(lab, host, "cpu_fault", dict(BUSY, **options))


@pytest.fixture(autouse=True)
def hosts_end_clean(lab):
    """No test leaves a fault to the next."""
    yield
    left = {host.name: remains(lab, host.name) for host in lab.hosts if not host.protected}
    if any(left.values()):
        on_hosts(lab, "all", "fault_halt", {})
    assert not any(left.values()), left


@pytest.mark.nightly  # by day: tests/solo/test_cpu_fault.py
def test_cpu_load_as_the_host_itself_counts_it(lab):
    fault = inject(lab, "app1", name="busy", duration="60s", load="50%", cores=os.cpu_count())
    assert fault["state"] == "active" and look(lab, "app2", "pgrep -c chaos-cpu || true").strip() == "0"
    before, start = cpu_times(lab, "app1"), time.monotonic()
    time.sleep(4)
    after, seconds = cpu_times(lab, "app1"), time.monotonic() - start
    busy = (after[0] - before[0]) / (after[1] - before[1])
    cores = int(ssh(lab, "app1", "nproc"))
    own = (after[2] - before[2]) / TICKS / seconds / cores
    # Where others leave less than half, the host is busy all the same, and some of it is ours.
    assert busy > 0.4 and 0.02 < own < 0.65, (own, busy)
    ended = on_hosts(lab, "app1", "cpu_fault", {"name": "busy", "state": "absent"})["app1"]["fault"]
    assert (ended["revert_cause"], ended["residue"]) == ("absent", [])


@pytest.mark.quick
def test_state_folders_are_private(lab):
    inject(lab, "app1", name="private", duration="60s")
    folders = "/run/magsasa-chaos /var/lib/magsasa-chaos"
    modes = ssh(lab, "app1", "stat -c '%%a %%U %%n' %s; find %s ! -type l -perm /077" % (folders, folders))
    assert modes.splitlines() == ["700 root /run/magsasa-chaos", "700 root /var/lib/magsasa-chaos"]
    on_hosts(lab, "app1", "cpu_fault", {"name": "private", "state": "absent"})


def test_a_fault_outlives_the_session_and_ends_by_itself(lab):
    inject(lab, "app1", name="alone", duration="6s")
    command = access.ssh_command(lab, lab.find("app1"))
    subprocess.run([*command[:-1], "-O", "exit", command[-1]], capture_output=True, timeout=20, check=False)
    # Ansible's shared connection is gone; so is every session but the one that looks.
    assert "chaos-cpu" in chaos_processes(lab, "app1").values()
    assert wait_for(lambda: not remains(lab, "app1"), 10), remains(lab, "app1")
    past = ledger(lab, "app1")[-1]
    assert (past["name"], past["revert_cause"], past["residue"]) == ("alone", "deadline", [])
    assert 5.5 < past["reverted_at"]["monotonic"] - past["injected_at"]["monotonic"] < 9


@pytest.mark.nightly  # by day: tests/crash kills each part
@pytest.mark.quick
@pytest.mark.parametrize(
    ("victim", "cause"),
    [("chaos-fault", "supervisor_died"), ("chaos-guardian", "guardian_died"), ("chaos-cpu", "worker_died")],
)
def test_whatever_part_is_killed_the_host_is_clean(lab, victim, cause):
    fault = inject(lab, "app2", name="killed", duration="60s")
    ssh(lab, "app2", "kill -KILL $(pgrep -x %s | head -n 1)" % victim)
    assert wait_for(lambda: not remains(lab, "app2"), 8), remains(lab, "app2")
    past = ledger(lab, "app2")[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], cause, [])


@pytest.mark.nightly
def test_a_killed_controller_leaves_no_fault(lab, tmp_path):
    tasks = [
        {"name": "Inject", "magsasa.chaos.cpu_fault": dict(BUSY, name="orphan", duration="12s")},
        {"name": "Hold", "ansible.builtin.wait_for": {"timeout": 120}},
    ]
    play = tmp_path / "play.yml"
    play.write_text(json.dumps([{"hosts": "app1,app2", "gather_facts": False, "tasks": tasks}]))
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    argv = [program, "-i", str(lifecycle.inventory_path(lab)), str(play)]
    with subprocess.Popen(
        argv, env=clean_environment(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as running:
        try:
            for name in ("app1", "app2"):
                assert wait_for(
                    lambda name=name: "chaos-cpu" in chaos_processes(lab, name).values(), 40
                ), "no fault came in"
            seen = time.monotonic()
        finally:
            os.killpg(running.pid, signal.SIGKILL)
    for name in ("app1", "app2"):
        assert wait_for(lambda name=name: not remains(lab, name), seen + 12 + 5 - time.monotonic()), remains(lab, name)
        assert (ledger(lab, name)[-1]["name"], ledger(lab, name)[-1]["residue"]) == ("orphan", [])


def test_a_protected_host_is_not_touched(lab):
    results = on_hosts(lab, "app", "cpu_fault", dict(BUSY, name="everywhere", duration="60s"))
    assert results["app3"]["failed"] and "chaos_protected" in results["app3"]["msg"], results["app3"]
    assert not results["app1"].get("failed") and not results["app2"].get("failed")
    halted = on_hosts(lab, "app1,app2", "fault_halt", {})
    assert [len(halted[name].get("undone", [])) for name in ("app1", "app2")] == [1, 1], halted
    assert ssh(lab, "app3", "ls -d /run/magsasa-chaos* /var/lib/magsasa-chaos* 2>/dev/null || true") == ""


def test_a_host_that_nobody_allowed_is_not_touched(lab):
    result = on_hosts(lab, "observer1", "cpu_fault", dict(BUSY, name="unasked", duration="60s"))["observer1"]
    assert result["failed"] and "chaos_allowed" in result["msg"]
    assert ssh(lab, "observer1", "ls -d /run/magsasa-chaos* /var/lib/magsasa-chaos* 2>/dev/null || true") == ""
