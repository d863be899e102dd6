# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Questions of a lab host to a name server on another one: failed, lost, late or answered wrongly, for the names
that are meant and no others.
"""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import await_measure, ledger, look, on_hosts, program, remains, ssh

HOST, SERVER = "app1", "db1"
TRUE, WRONG = "198.51.100.7", "198.51.100.66"
MEANT, OTHER = "api.meant.test", "www.other.test"
FAIL = {"name": "names", "action": "fail", "names": ["*.meant.test"], "duration": "60s"}
# Answers every question for an address of IPv4 with the true one, and any other one with no record.
SERVE = """
import socket, struct
server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("0.0.0.0", 53))
while True:
    data, peer = server.recvfrom(4096)
    at = 12
    while data[at]:
        at += data[at] + 1
    record = b"\\xc0\\x0c" + struct.pack("!HHIH", 1, 1, 60, 4) + socket.inet_aton("%s") if data[at + 1:at + 3] == b"\\0\\1" else b""
    server.sendto(data[:2] + struct.pack("!5H", 0x8180, 1, 1 if record else 0, 0, 0) + data[12:at + 5] + record, peer)
""" % TRUE
STATE = (
    "nft list ruleset; ss -Htln | awk '{print $4}' | sort; ss -Huln | awk '{print $4}' | sort; sha256sum /etc/hosts; ip"
    " rule; "
)
STATE += (
    "ps -eo comm= | grep ^chaos-; find /var/lib/magsasa-chaos/faults /run/magsasa-chaos/faults -type f 2>/dev/null;"
    " true"
)


def fault(lab, arguments, *more):
    return on_hosts(lab, HOST, "dns_fault", arguments, *more)[HOST]


def asked(lab, name):
    """(address or "", seconds) as a program on the host finds it."""
    command = (
        "s=$(date +%%s.%%N); a=$(timeout 20 getent ahostsv4 %s | head -1 | cut -d' ' -f1); echo $s $(date +%%s.%%N) $a"
        % name
    )
    began, ended, *found = look(lab, HOST, command).split()
    return (found or [""])[0], float(ended) - float(began)


@pytest.fixture(scope="module")
def named(lab):
    """The lab with a name server on db1 that app1 asks."""
    ssh(lab, SERVER, "systemd-run -q --unit=names " + program(SERVE))
    ssh(lab, HOST, "cp -a /etc/resolv.conf /root/resolv.conf 2>/dev/null || touch /root/no-resolv.conf")
    server = lab.address(lab.find(SERVER))
    ssh(
        lab,
        HOST,
        "rm -f /etc/resolv.conf; printf 'nameserver %s\\noptions timeout:5 attempts:1\\n' > /etc/resolv.conf" % server,
    )
    assert wait_for(lambda: asked(lab, MEANT)[0] == TRUE, 10)
    yield lab
    ssh(
        lab,
        HOST,
        "rm -f /etc/resolv.conf /root/no-resolv.conf; if [ -e /root/resolv.conf ]; then mv /root/resolv.conf"
        " /etc/resolv.conf; fi",
    )
    ssh(lab, SERVER, "systemctl stop names")


@pytest.fixture(autouse=True)
def host(named):
    """After every test packet filter, sockets, /etc/hosts, answers, and processes and files of faults are what they
    were.
    """
    before = look(named, HOST, STATE)
    yield named
    after = look(named, HOST, STATE)
    if after != before:
        on_hosts(named, HOST, "fault_halt", {})
    assert after == before and asked(named, MEANT)[0] == TRUE


def test_names_below_one_are_not_found_and_others_are(host):
    before = look(host, HOST, STATE)
    planned = fault(host, FAIL, "--check")
    assert planned["changed"] and planned["fault"]["state"] == "planned" and look(host, HOST, STATE) == before
    found = fault(host, FAIL)
    assert (
        found["changed"]
        and found["fault"]["effect"] == "confirmed"
        and found["fault"]["measured"]["check"] == "nxdomain"
    ), found
    address, seconds = asked(host, MEANT)
    assert address == "" and seconds < 4 and asked(host, OTHER)[0] == TRUE
    assert not fault(host, FAIL)["changed"]
    await_measure(host, HOST)
    final = fault(host, {"name": "names", "state": "absent"})
    measured = final["fault"]["measured"]
    assert final["changed"] and final["fault"]["residue"] == [] and "undo_problems" not in final["fault"]
    assert (measured["queries"], measured["queries_matched"], measured["queries_hit"]) == (2, 1, 1), measured
    assert not fault(host, {"name": "names", "state": "absent"})["changed"]


def test_late_names_and_a_killed_supervisor(host):
    found = fault(host, {"name": "late", "action": "delay", "delay": "400ms", "names": [MEANT], "duration": "60s"})
    assert found["fault"]["effect"] == "confirmed", found
    (address, seconds), others = asked(host, MEANT), [asked(host, OTHER) for _number in range(3)]
    assert address == TRUE and 0.4 <= seconds < 4, seconds
    assert {other for other, _quick in others} == {TRUE} and min(quick for _other, quick in others) < 0.4, others
    ssh(host, HOST, "kill -KILL $(pgrep -x chaos-fault)")
    assert wait_for(lambda: not remains(host, HOST), 10), remains(host, HOST)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (found["fault"]["id"], "supervisor_died", [])


@pytest.mark.nightly
@pytest.mark.parametrize(
    "options, address, least",
    [
        ({"failure": "timeout"}, "", 4.5),
        ({"failure": "servfail"}, "", 0),
        ({"failure": "refused"}, "", 0),
        ({"action": "redirect", "via": "queries", "address": WRONG}, WRONG, 0),
    ],
    ids=["timeout", "servfail", "refused", "redirect"],
)
def test_how_names_end(host, options, address, least):
    found = fault(host, dict(FAIL, **options))
    assert found["fault"]["effect"] == "confirmed", found
    got, seconds = asked(host, MEANT)
    assert got == address and seconds >= least and asked(host, OTHER)[0] == TRUE
    assert fault(host, {"name": "names", "state": "absent"})["fault"]["residue"] == []


@pytest.mark.nightly
def test_two_at_once_are_refused(host):
    fault(host, FAIL)
    other = fault(host, dict(FAIL, name="other", names=["x.test"]))
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    fault(host, {"name": "names", "state": "absent"})


@pytest.mark.nightly
@pytest.mark.parametrize(("victim", "cause"), [("chaos-dns", "worker_died"), ("chaos-guardian", "guardian_died")])
def test_a_killed_part_ends_it(host, victim, cause):
    found = fault(host, FAIL)
    ssh(host, HOST, "kill -KILL $(pgrep -x %s)" % victim)
    assert wait_for(lambda: not remains(host, HOST), 10), remains(host, HOST)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (found["fault"]["id"], cause, [])


@pytest.mark.nightly
def test_when_nobody_holds_it_any_more_the_kernel_lets_questions_pass(host):
    found = fault(host, dict(FAIL, names=None))
    assert asked(host, OTHER)[0] == ""
    ssh(host, HOST, "kill -KILL $(pgrep -x chaos-fault) $(pgrep -x chaos-guardian) $(pgrep -x chaos-dns)")
    assert asked(host, OTHER)[0] == TRUE
    assert wait_for(lambda: "magsasa_chaos" not in look(host, HOST, "nft list tables"), 8), "its unit undoes it"
    assert wait_for(lambda: ledger(host, HOST)[-1]["id"] == found["fault"]["id"], 8)
