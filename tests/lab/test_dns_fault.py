# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names on hosts over SSH: asked as programs ask, and /etc/hosts as before."""

from __future__ import annotations

import pytest

from support.faults import wait_for
from support.lab import ledger, look, on_hosts, remains, ssh

HOST = "app1"
STATE = "stat -c '%n %a %u %g %s %.9Y %h' /etc/hosts; ls -A /etc | grep -c .; sha256sum /etc/hosts"
REDIRECT = {
    "name": "away",
    "action": "redirect",
    "names": ["api.example.test", "db-example"],
    "address": "127.0.0.99",
    "duration": "60s",
}
BLOCK = {"name": "nowhere", "action": "block", "names": ["api.example.test"], "duration": "60s"}
CONNECT = (
    "python3 -c \"import socket, time; t = time.time()\ntry: socket.create_connection(('%s', 80), 5)\n"
    'except OSError as e: print(type(e).__name__, e.errno, time.time() - t < 2)"'
)


def fault(lab, arguments, *more):
    return on_hosts(lab, HOST, "dns_fault", arguments, *more)[HOST]


def asked(lab, name):
    return sorted({row.split()[0] for row in look(lab, HOST, "timeout 5 getent ahosts %s || true" % name).splitlines()})


@pytest.fixture(autouse=True)
def host(lab):
    """/etc/hosts is after every test what it was before; the access time is not looked at, as everything on the
    host reads it.
    """
    before = look(lab, HOST, STATE)
    yield lab
    left = remains(lab, HOST)
    if left:
        on_hosts(lab, HOST, "fault_halt", {})
    after = look(lab, HOST, STATE)
    assert not left and after == before, (left, before, after)


@pytest.mark.parametrize(
    "options", [pytest.param(REDIRECT, marks=pytest.mark.nightly), BLOCK], ids=["redirect", "block"]
)
def test_in_repeated_conflict_and_out(host, options):
    before = look(host, HOST, STATE)
    planned = fault(host, options, "--check")
    assert (
        planned["changed"]
        and planned["fault"]["state"] == "planned"
        and "hosts.remove" in planned["fault"]["plan"][0]["undo"][0]
    ), planned
    assert look(host, HOST, STATE) == before and not remains(host, HOST)
    found = fault(host, options)
    assert found["changed"] and found["fault"]["effect"] == "confirmed", found
    for name in options["names"]:
        assert asked(host, name) == ([options["address"]] if "address" in options else ["255.255.255.255", "ff0e::1"])
    if options is BLOCK:
        assert ssh(host, HOST, CONNECT % options["names"][0]).split()[-1] == "True"
    assert not fault(host, options)["changed"]
    other = fault(host, dict(BLOCK, name="other"))
    assert other["failed"] and other["msg"].startswith("refused by the conflict guard"), other
    final = fault(host, {"name": options["name"], "state": "absent"})
    assert final["changed"] and final["fault"]["residue"] == [] and final["fault"]["effect"] == "confirmed", final
    assert asked(host, options["names"][0]) == [] and "undo_problems" not in final["fault"]
    assert not fault(host, {"name": options["name"], "state": "absent"})["changed"]


@pytest.mark.nightly  # by day: tests/crash
@pytest.mark.parametrize(
    ("victim", "cause"),
    [("chaos-fault", "supervisor_died"), pytest.param("chaos-guardian", "guardian_died", marks=pytest.mark.nightly)],
)
def test_a_killed_keeper_takes_it_out(host, victim, cause):
    found = fault(host, REDIRECT)
    ssh(host, HOST, "kill -KILL $(pgrep -x %s)" % victim)
    assert wait_for(lambda: not remains(host, HOST), 10), remains(host, HOST)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"]) == (found["fault"]["id"], cause, [])


def test_what_nobody_holds_is_undone_by_systemd(host):
    found = fault(host, REDIRECT)
    assert asked(host, "db-example") == ["127.0.0.99"]
    ssh(host, HOST, "kill -KILL $(pgrep -x chaos-fault) $(pgrep -x chaos-guardian)")
    assert wait_for(lambda: not remains(host, HOST), 10), remains(host, HOST)
    past = ledger(host, HOST)[-1]
    assert (past["id"], past["revert_cause"], past["residue"], past["differences"]) == (
        found["fault"]["id"],
        "supervisor_died",
        [],
        [],
    )
    assert asked(host, "db-example") == []


def test_two_at_once_and_lines_of_others(host):
    """The owner changes the file while two faults are in it: his change stays, and is taken back here by himself."""
    ssh(host, HOST, "cp -p /etc/hosts /root/hosts")
    for name in ("one", "two"):
        assert (
            fault(host, dict(REDIRECT, name=name, names=["%s.example.test" % name]))["fault"]["effect"] == "confirmed"
        )
    ssh(host, HOST, "echo '127.0.0.98 mine.example.test' >> /etc/hosts")
    assert fault(host, {"name": "one", "state": "absent"})["fault"]["residue"] == []
    assert (asked(host, "one.example.test"), asked(host, "two.example.test"), asked(host, "mine.example.test")) == (
        [],
        ["127.0.0.99"],
        ["127.0.0.98"],
    )
    ssh(host, HOST, "sed -i '/mine.example.test/d' /etc/hosts")
    assert fault(host, {"name": "two", "state": "absent"})["fault"]["residue"] == []
    ssh(host, HOST, "cmp /etc/hosts /root/hosts && cp -p /root/hosts /etc/hosts && rm /root/hosts")


def test_refused_before_anything_changes(host):
    own = ssh(host, HOST, "hostname").strip()
    for change, words in (
        ({"names": ["localhost"]}, "protected name"),
        ({"names": [own]}, "protected name"),
        ({"names": ["*.test"]}, "wildcards"),
        ({"address": "x"}, "not an address"),
    ):
        found = fault(host, dict(REDIRECT, **change))
        assert found["failed"] and not found["changed"] and words in found["msg"] and "\n" not in found["msg"], found
