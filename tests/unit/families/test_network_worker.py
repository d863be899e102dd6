# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network by a worker of ours: what becomes of a packet, which chain sends what to it, and when a fault counts as
confirmed.
"""

from __future__ import annotations

import os
import random
import struct
import subprocess
import sys

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import NotHere
from ansible_collections.magsasa.chaos.plugins.module_utils._families.network import FAMILY
from ansible_collections.magsasa.chaos.plugins.module_utils._families._network import impairments, queue_worker, rules
from ansible_collections.magsasa.chaos.plugins.module_utils._host.counters import Counters
from ansible_collections.magsasa.chaos.plugins.module_utils._host.marks import MARK
from ansible_collections.magsasa.chaos.plugins.module_utils._undo import registry
from ansible_collections.magsasa.chaos.plugins.module_utils._undo.operations import nftables

DEFAULTS = {key: spec.get("default") for key, spec in FAMILY.options.items()}
LACKING = {
    "there": True,
    "lacks": {"netem": "the kernel has no sch_netem", "prio": "no", "htb": ""},
    "tables": {},
    "devices": [],
}
FACTS = {
    "nft": True,
    "uid": 0,
    "obstacle": "",
    "control": [["192.0.2.1", 22]],
    "ways_in": [22],
    "interfaces": ["eth0", "lo"],
    "tc": LACKING,
}
BURSTS = {"p": "5%", "r": "20%", "loss_bad": "90%", "loss_good": "1%"}


def planned(**change):
    return FAMILY.plan(dict(FAMILY.parse(dict(DEFAULTS, **change)), force=True), FACTS)


def figures(**change):
    return FAMILY.parse(dict(DEFAULTS, **change))


def packet(version=4, more=b"\0" * 12):
    ends = bytes(range(8)) if version == 4 else bytes(range(32))
    if version == 4:
        return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(more), 7, 0x4000, 64, 17, 0) + ends + more
    return struct.pack("!IHBB", 6 << 28, len(more), 17, 64) + ends + more


@pytest.mark.parametrize(
    "change", [{"duplicate": "1%"}, {"corrupt": "1%"}, {"reorder": "25%", "delay": "10ms"}, {"gemodel": BURSTS}]
)
def test_the_worker_stands_in_for_netem(change):
    found = planned(port=["80"], **change)
    assert found["backend"] == "NFQUEUE and a worker"
    assert any(note.startswith("tc netem is not used") and "sch_netem" in note for note in found["notes"])


@pytest.mark.parametrize(
    "change", [{"rate": "1mbit", "delay": "10ms"}, {"delay": "10ms", "jitter": "1ms", "distribution": "pareto"}]
)
def test_what_it_cannot_do_names_the_module_and_the_packages(change):
    with pytest.raises(NotHere, match="no sch_netem; .*linux-modules-extra.*kernel-modules-extra.*kernel-default"):
        planned(port=["80"], **change)


def chains(**change):
    (step,) = planned(**change)["steps"]
    return step["args"]["rules"]


def test_what_is_late_has_a_chain_of_its_own_beside_the_rest():
    found = chains(delay="10ms", corrupt="1%", port=["80"], port_of="host", protocol="tcp")
    assert [each for each in found if each[1] == "hit"] == [
        [chain, "hit", "counter queue num QUEUE bypass"] for chain in ("act", "late")
    ]
    assert [text for chain, _label, text in found if chain == "input"][-3:] == [
        "tcp dport { 80 } counter goto late", "tcp dport { 80 } counter goto act", 'iifname "lo" tcp sport { 80 } counter goto act'
    ]  # fmt: skip
    assert [text for chain, _label, text in found if chain == "output"][
        -1
    ] == 'oifname != "lo" tcp sport { 80 } counter goto act'
    numbers = [text for _chain, label, text in queue_worker.numbered(found, {"act": 7, "late": 8}) if label == "hit"]
    assert numbers == ["counter queue num 7 bypass", "counter queue num 8 bypass"]
    assert "add chain inet t late\n" in rules.text("t", found)


def test_what_is_sent_again_is_not_decided_about_again():
    for way in ("input", "output"):
        assert [text for chain, _label, text in chains(duplicate="1%", port=["80"]) if chain == way][
            0
        ] == "meta mark 0x4e counter accept"
        assert not any("meta mark" in text for _chain, _label, text in chains(corrupt="1%", port=["80"]))


@pytest.mark.parametrize("change, at", [({"loss": "30%"}, 0), ({"duplicate": "30%"}, 1), ({"corrupt": "30%"}, 2)])
def test_shares(change, at):
    decider = impairments.Fates(figures(**change), random.Random(1))
    found = [decider.decide() for _number in range(20000)]
    assert abs(sum(each[at] for each in found) / 20000 - 0.3) < 0.015
    assert all(not any(each[:at] + each[at + 1 :]) for each in found)


def test_bursts_are_as_long_and_as_many_as_asked_for():
    asked = figures(gemodel=dict(BURSTS, loss_bad="100%", loss_good="0%"))
    decider = impairments.Fates(asked, random.Random(1))
    lost = "".join("x" if decider.decide()[0] else "." for _number in range(100000))
    share, _weight = impairments.lost_on_average(asked)
    assert abs(share - 0.2) < 1e-9 and abs(lost.count("x") / len(lost) - share) < 0.01
    bursts = [each for each in lost.split(".") if each]
    assert abs(sum(map(len, bursts)) / len(bursts) - 5) < 0.3  # 100 / r


@pytest.mark.parametrize("version", [4, 6])
def test_one_bit_behind_the_header_is_flipped(version):
    content = packet(version)
    for _number in range(100):
        changed = impairments.damaged(content)
        head = 20 if version == 4 else 40
        assert changed[:head] == content[:head] and len(changed) == len(content)
        assert bin(int.from_bytes(changed, "big") ^ int.from_bytes(content, "big")).count("1") == 1
    assert impairments.target(content) == (bytes(range(4, 8)) if version == 4 else bytes(range(16, 32)))


@pytest.mark.parametrize(
    "content",
    [b"", b"\x45", packet()[:-1], packet() + b"\0", packet(more=b""), packet(6, b""), packet(6)[:30], b"\x00" * 60],
)
def test_what_is_no_whole_packet_is_left_as_it_is(content):
    assert not impairments.whole(content)


@pytest.mark.parametrize("version", [4, 6])
def test_whole_packets(version):
    assert impairments.whole(packet(version))


def test_waits():
    some = [impairments.wait(figures(delay="100ms", jitter="20ms", distribution="uniform")) for _number in range(500)]
    assert 0.08 <= min(some) < 0.085 and 0.115 < max(some) <= 0.12
    ahead = [impairments.wait(figures(delay="100ms", reorder="25%")) for _number in range(4000)]
    assert set(ahead) == {0.0, 0.1} and abs(ahead.count(0.0) / 4000 - 0.25) < 0.04


class Netlink:
    """What was told to the kernel: (packet, verdict, content or None)."""

    def __init__(self):
        self.told = []

    def send(self, data):
        verdict, number = struct.unpack_from("!II", data, 24)
        self.told.append((number, verdict, data[36:] if len(data) > 32 else None))


@pytest.mark.parametrize(
    "asked, told, again",
    [
        ({"loss_pct": 100.0}, [(7, 0, None)], 0),
        ({"duplicate_pct": 100.0}, [(7, 1, None)], 1),
        ({"duplicate_pct": 100.0, "loss_pct": 100.0}, [(7, 1, None)], 0),
        ({"corrupt_pct": 100.0, "duplicate_pct": 100.0}, [(7, 1, "changed")], 1),
    ],
)
def test_what_the_kernel_is_told(asked, told, again):
    netlink, sent, counted = Netlink(), [], Counters(queue_worker.COUNTED)
    desk = queue_worker.Desk(asked, queue_worker.Held(), counted, sent.append)
    desk.take(netlink, 3, 7, packet(), False, 100.0)
    desk.let_go(100.0)
    assert [(number, verdict, content and "changed") for number, verdict, content in netlink.told] == told
    assert sent == [packet()] * again and counted.figures()["seen"] == 1
    assert all(content is None or content != packet() for _number, _verdict, content in netlink.told)


def test_what_cannot_be_sent_again_is_not_counted():
    def refuse(_content):
        raise OSError(90, "Message too long")

    counted = Counters(queue_worker.COUNTED)
    desk = queue_worker.Desk({"duplicate_pct": 100.0}, queue_worker.Held(), counted, refuse)
    desk.take(Netlink(), 3, 7, packet(), False, 1.0)
    desk.let_go(1.0)
    assert counted.figures()["duplicated"] == 0


def test_what_is_late_waits_and_goes_at_the_end():
    netlink, held = Netlink(), queue_worker.Held()
    desk = queue_worker.Desk({"delay_ms": 50.0, "jitter_ms": 0.0}, held, Counters(queue_worker.COUNTED), None)
    desk.take(netlink, 3, 7, packet(), True, 100.0)
    desk.take(netlink, 3, 8, packet(), False, 100.0)
    desk.let_go(100.0)
    assert [each[0] for each in netlink.told] == [8] and abs(desk.patience(100.01) - 0.04) < 1e-9
    desk.let_go(float("inf"))
    assert [each[0] for each in netlink.told] == [8, 7] and held.figures()[0] == 0


@pytest.mark.parametrize(
    "change, counts, effect",
    [
        ({"corrupt": "10%"}, {"seen": 0, "damaged": 0}, "inconclusive"),
        ({"corrupt": "10%"}, {"seen": 1000, "damaged": 100}, "confirmed"),
        ({"corrupt": "10%"}, {"seen": 1000, "damaged": 0}, "mismatch"),
        ({"duplicate": "10%"}, {"seen": 1000, "duplicated": 10}, "mismatch"),
        ({"gemodel": BURSTS}, {"seen": 4000, "lost": 760}, "confirmed"),
        ({"gemodel": BURSTS}, {"seen": 4000, "lost": 10}, "mismatch"),
        ({"delay": "10ms", "loss": "10%"}, {"seen": 1000, "lost": 0}, "mismatch"),
    ],
)
def test_when_it_counts_as_confirmed(change, counts, effect):
    requested = planned(port=["80"], **change)["requested"]
    shown = queue_worker.shown(
        requested, (counts["seen"], 10.0, 0.0), dict(dict.fromkeys(queue_worker.COUNTED, 0), **counts)
    )
    found = queue_worker.judge(requested, shown)
    assert found["effect"] == effect and found["note"]


HOLDS = """
import ctypes, os, signal, sys, time
def hand_back(number, frame):
    time.sleep(0.1)
    os.write(1, b"handed back")
    sys.exit()
signal.signal(signal.SIGTERM, hand_back)
ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
os.write(1, b"ready ")
time.sleep(60)
"""


@pytest.mark.parametrize(
    "operation, more, chance",
    [("nft.release_packets", {}, {"chaos-net"}), ("workers.finish", {"within_s": 10.0}, {"chaos-net", "chaos-http"})],
)
def test_a_worker_hands_back_what_it_holds_before_it_is_killed(monkeypatch, operation, more, chance):
    """The next undo kills whoever still has the mark."""
    monkeypatch.setattr(nftables, "PATIENCE", 10.0)
    fault, workers = os.urandom(6).hex(), {}
    try:
        for name in ("chaos-net", "chaos-http"):
            argv = [sys.executable, "-I", "-S", "-c", HOLDS, name]
            workers[name] = subprocess.Popen(argv, env={MARK: fault}, stdout=subprocess.PIPE)
        for worker in workers.values():
            assert worker.stdout.read(6) == b"ready "
        registry.OPERATIONS[operation].undo(dict(more, fault=fault))
        registry.OPERATIONS["workers.end"].undo({"fault": fault})
        assert {name for name, worker in workers.items() if worker.stdout.read() == b"handed back"} == chance
    finally:
        for worker in workers.values():
            worker.kill()
            worker.wait()
            worker.stdout.close()
