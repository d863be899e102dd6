# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The promise that every fault shares: armed before it bites, bounded, undone whatever happens, and written down."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from support.faults import left, ledger, marked, wait_for
from support.modules import ROOT, environment, run_module

FAULT = {"name": "life", "load": "10%", "of": "added", "cores": 1, "duration": "20s"}


@pytest.fixture(name="state")
def _state(tmp_path):
    folder = tmp_path / "state"
    folder.mkdir(mode=0o700)
    yield folder
    run_module("fault_halt", {}, folder)
    assert wait_for(lambda: not left(folder)), left(folder)


def test_do_repeat_undo_repeat(state):
    first = run_module("cpu_fault", FAULT, state)
    assert first["changed"] and first["fault"]["state"] == "active" and first["fault"]["effect"] == "confirmed"
    assert marked(state, first["fault"]["id"])
    again = run_module("cpu_fault", FAULT, state)
    assert not again["changed"] and again["fault"]["id"] == first["fault"]["id"]
    undone = run_module("cpu_fault", {"name": "life", "state": "absent"}, state)
    assert undone["changed"] and undone["fault"]["state"] == "reverted" and undone["fault"]["revert_cause"] == "absent"
    assert undone["fault"]["residue"] == []
    assert wait_for(lambda: not left(state)), left(state)
    last = run_module("cpu_fault", {"name": "life", "state": "absent"}, state)
    assert not last["changed"] and last["fault"]["id"] == first["fault"]["id"]


def test_check_mode_plans_and_touches_nothing(state):
    planned = run_module("cpu_fault", FAULT, state, check=True)
    assert planned["changed"] and planned["fault"]["state"] == "planned"
    assert planned["fault"]["plan"][0]["undo"]
    assert list(state.iterdir()) == [] and not marked(state)


def test_ends_at_its_deadline(state):
    fault = run_module("cpu_fault", dict(FAULT, duration="3s"), state)["fault"]
    assert wait_for(lambda: not left(state)), left(state)
    (past,) = ledger(state)
    assert past["revert_cause"] == "deadline"
    held = past["reverted_at"]["monotonic"] - fault["injected_at"]["monotonic"]
    assert 2.9 < held < 6, held  # a bound of correctness, wide enough for a busy machine


@pytest.mark.parametrize(
    "victim, cause",
    [("chaos-fault", "supervisor_died"), ("chaos-guardian", "guardian_died"), ("chaos-cpu", "worker_died")],
)
def test_sigkill_of_any_part_ends_the_fault(state, victim, cause):
    fault = run_module("cpu_fault", dict(FAULT, lease="19s"), state)["fault"]
    assert run_module("fault_lease", {}, state)["renewed"] == ["life"]  # a renewal leaves a file, which must go too
    pid = next(pid for pid, name in marked(state, fault["id"]) if name == victim)
    os.kill(pid, signal.SIGKILL)
    assert wait_for(lambda: not left(state)), left(state)
    assert ledger(state)[-1]["revert_cause"] == cause


def test_stopped_supervisor_is_ended_by_the_guardian(state):
    fault = run_module("cpu_fault", dict(FAULT, duration="3s"), state)["fault"]
    pid = next(pid for pid, name in marked(state, fault["id"]) if name == "chaos-fault")
    os.kill(pid, signal.SIGSTOP)
    assert wait_for(lambda: not left(state)), left(state)
    assert ledger(state)[-1]["revert_cause"] == "supervisor_died"


def kill_at_once(state, fault):
    """SIGKILL every process of a fault. They are stopped first, so that none of them sees another one die and
    undoes the fault.
    """
    pids = [pid for pid, name in sorted(marked(state, fault["id"]), key=lambda found: found[1] != "chaos-guardian")]
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            os.kill(pid, number)
    assert wait_for(lambda: not marked(state, fault["id"]))


def backed_by_a_unit(fault):
    """Whether a unit of systemd undoes the fault when all its processes are gone; the fault says where none does."""
    alone = any("no systemd unit backs this fault" in note for note in fault["notes"])
    assert alone != (os.geteuid() == 0 and os.path.isdir("/run/systemd/system")), fault["notes"]
    return not alone


def test_all_parts_killed_is_undone_at_the_next_contact(state):
    fault = run_module("cpu_fault", FAULT, state)["fault"]
    kill_at_once(state, fault)
    if backed_by_a_unit(fault):
        assert wait_for(lambda: not left(state)), left(state)
        assert [past["id"] for past in ledger(state)] == [fault["id"]]
        return
    seen = run_module("fault_info", {}, state, check=True)
    assert [(each["id"], each["orphaned"]) for each in seen["active"]] == [(fault["id"], True)]
    swept = run_module("cpu_fault", dict(FAULT, name="next", duration="60s"), state)
    assert [(each["id"], each["revert_cause"]) for each in swept["swept"]] == [(fault["id"], "orphaned")]
    assert [past["id"] for past in ledger(state)] == [fault["id"]]
    assert [each["name"] for each in run_module("fault_info", {}, state)["active"]] == ["next"]


def test_the_same_play_twice_at_once_is_one_fault(state):
    """The one that comes second waits until the fault is in, and changes nothing."""
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible"),
        "localhost",
        "-i",
        str(ROOT / "inventory" / "hosts"),
        "-m",
        "magsasa.chaos.cpu_fault",
    ]
    argv += ["-a", json.dumps(dict(FAULT, duration="120s"))]
    both = [
        subprocess.Popen(
            argv, cwd=ROOT, env=environment(state), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        for _each in range(2)
    ]
    said = [each.communicate(timeout=120)[0] for each in both]
    results = [json.JSONDecoder().raw_decode(text.partition(" => ")[2].lstrip())[0] for text in said]
    assert sorted(each.get("changed") for each in results) == [False, True], said
    assert len({each["fault"]["id"] for each in results}) == 1 and {each["fault"]["state"] for each in results} == {
        "active"
    }, said


def test_whoever_looks_undoes_what_nobody_holds(state):
    fault = run_module("cpu_fault", FAULT, state)["fault"]
    kill_at_once(state, fault)
    if not backed_by_a_unit(fault):
        seen = run_module("fault_info", {}, state)
        assert (
            seen["changed"]
            and [(each["id"], each["revert_cause"]) for each in seen["swept"]] == [(fault["id"], "orphaned")]
            and seen["active"] == []
        )
    assert wait_for(lambda: not left(state)), left(state)
    assert not run_module("fault_lease", {}, state)["changed"]


def test_record_of_another_boot_is_swept(state):
    fault = run_module("cpu_fault", FAULT, state)["fault"]
    path = state / "ledger" / "faults" / (fault["id"] + ".json")
    for pid, name in sorted(marked(state, fault["id"]), key=lambda found: found[1] != "chaos-guardian"):
        os.kill(pid, signal.SIGSTOP)
    record = json.loads(path.read_text())
    for pid, name in marked(state, fault["id"]):
        os.kill(pid, signal.SIGKILL)
    record["boot_id"] = "00000000-0000-4000-8000-000000000000"
    path.write_text(json.dumps(record))
    swept = run_module("cpu_fault", {"name": "other", "state": "absent"}, state)
    assert [each["revert_cause"] for each in swept["swept"]] == ["orphaned"]


def test_lease_that_nobody_renews_ends_the_fault(state):
    fault = run_module("cpu_fault", dict(FAULT, lease="4s"), state)["fault"]
    time.sleep(max(0.0, fault["injected_at"]["monotonic"] + 0.5 - time.monotonic()))
    renewed = time.monotonic()
    assert run_module("fault_lease", {}, state)["renewed"] == ["life"]
    assert wait_for(lambda: not left(state)), left(state)
    past = ledger(state)[-1]
    assert past["revert_cause"] == "lease"
    assert past["reverted_at"]["monotonic"] - renewed > 3.9


def test_fault_halt_undoes_everything(state):
    run_module("cpu_fault", FAULT, state)
    planned = run_module("fault_halt", {}, state, check=True)
    assert planned["changed"] and marked(state)
    halted = run_module("fault_halt", {}, state)
    assert halted["changed"] and [each["revert_cause"] for each in halted["undone"]] == ["halt"]
    assert not run_module("fault_halt", {}, state)["changed"]


def test_conflict_is_refused_before_anything_changes(state):
    first = run_module("cpu_fault", FAULT, state)["fault"]
    before = sorted(marked(state))
    for other in (dict(FAULT, name="second"), dict(FAULT, load="20%")):
        refused = run_module("cpu_fault", other, state)
        assert refused["failed"] and refused["msg"].startswith("refused by the conflict guard")
    assert sorted(marked(state)) == before
    assert [each["id"] for each in run_module("fault_info", {}, state)["active"]] == [first["id"]]


@pytest.mark.parametrize(
    "change, words",
    [
        ({"duration": "30 parsecs"}, "duration: '30 parsecs'"),
        ({"duration": "-5s"}, "duration: '-5s'"),
        ({"duration": "20m"}, "max_duration"),
        ({"duration": None}, "duration"),
        ({"max_duration": "never"}, "max_duration: 'never'"),
        ({"lease": "soon"}, "lease: 'soon'"),
        ({"load": "200%"}, "load: '200%'"),
        ({"load": "-3"}, "load: '-3'"),
        ({"load": None}, "load"),
        ({"cores": 0}, "cores: '0'"),
        ({"cores": 4096}, "cores: '4096'"),
        ({"ramp": "x"}, "ramp: 'x'"),
        ({"of": "moon"}, "of"),
        ({"name": "../etc"}, "name: '../etc'"),
        ({"name": "a" * 64}, "name:"),
        ({"halt_on": {"probe": "p"}}, "halt_on"),
        ({"halt_on": {"probe": "p", "error_rate": "many"}}, "halt_on.error_rate: 'many'"),
    ],
)
def test_bad_input_gets_one_sentence_and_changes_nothing(state, change, words):
    result = run_module(
        "cpu_fault", {key: value for key, value in dict(FAULT, **change).items() if value is not None}, state
    )
    assert result["failed"] and words in result["msg"] and "\n" not in result["msg"]
    assert list(state.iterdir()) == [] and not marked(state)


@pytest.mark.parametrize(
    "line, words",
    [
        ("localhost ansible_connection=local", "chaos_allowed"),
        ("localhost ansible_connection=local chaos_allowed=true chaos_protected=yes", "chaos_protected"),
    ],
)
def test_inventory_has_the_first_word(state, tmp_path, line, words):
    inventory = tmp_path / "hosts"
    inventory.write_text(line + ' ansible_python_interpreter="{{ ansible_playbook_python }}"\n')
    refused = run_module("cpu_fault", FAULT, state, inventory=inventory)
    assert refused["failed"] and words in refused["msg"]
    assert list(state.iterdir()) == []
    undo = run_module("cpu_fault", {"name": "life", "state": "absent"}, state, inventory=inventory)
    assert not undo.get("failed")


def test_state_folder_of_somebody_else_is_refused(state):
    (state / "run").mkdir(mode=0o777)
    (state / "run").chmod(0o777)
    refused = run_module("cpu_fault", FAULT, state)
    assert refused["failed"] and "not a private folder" in refused["msg"]
    (state / "run").chmod(0o700)
    (state / "run").rmdir()
    (state / "elsewhere").mkdir(mode=0o700)
    (state / "run").symlink_to(state / "elsewhere")
    refused = run_module("cpu_fault", FAULT, state)
    assert refused["failed"] and "not a private folder" in refused["msg"]
    (state / "run").unlink()
    (state / "elsewhere").rmdir()


@pytest.mark.root
def test_full_file_system_gets_one_sentence_and_no_fault(tmp_path):
    folder = tmp_path / "full"
    folder.mkdir(mode=0o700)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k,mode=0700", "tmpfs", str(folder)], check=True)
    try:
        with open(folder / "ballast", "wb") as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)
                ballast.flush()
        refused = run_module("cpu_fault", FAULT, folder)
        assert refused["failed"] and "No space left" in refused["msg"] and "\n" not in refused["msg"]
        assert not marked(folder) and not list(
            (folder / "ledger").rglob("*.json*") if (folder / "ledger").exists() else []
        )
    finally:
        subprocess.run(["umount", str(folder)], check=True)
