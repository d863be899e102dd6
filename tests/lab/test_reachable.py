# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that is cut off from everybody stays in the hands of whoever manages it: round after round, each time by a
connection of its own.
"""

from __future__ import annotations

import json

import pytest

from support.lab import ledger, look, on_hosts, remains, ssh

ROUNDS = 30
FAULTS = ({"action": "loss", "loss": "100%"}, {"action": "partition"})
NEW = (
    "-e",
    json.dumps({"ansible_ssh_args": "-o ControlMaster=no -o ControlPath=none"}),
)  # no connection is shared, none is kept


def reached(lab, address):
    """Whether the host answers to a neighbour."""
    return ssh(lab, "app2", "ping -q -c 1 -W 1 %s >/dev/null && echo yes || true" % address).strip() == "yes"


@pytest.mark.nightly
def test_a_host_that_is_cut_off_is_never_lost(lab):
    address = lab.address(lab.find("app1"))
    before, past = look(lab, "app1", "nft list ruleset; tc qdisc show"), len(ledger(lab, "app1"))
    assert reached(lab, address)
    kept = 0
    for number in range(ROUNDS):
        for options in FAULTS:
            given = dict(options, name="island", duration="120s", force=True)
            there = on_hosts(lab, "app1", "network_fault", given, *NEW)["app1"]
            assert not there.get("failed") and there["fault"]["effect"] != "mismatch", (number, options, there)
            assert not reached(lab, address), (number, options)
            asked = on_hosts(lab, "app1", "fault_info", {}, *NEW)["app1"]
            assert [each["id"] for each in asked["active"]] == [there["fault"]["id"]], (number, options, asked)
            gone = on_hosts(lab, "app1", "network_fault", {"name": "island", "state": "absent"}, *NEW)["app1"]
            assert gone["changed"] and (gone["fault"]["residue"], gone["fault"]["differences"]) == ([], []), (
                number,
                options,
                gone,
            )
            assert reached(lab, address), (number, options)
            kept += 1
    print("%d of %d faults left the host manageable" % (kept, ROUNDS * len(FAULTS)))
    assert len(ledger(lab, "app1")) - past == ROUNDS * len(FAULTS)
    assert look(lab, "app1", "nft list ruleset; tc qdisc show") == before and not remains(lab, "app1")
