# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network faults by netem on a kernel that has it: timed and counted packet by packet between the host and two
peers of its own.
"""

from __future__ import annotations

import base64
import json
import statistics
from pathlib import Path

import pytest

from support import packets
from support.faults import wait_for
from support.vm import inject as inject_any, ledger, module, remains, ssh

HERE, MEANT, OTHER = "10.99.0.1", "10.99.0.2", "10.99.0.3"
PORT, OTHER_PORT = 7431, 7432
SCRIPT = "/run/packets.py"
GONE_WITHIN = 20  # seconds; an emulated processor takes its time
COUNT = 5000  # packets
NIGHTLY = pytest.mark.nightly


@pytest.fixture(scope="module")
def peers(vm):
    """The machine with a namespace on a link of its own, which has two addresses."""
    code = base64.b64encode(Path(packets.__file__).read_bytes()).decode()
    ssh(vm, "echo %s | base64 -d > %s" % (code, SCRIPT))
    ssh(
        vm,
        """
        ip netns add peers; ip link add chaostest type veth peer name far netns peers
        ip addr add %s/24 dev chaostest; ip link set chaostest up; ip -n peers link set lo up
        for each in %s %s; do ip -n peers addr add $each/24 dev far; done; ip -n peers link set far up
    """ % (HERE, MEANT, OTHER),
    )
    yield vm
    ssh(vm, "ip netns del peers; ip link del chaostest 2>/dev/null; rm -f %s" % SCRIPT)


def dump(vm):
    """All of traffic control, of the links and of the packet filter, as text."""
    return ssh(
        vm,
        """
        tc qdisc show; ip link show; nft list ruleset
        for dev in $(ls /sys/class/net); do tc class show dev $dev; tc filter show dev $dev; tc filter show dev $dev ingress 2>/dev/null; done; true
    """,
    )


@pytest.fixture(autouse=True)
def as_it_was(peers):
    """No test leaves a fault to the next, nor anything else in traffic control or among the links."""
    before = dump(peers)
    yield
    left = remains(peers)
    if left:
        module(peers, "fault_halt", {})
    assert not left, left
    assert dump(peers) == before


def inject(vm, **options):
    """Record of a network fault that must go in."""
    fault = inject_any(vm, "network_fault", dict({"name": "net", "duration": "600s"}, **options))
    assert fault["effect"] == "confirmed" or "no selected packet has passed" in fault["note"], fault
    return fault


def end(vm):
    """Final record of the fault."""
    result = module(vm, "network_fault", {"name": "net", "state": "absent"})
    assert result["changed"] and result["fault"]["residue"] == [], result
    return result["fault"]


def to_itself(vm, count=40, port=PORT):
    """Milliseconds of round trips that the host makes to itself."""
    words = ["round-trips", "-", "-", "127.0.0.1", port, count, 20]
    return json.loads(ssh(vm, "python3 %s %s" % (SCRIPT, " ".join(map(str, words))), timeout=180))


def one_way(vm, way, count=COUNT, peer=MEANT, port=PORT, pause_ms=0.2):
    """What came, and when, of numbered datagrams that leave the host (out) or come to it (in)."""
    words = ["one-way", "-", "peers", peer] if way == "out" else ["one-way", "peers", "-", HERE]
    return json.loads(
        ssh(vm, "python3 %s %s" % (SCRIPT, " ".join(map(str, words + [port, count, pause_ms]))), timeout=180)
    )


def lost(found, count=COUNT):
    """Percent of them that never came."""
    return 100 * (1 - found["different"] / count)


def test_late_and_lossy_for_one_peer_and_gone_when_the_supervisor_is_killed(peers):
    before = dump(peers)
    fault = inject(peers, delay="50ms", loss="30%", peer=[MEANT])
    assert (fault["backend"], fault["action"]) == ("tc netem", "degrade")
    ways = {
        "out": one_way(peers, "out", 2000),
        "in": one_way(peers, "in", 2000),
        "other": one_way(peers, "out", 100, OTHER, pause_ms=1),
    }
    print(ways)
    assert (
        abs(lost(ways["out"], 2000) - 30) < 4 and abs(lost(ways["in"], 2000) - 30) < 4 and ways["other"]["came"] == 100
    ), ways
    assert abs(ways["out"]["early_ms"] - 50) < 3, ways  # once in a round trip
    assert ways["in"]["early_ms"] < 3 and ways["other"]["early_ms"] < 3, ways
    ssh(peers, "kill -KILL $(pgrep -x chaos-fault)")
    assert wait_for(lambda: not remains(peers), GONE_WITHIN), remains(peers)
    past = ledger(peers)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "supervisor_died", [])
    assert dump(peers) == before


@NIGHTLY
@pytest.mark.parametrize("wait", [50, 200, 500])
def test_a_delay_is_what_was_asked_for_and_only_the_peer_that_is_meant_is_late(peers, wait):
    before = one_way(peers, "out", 50, pause_ms=10)["early_ms"]
    fault = inject(peers, delay="%dms" % wait, peer=[MEANT])
    assert (fault["backend"], fault["action"]) == ("tc netem", "delay")
    late, other, back = (
        one_way(peers, way, 50, peer, pause_ms=10) for way, peer in (("out", MEANT), ("out", OTHER), ("in", None))
    )
    print(
        "asked %d ms, added %.2f ms; the other peer %.2f ms; the way back %.2f ms"
        % (
            wait,
            late["early_ms"] - before,
            other["early_ms"] - before,
            back["early_ms"] - before,
        )
    )
    assert abs(late["early_ms"] - before - wait) < 3 and late["different"] == 50, late
    assert abs(other["early_ms"] - before) < 3 and abs(back["early_ms"] - before) < 3, (other, back)
    ended = end(peers)
    assert ended["measured"]["packets_passed"] >= 50 and ended["measured"]["packets_dropped"] == 0


@NIGHTLY
@pytest.mark.parametrize(
    "asked, direction", [(30, "both"), (5, "in"), (15, "in"), (5, "out"), (15, "out"), (30, "out")]
)
def test_a_loss_is_what_was_asked_for(peers, asked, direction):
    fault = inject(peers, loss="%d%%" % asked, direction=direction, peer=[MEANT], port=[PORT], protocol="udp")
    assert (fault["backend"], fault["action"]) == ("tc netem", "loss")
    assert ("ifb" in ssh(peers, "ip -d link show")) == (direction != "out")
    for way in ("out", "in"):
        found = one_way(peers, way)
        print("asked %d %% %s, lost %.2f %% %s" % (asked, direction, lost(found), way))
        assert abs(lost(found) - (asked if direction in (way, "both") else 0)) < 1.5, (way, found)
        assert found["came"] == found["different"]
    assert one_way(peers, "out", 200, port=OTHER_PORT)["different"] == 200
    end(peers)


@NIGHTLY
@pytest.mark.parametrize("distribution", ["normal", "uniform", "pareto", "paretonormal"])
def test_a_jitter_is_what_was_asked_for(peers, distribution):
    inject(peers, delay="60ms", jitter="10ms", distribution=distribution, peer=[MEANT])
    found = one_way(peers, "out", 3000, pause_ms=1)
    print("%s: %r" % (distribution, found))
    # A busy machine makes packets later, never earlier: the early half tells the width where it has a formula (its
    # tenth is 1.2816 deviations off).
    tenth = {"normal": 12.816, "uniform": 8.0}.get(distribution)
    assert tenth is None or abs((60 - found["early_ms"]) / tenth - 1) < 0.15, found
    assert abs(found["mean_ms"] - 60) < 6 and 0.5 < found["spread_ms"] / 10 < 1.5, found
    end(peers)


@NIGHTLY
def test_several_effects_in_one_fault(peers):
    fault = inject(peers, delay="50ms", jitter="5ms", loss="10%", duplicate="5%", peer=[MEANT], protocol="udp")
    assert (fault["action"], fault["backend"]) == ("degrade", "tc netem")
    counted = one_way(peers, "out")
    print(counted)
    assert (
        40 < counted["early_ms"] < 50 and counted["mean_ms"] > 49
    ), counted  # how much more depends on how busy this machine is
    assert 3 < lost(counted) < 17 and 1.01 < counted["came"] / counted["different"] < 1.1 and counted["overtaken"] > 10
    end(peers)


@NIGHTLY
def test_duplicates(peers):
    inject(peers, duplicate="20%", direction="in", peer=[MEANT])
    found = one_way(peers, "in")
    assert lost(found) == 0 and abs(100 * (found["came"] / COUNT - 1) - 20) < 2, found
    end(peers)


@NIGHTLY
def test_damage_is_found_by_checksums(peers):
    inject(peers, corrupt="20%", direction="in", peer=[MEANT])
    # The bit may be one of the datagram or of the header of IP.
    command = "nstat -az UdpInCsumErrors IpExtInCsumErrors IpInHdrErrors | awk '/In/ {sum += $2} END {print sum}'"
    before = int(ssh(peers, command))
    found = one_way(peers, "in")
    assert 13 < lost(found) < 22, found  # a bit of the Ethernet header hurts nobody by then
    assert abs(100 * (int(ssh(peers, command)) - before) / COUNT - lost(found)) < 5
    end(peers)


@NIGHTLY
def test_some_overtake_the_others(peers):
    inject(peers, reorder="25%", delay="5ms", direction="out", peer=[MEANT])
    found = one_way(peers, "out")
    print(found)
    assert found["different"] == COUNT and found["overtaken"] > 0.3 * COUNT, found
    end(peers)


@NIGHTLY
def test_loss_in_bursts(peers):
    inject(peers, gemodel={"p": "5%", "r": "20%", "loss_bad": "90%", "loss_good": "0%"}, direction="out", peer=[MEANT])
    found = one_way(peers, "out", 4 * COUNT)
    print(lost(found, 4 * COUNT))
    assert abs(lost(found, 4 * COUNT) - 100 * 0.9 * 5 / 25) < 2.5, found
    end(peers)


@NIGHTLY
def test_what_the_host_says_to_itself_counts_once(peers):
    inject(peers, delay="50ms", port=[PORT])
    found, other = statistics.median(to_itself(peers)), statistics.median(to_itself(peers, port=OTHER_PORT))
    assert 50 < found < 80 and other < 25, (found, other)  # two of these programs wake up in a round trip
    end(peers)


@NIGHTLY
def test_both_directions_of_what_the_host_says_to_itself(peers):
    inject(peers, delay="50ms", loss="20%", port=[PORT], protocol="udp")
    found = to_itself(peers, 400)
    print(len(found), statistics.median(found))
    assert 50 < statistics.median(found) < 80 and abs(len(found) - 256) < 50  # 80 % of 80 %
    end(peers)


@NIGHTLY
def test_all_is_lost_but_for_ansible(peers):
    inject(peers, loss="100%", force=True)
    assert one_way(peers, "out", 50)["came"] == one_way(peers, "in", 50)["came"] == 0
    again = module(peers, "network_fault", {"name": "net", "duration": "600s", "loss": "100%", "force": True})
    assert not again.get("failed") and not again["changed"]
    end(peers)
    assert one_way(peers, "out", 50)["came"] == 50


@NIGHTLY
def test_what_an_administrator_configured_is_not_touched(peers):
    ssh(
        peers,
        "tc qdisc add dev chaostest root handle 1: tbf rate 100mbit burst 32k latency 50ms; tc qdisc add dev chaostest"
        " clsact",
    )
    try:
        before = dump(peers)
        refused = module(peers, "network_fault", {"name": "net", "duration": "60s", "duplicate": "5%", "peer": [MEANT]})
        assert refused["failed"] and "qdisc tbf 1: root" in refused["msg"], refused
        assert dump(peers) == before
        fault = inject(peers, delay="50ms", peer=[MEANT])  # another backend needs no root
        assert fault["backend"].startswith("NFQUEUE") and any(
            "qdisc tbf 1: root" in note for note in fault["notes"]
        ), fault
        end(peers)
        assert dump(peers) == before
    finally:
        ssh(peers, "tc qdisc del dev chaostest root; tc qdisc del dev chaostest clsact")


@NIGHTLY
def test_what_is_held_at_the_end_may_leave(peers):
    inject(peers, delay="800ms", direction="out", peer=[MEANT])
    far = "ip netns exec peers timeout 8 python3 %s count %s %d > /run/counted & sleep 1.5" % (SCRIPT, MEANT, PORT)
    ssh(peers, "%s; python3 %s send %s %d 50" % (far, SCRIPT, MEANT, PORT))
    end(peers)
    assert wait_for(lambda: "came" in ssh(peers, "cat /run/counted"), 12)
    assert json.loads(ssh(peers, "tail -n 1 /run/counted; rm /run/counted"))["different"] == 50
