# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network: options, guards, which rules stand in which order, and when a fault counts as confirmed."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import (
    BadOption,
    HostError,
    MissingTool,
    NotHere,
    Refused,
)
from ansible_collections.magsasa.chaos.plugins.module_utils._families.network import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._network import effects, queue_worker, rules
from ansible_collections.magsasa.chaos.plugins.module_utils._families._network import scope as scopes
from ansible_collections.magsasa.chaos.plugins.module_utils._families._network.nftables import judge
from ansible_collections.magsasa.chaos.plugins.module_utils._host.packets import nft

DEFAULTS = {key: spec.get("default") for key, spec in FAMILY.options.items()}
CONTROL = [["192.0.2.1", 22], ["2001:db8::1", 2222]]
FACTS = {
    "nft": True,
    "uid": 0,
    "obstacle": "",
    "control": CONTROL,
    "ways_in": [22],
    "interfaces": ["eth0", "eth1", "lo"],
}
PEER = "198.51.100.5"


def parsed(**change):
    return FAMILY.parse(dict(DEFAULTS, **change))


def planned(facts=None, force=False, **change):
    return FAMILY.plan(dict(parsed(**change), force=force), dict(FACTS, **(facts or {})))


def chain(name, **change):
    """Texts of the rules of one chain without what all have in common."""
    (step,) = planned(force=True, **change)["steps"]
    return [
        (label, text.replace(" counter goto act", "")) for where, label, text in step["args"]["rules"] if where == name
    ]


def matches(name, **change):
    return [text for label, text in chain(name, **change) if label.startswith("match")]


@pytest.mark.parametrize(
    "change, option",
    [
        ({}, "action"),
        ({"action": "loss"}, "loss"),
        ({"action": "loss", "loss": "0%"}, "loss"),
        ({"action": "loss", "loss": "101%"}, "loss"),
        ({"action": "loss", "loss": "much"}, "loss"),
        ({"action": "partition", "loss": "5%"}, "loss"),
        ({"action": "reject", "loss": "5%"}, "loss"),
        ({"action": "reset", "loss": "5%"}, "loss"),
        ({"action": "reset", "protocol": "udp"}, "protocol"),
        ({"action": "reset", "protocol": "icmp"}, "protocol"),
        ({"action": "partition", "peer": []}, "peer"),
        ({"action": "partition", "peer": ["db1"]}, "peer"),
        ({"action": "partition", "peer": ["192.0.2.300"]}, "peer"),
        ({"action": "partition", "peer": ["192.0.2.1/24"]}, "peer"),
        ({"action": "partition", "peer": ["fe80::1%eth0"]}, "peer"),
        ({"action": "partition", "peer": ["192.0.2.1; flush ruleset"]}, "peer"),
        ({"action": "partition", "peer": ["192.0.2.1"] * 257}, "peer"),
        ({"action": "partition", "port": []}, "port"),
        ({"action": "partition", "port": ["0"]}, "port"),
        ({"action": "partition", "port": ["65536"]}, "port"),
        ({"action": "partition", "port": ["http"]}, "port"),
        ({"action": "partition", "port": ["True"]}, "port"),
        ({"action": "partition", "port": ["90-80"]}, "port"),
        ({"action": "partition", "port": ["80-"]}, "port"),
        ({"action": "partition", "port": ["80 drop"]}, "port"),
        ({"action": "partition", "port": ["1"] * 65}, "port"),
        ({"action": "partition", "port": ["80"], "protocol": "icmp"}, "port"),
        ({"action": "partition", "peer": [PEER], "port_of": "peer"}, "port_of"),
    ],
)
def test_bad_options(change, option):
    with pytest.raises(BadOption) as caught:
        parsed(**change)
    assert caught.value.details["option"] == option


@pytest.mark.parametrize(
    "peers, four, six",
    [
        ([PEER], [PEER + "/32"], []),
        (["10.0.0.0/9", "10.128.0.0/9", "10.1.2.3"], ["10.0.0.0/8"], []),
        (["::ffff:192.0.2.7", "2001:DB8::/32"], ["192.0.2.7/32"], ["2001:db8::/32"]),
    ],
)
def test_peers(peers, four, six):
    found = parsed(action="partition", peer=peers)
    assert (found["peers4"], found["peers6"]) == (four, six)


def test_ports_that_touch_are_one_range():
    found = parsed(action="partition", port=["82", "80", "81-85", "90", " 443 "])
    assert found["ports"] == [[80, 85], [90, 90], [443, 443]]
    assert scopes.show_ports(found["ports"]) == ["80-85", "90", "443"]


@pytest.mark.parametrize("action", ["partition", "reject", "reset", "loss"])
@pytest.mark.parametrize("peers", [None, ["0.0.0.0/0"], ["::/0", PEER], ["127.0.0.0/8"], ["::1"], ["127.0.0.1"]])
def test_a_host_that_would_be_alone_needs_force(action, peers):
    change = dict(action=action, peer=peers, loss="100%" if action == "loss" else None)
    with pytest.raises(Refused) as caught:
        planned(**change)
    assert caught.value.details["key"] == "force"
    assert planned(force=True, **change)["steps"]
    assert planned(**dict(change, port=["80"]))["steps"]


MOST = {"p": "1%", "r": "0%", "loss_bad": "100%", "loss_good": "0%"}


def test_some_loss_of_everything_needs_no_force():
    assert planned(action="loss", loss="99.9%")["steps"]
    assert effects.lost_pct(parsed(gemodel=dict(MOST, p="50%", r="0.1%"))) == pytest.approx(99.8, abs=0.01)


@pytest.mark.parametrize(
    "change, figure",
    [
        ({"port": ["1-65535"]}, "1-65535 is 65535 of 65535 ports"),
        ({"port": ["1-21", "23-65535"]}, "1-21,23-65535 is 65534 of 65535 ports"),
        ({"port": ["1-65535"], "peer": ["0.0.0.0/1", "128.0.0.0/1"]}, "100 % of all IPv4 addresses"),
        ({"peer": ["0.0.0.0/1", "128.0.0.0/2"]}, "the peers are 75 % of all IPv4 addresses"),
        ({"peer": ["2000::/4", "3000::/5"]}, "the peers are 75 % of all IPv6 addresses"),
        ({"peer": [PEER, "::/1"]}, "100 % of all IPv6 addresses"),
        ({"action": "loss", "gemodel": MOST}, "neither peer nor port limits it"),
        ({"action": "loss", "gemodel": dict(MOST, p="0%", loss_good="100%")}, "neither peer nor port limits it"),
        ({"action": "corrupt", "corrupt": "100%"}, "neither peer nor port limits it"),
    ],
)
def test_a_host_that_would_be_alone_needs_force_however_that_is_spelled(change, figure):
    change = dict({"action": "partition"}, **change)
    with pytest.raises(Refused) as caught:
        planned(**change)
    assert figure in str(caught.value) and caught.value.details["key"] == "force"


@pytest.mark.parametrize("change", [{"port": ["1-32767"]}, {"peer": ["128.0.0.0/1", "2000::/4", "fd00::/8"]}])
def test_half_of_everything_needs_no_force(change):
    assert planned(action="partition", **change)["steps"]


@pytest.mark.parametrize("port, exempt", [("22", False), ("20-1019", False), ("20-1020", True), ("8000-9000", True)])
def test_the_way_to_manage_a_host_is_exempt_unless_its_port_is_named(port, exempt):
    notes = planned(action="partition", port=[port])["notes"]
    assert ("exempt: everybody and port 22 of this host (used to manage it)" in notes) == exempt


@pytest.mark.parametrize(
    "facts, kind, words",
    [
        ({"nft": False}, MissingTool, "RHEL, AlmaLinux, Rocky, Fedora: nftables"),
        ({"uid": 1000}, NotHere, "become: true"),
        ({"obstacle": "nft said: Operation not permitted"}, NotHere, "Operation not permitted"),
    ],
)
def test_what_the_host_lacks(facts, kind, words):
    with pytest.raises(kind, match=words):
        planned(facts, action="partition", peer=[PEER])


@pytest.mark.parametrize("action", ["partition", "reject", "reset", "loss"])
@pytest.mark.parametrize(
    "change",
    [
        {},
        {"peer": [PEER]},
        {"peer": ["192.0.2.1"]},
        {"port": ["22"]},
        {"peer": ["2001:db8::/64"], "port": ["22"], "direction": "out"},
    ],
)
def test_the_control_connections_are_exempt_before_anything_else(action, change):
    change = dict(change, action=action, loss="50%" if action == "loss" else None)
    for name, ends in (("input", ("saddr", "dport")), ("output", ("daddr", "sport"))):
        found = chain(name, **change)
        if found:
            assert found[:2] == [
                ("exempt control 0", "ip %s 192.0.2.1 tcp %s 22 counter accept" % ends),
                ("exempt control 1", "ip6 %s 2001:db8::1 tcp %s 2222 counter accept" % ends),
            ]
            # Whoever comes may come in that way, unless the fault is about that very port.
            of_everybody = [
                text for label, text in found if label.startswith("exempt control") and not text.startswith("ip")
            ]
            assert of_everybody == [
                "tcp %s %d counter accept" % (ends[1], port) for port in (22, 2222) if change.get("port") != [str(port)]
            ]
    assert chain("input", **change) or chain("output", **change)


@pytest.mark.parametrize(
    "change, coming, going",
    [
        ({}, ['iifname != "lo"'], ['oifname != "lo"']),
        ({"direction": "in", "protocol": "udp"}, ['iifname != "lo" meta l4proto udp'], []),
        ({"direction": "out"}, [], ['oifname != "lo"']),
        (
            {"peer": [PEER]},
            ["ip saddr { %s/32 }" % PEER, 'iifname "lo" ip daddr { %s/32 }' % PEER],
            ['oifname != "lo" ip daddr { %s/32 }' % PEER],
        ),
        (
            {"port": ["80"], "port_of": "host", "protocol": "tcp"},
            ["tcp dport { 80 }", 'iifname "lo" tcp sport { 80 }'],
            ['oifname != "lo" tcp sport { 80 }'],
        ),
        (
            {"port": ["80"], "port_of": "peer", "protocol": "udp", "direction": "out"},
            ['iifname "lo" udp dport { 80 }'],
            ['oifname != "lo" udp dport { 80 }'],
        ),
        (
            {"port": ["80", "90-91"], "direction": "in"},
            ["meta l4proto { tcp, udp } th dport { 80, 90-91 }", "meta l4proto { tcp, udp } th sport { 80, 90-91 }"],
            [],
        ),
        (
            {"peer": [PEER, "2001:db8::5"], "port": ["80"], "port_of": "peer", "protocol": "tcp", "direction": "in"},
            ["ip saddr { %s/32 } tcp sport { 80 }" % PEER, "ip6 saddr { 2001:db8::5/128 } tcp sport { 80 }"],
            [],
        ),
        ({"protocol": "icmp", "direction": "in"}, ['iifname != "lo" meta l4proto { icmp, ipv6-icmp }'], []),
        ({"interface": ["eth1", "eth0"]}, ['iifname { "eth0", "eth1" }'], ['oifname { "eth0", "eth1" }']),
        (
            {"interface": ["eth0"], "peer": [PEER], "direction": "in"},
            ['iifname { "eth0" } ip saddr { %s/32 }' % PEER],
            [],
        ),
        ({"interface": ["eth0"], "direction": "out"}, [], ['oifname { "eth0" }']),
        ({"interface": ["lo"]}, ['iifname "lo"'], []),
        (
            {"interface": ["lo", "eth0"], "port": ["80"], "port_of": "host", "protocol": "tcp"},
            ['iifname { "eth0" } tcp dport { 80 }', 'iifname "lo" tcp dport { 80 }', 'iifname "lo" tcp sport { 80 }'],
            ['oifname { "eth0" } tcp sport { 80 }'],
        ),
    ],
)
def test_which_packets_are_meant(change, coming, going):
    assert matches("input", action="partition", **change) == coming
    assert matches("output", action="partition", **change) == going


@pytest.mark.parametrize("change", [{"action": "partition"}, {"delay": "5ms"}, {"action": "reject", "port": ["80"]}])
def test_an_interface_that_is_not_there_is_refused(change):
    with pytest.raises(BadOption) as caught:
        planned(force=True, interface=["eth0", "eth7"], **change)
    assert str(caught.value).startswith("interface: 'eth7' is not an interface of this host")


def test_a_delay_by_interface_counts_once():
    assert matches("input", delay="5ms", interface=["eth0"], port=["80"]) == [
        'iifname { "eth0" } meta l4proto { tcp, udp } th dport { 80 }', 'iifname { "eth0" } meta l4proto { tcp, udp } th sport { 80 }'
    ]  # fmt: skip
    assert matches("input", delay="5ms", interface=["lo"], port=["80"]) == [
        'iifname "lo" meta l4proto { tcp, udp } th dport { 80 }'
    ]
    assert matches("output", delay="5ms", interface=["lo", "eth0"]) == []


def test_what_the_host_says_to_itself_is_meant_by_its_interface():
    left_alone = "loopback traffic is exempt"
    assert any(
        note.startswith(left_alone) for note in planned(action="partition", force=True, interface=["eth0"])["notes"]
    )
    assert not any(
        note.startswith(left_alone) for note in planned(action="partition", force=True, interface=["lo"])["notes"]
    )
    with pytest.raises(Refused):
        planned(action="partition", interface=["lo"])


@pytest.mark.parametrize(
    "change, exempt",
    [
        ({}, True),
        ({"peer": [PEER]}, True),
        ({"protocol": "icmp"}, True),
        ({"protocol": "tcp"}, False),
        ({"port": ["80"]}, False),
    ],
)
def test_neighbours_are_found_as_before(change, exempt):
    """What IPv6 has in the place of ARP is no part of the network that fails."""
    labels = [label for label, _text in chain("input", action="partition", **change)]
    assert ("exempt neighbours" in labels) == exempt
    assert not exempt or labels.index("exempt neighbours") < labels.index("match 0")


@pytest.mark.parametrize(
    "change, decided",
    [
        ({"action": "partition"}, ["counter drop"]),
        ({"action": "loss", "loss": "100%"}, ["counter drop"]),
        ({"action": "loss", "loss": "12.5"}, ["numgen random mod 1000000 < 125000 counter drop"]),
        ({"action": "loss", "loss": "0.001%"}, ["numgen random mod 1000000 < 10 counter drop"]),
    ],
)
def test_what_is_decided(change, decided):
    assert [text for _label, text in chain("act", **change)] == decided


def test_what_a_rejection_sends_is_not_rejected_itself():
    texts = [text for _label, text in chain("act", action="reject", peer=[PEER])]
    assert texts[0] == "tcp flags & rst == rst counter accept"
    assert texts[-2:] == [
        "meta l4proto tcp counter reject with tcp reset",
        "counter reject with icmpx type port-unreachable",
    ]


def test_a_reset_lets_connections_begin():
    assert [text for _label, text in chain("act", action="reset", peer=[PEER])] == [
        "tcp flags & rst == rst counter accept",
        "tcp flags & syn == syn counter accept",
        "meta l4proto tcp counter reject with tcp reset",
    ]
    found = planned(action="reset", peer=[PEER], port=["80"])
    assert found["requested"]["scope"].startswith("tcp port 80") and "next packet" in " ".join(found["notes"])
    assert matches("input", action="reset", peer=[PEER])[0].endswith("meta l4proto tcp")


def test_the_table_is_new_and_the_undo_takes_it_away():
    (step,) = planned(action="partition", peer=[PEER])["steps"]
    assert step["undo"] == [{"op": "nft.remove_table", "args": {"table": "magsasa_chaos_$ID"}}]
    lines = rules.text("magsasa_chaos_0123456789ab", step["args"]["rules"]).splitlines()
    assert lines[0] == "create table inet magsasa_chaos_0123456789ab"
    assert all(" inet magsasa_chaos_0123456789ab " in line for line in lines[1:])
    assert sum("policy accept" in line for line in lines) == 2 and not any(
        "flush" in line or "delete" in line for line in lines
    )


@pytest.mark.parametrize(
    "table", ["filter", "magsasa_chaos_", "magsasa_chaos_0123456789ab; flush ruleset", "magsasa_chaos_0123456789abc"]
)
@pytest.mark.parametrize("call", [nft.remove, nft.read, nft.there, lambda table: nft.load(table, "")])
def test_no_table_but_ours(table, call, monkeypatch):
    monkeypatch.setattr(nft, "_json", lambda arguments: [{"table": {"family": "inet", "name": table}}])
    with pytest.raises(HostError, match="does not belong to this collection"):
        call(table)


def as_read(planned_rules):
    """The rules as nft gives them back."""
    found = []
    for where, label, text in planned_rules:
        verdict = next(word for word in ("accept", "drop", "goto", "reject") if word in text.split())
        found.append(
            {"chain": where, "comment": label, "expr": [{"counter": {"packets": 7, "bytes": 420}}, {verdict: None}]}
        )
    return found


def test_rules_that_are_not_as_planned_are_seen():
    (step,) = planned(action="reject", peer=[PEER])["steps"]
    wanted = step["args"]["rules"]
    found = as_read(wanted)
    assert rules.difference(wanted, found) == ""
    assert rules.packets(found, "match") == 7 * 3 and rules.packets(found, "hit") == 7 * 2
    first = next(number for number, each in enumerate(found) if each["comment"] == "exempt control 0")
    assert "input" in rules.difference(wanted, found[:first] + found[first + 1 :])
    last = max(number for number, each in enumerate(found) if each["chain"] == "input")
    assert "input" in rules.difference(wanted, found[:first] + [found[last]] + found[first:last] + found[last + 1 :])
    changed = dict(found[first], expr=[{"drop": None}])
    assert "input" in rules.difference(wanted, found[:first] + [changed] + found[first + 1 :])
    assert rules.difference(wanted, [])


@pytest.mark.parametrize(
    "action, matched, hit, wrong, effect, words",
    [
        ("partition", 0, 0, "", "inconclusive", "no selected packet has passed"),
        ("partition", 9, 9, "", "confirmed", "9 of 9 packets"),
        ("partition", 9, 9, "order", "mismatch", "order"),
        ("loss", 10, 0, "", "confirmed", "0 of 10"),
        ("loss", 1000, 290, "", "confirmed", "290 of 1000"),
        ("loss", 1000, 200, "", "mismatch", "200 of 1000"),
        ("loss", 1000, 390, "", "mismatch", "390 of 1000"),
        ("loss", 1000, 0, "", "mismatch", "0 of 1000"),
    ],
)
def test_when_it_counts_as_confirmed(action, matched, hit, wrong, effect, words):
    found = judge(action, {"loss_pct": 30.0}, matched, hit, wrong)
    assert found["effect"] == effect and words in found["note"]


def test_a_loss_of_everything_is_all_or_a_mismatch():
    assert judge("loss", {"loss_pct": 100.0}, 500, 500, "")["effect"] == "confirmed"
    assert judge("loss", {"loss_pct": 100.0}, 500, 499, "")["effect"] == "mismatch"


@pytest.mark.parametrize(
    "change, text",
    [
        ({}, "everything in and out"),
        ({"port": ["80"], "port_of": "host", "direction": "in"}, "tcp and udp port 80 of this host in"),
        ({"protocol": "udp", "port": ["53"], "peer": [PEER]}, "udp port 53 with %s/32 in and out" % PEER),
        (
            {"peer": ["10.0.%d.0/24" % (2 * number) for number in range(6)], "direction": "out"},
            "everything with 10.0.0.0/24, 10.0.2.0/24, 10.0.4.0/24 and 3 more out",
        ),
    ],
)
def test_a_scope_in_words(change, text):
    assert scopes.describe(parsed(action="partition", **change)) == text


DELAY = {"action": "delay", "delay": "200ms"}


@pytest.mark.parametrize(
    "change, option",
    [
        ({"action": "delay"}, "delay"),
        ({"action": "loss", "loss": "5%", "delay": "1s"}, "delay"),
        ({"action": "delay", "loss": "5%", "delay": "1s"}, "loss"),
        ({"action": "partition", "jitter": "1ms"}, "jitter"),
        (dict(DELAY, jitter="201ms"), "jitter"),
        ({"delay": "0"}, "delay"),
        ({"delay": "61s"}, "delay"),
    ],
)
def test_bad_options_of_a_delay(change, option):
    with pytest.raises(BadOption) as caught:
        parsed(**change)
    assert caught.value.details["option"] == option


GEMODEL = {"p": "1%", "r": "10%", "loss_bad": "100%", "loss_good": "0%"}


@pytest.mark.parametrize(
    "change, action",
    [
        ({"delay": "1s"}, "delay"),
        ({"loss": "5%"}, "loss"),
        ({"gemodel": GEMODEL}, "loss"),
        ({"duplicate": "5%"}, "duplicate"),
        ({"corrupt": "5%"}, "corrupt"),
        ({"rate": "1mbit"}, "rate"),
        ({"reorder": "5%", "delay": "1s"}, "reorder"),
        ({"loss": "5%", "delay": "1s"}, "degrade"),
        ({"duplicate": "5%", "gemodel": GEMODEL}, "degrade"),
        ({"action": "degrade", "duplicate": "5%"}, "degrade"),
    ],
)
def test_the_figure_tells_the_action(change, action):
    assert parsed(**change)["action"] == action


@pytest.mark.parametrize(
    "change, option",
    [
        ({"reorder": "5%"}, "reorder"),
        ({"action": "reorder", "delay": "5ms"}, "reorder"),
        ({"action": "reorder", "delay": "5ms", "reorder": "5%", "loss": "5%"}, "loss"),
        ({"action": "degrade"}, "action"),
        ({"action": "partition", "rate": "1mbit"}, "rate"),
        ({"action": "delay", "delay": "1s", "gemodel": GEMODEL}, "gemodel"),
        ({"loss": "5%", "gemodel": GEMODEL}, "loss"),
        ({"gemodel": dict(GEMODEL, p="101%")}, "gemodel.p"),
        ({"loss": "5%", "duplicate": "1%", "jitter": "1ms"}, "jitter"),
        (dict(DELAY, distribution="pareto"), "distribution"),
        ({"corrupt": "0"}, "corrupt"),
        ({"duplicate": "often"}, "duplicate"),
        ({"rate": "10"}, "rate"),
        ({"rate": "1kbit"}, "rate"),
        ({"rate": "33gbit"}, "rate"),
    ],
)
def test_bad_options_of_effects(change, option):
    with pytest.raises(BadOption) as caught:
        parsed(**change)
    assert caught.value.details["option"] == option


@pytest.mark.parametrize(
    "change, coming, going",
    [
        ({}, ['iifname != "lo"'], []),
        ({"direction": "out"}, [], ['oifname != "lo"']),
        ({"port": ["80"], "port_of": "host", "protocol": "tcp"}, ["tcp dport { 80 }"], []),
        (
            {"port": ["80"], "protocol": "tcp"},
            ['iifname != "lo" tcp dport { 80 }', 'iifname != "lo" tcp sport { 80 }', 'iifname "lo" tcp dport { 80 }'],
            [],
        ),
    ],
)
def test_a_delay_counts_once_in_a_round_trip(change, coming, going):
    assert matches("input", **dict(DELAY, **change)) == coming
    assert matches("output", **dict(DELAY, **change)) == going


def test_the_end_of_a_delay_loses_no_packet():
    (step,) = planned(peer=[PEER], **DELAY)["steps"]
    assert [each["op"] for each in reversed(step["undo"])] == ["nft.release_packets", "workers.end", "nft.remove_table"]


def test_a_queue_of_xtables_is_read_as_planned():
    (step,) = planned(peer=[PEER], **DELAY)["steps"]
    wanted = queue_worker.numbered(step["args"]["rules"], {"act": 4711})
    assert wanted[0] == ["act", "hit", "counter queue num 4711 bypass"]
    found = [
        {
            "chain": "act",
            "comment": "hit",
            "expr": [{"counter": {"packets": 0}}, {"xt": {"type": "target", "name": "NFQUEUE"}}],
        }
    ]
    assert rules.difference(wanted[:1], found) == ""
    assert rules.difference(wanted[:1], [dict(found[0], expr=[{"drop": None}])])


@pytest.mark.parametrize(
    "held, mean, jitter, effect",
    [
        (0, 0, 0, "inconclusive"),
        (10, 201.5, 0, "confirmed"),
        (10, 215, 0, "mismatch"),
        (10, 150, 0, "mismatch"),
        (100, 215, 20, "confirmed"),
        (100, 230, 20, "mismatch"),
    ],
)
def test_when_a_delay_counts_as_confirmed(held, mean, jitter, effect):
    assert (
        queue_worker.judge({"delay_ms": 200.0, "jitter_ms": float(jitter)}, {"packets_held": held, "delay_ms": mean})[
            "effect"
        ]
        == effect
    )


def test_figures_of_what_was_held():
    held = queue_worker.Held()
    assert held.figures() == (0, 0.0, 0.0)
    for seconds in (0.1, 0.2, 0.3):
        held.add(seconds)
    count, mean, spread = held.figures()
    assert count == 3 and abs(mean - 200) < 1e-6 and abs(spread - 81.6497) < 1e-3
