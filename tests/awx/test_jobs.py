# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The light playbook as a job of AWX: verdict in the artifacts, job status, check jobs, limits."""
from __future__ import annotations

import json

import pytest

from support.residue import living
from support.runner import INSTALLED, run_job, update_project

PLAYBOOK = "playbooks/chaos_light.yml"
# A copy of the catalogue's scenario that takes seconds.
SHORT = {
    "id": "memory-short",
    "title": "32 MB of memory are taken",
    "hypothesis": "The service keeps its error rate.",
    "family": "memory",
    "intensity": "light",
    "hold": "2s",
    "options": {"size": "32M"},
    "objectives": {"error_rate": "5%"},
}


@pytest.fixture(name="updated", scope="session")
def _updated(tmp_path_factory):
    """One project update serves all jobs, as in AWX."""
    return update_project(tmp_path_factory.mktemp("update"))


@pytest.fixture(name="job")
def _job(updated, chaos_state, tmp_path):
    """``job(extra_vars, hosts=None, options=()) -> Job`` with short phases and a report folder of the test's own."""

    def run(extra_vars, hosts=None, options=(), playbook=PLAYBOOK):
        folder = tmp_path / "private"
        folder.mkdir()
        given = {
            "chaos_extra_scenarios": [SHORT],
            "chaos_scenarios": "memory-short",
            "chaos_baseline": "2s",
            "chaos_recovery_timeout": "15s",
            "chaos_report_dir": str(tmp_path / "reports"),
            "target_app_home": str(tmp_path / "sample"),
        }
        return run_job(updated, folder, playbook, chaos_state, dict(given, **extra_vars), hosts, options)

    yield run
    assert living(chaos_state) == {} and not (tmp_path / "sample").exists()


def report_of(tmp_path):
    """The newest report."""
    assert (tmp_path / "reports" / "latest" / "report.md").read_text().startswith("# ")
    return json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())


def test_job_passes(job, tmp_path, chaos_state):
    local = {"ansible_connection": "local", "chaos_allowed": True}
    done = job({}, hosts={"one": dict(local), "two": dict(local)}, options=("--limit", "two"))
    assert (done.status, done.rc) == ("successful", 0), done.stdout[-3000:]
    report = report_of(tmp_path)
    assert [(each["host"], each["scenario"], each["verdict"]) for each in report["experiments"]] == [("two", "memory-short", "passed")]
    assert done.hosts == {"two"}
    verdict = done.artifacts["chaos"]
    assert verdict["verdict"] == "passed" and verdict["passed"] == 1 and verdict["residue"] == 0
    own = [path for path in done.task_paths() if "/roles/" in path]
    assert own and all(path.startswith(str(done.folder / INSTALLED)) for path in own), own
    assert len((chaos_state / "ledger" / "ledger.jsonl").read_text().splitlines()) == 1
