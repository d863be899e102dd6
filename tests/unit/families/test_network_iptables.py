# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network by iptables: when it is chosen, which rules stand in which order, what is read back, and what the undo
leaves alone.
"""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _cmd
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import HostError, MissingTool, NotHere
from ansible_collections.magsasa.chaos.plugins.module_utils._families.network import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._network import xtables
from ansible_collections.magsasa.chaos.plugins.module_utils._host.packets import iptables

DEFAULTS = {key: spec.get("default") for key, spec in FAMILY.options.items()}
SEEN = {"programs": {"4": "/sbin/iptables", "6": "/sbin/ip6tables"}, "ipv6": True, "obstacles": {}, "fresh": []}
FACTS = {
    "nft": False, "uid": 0, "obstacle": "", "control": [["192.0.2.1", 22], ["2001:db8::1", 2222]], "ways_in": [22],
    "interfaces": ["eth0", "eth1", "lo"], "iptables": SEEN,
}  # fmt: skip
PEER, PEER6 = "198.51.100.5", "2001:db8:5::7"
ID = "3f9c1b0a77d2"


def parsed(**change):
    return FAMILY.parse(dict(DEFAULTS, **change))


def planned(seen=None, **change):
    return FAMILY.plan(dict(parsed(**change), force=True), dict(FACTS, iptables=dict(SEEN, **(seen or {}))))


def rules(version, seen=None, **change):
    (step,) = planned(seen, **change)["steps"]
    return step["args"]["rules"][str(version)]


def matches(chain, version=4, **change):
    found = [words for where, label, words in rules(version, **change) if where == chain and label.startswith("match")]
    assert all(words.endswith("-g act") for words in found)
    return [words[: -len("-g act")].strip() for words in found]


@pytest.mark.parametrize("change", [{"action": "partition"}, {"action": "reject"}, {"action": "reset"}, {"loss": "5%"}])
def test_it_stands_in_where_nft_is_not(change):
    found = planned(**change)
    assert found["backend"] == "iptables" and any(
        note.startswith("nftables is not used: nft is not installed") for note in found["notes"]
    )
    with pytest.raises(MissingTool, match="nft is not installed"):
        planned({"programs": {}}, **change)
    with pytest.raises(MissingTool, match="nft is not installed"):
        planned({"programs": {"6": "/sbin/ip6tables"}}, peer=[PEER], **change)


@pytest.mark.parametrize(
    "change, seen, versions",
    [
        ({}, {}, {"4", "6"}),
        ({}, {"ipv6": False, "programs": {"4": "/sbin/iptables"}}, {"4"}),
        ({"peer": [PEER]}, {"programs": {"4": "/sbin/iptables"}}, {"4"}),
        ({"peer": [PEER6]}, {"programs": {"6": "/sbin/ip6tables"}}, {"6"}),
    ],
)
def test_ip_versions(change, seen, versions):
    found = planned(seen, action="partition", **change)
    assert set(found["steps"][0]["args"]["rules"]) == versions
    assert {str(entry["args"]["version"]) for entry in found["steps"][0]["undo"]} == versions


@pytest.mark.parametrize(
    "change, seen, words",
    [
        ({}, {"programs": {"4": "/sbin/iptables"}}, "ip6tables is not installed"),
        ({"peer": [PEER]}, {"obstacles": {"4": "you must be root"}}, "with iptables \\(you must be root\\)"),
        (
            {
                "peer": ["198.51.%d.%d" % (n, 2 * m) for n in range(2) for m in range(120)],
                "port": ["%d" % (3 * n + 1) for n in range(32)],
            },
            {},
            "more than 1024",
        ),
    ],
)
def test_why_it_cannot(change, seen, words):
    with pytest.raises(NotHere, match=words):
        planned(seen, action="partition", **change)


def test_a_table_that_will_be_new_is_said():
    assert any(
        "the table filter of iptables and ip6tables" in note
        for note in planned({"fresh": ["4", "6"]}, action="partition")["notes"]
    )


@pytest.mark.parametrize(
    "change, coming, going",
    [
        ({}, ["! -i lo"], ["! -o lo"]),
        ({"peer": [PEER]}, ["-s %s/32" % PEER, "-i lo -d %s/32" % PEER], ["! -o lo -d %s/32" % PEER]),
        (
            {"port": ["80", "90-91"], "port_of": "host", "protocol": "tcp"},
            ["-p tcp -m multiport --dports 80,90:91", "-i lo -p tcp -m multiport --sports 80,90:91"],
            ["! -o lo -p tcp -m multiport --sports 80,90:91"],
        ),
        (
            {"port": ["80"], "direction": "in"},
            ["-p %s -m multiport --%s 80" % (kind, end) for kind in ("tcp", "udp") for end in ("dports", "sports")],
            [],
        ),
        (
            {"protocol": "icmp", "direction": "out", "interface": ["eth0", "eth1"]},
            [],
            ["-o eth0 -p icmp", "-o eth1 -p icmp"],
        ),
        ({"protocol": "udp", "interface": ["lo"]}, ["-i lo -p udp"], []),
    ],
)
def test_which_packets_are_meant(change, coming, going):
    assert matches("in", action="partition", **change) == coming
    assert matches("out", action="partition", **change) == going


def test_no_more_ports_than_a_match_takes():
    ports = ["%d" % (3 * number + 1) for number in range(14)] + ["100-200", "300"]
    first, second = matches("in", action="partition", port=ports, port_of="host", protocol="tcp", direction="in")
    assert first.rpartition(" ")[2].count(",") == 13 and second == "-p tcp -m multiport --dports 100:200,300"


@pytest.mark.parametrize("action", ["partition", "reject", "reset", "loss"])
@pytest.mark.parametrize("change", [{}, {"peer": [PEER, PEER6]}, {"port": ["22"]}])
def test_the_control_connections_are_exempt_before_anything_else(action, change):
    change = dict(change, action=action, loss="50%" if action == "loss" else None)
    for version, peer, port in ((4, "192.0.2.1", 22), (6, "2001:db8::1", 2222)):
        for chain, side, end in (("in", "-s", "--dport"), ("out", "-d", "--sport")):
            found = [words for where, _label, words in rules(version, **change) if where == chain]
            wanted = ["%s %s -p tcp %s %d -j RETURN" % (side, peer, end, port)]
            wanted += [
                "-p tcp %s %d -j RETURN" % (end, each) for each in (22, 2222) if change.get("port") != [str(each)]
            ]
            assert found[: len(wanted)] == wanted
            neighbours = [words for words in found if "icmpv6-type 13" in words]
            assert len(neighbours) == (4 if version == 6 and "port" not in change and action != "reset" else 0)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize(
    "change", [{"action": "partition"}, {"action": "reject"}, {"action": "reset"}, {"loss": "30%"}]
)
def test_nothing_is_accepted_in_the_name_of_the_host(version, change):
    lines = iptables.text(ID, rules(version, **change)).splitlines()
    assert (
        lines[0] == "*filter" and lines[-1] == "COMMIT" and not any("ACCEPT" in line or "-F" in line for line in lines)
    )
    ours = [line for line in lines if line.startswith("-A ")]
    assert ours and all(line.startswith("-A magsasa_%s_" % ID) for line in ours)
    assert [line for line in lines if line.startswith("-I ")] == [
        "-I %s 1 -j magsasa_%s_%s" % (hook, ID, way) for hook, way in (("INPUT", "in"), ("OUTPUT", "out"))
    ]


def as_read(wanted):
    found = {}
    for chain, _label, words in wanted:
        parts = words.split()
        found.setdefault(chain, []).append((parts[-3] if "--reject-with" in parts else parts[-1], 7))
    return found


def test_rules_that_are_not_as_planned_are_seen():
    wanted = rules(4, action="reject", peer=[PEER])
    found = as_read(wanted)
    assert xtables.difference(wanted, found) == ""
    assert xtables.packets(wanted, found, "match") == 7 * 3 and xtables.packets(wanted, found, "hit") == 7 * 2
    assert "chain in" in xtables.difference(wanted, dict(found, **{"in": found["in"][1:]}))
    assert "chain act" in xtables.difference(wanted, dict(found, act=found["act"][::-1]))
    assert "chain in" in xtables.difference(wanted, {key: rows for key, rows in found.items() if key == "act"})


SAVED = """# Generated by iptables-save
*nat
:PREROUTING ACCEPT [5:300]
:OUTPUT ACCEPT [0:0]
COMMIT
*filter
:INPUT ACCEPT [12:800]
:theirs - [0:0]
:magsasa_3f9c1b0a77d2_in - [0:0]
-A INPUT -j magsasa_3f9c1b0a77d2_in
-A INPUT -s 198.51.100.7/32 -j theirs
-A magsasa_3f9c1b0a77d2_in -j RETURN
COMMIT
"""


@pytest.fixture
def host(monkeypatch):
    """A host whose programs are asked in ``calls``."""
    calls = []

    def run(argv, **more):
        calls.append((argv, more.get("stdin")))
        said = (
            SAVED
            if argv[0].endswith("-save")
            else "-P INPUT ACCEPT\n-N theirs\n-N magsasa_3f9c1b0a77d2_in\n-A INPUT -j theirs\n"
        )
        return _cmd.Result(argv, 1 if "-C" in argv and len(calls) > 3 else 0, said, "")

    monkeypatch.setattr(_cmd, "run", run)
    monkeypatch.setattr(_cmd, "which", lambda program: "/sbin/" + program)
    return calls


def test_the_state_is_that_of_others_without_counters(host):
    assert iptables.of_others(4) == {
        "iptables filter": [":INPUT ACCEPT", ":theirs -", "-A INPUT -s 198.51.100.7/32 -j theirs"]
    }


def test_the_undo_takes_away_what_is_ours_and_nothing_else(host):
    iptables.remove(ID, 4)
    done = [argv[3:] for argv, _stdin in host]
    name = "magsasa_%s_in" % ID
    assert done == [
        ["-S"],
        ["-C", "INPUT", "-j", name],
        ["-D", "INPUT", "-j", name],
        ["-C", "INPUT", "-j", name],
        ["-F", name],
        ["-X", name],
    ]
    assert iptables.left(ID, 4) == ["chain %s of iptables still exists" % name]
    with pytest.raises(HostError, match="is not the id of a fault"):
        iptables.remove("INPUT", 4)
