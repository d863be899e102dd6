# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that goes down in the middle of faults undoes at boot what it kept of them, with nobody coming by."""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import ledger, on_hosts, remains, ssh

HOST = "app1"
PLACE = "/var/tmp/swept"
SWEEP = "find /etc/systemd/system -name 'magsasa-chaos*'; ls /var/lib/magsasa-chaos/boot.pyz 2>/dev/null; true"
STATE = (
    "cd %s && sha256sum /etc/hosts * && stat -c '%%n %%a %%u %%g %%.9Y' /etc/hosts * && find . -name '.*' | sort"
    % PLACE
)
FAULTS = {
    "dns_fault": [{"action": "block", "names": ["api.example.test"]}],
    "file_fault": [
        {"action": "corrupt", "path": PLACE + "/corrupt", "size": "8"},
        {"action": "remove", "path": PLACE + "/remove"},
        {"action": "append", "path": PLACE + "/append", "content": "ours\n"},
        {"action": "permissions", "path": PLACE + "/permissions", "mode": "0600"},
    ],
    "disk_fault": [{"action": "fill", "path": PLACE, "size": "8M"}],
}
BOOTED = "systemctl show --property=UserspaceTimestampMonotonic --value"
# Forced twice, it ends the kernel's part of the host at once: nothing is stopped and nothing is asked, as when the
# power fails.
DOWN = {"power cut": "systemctl reboot --force --force", "reboot": "systemctl reboot"}


@pytest.fixture(autouse=True)
def host(lab):
    ssh(
        lab,
        HOST,
        "mkdir -p %s && cd %s && for name in corrupt remove append permissions; do echo 'first and second line' >"
        " $name; done" % (PLACE, PLACE),
    )
    yield lab
    left = remains(lab, HOST)
    if left:
        on_hosts(lab, HOST, "fault_halt", {})
    ssh(lab, HOST, "rm -rf " + PLACE)
    assert not left and ssh(lab, HOST, SWEEP) == ""


ALL = [(module, options) for module, rows in FAULTS.items() for options in rows]
DAILY = [each for each in ALL if each[1]["action"] not in ("append", "permissions")]


@pytest.mark.parametrize(
    ("way", "faults"),
    [
        pytest.param("power cut", DAILY, marks=pytest.mark.nightly),  # by day: test_file_fault.py
        ("reboot", DAILY[:3]),
        pytest.param("power cut", ALL, marks=pytest.mark.nightly),
        pytest.param("reboot", ALL, marks=pytest.mark.nightly),
    ],
    ids=["power cut", "reboot", "power cut, all", "reboot, all"],
)
def test_nothing_is_left_after_the_boot(host, way, faults):
    before, booted = ssh(host, HOST, STATE), ssh(host, HOST, BOOTED)
    assert ssh(host, HOST, SWEEP) == ""
    names = set()
    for module, options in faults:
        names.add("swept-" + options["action"])
        found = on_hosts(host, HOST, module, dict(options, name="swept-" + options["action"], duration="10m"))[HOST]
        assert not found.get("failed") and found["fault"]["effect"] == "confirmed", found
    assert ssh(host, HOST, STATE) != before and len(ssh(host, HOST, SWEEP).split()) == 5
    ssh(host, HOST, "sync; " + DOWN[way], check=False)
    assert wait_for(lambda: ssh(host, HOST, BOOTED, check=False) not in ("", booted), 60), "it did not boot again"
    assert wait_for(lambda: not remains(host, HOST) and ssh(host, HOST, SWEEP) == "", 20), (
        remains(host, HOST),
        ssh(host, HOST, SWEEP),
    )
    assert ssh(host, HOST, STATE) == before
    past = ledger(host, HOST)[-len(names) :]
    causes = {(each["name"], each["revert_cause"], tuple(each["residue"]), tuple(each["differences"])) for each in past}
    assert causes == {(name, "orphaned" if way == "power cut" else "terminated", (), ()) for name in names}
    if way == "power cut":
        up = int(ssh(host, HOST, BOOTED)) / 1e6
        assert all(0 < each["reverted_at"]["monotonic"] - up < 20 for each in past), (up, past)


@pytest.mark.nightly
def test_the_last_of_them_takes_the_sweep_away(host):
    for number, options in enumerate(FAULTS["file_fault"][:2]):
        found = on_hosts(host, HOST, "file_fault", dict(options, name="sweep-%d" % number, duration="60s"))[HOST]
        assert not found.get("failed"), found
    for number, left in ((0, 5), (1, 0)):
        on_hosts(host, HOST, "file_fault", {"name": "sweep-%d" % number, "state": "absent"})
        assert len(ssh(host, HOST, SWEEP).split()) == left
