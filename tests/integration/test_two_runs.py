# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host is experimented on by one run at a time; what a run starts is its own. Two controllers, side by side, on
this machine.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys

import pytest

from support import adhoc
from support.http_server import Server, answer, say
from support.modules import ROOT, environment, run_module
from support.residue import living
from support.short import SHORT
from support.waiting import wait_for

LONG = dict(SHORT, id="memory-long", hold="400s")
HOST = 'ansible_connection=local chaos_allowed=true ansible_python_interpreter="{{ ansible_playbook_python }}"'


@pytest.fixture(name="server")
def _server():
    with Server(say(answer({"status": "healthy"}))) as server:
        yield server


@pytest.fixture(name="begin")
def _begin(chaos_state, tmp_path, server):
    """``begin(name, scenario, **variables)``: a run of its own begins; the state of the host is the same for all."""
    running = []

    def begin(name, scenarios, hosts=("web1",), **variables):
        inventory = tmp_path / (name + ".ini")
        inventory.write_text("".join("%s %s\n" % (host, HOST) for host in hosts) + variables.pop("lines", ""))
        values = {
            "chaos_target_url": server.url,
            "chaos_extra_scenarios": scenarios,
            "chaos_scenarios": [each["id"] for each in scenarios],
            "chaos_baseline": "2s",
            "chaos_recovery_timeout": "15s",
            "chaos_report_dir": str(tmp_path / name),
        }
        argv = [
            os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
            "-i",
            str(inventory),
            "playbooks/chaos_light.yml",
        ]
        argv += ["-e", json.dumps(dict(values, **variables))]
        child = adhoc.start(argv, ROOT, environment(chaos_state), tmp_path / (name + ".out"))
        running.append(child)
        return child

    yield begin
    for child in running:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        child.wait(60)
    run_module("fault_halt", {"probes": True}, chaos_state)


def active(state):
    """Records of the faults that are in."""
    found = [json.loads(path.read_text()) for path in (state / "ledger" / "faults").glob("*.json")]
    return [each for each in found if each["state"] == "active"]


def records(tmp_path, name):
    """The experiments of a run's report."""
    return json.loads((tmp_path / name / "latest" / "report.json").read_text())["experiments"]


def ended(tmp_path, name, child):
    """Wait for a run; its output."""
    child.wait(300)
    return (tmp_path / (name + ".out")).read_text()


def test_the_second_is_refused_with_the_name_of_the_first_which_passes(begin, chaos_state, tmp_path, ansible_playbook):
    """The same scenario, another one and a fault by itself; then the operator presses the panic button, and the first
    says who did. Nothing stays.
    """
    # Its lease lasts on a machine that stands still for a while, which would take the turn from the first.
    first = begin("first", [LONG, dict(LONG, id="memory-next")], chaos_lease="60s")
    wait_for(lambda: active(chaos_state), 120)
    (fault,) = active(chaos_state)
    assert fault["run"]["experiment"] and "process %d" % first.pid in fault["run"]["by"], fault["run"]
    second = begin("second", [LONG, SHORT], chaos_run_wait="1s")
    output = ended(tmp_path, "second", second)
    both = records(tmp_path, "second")
    assert [each["scenario"] for each in both] == [LONG["id"], SHORT["id"]], output[-2000:]
    for seen in both:
        assert seen["status"] == "refused" and seen["verdict"] == "unknown", output[-2000:]
        for word in (
            "refused by the run guard: run %s of " % fault["run"]["id"],
            "process %d has reserved this host since" % first.pid,
            "is expected to end at about",
        ):
            assert word in seen["reason"], seen["reason"]
        assert "chaos_run_force" in seen["reason"]
    busy = {"name": "busy", "load": "5%", "of": "added", "cores": 1, "duration": "20s"}
    alone = run_module("cpu_fault", busy, chaos_state)
    assert alone["failed"] and alone["msg"].startswith(
        "refused by the run guard: run %s of " % fault["run"]["id"]
    ), alone["msg"]
    assert run_module("cpu_fault", dict(busy, force=True), chaos_state)["changed"]
    assert run_module("cpu_fault", {"name": "busy", "state": "absent"}, chaos_state)["changed"]
    taken = run_module("probe", {"name": "memory-long", "state": "stopped"}, chaos_state)
    assert not taken["changed"] and taken["samples"] is None, "samples of an experiment are its own run's"
    assert [each["id"] for each in active(chaos_state)] == [fault["id"]], "the first one's fault is untouched"
    told = ansible_playbook("-i", "inventory/hosts", "playbooks/chaos_halt.yml", "-e", "awx_user_name=alice")
    assert told.returncode == 0 and "1 fault(s) reverted (memory-long)" in told.stdout, told.stdout
    output = ended(tmp_path, "first", first)
    assert re.search(r"unknown memory-long +halted by alice at ", output), output[-3000:]
    halted, following = records(tmp_path, "first")
    assert (halted["status"], halted["fault"]["revert_cause"]) == ("halted", "halt"), halted
    assert halted["reason"].startswith("halted by alice at "), halted["reason"]
    assert following["status"] == "refused" and "halted by alice at " in following["reason"], following
    assert living(chaos_state) == {} and not (chaos_state / "run").exists()


def test_who_waits_goes_on_when_the_first_is_gone(begin, chaos_state, tmp_path):
    """A relaunched job: the first was killed, and its lease still runs. Its own samples are collected, and no
    others.
    """
    first = begin("first", [LONG], chaos_lease="6s")
    wait_for(lambda: active(chaos_state), 120)
    (fault,) = active(chaos_state)
    first.kill()
    second = begin("second", [dict(LONG, hold="2s")], chaos_run_wait="120s")
    output = ended(tmp_path, "second", second)
    (seen,) = records(tmp_path, "second")
    assert (seen["status"], seen["verdict"]) == ("completed", "passed"), (seen["reason"], output[-3000:])
    past = [json.loads(line) for line in (chaos_state / "ledger" / "ledger.jsonl").read_text().splitlines()]
    assert [each["revert_cause"] for each in past] == ["lease", "deadline"]
    assert (
        past[0]["id"] == fault["id"]
        and past[1]["run"]["id"] != fault["run"]["id"]
        and seen["fault"]["id"] == past[1]["id"]
    )
    assert seen["phases"]["baseline"]["sent"] <= 20 * 10, "a baseline that began with the first run"
    assert living(chaos_state) == {} and not (chaos_state / "run").exists()


def test_two_names_of_one_machine_are_not_two_hosts(begin, chaos_state, tmp_path):
    """Said by the machine itself: a protected name wins over the other, and without one the second name is refused."""
    closed = begin("closed", [SHORT], hosts=("web1",), lines="db1 %s chaos_protected=true\n" % HOST)
    output = ended(tmp_path, "closed", closed)
    by_host = {each["host"]: each for each in records(tmp_path, "closed")}
    assert (
        by_host["web1"]["status"] == "refused" and "web1 and db1 are the same machine" in by_host["web1"]["reason"]
    ), output[-3000:]
    assert list(chaos_state.iterdir()) == [], "nothing was touched"
    double = begin("double", [SHORT], hosts=("web1", "web2"))
    output = ended(tmp_path, "double", double)
    both = records(tmp_path, "double")
    assert sorted(each["status"] for each in both) == ["completed", "refused"], output[-3000:]
    (reason,) = [each["reason"] for each in both if each["status"] == "refused"]
    assert "web1 and web2 in the inventory are the same machine" in reason.replace("web2 and web1", "web1 and web2")
