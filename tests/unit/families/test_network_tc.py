# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network by traffic control: which backend is chosen, what packets look like, which tree stands on which
interface, what is read back.
"""

from __future__ import annotations

import ipaddress
import re

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, HostError, MissingTool, NotHere
from ansible_collections.magsasa.chaos.plugins.module_utils._families.network import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._network import (
    interfaces,
    traffic_control,
    tree,
    u32_filters,
)
from ansible_collections.magsasa.chaos.plugins.module_utils._host.packets import tc

DEFAULTS = {key: spec.get("default") for key, spec in FAMILY.options.items()}
CONTROL = [["192.0.2.1", 22], ["2001:db8::1", 2222]]
PEER, PEER6 = "198.51.100.5", "2001:db8:5::7"
ETH = {"dev": "eth0", "loopback": False, "qlen": 1000, "root": "", "ingress": ""}
LO = {"dev": "lo", "loopback": True, "qlen": 1000, "root": "", "ingress": ""}
SEEN = {
    "there": True,
    "lacks": {"netem": "", "prio": "", "htb": ""},
    "tables": {"normal": True, "pareto": True},
    "devices": [ETH],
}
FACTS = {
    "nft": True,
    "uid": 0,
    "obstacle": "",
    "control": CONTROL,
    "ways_in": [22],
    "interfaces": ["eth0", "eth1", "lo"],
    "tc": SEEN,
}
GEMODEL = {"p": "1%", "r": "10%", "loss_bad": "90%", "loss_good": "2%"}
ID = "3f9c1b0a77d2"


def parsed(**change):
    return FAMILY.parse(dict(DEFAULTS, **change))


def planned(seen=None, control=None, **change):
    facts = dict(FACTS, tc=dict(SEEN, **(seen or {})), control=CONTROL if control is None else control)
    return FAMILY.plan(dict(parsed(**change), force=True), facts)


def forest(seen=None, **change):
    return [step["args"]["tree"] for step in planned(seen, **change)["steps"]]


def seen_by_kernel(filters, packet, version):
    """The band that the first fitting filter sends a packet (bytes of the header) to; None when none fits."""
    words = {offset: int.from_bytes(packet[offset : offset + 4], "big") for offset in range(0, len(packet), 4)}
    ordered = sorted(filters, key=lambda each: tree.pref(each[0], each[1]))
    for protocol, target, keys in ordered:
        if protocol == u32_filters.NAMES[version] and all(
            words.get(offset, 0) & mask == value for value, mask, offset in keys
        ):
            return target
    return None


def packet(source, target, protocol=6, sport=40000, dport=80, fragment=0, kind=None):
    """The first bytes of an IP packet, as RFC 791 and RFC 8200 draw them."""
    source, target = ipaddress.ip_address(source), ipaddress.ip_address(target)
    ports = sport.to_bytes(2, "big") + dport.to_bytes(2, "big") if kind is None else bytes([kind, 0, 0, 0])
    if source.version == 4:
        return (
            bytes([0x45, 0, 0, 60, 0x12, 0x34, fragment >> 8, fragment & 255, 64, protocol, 0, 0])
            + source.packed
            + target.packed
            + ports
        )
    return bytes([0x60, 0, 0, 0, 0, 40, protocol, 64]) + source.packed + target.packed + ports


@pytest.mark.parametrize(
    "change, seen, backend, passed",
    [
        ({"delay": "1s"}, {}, "tc netem", {}),
        ({"loss": "5%"}, {}, "tc netem", {}),
        ({"rate": "1mbit"}, {}, "tc htb", {}),
        (
            {"rate": "1mbit"},
            {"lacks": {"htb": "no sch_htb", "netem": "", "prio": ""}},
            "tc netem",
            {"tc htb": "no sch_htb"},
        ),
        ({"rate": "1mbit", "delay": "1s"}, {}, "tc netem", {}),
        (
            {"delay": "1s"},
            {"lacks": {"netem": "no sch_netem", "prio": "no"}},
            "NFQUEUE and a worker",
            {"tc netem": "no sch_netem"},
        ),
        ({"delay": "1s"}, {"there": False}, "NFQUEUE and a worker", {"tc netem": "tc is not installed"}),
        ({"loss": "5%"}, {"lacks": {"netem": "no sch_netem", "prio": "no"}}, "nftables", {"tc netem": "no sch_netem"}),
        (
            {"loss": "5%"},
            {"devices": [dict(ETH, root="qdisc tbf 1: root")]},
            "nftables",
            {"tc netem": "qdisc tbf 1: root"},
        ),
        ({"loss": "5%", "direction": "in"}, {"devices": [dict(ETH, root="qdisc tbf 1: root")]}, "tc netem", {}),
        (
            {"loss": "5%", "direction": "in"},
            {"devices": [dict(ETH, ingress="qdisc clsact ffff:")]},
            "nftables",
            {"tc netem": "qdisc clsact ffff:"},
        ),
        ({"action": "partition"}, {}, "nftables", {}),
        ({"action": "reject"}, {}, "nftables", {}),
    ],
)
def test_the_first_backend_that_can_do_it_is_chosen(change, seen, backend, passed):
    """``passed``: {each backend that was passed over: what its note must say}."""
    found = planned(seen, **change)
    assert found["backend"] == backend
    notes = [note.partition(" is not used: ") for note in found["notes"] if " is not used: " in note]
    assert [name for name, _colon, _why in notes] == list(passed)
    assert all(passed[name] in why for name, _colon, why in notes), notes


@pytest.mark.parametrize("change", [{"reorder": "5%", "delay": "1s"}, {"delay": "1s", "rate": "1mbit"}])
@pytest.mark.parametrize(
    "seen, kind, words",
    [
        ({"there": False}, MissingTool, "^tc is not installed.*iproute"),
        ({"there": False, "missing": "ip"}, MissingTool, "^ip is not installed.*iproute"),
        ({"denied": True}, NotHere, "traffic control cannot be changed; needs CAP_NET_ADMIN"),
        (
            {"lacks": {"htb": "no", "netem": "the kernel has no sch_netem", "prio": "no"}},
            NotHere,
            "no sch_netem; .*kernel-modules-extra",
        ),
        ({"devices": []}, NotHere, "no interface of this host leads to the peers"),
        (
            {"devices": [dict(ETH, dev="eth%d" % number) for number in range(17)]},
            NotHere,
            "17 interfaces lead to the peers",
        ),
        (
            {"devices": [dict(ETH, root="qdisc tbf 1: root rate 1Mbit")]},
            NotHere,
            "eth0 has a queueing discipline .*qdisc tbf 1: root rate 1Mbit",
        ),
    ],
)
def test_what_only_netem_does_is_refused_with_the_reason(change, seen, kind, words):
    found = traffic_control.Shaping("prio", "tc netem").obstacle(parsed(**change), dict(FACTS, tc=dict(SEEN, **seen)))
    assert isinstance(found, kind) and re.search(words, str(found)), found


def test_a_distribution_without_its_table():
    backend = traffic_control.Shaping("prio", "tc netem")
    options = parsed(delay="1s", jitter="1ms", distribution="paretonormal")
    assert "paretonormal" in str(backend.obstacle(options, FACTS))
    assert backend.obstacle(parsed(delay="1s", jitter="1ms", distribution="uniform"), FACTS) is None


@pytest.mark.parametrize("name", ["", "a" * 16, "eth0; rm", "a/b", "..", "eth0@if2", "eth 0"])
def test_what_is_no_interface(name):
    with pytest.raises(BadOption) as caught:
        parsed(delay="1s", interface=[name])
    assert caught.value.details["option"] == "interface"


def test_so_many_peers_and_ports_that_another_backend_is_better():
    many = {
        "peer": ["10.0.%d.1" % (2 * number) for number in range(128)],
        "port": ["3-40000"] + [str(port) for port in range(50001, 50099, 2)],
    }
    found = planned(delay="1s", **many)
    assert found["backend"].startswith("NFQUEUE") and any("traffic control filters" in note for note in found["notes"])


@pytest.mark.parametrize(
    "low, high", [(0, 65535), (80, 80), (1, 65534), (8000, 8010), (1023, 1025), (65535, 65535), (3, 40000)]
)
def test_a_range_of_ports_is_exactly_its_blocks(low, high):
    found = list(u32_filters.blocks(low, high))
    assert {port for port in range(65536) if any(port & mask == value for value, mask in found)} == set(
        range(low, high + 1)
    )


ME, ME6 = "203.0.113.9", "2001:db8:9::9"


@pytest.mark.parametrize(
    "change, hits, misses",
    [
        ({}, [packet(ME, PEER), packet(ME6, PEER6, 17)], []),
        (
            {"peer": [PEER], "port": ["80"], "port_of": "peer", "protocol": "tcp"},
            [packet(ME, PEER)],
            [
                packet(ME, PEER, 17),
                packet(ME, PEER, dport=81),
                packet(ME, PEER, sport=80, dport=9),
                packet(ME, "198.51.100.6"),
                packet(PEER, ME),
                packet(ME6, PEER6),
            ],
        ),
        (
            {"port": ["80"], "port_of": "host"},
            [packet(ME, PEER, 17, 80, 9), packet(ME6, PEER6, 6, 80, 9)],
            [packet(ME, PEER, 1, 80, 9), packet(ME, PEER)],
        ),
        (
            {"port": ["80"]},
            [packet(ME, PEER), packet(ME, PEER, 6, 80, 9)],
            [packet(ME, PEER, fragment=0x2001), packet(ME, PEER, 6, 81, 79)],
        ),
        ({"peer": ["2001:db8:4::/47"]}, [packet(ME6, PEER6)], [packet(ME6, "2001:db8:6::1"), packet(ME, PEER)]),
        (
            {"protocol": "icmp"},
            [packet(ME, PEER, 1), packet(ME6, PEER6, 58, kind=128)],
            [packet(ME, PEER, 58), packet(ME6, PEER6, 58, kind=135)],
        ),
        # How the host is managed, and how neighbours find each other, passes whatever is meant.
        (
            {},
            [packet(ME, "192.0.2.1", 6, 23, 50000)],
            [
                packet(ME, "192.0.2.1", 6, 22, 50000),
                packet(ME6, "2001:db8::1", 6, 2222, 1),
                packet(ME6, PEER6, 58, kind=136),
            ],
        ),
        # The way in is open for everybody, unless the fault is about that very port.
        (
            {"peer": ["192.0.2.0/24"]},
            [packet(ME, "192.0.2.2", 6, 23, 50000)],
            [packet(ME, "192.0.2.1", 6, 22, 50000), packet(ME, "192.0.2.2", 6, 22, 50000)],
        ),
        ({"port": ["22"]}, [packet(ME, PEER, 6, 22, 50000)], [packet(ME, "192.0.2.1", 6, 22, 50000)]),
    ],
)
def test_which_packets_that_leave_are_meant(change, hits, misses):
    (found,) = forest(direction="out", delay="1s", **change)
    for number, each in enumerate(hits + misses):
        version = each[0] >> 4
        assert (seen_by_kernel(found["filters"], each, version) == 1) == (number < len(hits)), each.hex()


def test_what_comes_in_is_the_other_end():
    (found,) = forest(direction="in", loss="5%", peer=[PEER], port=["80"], port_of="host", protocol="tcp")
    assert (found["way"], found["ifb"]) == ("in", 0)
    assert seen_by_kernel(found["filters"], packet(PEER, ME), 4) == 1
    assert seen_by_kernel(found["filters"], packet(ME, PEER, 6, 80, 9), 4) is None
    assert seen_by_kernel(found["filters"], packet("192.0.2.1", ME, 6, 50000, 22), 4) == u32_filters.PASS


@pytest.mark.parametrize("control", [[["", 22]], [[None, 22]]])
def test_a_port_of_ours_may_be_exempt_for_everybody(control):
    (found,) = [step["args"]["tree"] for step in planned(None, control, direction="out", delay="1s")["steps"]]
    assert (
        seen_by_kernel(found["filters"], packet(ME, PEER, 6, 22, 9), 4)
        == seen_by_kernel(found["filters"], packet(ME6, PEER6, 6, 22, 9), 6)
        == 0
    )
    assert seen_by_kernel(found["filters"], packet(ME, PEER, 17, 22, 9), 4) == 1


@pytest.mark.parametrize(
    "change, ways",
    [
        ({"delay": "1s"}, {"out": {"delay_ms"}}),
        ({"delay": "1s", "direction": "in"}, {"in": {"delay_ms"}}),
        ({"loss": "5%"}, {"out": {"loss_pct"}, "in": {"loss_pct"}}),
        (
            {"delay": "1s", "loss": "5%", "rate": "1mbit"},
            {"out": {"delay_ms", "loss_pct", "rate_bps"}, "in": {"loss_pct", "rate_bps"}},
        ),
        (
            {"delay": "1s", "reorder": "5%", "corrupt": "1%", "direction": "out"},
            {"out": {"delay_ms", "reorder_pct", "corrupt_pct"}},
        ),
    ],
)
def test_a_delay_counts_once_and_the_rest_in_each_direction(change, ways):
    figures = {"delay_ms", "loss_pct", "rate_bps", "reorder_pct", "corrupt_pct"}
    assert {each["way"]: set(each["leaves"][0]) & figures for each in forest(**change)} == ways


@pytest.mark.parametrize(
    "change, leaves, bands",
    [
        ({"delay": "1s", "port": ["80"]}, 1, {"request": None, "answer": 1}),
        ({"delay": "1s", "port": ["80"], "direction": "in"}, 1, {"request": 1, "answer": None}),
        ({"loss": "5%", "port": ["80"], "port_of": "host"}, 1, {"request": 1, "answer": 1}),
        ({"loss": "5%", "delay": "1s", "port": ["80"]}, 2, {"request": 2, "answer": 1}),
        ({"loss": "5%", "delay": "1s", "duplicate": "1%", "port": ["80"]}, 1, {"request": None, "answer": 1}),
    ],
)
def test_what_the_host_says_to_itself(change, leaves, bands):
    (found,) = forest({"devices": [LO]}, **change)
    assert (found["way"], len(found["leaves"])) == ("out", leaves)
    said = {"request": packet("127.0.0.1", "127.0.0.1"), "answer": packet("127.0.0.1", "127.0.0.1", 6, 80, 40000)}
    assert {name: seen_by_kernel(found["filters"], each, 4) for name, each in said.items()} == bands


@pytest.mark.parametrize(
    "change, words",
    [
        ({"delay": "200ms"}, "limit 65536 delay 200000us"),
        ({"delay": "200ms", "jitter": "20ms"}, "limit 65536 delay 200000us 20000us distribution normal"),
        ({"delay": "200ms", "jitter": "20ms", "distribution": "uniform"}, "limit 65536 delay 200000us 20000us"),
        (
            {"loss": "0.5%", "duplicate": "2%", "corrupt": "0.001%"},
            "limit 65536 loss random 0.5% duplicate 2% corrupt 0.001%",
        ),
        ({"delay": "10ms", "reorder": "25%"}, "limit 65536 delay 10000us reorder 25%"),
        ({"gemodel": GEMODEL}, "limit 65536 loss gemodel 1% 10% 90% 2%"),
        ({"delay": "100ms", "rate": "30mbit"}, "limit 1000 delay 100000us rate 30000000bit"),
        ({"delay": "1ms", "rate": "8kbit"}, "limit 100 delay 1000us rate 8000bit"),
    ],
)
def test_words_of_netem(change, words):
    assert tree.netem(forest(direction="out", **change)[0]["leaves"][0]) == words


def test_commands_and_their_undo():
    out, coming = planned(loss="5%", peer=[PEER], protocol="udp")["steps"]
    assert [each["op"] for each in out["undo"]] == ["tc.remove_root"]
    assert [each["op"] for each in reversed(coming["undo"])] == ["tc.remove_ingress", "tc.remove_ifb"]
    assert coming["undo"][0]["args"] == {"name": "ch$ID0"}
    lines = tree.commands(out["args"]["tree"], "3abc", None)
    assert lines[0] == "qdisc add dev eth0 root handle 3abc: prio bands 2 priomap " + " ".join("0" * 16)
    assert lines[1] == "qdisc add dev eth0 parent 3abc:2 netem limit 65536 loss random 5%"
    assert [line.split()[-1] for line in lines[2:]] == ["3abc:1"] * 6 + [
        "3abc:2"
    ]  # two connections, two ports for everybody
    lines = tree.commands(coming["args"]["tree"], "3abc", "ch%s0" % ID)
    assert lines[0].startswith("qdisc add dev ch%s0 root handle 3abc: prio" % ID) and lines[0].endswith(
        " ".join("1" * 16)
    )
    assert lines[2] == "qdisc add dev eth0 ingress"
    assert [line.split()[-1] for line in lines[3:]] == ["ffff:3abc"] * 6 + ["ch%s0" % ID]
    assert not any(" del " in line or "replace" in line or "flush" in line for line in lines)


def test_a_rate_alone_needs_no_netem():
    (found,) = forest(rate="8mbit", direction="out", peer=[PEER])
    lines = tree.commands(found, "3abc", None)
    assert lines[0] == "qdisc add dev eth0 root handle 3abc: htb default 0"
    assert "rate 8000000bit ceil 8000000bit burst 10000b" in lines[1] and lines[2].endswith("bfifo limit 300000b")


@pytest.mark.parametrize("fault", ["0" * 12, "f" * 12, ID])
def test_handles_and_names_of_ours(fault):
    assert 0x1000 <= int(tc.major(fault), 16) < 0x8000  # tc gives out those from 8000 by itself
    assert len(tc.ifb_name(fault, 15)) == 15 and tc.IFB.fullmatch(tc.ifb_name(fault, 15))


@pytest.mark.parametrize("name", ["eth0", "ifb0", "ch3f9c1b0a77d", "ch3f9c1b0a77d2;x", "../x"])
def test_no_device_but_ours(name):
    with pytest.raises(HostError, match="does not belong to this collection"):
        tc.is_ifb(name)


SHOWN = """filter parent 3abc: protocol ip pref 1 u32 chain 0
filter parent 3abc: protocol ip pref 1 u32 chain 0 fh 800: ht divisor 1
filter parent 3abc: protocol ip pref 1 u32 chain 0 fh 800::800 order 2048 key ht 800 bkt 0 *flowid 3abc:1 not_in_hw (rule hit 5 success 0)
  match 05000000/0f000000 at 0 (success 5 )
  match c0000201/ffffffff at 16
filter parent ffff: protocol ipv6 pref 4 u32 chain 0 fh 802::801 order 2049 key ht 802 bkt 0 terminal flowid not_in_hw
  match 00003a00/0000ff00 at 4
\taction order 1: mirred (Egress Redirect to device ch3f9c1b0a77d20) stolen
 \tindex 1 ref 1 bind 1
filter protocol all pref 49152 bpf chain 0
filter protocol all pref 49152 bpf chain 0 handle 0x1 prog.o direct-action
"""


def test_filters_as_tc_shows_them():
    first, second, *others = tc._read(SHOWN)
    assert (first["protocol"], first["pref"], first["fh"], first["flow"], first["device"]) == (
        "ip",
        1,
        "800::800",
        "3abc:1",
        None,
    )
    assert first["keys"] == [[0x05000000, 0x0F000000, 0], [0xC0000201, 0xFFFFFFFF, 16]]
    assert (second["flow"], second["device"], second["keys"]) == (None, "ch3f9c1b0a77d20", [[0x3A00, 0xFF00, 4]])
    assert {each["kind"] for each in others} == {"bpf"}


def standing(found, major="3abc", ifb=None):
    """A tree as tc gives it back."""
    rows = [{"kind": found["kind"], "handle": major + ":", "root": True}]
    for number, leaf in enumerate(found["leaves"]):
        options = {
            "delay": {"delay": leaf.get("delay_ms", 0) / 1000.0, "jitter": 0.0},
            "loss-random": {"loss": leaf.get("loss_pct", 0) / 100.0},
        }
        rows.append({"kind": leaf["kind"], "parent": "%s:%d" % (major, number + 2), "options": options})
    filters = [
        {
            "protocol": protocol,
            "pref": tree.pref(protocol, target),
            "flow": "%s:%x" % (major, target + 1),
            "device": None,
            "keys": keys,
        }
        for protocol, target, keys in found["filters"]
    ]
    return rows, sorted(filters, key=lambda each: each["pref"])


def test_a_tree_that_is_not_as_planned_is_seen():
    (found,) = forest(delay="50ms", loss="5%", direction="out", peer=[PEER])
    rows, filters = standing(found)
    assert tree.difference(found, "3abc", None, rows, filters) == ""
    assert "root" in tree.difference(found, "3abc", None, [], [])
    assert "root" in tree.difference(found, "3abc", None, [dict(rows[0], handle="1:")] + rows[1:], filters)
    assert "queue" in tree.difference(found, "3abc", None, rows[:1], filters)
    changed = dict(rows[1], options=dict(rows[1]["options"], delay={"delay": 0.06, "jitter": 0}))
    assert "delay_ms is 60 instead of 50" in tree.difference(found, "3abc", None, [rows[0], changed], filters)
    assert "filters" in tree.difference(found, "3abc", None, rows, filters[1:])
    assert "filters" in tree.difference(found, "3abc", None, rows, [dict(filters[0], flow="3abc:2")] + filters[1:])
    assert "filters" in tree.difference(found, "3abc", None, rows, [dict(filters[0], pref=9)] + filters[1:])


def row(**change):
    return dict({"packets": 700, "drops": 300, "qlen": 0, "bytes": 0}, **change)


@pytest.mark.parametrize(
    "requested, rows, effect, words",
    [
        ({"delay_ms": 5}, [row(packets=0, drops=0)], "inconclusive", "no selected packet"),
        ({"loss_pct": 30}, [row()], "confirmed", "1000 packets, 300 of them dropped"),
        ({"loss_pct": 30}, [row(packets=1700)], "mismatch", "300 of them dropped"),
        ({"loss_pct": 30}, [row(packets=60, drops=0)], "confirmed", "60 packets"),
        ({"loss_pct": 30, "duplicate_pct": 50}, [row(packets=1200, drops=150)], "confirmed", "150 of them"),
        ({"loss_pct": 30, "rate_bps": 1e6}, [row(packets=100, drops=900)], "confirmed", "900 of them"),
    ],
)
def test_when_it_counts_as_confirmed(requested, rows, effect, words):
    shown = traffic_control.counted([({}, 0, each) for each in rows])
    found = traffic_control.judge(requested, shown)
    assert found["effect"] == effect and words in found["note"]


def test_the_rate_of_a_queue_that_is_never_empty():
    memory, found = {}, {"dev": "eth0", "way": "out"}
    assert traffic_control.fastest(memory, [(found, 0, row(qlen=3))], 10.0) is None
    assert traffic_control.fastest(memory, [(found, 0, row(qlen=0, bytes=9 * 10**6))], 11.0) is None
    assert traffic_control.fastest(memory, [(found, 0, row(qlen=3, bytes=9 * 10**6))], 12.0) is None
    assert traffic_control.fastest(memory, [(found, 0, row(qlen=3, bytes=9 * 10**6 + 125000))], 13.0) == 10**6
    shown = {"packets_passed": 9, "packets_dropped": 0, "packets_waiting": 3, "rate_bps": 1000000}
    assert traffic_control.judge({"rate_bps": 1e6}, shown)["effect"] == "confirmed"
    assert traffic_control.judge({"rate_bps": 5e5}, shown)["effect"] == "mismatch"


@pytest.mark.parametrize(
    "change, names",
    [
        ({}, ["eth0", "eth1"]),
        ({"port": ["80"]}, ["eth0", "eth1", "lo"]),
        ({"peer": [PEER]}, ["eth1"]),
        ({"peer": ["127.0.0.1"]}, ["lo"]),
        ({"peer": ["198.51.100.0/24"]}, ["eth0", "eth1"]),
        ({"peer": ["0.0.0.0/0"]}, ["eth0", "eth1", "lo"]),
        ({"interface": ["eth2", "eth9"]}, ["eth2"]),
    ],
)
def test_interfaces_that_lead_to_the_peers(change, names, monkeypatch):
    there = [
        {"ifname": name, "flags": flags, "txqlen": 1000, "addr_info": [{"local": local}] if local else []}
        for name, flags, local in (
            ("lo", ["LOOPBACK", "UP"], "127.0.0.1"),
            ("eth0", ["UP"], "192.0.2.9"),
            ("eth1", ["UP"], "203.0.113.9"),
            ("eth2", ["UP"], None),
            ("eth3", [], "192.0.2.99"),
            ("ch3f9c1b0a77d20", ["UP"], "192.0.2.98"),
        )
    ]
    monkeypatch.setattr(tc, "addresses", lambda: there)
    monkeypatch.setattr(
        tc, "qdiscs", lambda dev=None, counters=False: [{"kind": "noqueue", "handle": "0:", "root": True, "dev": dev}]
    )
    monkeypatch.setattr(tc, "way_to", {PEER: "eth1", "127.0.0.1": "lo"}.get)
    found = interfaces.inspect(parsed(delay="1s", **change))
    assert [each["dev"] for each in found] == names and not any(each["root"] or each["ingress"] for each in found)


MQ = [{"kind": "mq", "handle": "0:", "root": True}]


@pytest.mark.parametrize(
    "rows, now, said",
    [
        ([{"kind": "fq_codel", "handle": "0:", "root": True}], "fq_codel", ""),
        ([{"kind": "fq_codel", "handle": "0:", "root": True}], "fq", "fq_codel 0: root; net.core.default_qdisc is fq"),
        ([{"kind": "fq_codel", "handle": "0:", "root": True}], "", ""),  # a namespace, which is not told
        ([{"kind": "noqueue", "handle": "0:", "root": True}, {"kind": "clsact", "parent": "ffff:fff1"}], "fq", ""),
        (MQ + [{"kind": "fq", "handle": "0:", "parent": ":%x" % number} for number in (1, 2)], "fq", ""),
        (MQ + [{"kind": "pfifo_fast", "handle": "0:", "parent": ":2"}], "fq", "pfifo_fast 0: root; net.core"),
        (MQ + [{"kind": "pfifo_fast", "handle": "0:", "parent": ":3"}], "fq", ""),  # of two that are used
        ([{"kind": "tbf", "handle": "5:", "root": True}], "fq", "tbf 0: root"),
    ],
)
def test_a_queue_that_the_kernel_would_not_make_again_is_not_replaced(monkeypatch, rows, now, said):
    there = [{"ifname": "eth0", "flags": ["UP"], "txqlen": 1000, "addr_info": [{"local": "192.0.2.9"}]}]
    monkeypatch.setattr(tc, "addresses", lambda: there)
    monkeypatch.setattr(tc, "qdiscs", lambda dev=None, counters=False: rows)
    monkeypatch.setattr(tc, "shown", lambda dev, kind: "%s 0: root" % kind)
    monkeypatch.setattr(tc, "default_kind", lambda: now)
    monkeypatch.setattr(tc, "transmit_queues", lambda dev: 2)
    options = parsed(delay="1s", interface=["eth0"])
    devices = interfaces.inspect(options)
    assert devices[0]["root"].startswith(said) and bool(devices[0]["root"]) == bool(said)
    assert bool(interfaces.obstacle(options, devices)) == bool(said)
