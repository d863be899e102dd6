# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that reach a service through DNAT or a redirect meet a network fault too; a fault that nothing has met is
not confirmed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from support.forwarding import CLIENT, PUBLISHED, REDIRECTED, published
from support.modules import ROOT, environment
from support.needs import missing
from support.waiting import wait_for

pytestmark = [pytest.mark.root, pytest.mark.skipif(bool(missing("root")), reason="network namespaces need root")]
REFUSED, SILENT = "ConnectionRefusedError", "TimeoutError"
# options -> what a client gets at the published port, and at the redirected one; ("slow", ...) is an answer that took
# that long
ROWS = {
    "reject": ({"action": "reject", "port": [PUBLISHED, REDIRECTED]}, REFUSED, REFUSED),
    "reject-one": ({"action": "reject", "port": [PUBLISHED]}, REFUSED, "answer"),
    "partition": ({"action": "partition", "peer": [CLIENT]}, SILENT, SILENT),
    "delay": ({"delay": "300ms", "port": [PUBLISHED, REDIRECTED]}, "slow", "slow"),
    "loss-in": ({"action": "loss", "loss": "100%", "port": [REDIRECTED], "direction": "in"}, "answer", SILENT),
    "loss-out": ({"action": "loss", "loss": "100%", "port": [PUBLISHED], "direction": "out"}, SILENT, "answer"),
}


@pytest.fixture(name="net", scope="module")
def _net():
    with published() as net:
        yield net


@pytest.fixture(name="fault")
def _fault(net, chaos_state):
    """``fault(module, **arguments)``: a module of the collection, on the host that forwards."""

    def run(module="network_fault", **arguments):
        program = os.path.join(os.path.dirname(sys.executable), "ansible")
        argv = [program, "localhost", "-i", "inventory/hosts", "-m", "magsasa.chaos." + module]
        argv += ["-a", json.dumps(arguments)] if arguments else []
        told = subprocess.run(
            ["ip", "netns", "exec", net.host, *argv],
            cwd=ROOT,
            env=environment(chaos_state),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return json.JSONDecoder().raw_decode(told.stdout.partition(" => ")[2].lstrip())[0]

    yield run
    if any((chaos_state / "ledger" / "faults").glob("*.json")):
        run("fault_halt")
    assert "magsasa_chaos" not in net.run(net.host, "nft", "list", "ruleset")


def kind(found):
    """What a client got; an answer that took long is one of its own."""
    said, seconds = found
    return "slow" if said == "answer" and seconds > 0.29 else said


def measured_once_more(state):
    """Wait until the fault was measured anew: its supervisor has waited for the programs of more than one
    measurement, which makes page faults of children.
    """
    (record,) = [json.loads(path.read_text()) for path in (state / "ledger" / "faults").glob("*.json")]
    stat = "/proc/%d/stat" % record["supervisor"]["pid"]
    for _program in range(5):
        before = _child_faults(stat)
        assert wait_for(lambda before=before: _child_faults(stat) > before, 30), "nothing was measured"


def _child_faults(stat):
    with open(stat) as source:
        return int(source.read().rpartition(")")[2].split()[8])


BY_DAY = ("reject", "delay")


@pytest.mark.parametrize(
    "row", [pytest.param(each, marks=() if each in BY_DAY else pytest.mark.nightly) for each in ROWS]
)
def test_what_clients_use_meets_the_fault(net, fault, chaos_state, row):
    options, at_published, at_redirected = ROWS[row]
    told = fault(name="net", duration="60s", force=True, **options)
    assert (
        told["changed"]
        and told["fault"]["effect"] == "inconclusive"
        and "no selected packet has passed" in told["fault"]["note"]
    ), told
    assert any(
        "forwards port %d,%d to other addresses" % (PUBLISHED, REDIRECTED) in note for note in told["fault"]["notes"]
    ), told["fault"]["notes"]
    found = kind(net.ask(PUBLISHED)), kind(net.ask(REDIRECTED))
    assert found[0] == at_published or (at_published == "answer" and found[0] == "slow"), found
    assert found[1] == at_redirected or (at_redirected == "answer" and found[1] == "slow"), found
    measured_once_more(chaos_state)
    ended = fault(name="net", state="absent")["fault"]
    assert (
        ended["effect"] == "confirmed"
        and ended["measured"]["packets_matched"] > 0
        and ended["residue"] == ended["differences"] == []
    ), ended
    assert net.ask(PUBLISHED)[0] == net.ask(REDIRECTED)[0] == "answer"


def test_the_host_itself_is_a_client_too_and_nothing_else_is_met(net, fault):
    fault(name="net", duration="60s", action="reject", port=[PUBLISHED])
    assert kind(net.ask(PUBLISHED, net.host)) == REFUSED and net.ask(REDIRECTED)[0] == "answer"


def test_a_fault_that_nothing_has_met_is_not_confirmed_and_the_preflight_tells_of_forwarding(net, fault):
    scenario = {"id": "away", "family": "network", "options": {"action": "reject", "port": [str(PUBLISHED)]}}
    seen = fault("preflight_info", scenarios=[scenario])["scenarios"]["away"]
    assert seen["can"] and any("forwards port" in note for note in seen["notes"]), seen
    fault(name="net", duration="60s", action="reject", port=["7999"])
    assert net.ask(PUBLISHED)[0] == "answer"
    ended = fault(name="net", state="absent")["fault"]
    assert ended["effect"] == "inconclusive" and ended["measured"]["packets_matched"] == 0, ended
    assert not any("forwards" in note for note in ended["notes"]), "nobody forwards that port"
