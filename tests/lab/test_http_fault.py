# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP faults on a host that runs the sample application: seen by clients on another host and on the host itself,
and nothing is left.
"""

from __future__ import annotations

import json
import time
from subprocess import PIPE, Popen

import pytest

from support import lab as labs
from support.lab import access, await_measure, ledger, look, on_hosts, program, python, remains, ssh
from support.lab_database import PORT
from support.waiting import wait_for

HOST, PEER = "app1", "observer1"
STATUS = {
    "name": "some",
    "port": PORT,
    "action": "status",
    "status": 503,
    "percent": "50%",
    "path": ["/api"],
    "duration": "60s",
}
DELAY = {"name": "slow", "port": PORT, "delay": "300ms", "path": ["/api/*"], "method": ["GET"], "duration": "60s"}
ABORT = {"name": "broken", "port": PORT, "action": "abort", "duration": "60s"}
# Arguments: host, number of requests, path, "new" or "kept" (one connection for all). Prints [[status or kind of error,
# seconds], ...].
ASK = """
import http.client, json, sys, time
host, many, path, how = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
found, client = [], http.client.HTTPConnection(host, %d, timeout=10)
for number in range(many):
    began = time.monotonic()
    try:
        client.request("GET", path)
        answer = client.getresponse()
        answer.read()
        said = answer.status
    except (OSError, http.client.HTTPException) as error:
        said = type(error).__name__
    found.append([said, time.monotonic() - began])
    if how == "new":
        client.close()
print(json.dumps(found))
""" % PORT
# The same, which waits for a line after the first request.
PAUSE = "    if number == 0:\n        print('ready', flush=True)\n        sys.stdin.readline()\n"
KEPT = ASK.replace("    if how", PAUSE + "    if how")
TABLES = """
nft list ruleset; ss -Htln | awk '{print $4}' | sort; ip rule; ip route show table all | sort
sysctl net.ipv4 2>/dev/null | grep -e forward -e localnet -e fwmark
ps -eo comm= | grep ^chaos-; find /var/lib/magsasa-chaos/faults /run/magsasa-chaos/faults -type f 2>/dev/null; true
"""


def ask(lab, name, many, path, how="new", host=None):
    """[(status or kind of error, seconds)] of requests that a client on ``name`` makes."""
    where = host or ("127.0.0.1" if name == HOST else lab.address(lab.find(HOST)))
    return [tuple(each) for each in json.loads(python(lab, name, ASK, where, many, path, how))]


def said(found):
    return {each for each, _seconds in found}


def fault(lab, arguments, *more):
    return on_hosts(lab, HOST, "http_fault", arguments, *more)[HOST]


def inject(lab, options):
    return labs.inject(lab, HOST, "http_fault", options)


@pytest.fixture(autouse=True)
def host(served_lab):
    """After every test the packet filter, listening sockets, routes, settings, and processes and files of faults
    are what they were.
    """
    before = look(served_lab, HOST, TABLES)
    yield served_lab
    after = look(served_lab, HOST, TABLES)
    if after != before:
        on_hosts(served_lab, HOST, "fault_halt", {})
    assert after == before
    assert said(ask(served_lab, PEER, 2, "/api/products?limit=1")) == {200}


def test_a_share_of_the_requests_is_answered_by_us(host):
    before = look(host, HOST, TABLES)
    planned = fault(host, STATUS, "--check")
    assert planned["changed"] and planned["fault"]["state"] == "planned" and look(host, HOST, TABLES) == before
    first = inject(host, STATUS)
    assert first["effect"] == "inconclusive" and "no selected request" in first["note"]
    assert not fault(host, STATUS)["changed"]
    listening = [row for row in look(host, HOST, "ss -Htlnp").splitlines() if "chaos-" in row]
    assert len(listening) in (1, 2) and all(
        row.split()[3].rpartition(":")[0] in ("127.0.0.1", "[::1]") for row in listening
    ), listening
    found = (
        ask(host, PEER, 150, "/api/products?limit=1", "kept")
        + ask(host, PEER, 20, "/api/products?limit=1")
        + ask(host, HOST, 20, "/api/products?limit=1")
    )
    hit = sum(status == 503 for status, _seconds in found)
    assert said(found) == {200, 503} and 0.3 < hit / len(found) < 0.7, hit
    assert said(ask(host, PEER, 10, "/health")) == {200}
    await_measure(host, HOST)
    final = fault(host, {"name": "some", "state": "absent"})
    assert (
        final["changed"]
        and final["fault"]["residue"] == []
        and final["fault"]["effect"] == "confirmed"
        and "undo_problems" not in final["fault"]
    ), final
    assert [final["fault"]["measured"]["requests" + key] for key in ("", "_matched", "_hit")] == [200, 190, hit]
    assert not fault(host, {"name": "some", "state": "absent"})["changed"]


def test_requests_are_held_from_everywhere_and_others_are_not_until_the_supervisor_is_killed(host):
    found = inject(host, DELAY)
    for name, how in ((PEER, "new"), (HOST, "kept")):
        seen = ask(host, name, 3, "/api/products?limit=1", how)
        # The quickest says how long they are held, however busy this machine is: once, and not twice.
        assert said(seen) == {200} and 0.3 <= min(seconds for _status, seconds in seen) < 0.6, seen
        assert min(seconds for _status, seconds in ask(host, name, 3, "/health", how)) < 0.3
    kill(host, "chaos-fault")
    ended(host, found, "supervisor_died")
    assert min(seconds for _status, seconds in ask(host, PEER, 3, "/api/products?limit=1")) < 0.3


def kill(lab, *names):
    """SIGKILL for parts of a fault."""
    ssh(lab, HOST, "kill -KILL " + " ".join("$(pgrep -x %s)" % each for each in names))


def ended(lab, found, cause):
    """Soon nothing of the fault is there, and the ledger says why."""
    assert wait_for(lambda: not remains(lab, HOST), 10), remains(lab, HOST)
    past = ledger(lab, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (found["id"], cause, [])


@pytest.mark.nightly
@pytest.mark.parametrize(
    ("victim", "cause"),
    [("chaos-fault", "supervisor_died"), ("chaos-http", "worker_died"), ("chaos-guardian", "guardian_died")],
)
def test_connections_break_until_a_part_is_killed(host, victim, cause):
    found = inject(host, ABORT)
    assert said(ask(host, PEER, 2, "/api/products")) | said(ask(host, HOST, 2, "/health")) <= {
        "ConnectionResetError",
        "RemoteDisconnected",
    }
    kill(host, victim)
    ended(host, found, cause)


@pytest.mark.nightly
def test_when_nobody_holds_it_any_more_connections_get_to_the_service(host):
    """Worker, supervisor and guardian at once: what is left of the table does nothing, and systemd takes it away."""
    found = inject(host, ABORT)
    kill(host, "chaos-fault", "chaos-guardian", "chaos-http")
    assert said(ask(host, PEER, 3, "/health")) == {200}
    assert wait_for(lambda: "magsasa_chaos" not in look(host, HOST, "nft list tables"), 10)
    assert wait_for(lambda: [each["id"] for each in ledger(host, HOST)[-1:]] == [found["id"]])


def asking(lab, script, *arguments):
    """A client on the other host that runs beside the test (Popen)."""
    argv = access.ssh_command(lab, lab.find(PEER))
    argv[1:1] = ["-o", "ControlMaster=no", "-o", "ControlPath=none"]
    return Popen([*argv, program(script, lab.address(lab.find(HOST)), *arguments)], stdin=PIPE, stdout=PIPE, text=True)


@pytest.mark.nightly
def test_a_request_that_is_held_at_the_end_reaches_the_service(host):
    inject(host, dict(DELAY, delay="40s"))
    with asking(host, ASK.replace("timeout=10", "timeout=60"), 1, "/api/products?limit=1", "new") as client:
        seen = "ss -Htn state established '( sport = :%d )' | grep -cF '%s' || true" % (
            PORT,
            host.address(host.find(PEER)),
        )
        assert wait_for(lambda: int(ssh(host, HOST, seen)) > 0, 10)
        time.sleep(0.5)
        final = fault(host, {"name": "slow", "state": "absent"})["fault"]
        out, _none = client.communicate(timeout=30)
    ((status, seconds),) = json.loads(out)
    assert status == 200 and 0.5 <= seconds < 20 and final["residue"] == [], (status, seconds)


@pytest.mark.nightly
@pytest.mark.parametrize("reset", [False, True])
def test_connections_that_are_there_already(host, reset):
    """They stay with the service, or are reset, as asked."""
    with asking(host, KEPT, 2, "/health", "kept") as client:
        assert client.stdout.readline().strip() == "ready"
        found = inject(host, dict(ABORT, reset_existing=reset))
        out, _none = client.communicate("\n", timeout=30)
    first, second = json.loads(out)
    assert first[0] == 200 and (second[0] == 200) is not reset, (first, second)
    assert (found["measured"].get("connections_reset", 0) > 0) is reset
    fault(host, {"name": "broken", "state": "absent"})


@pytest.mark.nightly
def test_two_on_one_port_are_refused(host):
    inject(host, STATUS)
    other = fault(host, dict(ABORT, name="other"))
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    fault(host, {"name": "some", "state": "absent"})


@pytest.mark.nightly
def test_over_ipv6_too(host):
    link = ssh(host, HOST, "ip -o -4 addr show scope global").split()[1]
    for name, address in ((HOST, "fd00:75::1"), (PEER, "fd00:75::2")):
        ssh(
            host,
            name,
            "sysctl -qw net.ipv6.conf.%s.disable_ipv6=0; ip -6 addr add %s/64 dev %s nodad" % (link, address, link),
        )
    server = "systemd-run -q --unit=six python3 -m http.server --bind fd00:75::1 8046"
    try:
        ssh(host, HOST, server)
        assert wait_for(
            lambda: ssh(host, PEER, "curl -s -o /dev/null -w %{http_code} 'http://[fd00:75::1]:8046/'", check=False)
            == "200",
            10,
        )
        inject(host, dict(STATUS, port=8046, percent="100%", path=["/"], status=418))
        assert ssh(host, PEER, "curl -s -o /dev/null -w %{http_code} 'http://[fd00:75::1]:8046/'") == "418"
        fault(host, {"name": "some", "state": "absent"})
        assert ssh(host, PEER, "curl -s -o /dev/null -w %{http_code} 'http://[fd00:75::1]:8046/'") == "200"
    finally:
        ssh(host, HOST, "systemctl stop six", check=False)
        for name, address in ((HOST, "fd00:75::1"), (PEER, "fd00:75::2")):
            ssh(host, name, "ip -6 addr del %s/64 dev %s" % (address, link))


def test_refused_before_anything_changes(host):
    for change, words in (
        ({"port": 22}, "refused by the control connection guard"),
        ({"port": 4}, "nothing listens on port 4"),
        ({"status": 99}, "not the status of a whole answer"),
    ):
        found = fault(host, dict(STATUS, **change))
        assert found["failed"] and not found["changed"] and words in found["msg"] and "\n" not in found["msg"], found
