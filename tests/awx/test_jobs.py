# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The light playbook as a job of AWX: verdict in the artifacts, job status, check jobs, limits."""

from __future__ import annotations

import json

import pytest

from support.http_server import Server, answer, say
from support.residue import living
from support.runner import INSTALLED, run_job
from support.short import SHORT

PLAYBOOK = "playbooks/chaos_light.yml"


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


@pytest.fixture(name="fragile")
def _fragile(chaos_state):
    """A service that hangs for good from the first fault on."""
    good = say(answer({"status": "healthy"}))

    def behave(connection, request):
        if (
            any((chaos_state / "ledger" / "faults").glob("*.json"))
            or (chaos_state / "ledger" / "ledger.jsonl").exists()
        ):
            return server.wait(30)
        return good(connection, request)

    with Server(behave) as server:
        yield server


def test_job_passes(job, tmp_path, chaos_state):
    """With the sample application, which comes back after a crash as it was not started as a fragile one."""
    local = {"ansible_connection": "local", "chaos_allowed": True}
    options = {"action": "kill", "port": "@port", "signal": "KILL"}
    crash = dict(
        SHORT, id="crash-short", family="process", hold="4s", options=options, objectives={"recovery_time": "10s"}
    )
    given = {
        "chaos_extra_scenarios": [crash],
        "chaos_scenarios": "crash-short",
        "chaos_sample_app": "true",
        "target_app_port": "0",
        "target_app_fragile": "false",
    }
    done = job(given, hosts={"one": dict(local), "two": dict(local)}, options=("--limit", "two"))
    assert (done.status, done.rc) == ("successful", 0), done.stdout[-3000:]
    report = report_of(tmp_path)
    assert [(each["host"], each["scenario"], each["verdict"]) for each in report["experiments"]] == [
        ("two", "crash-short", "passed")
    ]
    assert report["experiments"][0]["fault"]["measured"]["started_by"], "what started it again was the end of the fault"
    assert done.hosts == {"two"}
    verdict = done.artifacts["chaos"]
    assert verdict["verdict"] == "passed" and verdict["passed"] == 1 and verdict["residue"] == 0
    assert (verdict["run"], verdict["intensity"]) == (report["run"]["id"], report["run"]["intensity"])
    ran = {"scenario": "crash-short", "host": "two", "status": "completed", "verdict": "passed", "reason": ""}
    assert verdict["scenarios"] == [ran] and verdict["scenarios_left_out"] == 0
    own = [path for path in done.task_paths() if "/roles/" in path]
    assert own and all(path.startswith(str(done.folder / INSTALLED)) for path in own), own
    assert len((chaos_state / "ledger" / "ledger.jsonl").read_text().splitlines()) == 1
    assert len(done.events) <= 80 + 80, "docs/awx.md"
    # The six other experiments of the intensity light print three or four lines more each: 130 at most in all.
    assert len(done.stdout.splitlines()) <= 130 - 6 * 4 and "fatal" not in done.stdout, done.stdout


def test_job_fails_on_a_breach(job, tmp_path, fragile):
    """The service is lost at the fault, and what a survey says about halting (a text) ends the fault early."""
    halting = {"chaos_halt_on": '{"error_rate": "50", "for": "1"}', "chaos_extra_scenarios": [dict(SHORT, hold="40s")]}
    done = job(dict(halting, chaos_target_url=fragile.url, chaos_recovery_timeout="1"))
    assert done.status == "failed" and done.rc != 0
    report = report_of(tmp_path)
    (record,) = report["experiments"]
    assert (record["status"], record["verdict"]) == ("halted", "failed"), record["reason"]
    assert record["fault"]["revert_cause"] == "halt" and record["fault"]["residue"] == []
    assert done.artifacts["chaos"]["verdict"] == report["summary"]["verdict"] == "failed"


SETTINGS = {
    "chaos_baseline": 2,
    "chaos_recovery_timeout": 2,
    "chaos_probe_rate": 10,
    "chaos_probe_timeout": 1,
    "chaos_lease": 9,
    "chaos_fail_on_breach": False,
    "chaos_sample_app": False,
    "chaos_allowed": True,
    "chaos_protected": False,
}


def as_text(value):
    """A setting as a survey gives it."""
    return json.dumps(value)


# A survey gives text; values are what every other test of the playbooks gives.
FORMS = pytest.mark.parametrize(
    "form",
    [pytest.param(as_text, id="text"), pytest.param(lambda value: value, id="values", marks=pytest.mark.nightly)],
)


@FORMS
def test_every_setting_works_as_text_and_as_a_value(job, tmp_path, chaos_state, fragile, form):
    given = {name: form(value) for name, value in SETTINGS.items()}
    done = job(dict(given, chaos_target_url=fragile.url), hosts={"localhost": {"ansible_connection": "local"}})
    assert (done.status, done.rc) == ("successful", 0), done.stdout[-3000:]
    (record,) = report_of(tmp_path)["experiments"]
    assert (record["status"], record["verdict"]) == ("completed", "failed"), record["reason"]
    phases = record["phases"]
    seconds = {name: phase["to"] - phase["from"] for name, phase in phases.items()}
    assert seconds["recovery"] < 10 and seconds["baseline"] < 10, seconds  # without the settings 30 s and 10 s
    assert abs(sum(each["sent"] for each in phases.values()) / sum(seconds.values()) - 10) < 2  # without 20 a second
    assert phases["hold"]["timed_out"] > 0 and phases["hold"]["p50_ms"] is None, phases  # nothing was answered
    assert json.loads((chaos_state / "ledger" / "ledger.jsonl").read_text())["lease_s"] == 9
    assert not [path for path in done.task_paths() if "/target_app/" in path]


@FORMS
def test_port_detection_takes_text_and_values(job, fragile, form):
    done = job(
        {"chaos_ports": form(fragile.port), "chaos_discover": form(False)}, playbook="playbooks/chaos_detect.yml"
    )
    assert (done.status, done.rc) == ("successful", 0), done.stdout[-3000:]
    told = [line for line in done.stdout.splitlines() if "127.0.0.1:%d" % fragile.port in line]
    assert told and "localhost: " in done.stdout and len(fragile.requests) > 0


def test_empty_answers_are_no_answers(job, tmp_path, fragile):
    names = [
        "chaos_baseline",
        "chaos_recovery_timeout",
        "chaos_probe_rate",
        "chaos_probe_timeout",
        "chaos_fail_on_breach",
        "chaos_intensity",
    ]
    done = job(dict(dict.fromkeys(names, ""), chaos_target_url=fragile.url), options=("--check",))
    assert (done.status, done.rc) == ("successful", 0), done.stdout[-3000:]
    assert [each["status"] for each in report_of(tmp_path)["experiments"]] == ["planned"]


def test_check_job_plans_and_touches_nothing(job, tmp_path, chaos_state):
    done = job({"chaos_scenarios": "", "chaos_target_url": "", "chaos_sample_app": "true"}, options=("--check",))
    assert (done.status, done.rc) == ("successful", 0), done.stdout[-3000:]
    report = report_of(tmp_path)
    assert report["run"]["dry_run"] is True
    planned = {each["scenario"]: each for each in report["experiments"] if each["status"] == "planned"}
    assert {"cpu-light", "memory-light", "disk-io-light", "memory-short"} <= set(planned)
    assert all(each["fault"]["plan"][0]["undo"] and each["verdict"] == "unknown" for each in planned.values())
    assert done.artifacts["chaos"]["planned"] == len(planned)
    assert [path for path in done.task_paths() if "/target_app/" in path]
    assert list(chaos_state.iterdir()) == []


@pytest.mark.parametrize(
    "settings, words",
    [({"chaos_allowed": "false"}, "chaos_allowed"), ({"chaos_protected": "true"}, "chaos_protected")],
    ids=str,
)
def test_the_inventory_closes_a_host_also_as_text(job, tmp_path, chaos_state, fragile, settings, words):
    done = job(
        {"chaos_target_url": fragile.url},
        hosts={"localhost": dict({"ansible_connection": "local", "chaos_allowed": True}, **settings)},
    )
    (record,) = report_of(tmp_path)["experiments"]
    assert record["status"] == "refused" and words in record["reason"], record
    assert done.artifacts["chaos"]["passed"] == 0 and list(chaos_state.iterdir()) == [] and fragile.requests == []
