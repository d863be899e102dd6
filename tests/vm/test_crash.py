# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The columns of the crash matrix that take a kernel and a clock of one's own, for all kinds at once: power cut,
reboot, a clock that jumps, the OOM killer.
"""

from __future__ import annotations

import pytest

from crash import faults, state
from support.faults import wait_for
from support.vm import boots_again, inject, ledger, module, remains, ssh

# What only such a machine has beside the faults of the matrix.
MORE = {
    "limit-unit": faults.Fault(
        "limit_fault", {"action": "unit", "unit": faults.PAGES, "cpu": "50%", "tasks": 50}, set()
    ),
    "clock": faults.Fault("clock_fault", {"offset": "+10m"}, set()),
}
# Not the process that another fault stops; memory and disk have their own tests here, and this machine is small.
FAULTS = {
    name: fault
    for name, fault in dict(faults.FAULTS, **MORE).items()
    if name not in ("process-pause", "memory", "disk-io")
}
LONG = "15m"
WITHIN = 60  # seconds on an emulated processor


def dump(vm):
    """The state of the machine (text); its connections come and go."""
    return ssh(vm, state.DUMP + "cat /sys/fs/cgroup/system.slice/%s/cpu.max 2>/dev/null; true" % faults.PAGES)


@pytest.fixture
def host(vm):
    """The machine with what the faults need."""
    ssh(vm, faults.PREPARE + faults.START, timeout=180)
    yield vm
    if remains(vm):
        module(vm, "fault_halt", {})
    names = {"victim": faults.VICTIM, "pages": faults.PAGES, "place": faults.PLACE}
    units = (
        "systemctl stop %(victim)s %(pages)s; cd /etc/systemd/system; rm -rf %(victim)s %(pages)s %(place)s; systemctl"
        " daemon-reload" % names
    )
    ssh(vm, units + "; nft delete table inet somebody; umount %s; rmdir %s" % (faults.FEW, faults.FEW), check=False)


def put_in(vm, names, duration):
    """Inject these faults, one beside the other; returns the ids."""
    return {
        inject(vm, FAULTS[name].module, dict(FAULTS[name].options, name=name, duration=duration))["id"]
        for name in names
    }


def is_clean(vm, before, ids, causes):
    """Assert that the machine is as before, and that the ledger tells of each fault how it ended."""
    assert wait_for(lambda: not remains(vm), WITHIN), remains(vm)
    assert wait_for(lambda: not state.difference(before, dump(vm)), WITHIN), state.difference(before, dump(vm))
    past = [each for each in ledger(vm) if each["id"] in ids]
    assert {each["id"] for each in past} == ids, past
    ends = [(each["name"], each["revert_cause"], each["residue"], each.get("differences")) for each in past]
    wrong = [each for each in ends if each[1] not in causes or each[2] or each[3]]
    assert not wrong, wrong


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("command", "causes"),
    [("echo b > /proc/sysrq-trigger", ["orphaned"]), ("systemctl reboot", ["terminated", "orphaned"])],
    ids=["power cut", "reboot"],
)
def test_it_goes_down_in_the_middle_of_all_of_them(host, command, causes):
    before = dump(host)
    ids = put_in(host, FAULTS, LONG)
    assert len(state.difference(before, dump(host))) >= 10
    boots_again(host, "sync; " + command)
    ssh(host, faults.START, timeout=120)
    module(host, "fault_halt", {})  # what outlives no boot is written down with the next contact
    is_clean(host, before, ids, causes)


@pytest.mark.nightly
@pytest.mark.parametrize(("jump", "back"), [("+1 hour", "-1 hour"), ("-1 hour", "+1 hour")], ids=["ahead", "back"])
def test_the_clock_jumps(host, jump, back):
    names = [name for name in FAULTS if name != "clock"]
    before = dump(host)
    ids = put_in(host, names, "150s")
    ssh(host, "date -s '%s'" % jump)
    try:
        assert len(state.difference(before, dump(host))) >= 10, "the jump ended the faults"
        assert wait_for(lambda: not remains(host), 200), remains(host)
        is_clean(host, before, ids, ["deadline"])
    finally:
        ssh(host, "date -s '%s'" % back)


@pytest.mark.nightly
def test_the_kernel_takes_every_supervisor_for_want_of_memory(host):
    before = dump(host)
    ids = put_in(host, FAULTS, LONG)
    assert len(state.difference(before, dump(host))) >= 10
    ssh(
        host,
        "dmesg -C; for group in /sys/fs/cgroup/system.slice/magsasa-chaos-*.service/supervisor; do echo 0 >"
        " $group/memory.max & done; wait",
    )
    is_clean(host, before, ids, ["supervisor_died", "guardian_died"])
    assert int(ssh(host, "dmesg | grep -c 'Memory cgroup out of memory: Killed process'")) >= len(ids)
