# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Network faults are as large as was asked: counted and timed by whoever receives the packets, and by nobody of ours.

Datagrams go between the network namespaces of the hosts. What else this machine does makes a packet
late too, and chance moves a share, so a reading that is off is taken again; a fault that is off is so every time.
"""

from __future__ import annotations

import concurrent.futures
import json
import subprocess
import sys

import pytest

from support import lab as labs
from support import packets
from support.lab import on_hosts, remains

HOST, CLIENT, OTHER = "app1", "app2", "db1"
TRIES = 3
PLAIN = 7440  # a port that no fault names
LOSSES = {7441: 5.0, 7442: 15.0, 7443: 30.0}
DELAYS = {7445: 50.0, 7446: 200.0, 7447: 500.0}
SHAKY = 7448
MEAN, DEVIATION = 60.0, 10.0  # ms
COUNT = 5000  # datagrams by which a share is judged
POINTS = 1.5  # between a share and what was asked
LATE_MS = 2.0  # beyond what this machine makes late by itself


def one_way(lab, sender, receiver, port, count, pause_ms):
    """What came of datagrams between two hosts; see support/packets.py."""
    target = lab.find(receiver)
    argv = [
        sys.executable,
        packets.__file__,
        "one-way",
        lab.namespace(lab.find(sender)),
        lab.namespace(target),
        lab.address(target),
    ]
    done = subprocess.run(
        [*argv, str(port), str(count), str(pause_ms)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def at_once(calls):
    """{key: result} of many measurements ({key: arguments of one_way}) side by side."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        started = {key: pool.submit(one_way, *arguments) for key, arguments in calls.items()}
        return {key: each.result() for key, each in started.items()}


def inject(lab, name, **options):
    """A fault of what comes in by UDP that must go in."""
    options = dict({"name": name, "duration": "90s", "protocol": "udp", "direction": "in"}, **options)
    return labs.inject(lab, HOST, "network_fault", options, "confirmed")


@pytest.fixture(autouse=True)
def ended(lab):
    """Every fault of a test is gone after it."""
    yield
    on_hosts(lab, HOST, "fault_halt", {})
    assert not remains(lab, HOST)


def lost(counted, count=COUNT):
    """Percent that did not come."""
    return 100.0 * (1 - counted["different"] / count)


def test_loss_is_the_share_that_was_asked_for_and_nobody_else_loses(lab):
    peer = lab.address(lab.find(CLIENT))
    for port, share in LOSSES.items():
        assert (
            inject(lab, "loss-%d" % port, loss="%g%%" % share, port=[port], port_of="host", peer=[peer])["backend"]
            == "nftables"
        )
    seen = []
    for _number in range(TRIES):
        calls = {port: (lab, CLIENT, HOST, port, COUNT, 0.1) for port in (*LOSSES, PLAIN)}
        calls["the way back"] = (lab, HOST, CLIENT, 7443, 500, 1)
        found = at_once(calls)
        found["another peer"] = one_way(lab, OTHER, HOST, 7443, 500, 1)
        assert (
            found[PLAIN]["came"] == COUNT and found["another peer"]["came"] == found["the way back"]["came"] == 500
        ), found
        seen.append({port: round(lost(found[port]), 2) for port in LOSSES})
        if all(abs(seen[-1][port] - share) <= POINTS for port, share in LOSSES.items()):
            break
    print("asked %s, lost %s" % (LOSSES, seen))
    assert all(abs(seen[-1][port] - share) <= POINTS for port, share in LOSSES.items()), (LOSSES, seen)


@pytest.mark.nightly  # by day: a delay by the same worker in test_network.py, one by netem in tests/vm/test_network_tc.py
@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_delay_is_as_long_as_was_asked_and_nobody_else_waits(lab, direction, noise):
    """Held on the way out, a packet gets the other kernel's stamp after its delay; held on the way in, it has the
    stamp before that.
    """
    port_of = "host" if direction == "in" else "peer"
    for port, wait in DELAYS.items():
        inject(
            lab,
            "delay-%d" % port,
            delay="%gms" % wait,
            port=[port],
            port_of=port_of,
            peer=[lab.address(lab.find(CLIENT))],
            direction=direction,
        )
    there, back = ((CLIENT, HOST), (HOST, CLIENT)) if direction == "in" else ((HOST, CLIENT), (CLIENT, HOST))
    other = (OTHER, HOST) if direction == "in" else (HOST, OTHER)
    seen, late_ms = [], LATE_MS + 1e3 * noise.late_s
    for _number in range(TRIES):
        calls = {port: (lab, *there, port, 150, 10) for port in (*DELAYS, PLAIN)}
        calls["the way back"] = (lab, *back, 7447, 150, 10)
        found = at_once(calls)
        found["another peer"] = one_way(lab, *other, 7447, 150, 5)
        assert all(each["came"] == 150 for each in found.values()), found
        seen.append(
            {key: round((each["heard"] if direction == "in" else each)["median_ms"], 2) for key, each in found.items()}
        )
        if all(0 <= seen[-1][key] - DELAYS.get(key, 0) <= late_ms for key in seen[-1]):
            break
    print("asked %s, median %s" % (DELAYS, seen))
    assert all(0 <= seen[-1][key] - DELAYS.get(key, 0) <= late_ms for key in seen[-1]), (DELAYS, seen)


@pytest.mark.nightly
def test_jitter_is_the_standard_deviation_that_was_asked_for(lab, noise):
    inject(lab, "shaky", delay="%gms" % MEAN, jitter="%gms" % DEVIATION, port=[SHAKY], port_of="peer", direction="out")
    seen, late_ms = [], LATE_MS + 1e3 * noise.late_s
    for _number in range(TRIES):
        found = one_way(lab, HOST, CLIENT, SHAKY, 1000, 2)
        assert found["came"] == 1000, found
        seen.append({key: round(found[key], 2) for key in ("median_ms", "mean_ms", "spread_ms")})
        if abs(seen[-1]["spread_ms"] / DEVIATION - 1) <= 0.15 and abs(seen[-1]["median_ms"] - MEAN) <= late_ms:
            break
    print("asked %g ms +- %g ms, found %s" % (MEAN, DEVIATION, seen))
    assert abs(seen[-1]["spread_ms"] / DEVIATION - 1) <= 0.15 and abs(seen[-1]["median_ms"] - MEAN) <= late_ms, seen
