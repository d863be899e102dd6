# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The maintenance window through the public surface: a fault module, its undo, and the report of a run."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from support.http_server import Server, answer, say

BUSY = {"name": "busy", "load": "5%", "of": "added", "cores": 1, "duration": "20s"}
ABSENT = {"name": "busy", "state": "absent"}


def window(begin_h, end_h):
    """A window that begins and ends so many hours from now."""
    return "-".join(
        (datetime.now().astimezone() + timedelta(hours=hours)).strftime("%H:%M") for hours in (begin_h, end_h)
    )


def test_a_fault_is_refused_outside_and_its_undo_never(ansible_playbook, tmp_path):
    tasks = [
        {
            "magsasa.chaos.cpu_fault": BUSY,
            "vars": {"chaos_window": window(1, 2)},
            "register": "outside",
            "ignore_errors": True,
        },
        {
            "magsasa.chaos.cpu_fault": BUSY,
            "vars": {"chaos_window": [window(1, 2), window(-1, 1)]},
            "register": "inside",
        },
        {"magsasa.chaos.cpu_fault": ABSENT, "vars": {"chaos_window": window(1, 2)}, "register": "undone"},
        {"magsasa.chaos.cpu_fault": BUSY, "vars": {"chaos_window": window(-1, 1)}},
        {"magsasa.chaos.fault_halt": {}, "vars": {"chaos_window": window(1, 2)}, "register": "halted"},
        {
            "ansible.builtin.copy": {
                "content": "{{ [outside, inside, undone, halted] | to_json }}",
                "dest": str(tmp_path / "told.json"),
                "mode": "0600",
            }
        },
    ]
    play = tmp_path / "play.yml"
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = ansible_playbook("-i", "inventory/hosts", play)
    assert done.returncode == 0, done.stdout + done.stderr
    outside, inside, undone, halted = json.loads((tmp_path / "told.json").read_text())
    assert (
        outside["failed"] and outside["refused"] and outside["msg"].startswith("refused by the window guard: it is ")
    ), outside
    assert inside["changed"] and inside["fault"]["state"] == "active"
    assert undone["changed"] and undone["fault"]["revert_cause"] == "absent" and undone["fault"]["residue"] == []
    assert [each["revert_cause"] for each in halted["undone"]] == ["halt"]


@pytest.mark.parametrize(
    ("hours", "status"),
    [((1, 2), "refused"), pytest.param((-1, 1), "planned", marks=pytest.mark.nightly)],
    ids=["outside", "inside"],
)
def test_a_run_says_so_in_its_report(ansible_playbook, tmp_path, hours, status):
    with Server(say(answer({"status": "healthy"}))) as server:
        values = {"chaos_window": window(*hours), "chaos_target_url": server.url, "chaos_scenarios": ["cpu-light"]}
        ansible_playbook("-i", "inventory/hosts", "--check", "-e", json.dumps(values), "playbooks/chaos_light.yml")
    (seen,) = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())["experiments"]
    assert seen["status"] == status and ("window guard" in seen["reason"]) is (status == "refused"), seen
