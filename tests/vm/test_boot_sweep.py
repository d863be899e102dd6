# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A power cut in the middle of faults that outlive it: the host undoes them itself when it boots, and nothing of
the sweep stays.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.vm import boots_again, inject, ledger, module, remains, ssh

SWEEP = (
    "ls -d /etc/systemd/system/magsasa-chaos* /etc/systemd/system/*/magsasa-chaos* /var/lib/magsasa-chaos/boot*"
    " 2>/dev/null || true"
)
PLACE = "/var/tmp/swept"
STATE = "sha256sum /etc/hosts %s/*; stat -c '%%n %%a %%u %%g %%.9Y' /etc/hosts %s/*; find %s -name '.*'" % (
    PLACE,
    PLACE,
    PLACE,
)
FAULTS = {
    "dns_fault": {"name": "names", "action": "block", "names": ["api.example.test"], "duration": "10m"},
    "file_fault": {"name": "notes", "action": "corrupt", "path": PLACE + "/notes", "size": "8", "duration": "10m"},
    "disk_fault": {"name": "full", "action": "fill", "path": PLACE, "size": "8M", "duration": "10m"},
}


@pytest.mark.nightly
def test_a_power_cut_and_nobody_comes_by(vm):
    ssh(vm, "mkdir -p %s; echo 'first and second line' > %s/notes; systemctl daemon-reload" % (PLACE, PLACE))
    before = ssh(vm, STATE)
    assert ssh(vm, SWEEP) == ""
    try:
        for name, options in FAULTS.items():
            inject(vm, name, options)
        assert ssh(vm, STATE) != before and len(ssh(vm, SWEEP).split()) >= 5
        boots_again(vm, "echo b > /proc/sysrq-trigger")
        assert wait_for(lambda: ssh(vm, STATE) == before, 5), "files are undone before the SSH server starts"
        assert wait_for(lambda: not remains(vm) and not ssh(vm, SWEEP), 60), (remains(vm), ssh(vm, SWEEP))
        past = ledger(vm)[-len(FAULTS) :]
        assert {(each["name"], each["revert_cause"], tuple(each["residue"])) for each in past} == {
            (each["name"], "orphaned", ()) for each in FAULTS.values()
        }
        assert past[-1]["reverted_at"]["monotonic"] < 60, past
    finally:
        module(vm, "fault_halt", {})
        ssh(vm, "rm -rf " + PLACE)
