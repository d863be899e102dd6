# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where systemd runs the host it holds the fault: whatever ends the fault's processes, all at once or one that
hangs, systemd undoes it.
"""

from __future__ import annotations

import pytest

from support.lab import chaos_processes, inject, ledger, look, on_hosts, remains, ssh
from support.waiting import wait_for

HOST = "app1"
UNITS = "systemctl list-units --all --plain --no-legend 'magsasa-chaos-*' | awk '{print $1}'"
OURS = (
    "ls -d /run/magsasa-chaos /run/systemd/transient/magsasa-chaos* /etc/systemd/system/magsasa-chaos* 2>/dev/null ||"
    " true"
)
NAMES = {"name": "names", "action": "block", "names": ["api.example.test"], "duration": "60s"}
LOAD = {"name": "load", "load": "10%", "of": "added", "cores": 1, "duration": "60s"}


@pytest.fixture(autouse=True)
def host(lab):
    """The host has neither units nor files of ours when a test ends."""
    yield lab
    if remains(lab, HOST):
        on_hosts(lab, HOST, "fault_halt", {})
    assert wait_for(lambda: not remains(lab, HOST) and not look(lab, HOST, UNITS) and not look(lab, HOST, OURS)), (
        look(lab, HOST, UNITS),
        look(lab, HOST, OURS),
    )


def kill(lab, names=()):
    pids = [str(pid) for pid, name in chaos_processes(lab, HOST).items() if not names or name in names]
    ssh(lab, HOST, "kill -KILL " + " ".join(pids))
    return float(ssh(lab, HOST, "cut -d ' ' -f 1 /proc/uptime"))


def test_the_unit_is_there_while_the_fault_is_and_no_longer(host):
    fault = inject(host, HOST, "cpu_fault", LOAD)
    names = ["magsasa-chaos-%s%s" % (fault["id"], end) for end in ("-watch.service", "-watch.timer", ".service")]
    assert sorted(look(host, HOST, UNITS).split()) == sorted(names), "the fault, and who looks whether it could act"
    # Else a fault that uses up the tasks of the host would meet the share of a unit first.
    told = look(host, HOST, "systemctl show -p TasksMax -p OOMPolicy magsasa-chaos-%s.service" % fault["id"]).split()
    assert sorted(told) == ["OOMPolicy=continue", "TasksMax=infinity"]
    pid = next(pid for pid, name in chaos_processes(host, HOST).items() if name == "chaos-fault")
    assert "magsasa-chaos-%s.service" % fault["id"] in look(host, HOST, "cat /proc/%d/cgroup" % pid)
    assert not on_hosts(host, HOST, "cpu_fault", LOAD)[HOST]["changed"]
    ended = on_hosts(host, HOST, "cpu_fault", {"name": "load", "state": "absent"})[HOST]["fault"]
    assert (ended["revert_cause"], ended["residue"]) == ("absent", [])
    assert look(host, HOST, UNITS) == "" and look(host, HOST, OURS) == "", "absent must leave nothing when it answers"


@pytest.mark.parametrize(
    ("module", "options"),
    [("dns_fault", NAMES), pytest.param("cpu_fault", LOAD, marks=pytest.mark.nightly)],
    ids=["names", "load"],
)
def test_all_killed_at_once_and_nobody_comes_by(host, module, options):
    before = ssh(host, HOST, "sha256sum /etc/hosts")
    fault = inject(host, HOST, module, options)
    killed = kill(host)
    assert wait_for(lambda: not remains(host, HOST), 8), remains(host, HOST)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "supervisor_died", [])
    assert ssh(host, HOST, "sha256sum /etc/hosts") == before
    # The uptime was read after the kill, so this is at most as long as it took.
    assert past["reverted_at"]["monotonic"] - killed < 5.0


def test_a_stopped_unit_is_an_undo(host):
    fault = inject(host, HOST, "dns_fault", NAMES)
    ssh(host, HOST, "systemctl stop magsasa-chaos-%s.service" % fault["id"])
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "terminated", [])
    assert remains(host, HOST) == []


def test_what_a_killed_module_left_goes_with_the_next_contact(host):
    """Files that are there for moments only: killed in between, nobody else knows of them."""
    made = (
        "mkdir -p -m 700 /run/magsasa-chaos /var/lib/magsasa-chaos; cd /run/magsasa-chaos; mkfifo -m 600"
        " 0123456789ab.ready; echo > 0123456789ab.unit"
    )
    ssh(
        host, HOST, made + "; touch /etc/systemd/system/magsasa-chaos-sweep.service.new /var/lib/magsasa-chaos/boot.pyz"
    )
    assert len(look(host, HOST, OURS).split()) == 2
    on_hosts(host, HOST, "fault_halt", {})
    assert ssh(host, HOST, OURS + "; ls /var/lib/magsasa-chaos") in ("", "ledger.jsonl\n")
