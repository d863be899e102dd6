# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A process that nobody looks after and that a fault killed, on a host with systemd: it runs again, and goes on
when the fault's unit is gone.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import chaos_processes, look, on_hosts, remains, ssh

HOST = "app1"
START = "setsid sh -c 'echo 300 > /proc/self/oom_score_adj; exec nice -n 5 sleep 86373' </dev/null >/dev/null 2>&1 &"
FIND = "pgrep -fx 'sleep 86373' || true"
# What it has from whoever started it, and no program of its own changes.
INHERITED = (
    "cat /proc/%s/oom_score_adj; cut -d ' ' -f 19 /proc/%s/stat; grep -E '^(Sig(Blk|Ign)|Uid|Umask|NoNewPrivs)'"
    " /proc/%s/status"
)
UNITS = "systemctl list-units --all --no-legend --plain 'magsasa-chaos-*' | cut -d ' ' -f 1"


@pytest.fixture
def victim(lab):
    ssh(lab, HOST, START)
    assert wait_for(lambda: look(lab, HOST, FIND))
    yield lab
    on_hosts(lab, HOST, "fault_halt", {})
    ssh(lab, HOST, "for pid in $(%s); do kill $pid; done" % FIND)
    assert wait_for(lambda: not remains(lab, HOST), 10)


def inherited(lab):
    return ssh(lab, HOST, INHERITED.replace("%s", look(lab, HOST, FIND).strip()))


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
    assert wait_for(lambda: look(lab, HOST, UNITS) == "" and not remains(lab, HOST), 15), (
        look(lab, HOST, UNITS),
        remains(lab, HOST),
    )
    assert look(lab, HOST, FIND) not in ("", old), "nobody started it again, or it went with the unit"
    assert inherited(lab) == before


# The lab has no managers of users: a group of that name, with a process in it, is what is seen of a unit of one.
SANDBOX = "chaos-sandbox.service"
OWN = "chaos-own.service"
PREPARE = r"""
cat > /run/systemd/system/%(unit)s <<'EOF'
[Service]
ExecStart=/bin/sh -c 'sleep 86374 & exec sleep 86375'
NoNewPrivileges=yes
PrivateTmp=yes
ProtectSystem=strict
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
SystemCallFilter=@system-service
User=daemon
EOF
systemctl daemon-reload && systemctl start %(unit)s
above=$(grep name=systemd /proc/1/cgroup | cut -d: -f3); above=${above%%/init.scope}
group=/sys/fs/cgroup/systemd$above/user.slice/user-0.slice/user@0.service/%(own)s
mkdir -p $group
sh -c "echo \$\$ > $group/cgroup.procs; exec setsid /usr/bin/sleep 86376" </dev/null >/dev/null 2>&1 &
for _each in $(seq 100); do pgrep -fx '/usr/bin/sleep 86376' && break; sleep 0.1; done
""" % {"unit": SANDBOX, "own": OWN}
CLEAN = """
systemctl stop %(unit)s; pkill -fx '/usr/bin/sleep 86376'; rm -f /run/systemd/system/%(unit)s; systemctl daemon-reload; systemctl reset-failed; sleep 0.5
find /sys/fs/cgroup/systemd -depth -name %(own)s -exec rmdir {} ';'; find /sys/fs/cgroup/systemd -depth -type d -name 'user@0.service' -exec rmdir {} ';'; true
""" % {"unit": SANDBOX, "own": OWN}
BOUNDS = "grep -E '^(Uid|Gid|Groups|Cap|NoNewPrivs|Seccomp)' /proc/%s/status"


@pytest.fixture
def units(lab):
    ssh(lab, HOST, PREPARE)
    yield lab
    on_hosts(lab, HOST, "fault_halt", {})
    ssh(lab, HOST, CLEAN)


def test_units_with_a_sandbox_and_units_of_users(units):
    lab = units
    main = look(lab, HOST, "pgrep -fx 'sleep 86375'").strip()
    before = ssh(lab, HOST, BOUNDS % main)
    base = {"name": "unit", "duration": "60s"}
    for action in ("kill", "restart"):
        worker = on_hosts(lab, HOST, "process_fault", dict(base, action=action, pattern="^sleep 86374$"))[HOST]
        assert worker["failed"] and "could not be restarted as it was" in worker["msg"], worker
        assert "use magsasa.chaos.service_fault with unit: " + SANDBOX in worker["msg"], worker
        own = on_hosts(lab, HOST, "process_fault", dict(base, action=action, pattern="^/usr/bin/sleep 86376$"))[HOST]
        assert (
            own["failed"]
            and OWN in own["msg"]
            and "would end with it" in own["msg"]
            and "use action=pause" in own["msg"]
        ), own
        found = on_hosts(lab, HOST, "process_fault", dict(base, action=action, pattern="^sleep 86375$"))[HOST]
        assert not found.get("failed"), found
        on_hosts(lab, HOST, "process_fault", {"name": "unit", "state": "absent"})
        again = look(lab, HOST, "pgrep -fx 'sleep 86375'").strip()
        assert again != main and ssh(lab, HOST, BOUNDS % again) == before
        main = again
    for pattern in ("^sleep 86374$", "^/usr/bin/sleep 86376$"):
        paused = on_hosts(lab, HOST, "process_fault", dict(base, action="pause", pattern=pattern))[HOST]
        assert paused["fault"]["effect"] == "confirmed", paused
        over = on_hosts(lab, HOST, "process_fault", {"name": "unit", "state": "absent"})[HOST]
        assert over["fault"]["residue"] == []
