# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The panic button ends faults that no record tells of: by who holds them, and by what is there of them when nobody
does.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import inject, look, on_hosts, remains, ssh

HOST = "app1"
FORGET = "rm -rf /var/lib/magsasa-chaos; rm -f /run/magsasa-chaos/*.json"
STATE = "nft list tables; cat /etc/hosts; ls -d /run/magsasa-chaos /var/lib/magsasa-chaos/faults 2>/dev/null; true"
# What systemd would do with a fault whose processes are all killed is kept from it: its unit's file of the archive is
# damaged.
KILL = "for each in /run/magsasa-chaos/lib/*; do : > $each; done; kill -KILL $(pgrep ^chaos-)"
FAULTS = {
    "names": ("dns_fault", {"action": "block", "names": ["api.example.test"]}),
    "partition": ("network_fault", {"action": "partition", "port": [9]}),
}


@pytest.mark.parametrize(
    "held", [True, pytest.param(False, marks=pytest.mark.nightly)], ids=["held", "nobody holds it"]
)
def test_a_fault_without_a_record_is_ended(lab, held):
    before = look(lab, HOST, STATE)
    for name, (module, options) in FAULTS.items():
        result = on_hosts(lab, HOST, module, dict(options, name=name, duration="120s"))[HOST]
        assert not result.get("failed"), result
    ssh(lab, HOST, FORGET if held else FORGET + "; " + KILL, check=False)
    planned = on_hosts(lab, HOST, "fault_halt", {}, "--check")[HOST]
    assert planned["changed"] and look(lab, HOST, STATE) != before, planned
    halted = on_hosts(lab, HOST, "fault_halt", {})[HOST]
    assert not halted.get("failed") and len(halted["undone"]) == len(FAULTS), halted
    if not held:
        assert all("record was lost" in each["notes"][0] for each in halted["undone"]), halted
    assert wait_for(lambda: look(lab, HOST, STATE) == before and not remains(lab, HOST), 15), look(lab, HOST, STATE)


STRAY = "MAGSASA_CHAOS_FAULT=%s setsid %s >/dev/null 2>&1 </dev/null &"


@pytest.mark.parametrize(("program", "found"), [("sleep 1.5", 0), ("sleep 300", 1)], ids=["about to end", "stays"])
def test_a_process_of_a_fault_that_is_undone_is_found_only_when_it_stays(lab, program, found):
    fault = inject(
        lab, HOST, "cpu_fault", {"load": "10%", "of": "added", "cores": 1, "name": "over", "duration": "60s"}
    )
    on_hosts(lab, HOST, "cpu_fault", {"name": "over", "state": "absent"})
    ssh(lab, HOST, STRAY % (fault["id"], program))
    halted = on_hosts(lab, HOST, "fault_halt", {})[HOST]
    assert not halted.get("failed") and len(halted["undone"]) == found, halted
    assert look(lab, HOST, "pgrep -x sleep || true") == "" and not remains(lab, HOST)
