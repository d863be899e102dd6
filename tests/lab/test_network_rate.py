# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A narrow link on hosts over SSH: measured by what arrives at another host, and by what traffic control and the
links look like afterwards.
"""

from __future__ import annotations

import concurrent.futures

import pytest

from support import lab as labs
from support.lab import await_measure, ledger, look, on_hosts, python, remains, ssh
from support.waiting import wait_for

PORT, OTHER_PORT, TCP_PORT = 7421, 7422, 7423
PAYLOAD, ON_THE_WIRE = (
    1400,
    1442,
)  # bytes of a datagram: without and with the headers of UDP, IPv4 and Ethernet, as the kernel counts them
# Prints bits per second on the wire, from the second datagram to the last; the first ones may pass as a burst.
RECEIVE = """
import socket, sys, time
port, seconds, skip = int(sys.argv[1]), float(sys.argv[2]), 40
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    receiver.bind(("0.0.0.0", port))
    receiver.settimeout(10)
    for _number in range(skip):
        receiver.recv(2048)
    receiver.settimeout(0.5)
    start = last = time.monotonic()
    count = 0
    try:
        while last - start < seconds:
            receiver.recv(2048)
            last = time.monotonic()
            count += 1
    except OSError:
        pass
print(8 * %d * count / (last - start) if count else 0)
""" % ON_THE_WIRE
FLOOD = """
import socket, sys, time
host, port, seconds, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 17)
    begin, sent, past = time.monotonic(), 0, 0.0
    while past < seconds:
        # By the clock: a machine that sleeps long sends more at a time, and not less.
        while sent < rate * past < rate * seconds:
            sender.sendto(b"x" * %d, (host, port))
            sent, past = sent + 1, time.monotonic() - begin
        time.sleep(0.001)
        past = time.monotonic() - begin
""" % PAYLOAD


def arrives(lab, sender, receiver, address, port, rate_bps, seconds=1.2):
    """Bits per second that arrive on the wire when a host sends twice as many as ``rate_bps``."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        receiving = pool.submit(python, lab, receiver, RECEIVE, port, seconds)
        assert wait_for(lambda: ":%d " % port in look(lab, receiver, "ss -Hlun"), 10)
        python(lab, sender, FLOOD, address, port, seconds + 1.2, 2.0 * rate_bps / (8 * ON_THE_WIRE))
        return float(receiving.result())


def dump(lab, name):
    """All of traffic control and of the links of a host, as text."""
    return look(
        lab,
        name,
        """
        tc qdisc show; ip link show
        for dev in $(ls /sys/class/net); do tc class show dev $dev; tc filter show dev $dev; tc filter show dev $dev ingress 2>/dev/null; done; true
    """,
    )


def ask_for(lab, host, **options):
    """Result of a network fault, in or refused."""
    return on_hosts(lab, host, "network_fault", dict({"name": "narrow", "duration": "60s"}, **options))[host]


def inject(lab, host, **options):
    """Record of a network fault that must go in."""
    return labs.inject(lab, host, "network_fault", dict({"name": "narrow", "duration": "60s"}, **options), "confirmed")


def end(lab, host):
    """Final record of the fault."""
    return labs.end(lab, host, "network_fault", "narrow")


@pytest.fixture(autouse=True)
def as_it_was(lab):
    """No test leaves a fault to the next, nor anything else in traffic control or among the links."""
    before = dump(lab, "app1")
    yield
    left = remains(lab, "app1")
    if left:
        on_hosts(lab, "app1", "fault_halt", {})
    assert not left, left
    assert dump(lab, "app1") == before


@pytest.fixture
def home(lab):
    """{host: its IPv4 address}."""
    return {name: lab.address(lab.find(name)) for name in ("app1", "app2", "db1")}


@pytest.fixture
def link(lab):
    """The interface of app1 that leads to the others."""
    return ssh(lab, "app1", "ip -o -4 addr show scope global").split()[1]


@pytest.mark.parametrize(
    "direction, text, bits",
    [
        ("out", "10mbit", 10e6),
        pytest.param("in", "10mbit", 10e6, marks=pytest.mark.nightly),
        pytest.param("out", "1mbit", 1e6, marks=pytest.mark.nightly),
        pytest.param("in", "1mbit", 1e6, marks=pytest.mark.nightly),
        pytest.param("out", "50mbit", 50e6, marks=pytest.mark.nightly),
    ],
)
def test_the_rate_is_what_was_asked_for_and_only_what_is_meant_is_slow(lab, home, direction, text, bits):
    sender, receiver = ("app1", "db1") if direction == "out" else ("db1", "app1")
    fault = inject(lab, "app1", rate=text, direction=direction, peer=[home["db1"]], port=[PORT], protocol="udp")
    assert (fault["backend"], fault["action"], fault["requested"]["rate_bps"]) == ("tc htb", "rate", bits)
    found = arrives(lab, sender, receiver, home[receiver], PORT, bits)
    print("asked %d bit/s, %d arrive, off by %.2f %%" % (bits, found, 100 * (found / bits - 1)))
    assert abs(found / bits - 1) < 0.05, found
    # Another port of the same peer carries more than that.
    assert arrives(lab, sender, receiver, home[receiver], OTHER_PORT, 2 * bits, 0.5) > 1.3 * bits
    ended = end(lab, "app1")
    assert ended["measured"]["packets_passed"] > 100 and ended["effect"] == "confirmed", ended
    assert abs(ended["measured"]["rate_bps"] / bits - 1) < 0.05, ended["measured"]
    assert ended["differences"] == [], "the interface sends as before"


def test_again_in_check_mode_and_gone_when_the_supervisor_is_killed(lab, home, link):
    before = dump(lab, "app1")
    options = {"name": "narrow", "duration": "60s", "rate": "5mbit", "peer": [home["db1"]]}
    planned = on_hosts(lab, "app1", "network_fault", options, "--check")["app1"]
    assert (planned["changed"], planned["fault"]["state"]) == (True, "planned") and dump(lab, "app1") == before
    assert [step["undo"][-1].split()[0] for step in planned["fault"]["plan"]] == ["tc.remove_root", "tc.remove_ingress"]
    fault = inject(lab, "app1", rate="5mbit", peer=[home["db1"]])
    assert "htb" in dump(lab, "app1") and "ifb" in ssh(lab, "app1", "ip -d link show")
    again = ask_for(lab, "app1", rate="5mbit", peer=[home["db1"]])
    assert (again["changed"], again["fault"]["id"]) == (False, fault["id"])
    # A second one cannot have the root of the same interface.
    second = on_hosts(lab, "app1", "network_fault", dict(options, name="second", peer=[home["app2"]]))["app1"]
    assert second["failed"] and link in second["msg"] and not second["changed"], second
    ssh(lab, "app1", "kill -KILL $(pgrep -x chaos-fault | head -n 1)")
    assert wait_for(lambda: not remains(lab, "app1"), 8), remains(lab, "app1")
    past = ledger(lab, "app1")[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (fault["id"], "supervisor_died", [])
    assert dump(lab, "app1") == before
    assert not on_hosts(lab, "app1", "network_fault", {"name": "narrow", "state": "absent"})["app1"]["changed"]


def test_what_an_administrator_configured_is_not_touched(lab, home, link):
    ssh(
        lab,
        "app1",
        "tc qdisc add dev %s root handle 1: htb default 10; tc class add dev %s parent 1: classid 1:10 htb rate 900mbit"
        % (link, link),
    )
    before = dump(lab, "app1")
    try:
        result = ask_for(lab, "app1", rate="5mbit", peer=[home["db1"]])
        assert result["failed"] and "htb 1: root" in result["msg"] and link in result["msg"], result
        assert dump(lab, "app1") == before
    finally:
        ssh(lab, "app1", "tc qdisc del dev %s root" % link)


@pytest.mark.nightly
@pytest.mark.parametrize(
    "effect", [{"delay": "5ms", "rate": "1mbit"}, {"delay": "5ms", "jitter": "1ms", "distribution": "pareto"}]
)
def test_what_this_kernel_cannot_do_names_the_package(lab, home, effect):
    result = ask_for(lab, "app1", peer=[home["db1"]], **effect)
    assert result["failed"] and "no sch_netem" in result["msg"] and "kernel-modules-extra" in result["msg"], result


@pytest.mark.nightly
def test_an_interface_that_is_not_there(lab):
    result = ask_for(lab, "app1", rate="5mbit", interface=["eth77"])
    assert result["failed"] and "interface: 'eth77' is not an interface of this host" in result["msg"], result


@pytest.mark.nightly
def test_an_interface_without_a_queue_is_without_one_again(lab, home, link):
    """The kernel gives it a length when it gets a root (the autouse fixture compares it as it was within the test)."""
    ssh(lab, "app1", "ip link set dev %s txqueuelen 0" % link)
    before = dump(lab, "app1")
    try:
        inject(lab, "app1", rate="5mbit", direction="out", peer=[home["db1"]])
        assert "qlen 1000" in ssh(lab, "app1", "ip link show dev %s" % link)
        end(lab, "app1")
        assert dump(lab, "app1") == before
    finally:
        ssh(lab, "app1", "ip link set dev %s txqueuelen 1000" % link)


@pytest.mark.nightly
def test_what_comes_in_is_left_to_others_who_came_meanwhile(lab, home, link):
    before = dump(lab, "app1")
    inject(lab, "app1", rate="5mbit", direction="in", peer=[home["db1"]])
    theirs = "protocol ip pref 7 u32 match ip src 198.51.100.9/32 flowid ffff:9"
    ssh(lab, "app1", "tc filter add dev %s ingress %s" % (link, theirs))
    end(lab, "app1")
    assert "flowid ffff:9" in ssh(lab, "app1", "tc filter show dev %s ingress" % link) and "mirred" not in dump(
        lab, "app1"
    )
    ssh(lab, "app1", "tc qdisc del dev %s ingress" % link)
    assert dump(lab, "app1") == before


@pytest.mark.nightly
def test_a_root_that_somebody_takes_away_is_told(lab, home, link):
    inject(lab, "app1", rate="5mbit", direction="out", peer=[home["db1"]])
    ssh(lab, "app1", "tc qdisc del dev %s root" % link)
    await_measure(lab, "app1")
    ended = end(lab, "app1")
    assert (ended["effect"], ended["note"]) == (
        "mismatch",
        "another process removed the fault's root qdisc on %s" % link,
    )


@pytest.mark.nightly
def test_what_the_host_says_to_itself(lab):
    inject(lab, "app1", rate="2mbit", port=[PORT], port_of="host")
    found = arrives(lab, "app1", "app1", "127.0.0.1", PORT, 2e6)
    assert abs(found / 2e6 - 1) < 0.05, found
    assert arrives(lab, "app1", "app1", "127.0.0.1", OTHER_PORT, 8e6, 0.5) > 4e6
    end(lab, "app1")


@pytest.mark.nightly
def test_a_trickle_for_everything_leaves_ansible_alone(lab, home):
    inject(lab, "app1", rate="8kbit", protocol="any")
    for _round in range(3):
        assert not on_hosts(lab, "app1", "fault_info", {})["app1"].get("failed")
    assert len(ssh(lab, "app1", "head -c 2000000 /dev/zero", timeout=20)) == 2000000  # half an hour at that rate
    end(lab, "app1")
