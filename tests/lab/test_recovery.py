# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Verified recovery: what somebody else changed under a fault is said when the fault is undone, and nothing else is."""

from __future__ import annotations

import pytest

from support.lab import ledger, on_hosts, remains, ssh

HOST = "app1"
FILE = "/srv/recovery"
UNIT = "recovery-test.service"
FOLDER = "/run/systemd/system/%s.d" % UNIT
PREPARE = (
    "printf 'first\\nsecond\\n' > %(file)s && chmod 640 %(file)s && cp -a /etc/hosts /root/hosts.before && nft add"
    " table inet recovery_test && printf '[Service]\\nExecStart=/usr/bin/sleep 86398\\n' > /run/systemd/system/%(unit)s"
    " && systemctl daemon-reload && systemctl start %(unit)s" % {"file": FILE, "unit": UNIT}
)
CLEAN = (
    "rm -f %(file)s; cp -a /root/hosts.before /etc/hosts; rm -f /root/hosts.before; nft delete table inet"
    " recovery_test; systemctl stop %(unit)s; rm -rf /run/systemd/system/%(unit)s*; systemctl daemon-reload; systemctl"
    " reset-failed %(unit)s 2>/dev/null; true" % {"file": FILE, "unit": UNIT}
)
# module, options, what somebody does meanwhile, what must be said of it
ROWS = {
    "hosts": (
        "dns_fault",
        {"action": "block", "names": ["api.example.test"]},
        "echo '10.9.9.9 new.example.test' >> /etc/hosts",
        ["/etc/hosts: now '10.9.9.9 new.example.test'"],
    ),
    "file": (
        "file_fault",
        {"action": "corrupt", "path": FILE, "size": "4"},
        "chmod 600 " + FILE,
        ["mode -rw-r-----'", "mode -rw-------'"],
    ),
    "rules": (
        "network_fault",
        {"action": "partition", "port": [9]},
        "nft add chain inet recovery_test forwarded '{ type filter hook forward priority 0; }'",
        ["packet filter inet recovery_test: now 'chain forwarded {'"],
    ),
    "unit": (
        "service_fault",
        {"action": "mask", "unit": UNIT},
        "mkdir -p %(folder)s && printf '[Service]\\nNice=1\\n' > %(folder)s/somebody.conf && systemctl daemon-reload"
        % {"folder": FOLDER},
        ["service %s: now 'drop-in %s/somebody.conf'" % (UNIT, FOLDER)],
    ),
}
DAILY = ("hosts",)


@pytest.fixture(autouse=True)
def host(lab):
    ssh(lab, HOST, PREPARE)
    yield lab
    left = remains(lab, HOST)
    if left:
        on_hosts(lab, HOST, "fault_halt", {})
    ssh(lab, HOST, CLEAN)
    assert not left


@pytest.mark.parametrize(
    "row", [each if each in DAILY else pytest.param(each, marks=pytest.mark.nightly) for each in ROWS]
)
def test_what_somebody_changed_meanwhile_is_said(host, row):
    module, options, change, said = ROWS[row]
    options = dict(options, name="seen", duration="60s")
    for meddled in (False, True):
        fault = on_hosts(host, HOST, module, options)[HOST]
        assert not fault.get("failed") and fault["fault"]["effect"] == "confirmed", fault
        if meddled:
            ssh(host, HOST, change)
        final = on_hosts(host, HOST, module, {"name": "seen", "state": "absent"})[HOST]["fault"]
        past = ledger(host, HOST)[-1]
        assert (final["residue"], final["state"]) == ([], "reverted") and final["differences"] == past["differences"]
        assert past["before"] and all(len(digest) == 12 for digest in past["before"].values())
        assert (past["before"] != past["after"]) is meddled
        if not meddled:
            assert final["differences"] == [], "without a change nothing may be said"
    for each in said:
        assert any(each in sentence for sentence in final["differences"]), final["differences"]
