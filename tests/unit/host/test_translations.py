# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports a host leads elsewhere, from what nft and iptables-save say."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._families.network import Network
from ansible_collections.magsasa.chaos.plugins.module_utils._host.packets import address_translation


def dport(right):
    return {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": right}}


DNAT, REDIRECT, XT = (
    {"dnat": {"addr": "10.0.0.2", "port": 80}},
    {"redirect": {"port": 80}},
    {"xt": {"type": "target", "name": "DNAT"}},
)
RULES = [
    ([], None),
    ([[{"masquerade": None}], [dport(80), {"accept": None}]], None),
    ([[dport(8090), DNAT]], {"ports": [[8090, 8090]], "all": False}),
    ([[dport({"set": [80, {"range": [8000, 8010]}]}), REDIRECT]], {"ports": [[80, 80], [8000, 8010]], "all": False}),
    ([[dport(8090), XT], [dport(8090), DNAT]], {"ports": [[8090, 8090]], "all": False}),
    ([[DNAT], [dport(1), DNAT]], {"ports": [[1, 1]], "all": True}),
    ([[dport("@ports"), DNAT]], {"ports": [], "all": True}),
    ([[{"match": {"op": "==", "left": "odd", "right": 3}}, DNAT, "odd", None]], {"ports": [], "all": True}),
]
SAVED = """*nat
:PREROUTING ACCEPT [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER ! -i docker0 -p tcp -m tcp --dport 8090 -j DNAT --to-destination 172.17.0.2:80
-A PREROUTING -p tcp -m multiport --dports 80,8000:8010 -j REDIRECT --to-ports 3128
-A PREROUTING -d 198.51.100.7/32 -j DNAT --to-destination 10.0.0.2
COMMIT
"""


@pytest.mark.parametrize("rules, found", RULES)
def test_from_the_rules_of_nft(rules, found):
    assert address_translation.of_rules([{"expr": expr} for expr in rules]) == found


def test_from_what_iptables_saves():
    assert address_translation.of_text(SAVED) == [[[8090, 8090]], [[80, 80], [8000, 8010]], None]


@pytest.mark.parametrize(
    "ports, meet", [([], True), ([[8090, 8090]], True), ([[8000, 8100]], True), ([[80, 80]], False)]
)
def test_whether_a_fault_is_about_them(ports, meet):
    assert address_translation.meet({"ports": [[8090, 8090]], "all": False}, ports) is meet
    assert address_translation.meet({"ports": [[8090, 8090]], "all": True}, ports) and not address_translation.meet(
        None, ports
    )


def test_a_backend_that_does_not_follow_is_never_sure(monkeypatch):
    """iptables counts packets of the host's own; what is forwarded may pass by all the same."""
    from ansible_collections.magsasa.chaos.plugins.module_utils._families._network import backends

    class Ctx:
        record = {"steps": [{"do": "chains", "args": {"led": True}}]}

    monkeypatch.setattr(
        backends.BY_STEP["chains"],
        "measure",
        lambda ctx: {"effect": "confirmed", "note": "9 of 9 packets", "measured": {}},
    )
    found = Network().measure(Ctx())
    assert found["effect"] == "inconclusive" and "forwards connections" in found["note"] and "9 of 9" in found["note"]
