# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that nobody looks after and that a fault killed, on a host with systemd: it runs again, and goes on when the fault's unit is gone."""
from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import chaos_processes, on_hosts, remains, ssh

HOST = "app1"
START = "setsid sh -c 'echo 300 > /proc/self/oom_score_adj; exec nice -n 5 sleep 86373' </dev/null >/dev/null 2>&1 &"
FIND = "pgrep -fx 'sleep 86373' || true"
# What it has from whoever started it, and no program of its own changes.
INHERITED = "cat /proc/%s/oom_score_adj; cut -d ' ' -f 19 /proc/%s/stat; grep -E '^(Sig(Blk|Ign)|Uid|Umask|NoNewPrivs)' /proc/%s/status"
UNITS = "systemctl list-units --all --no-legend --plain 'magsasa-chaos-*' | cut -d ' ' -f 1"


@pytest.fixture
def victim(lab):
    ssh(lab, HOST, START)
    assert wait_for(lambda: ssh(lab, HOST, FIND), 5)
    yield lab
    on_hosts(lab, HOST, "fault_halt", {})
    ssh(lab, HOST, "for pid in $(%s); do kill $pid; done" % FIND)
    assert wait_for(lambda: not remains(lab, HOST), 10)


def inherited(lab):
    return ssh(lab, HOST, INHERITED.replace("%s", ssh(lab, HOST, FIND).strip()))


@pytest.mark.parametrize("end", ["absent", "supervisor", "all"])
def test_a_killed_process_that_is_started_again_stays(victim, end):
    lab, before, old = victim, inherited(victim), ssh(victim, HOST, FIND)
    options = {"name": "gone", "action": "kill", "pattern": "^sleep 86373$", "respawn_within": "1s", "duration": "60s"}
    found = on_hosts(lab, HOST, "process_fault", options)[HOST]
    assert not found.get("failed"), found
    if end == "absent":
        on_hosts(lab, HOST, "process_fault", {"name": "gone", "state": "absent"})
    else:
        pids = [str(pid) for pid, name in chaos_processes(lab, HOST).items() if end == "all" or name == "chaos-fault"]
        ssh(lab, HOST, "kill -KILL " + " ".join(pids))
    assert wait_for(lambda: ssh(lab, HOST, UNITS) == "" and not remains(lab, HOST), 15), (ssh(lab, HOST, UNITS), remains(lab, HOST))
    assert ssh(lab, HOST, FIND) not in ("", old), "nobody started it again, or it went with the unit"
    assert inherited(lab) == before
