# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that are sent twice, damaged, lost in bursts or overtaken where the kernel has no netem: as a neighbour
sees them.
"""

from __future__ import annotations

import concurrent.futures
import json

import pytest

from support import lab as labs
from support.lab import look, on_hosts, program, python, remains, ssh
from support.waiting import wait_for

PORT, OTHER_PORT = 7431, 7432
SIZE = 256  # bytes of a datagram: its number and zeros
# Prints [[number, bits that are not as they were sent]] in the order of arrival.
RECEIVE = """
import json, socket, struct, sys
found = []
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    receiver.bind(("0.0.0.0", int(sys.argv[1])))
    receiver.settimeout(20)
    try:
        while True:
            data = receiver.recv(2048)
            if data == b"end":
                break
            number, again = struct.unpack_from("!II", data)
            found.append([number, bin(number ^ again ^ 0xFFFFFFFF).count("1") + sum(bin(each).count("1") for each in data[8:])])
    except OSError:
        pass
print(json.dumps(found))
"""
# SO_NO_CHECK: no checksum, so that what is damaged arrives.
SEND = """
import socket, struct, sys, time
host, port, count, unchecked = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
    sender.setsockopt(socket.SOL_SOCKET, 11, unchecked)
    for number in range(count):
        sender.sendto(struct.pack("!II", number, number ^ 0xFFFFFFFF) + bytes(%d), (host, port))
        time.sleep(0.002)
    time.sleep(0.5)
    for _again in range(100):
        sender.sendto(b"end", (host, port))
        time.sleep(0.005)
""" % (SIZE - 8)
TALK = """
import hashlib, socket, sys
host, port, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
sent, got = bytes(range(256)) * (size // 256), b""
with socket.create_connection((host, port), 20) as peer:
    peer.settimeout(20)
    peer.sendall(sent)
    while len(got) < len(sent):
        data = peer.recv(65536)
        if not data:
            break
        got += data
print(got == sent)
"""
ECHO = """
import socketserver
class Echo(socketserver.BaseRequestHandler):
    def handle(self):
        for data in iter(lambda: self.request.recv(65536), b""):
            self.request.sendall(data)
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True
Server(("0.0.0.0", %d), Echo).serve_forever()
""" % PORT


def arrived(lab, sender, receiver, count, port=PORT, unchecked=0):
    """``[[number, flipped bits]]`` of the datagrams that came, in their order."""
    with concurrent.futures.ThreadPoolExecutor() as pool:
        receiving = pool.submit(python, lab, receiver, RECEIVE, port)
        assert wait_for(lambda: ":%d " % port in look(lab, receiver, "ss -Hlun"), 10)
        python(lab, sender, SEND, lab.address(lab.find(receiver)), port, count, unchecked)
        return json.loads(receiving.result())


def inject(lab, **options):
    fault = labs.inject(lab, "app1", "network_fault", dict({"name": "net", "duration": "90s"}, **options), "confirmed")
    if "netem" in fault["backend"]:
        pytest.skip("the kernel here has netem")
    assert fault["backend"] == "NFQUEUE and a worker", fault


def end(lab):
    fault = labs.end(lab, "app1", "network_fault", "net")
    assert (fault["differences"], fault["effect"]) == ([], "confirmed"), fault
    return fault["measured"]


@pytest.fixture(autouse=True)
def nothing_is_left(lab):
    before = look(lab, "app1", "nft list ruleset")
    yield
    if remains(lab, "app1"):
        on_hosts(lab, "app1", "fault_halt", {})
    assert not remains(lab, "app1") and look(lab, "app1", "nft list ruleset") == before


@pytest.mark.parametrize(
    "sender, receiver",
    [
        ("app2", "app1"),
        pytest.param("app1", "app2", marks=pytest.mark.nightly),
        pytest.param("app1", "app1", marks=pytest.mark.nightly),
    ],
)
def test_some_come_twice(lab, sender, receiver):
    count = 600
    inject(lab, duplicate="30%", port=[PORT], protocol="udp")
    numbers = [number for number, _bits in arrived(lab, sender, receiver, count)]
    twice = len(numbers) - count
    print("%.1f %% came twice" % (100 * twice / count))
    assert (
        set(numbers) == set(range(count))
        and max(map(numbers.count, set(numbers))) == 2
        and abs(100 * twice / count - 30) < 9
    )
    assert len(arrived(lab, sender, receiver, 50, OTHER_PORT)) == 50
    measured = end(lab)
    assert (
        abs(measured["packets_duplicated"] - twice) <= 60 and len(arrived(lab, sender, receiver, 50)) == 50
    ), measured  # some of those are "end"


@pytest.mark.nightly
@pytest.mark.parametrize(
    "sender, receiver", [("app2", "app1"), pytest.param("app1", "app2", marks=pytest.mark.nightly)]
)
def test_some_are_damaged_by_one_bit(lab, sender, receiver):
    count = 600
    inject(lab, corrupt="30%", port=[PORT], protocol="udp")
    found = arrived(lab, sender, receiver, count, unchecked=1)
    damaged = [bits for _number, bits in found if bits]
    print("%.1f %% were damaged, %d of %d came" % (100 * len(damaged) / count, len(found), count))
    assert abs(100 * len(damaged) / count - 30) < 9 and set(damaged) == {1}
    # With a checksum, the receiver drops what is damaged.
    found = arrived(lab, sender, receiver, count)
    assert not any(bits for _number, bits in found) and abs(100 * len(found) / count - 70) < 9
    assert not any(bits for _number, bits in arrived(lab, sender, receiver, 50, OTHER_PORT, unchecked=1))
    end(lab)


@pytest.mark.nightly
def test_loss_comes_in_bursts(lab):
    count = 2000
    inject(lab, gemodel={"p": "2%", "r": "20%"}, port=[PORT], protocol="udp", direction="in")
    there = {number for number, _bits in arrived(lab, "app2", "app1", count)}
    lost = "".join("." if number in there else "x" for number in range(count))
    bursts = [len(each) for each in lost.split(".") if each]
    share, length = 100 * lost.count("x") / count, sum(bursts) / len(bursts)
    print("lost %.1f %% in bursts of %.1f" % (share, length))
    assert 4 < share < 15 and 3 < length < 8, (share, length)  # 2 / 22 = 9.1 %, 100 / 20 = 5
    end(lab)


@pytest.mark.nightly
def test_some_overtake_the_others(lab):
    count = 400
    inject(lab, delay="60ms", reorder="25%", port=[PORT], protocol="udp", direction="in")
    numbers = [number for number, _bits in arrived(lab, "app2", "app1", count)]
    ahead = sum(1 for at, number in enumerate(numbers) if any(each < number for each in numbers[at + 1 :]))
    print("%.1f %% overtook others" % (100 * ahead / count))
    assert sorted(numbers) == list(range(count)) and abs(100 * ahead / count - 25) < 10
    measured = end(lab)
    assert 55 < measured["delay_ms"] < 90, measured


@pytest.mark.nightly
def test_several_at_once_and_tcp_gets_over_it(lab):
    ssh(lab, "app1", "systemd-run -q --unit=echo-worker " + program(ECHO))
    try:
        assert wait_for(lambda: ":%d " % PORT in look(lab, "app1", "ss -Hltn"), 10)
        inject(
            lab,
            delay="5ms",
            jitter="2ms",
            distribution="uniform",
            loss="1%",
            duplicate="5%",
            corrupt="1%",
            port=[PORT],
            port_of="host",
            protocol="tcp",
        )
        for client in ("app2", "app1"):
            assert python(lab, client, TALK, lab.address(lab.find("app1")), PORT, 1 << 19).strip() == "True"
        measured = end(lab)
        assert min(measured["packets_" + name] for name in ("held", "lost", "duplicated", "damaged")) > 0, measured
    finally:
        ssh(lab, "app1", "systemctl stop echo-worker")
