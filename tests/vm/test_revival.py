# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""With cgroup v2: a process that is started again is back in its own control group, and stays when the fault's unit
goes.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.vm import inject, module, remains, ssh

FIND = "pgrep -fx 'sleep 86373' || true"


@pytest.mark.nightly
@pytest.mark.parametrize("whose", ["a session", "a group"])
def test_a_killed_process_that_is_started_again_stays(vm, whose):
    into = (
        "mkdir -p /sys/fs/cgroup/victims; echo $$ > /sys/fs/cgroup/victims/cgroup.procs; " if whose == "a group" else ""
    )
    ssh(vm, into + "setsid sleep 86373 </dev/null >/dev/null 2>&1 &")
    try:
        assert wait_for(lambda: ssh(vm, FIND), 10)
        old, group = ssh(vm, FIND), ssh(vm, "cat /proc/%s/cgroup" % ssh(vm, FIND).strip())
        inject(
            vm,
            "process_fault",
            {"name": "gone", "action": "kill", "pattern": "^sleep 86373$", "respawn_within": "1s", "duration": "120s"},
        )
        module(vm, "process_fault", {"name": "gone", "state": "absent"})
        assert wait_for(
            lambda: not remains(vm)
            and "magsasa" not in ssh(vm, "systemctl list-units --all --no-legend --plain 'magsasa-chaos-*'"),
            30,
        )
        new = ssh(vm, FIND)
        assert new not in ("", old), "nobody started it again, or it went with the unit"
        now = ssh(vm, "cat /proc/%s/cgroup" % new.strip())
        assert now == group or (whose == "a session" and "magsasa-chaos" not in now), (now, group)
    finally:
        module(vm, "fault_halt", {})
        ssh(vm, "for pid in $(%s); do kill $pid; done; sleep 1; rmdir /sys/fs/cgroup/victims; true" % FIND, check=False)
