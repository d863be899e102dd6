# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From a playbook to report.json: crafted samples are judged by slo_check, and slo_report writes down the right
numbers.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import jsonschema
import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import pack

from support.modules import ROOT, environment
from support.samples import OUTAGE, REFUSED, fault, series
from support.waiting import wait_for

CHECK = "magsasa.chaos.slo_check"
QUIET = {"samples": pack(series(100, 130)), "fault": fault()}
DOWN = {"samples": pack(series(100, 130, [(110.5, 122.0, OUTAGE)])), "fault": fault(family="database")}
FAST_REFUSAL = {"samples": pack(series(100, 130, [(110.5, 120.4, REFUSED)])), "fault": fault(family="database")}


def scenario(name, family="cpu", **more):
    return dict(
        {"id": name, "title": name, "hypothesis": "It holds.", "family": family, "intensity": "light", "hold": "10s"},
        **more,
    )


def task(options, **more):
    return dict({"name": "judge", CHECK: options, "vars": {}}, **more)


@pytest.fixture(name="play")
def _play(tmp_path, ansible_playbook):
    """``run(tasks, *arguments, **play) -> (CompletedProcess, report or None)``."""

    def run(tasks, *arguments, env=None, **play):
        path = tmp_path / "play.yml"
        path.write_text(json.dumps([dict({"hosts": "localhost", "gather_facts": False, "tasks": tasks}, **play)]))
        done = ansible_playbook(path, *arguments, env=env)
        latest = tmp_path / "reports" / "latest" / "report.json"
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        return done, json.loads(latest.read_text()) if latest.exists() else None

    return run


def test_the_numbers_are_right(play, tmp_path):
    done, report = play(
        [
            task(dict(QUIET, scenario=scenario("cpu-light"))),
            task(
                dict(
                    DOWN,
                    scenario=scenario(
                        "database-outage-brief", "database", objectives={"p95": "500ms", "recovery_time": "10s"}
                    ),
                    fail_on_breach=True,
                ),
                ignore_errors=True,
            ),
            task(
                dict(FAST_REFUSAL, scenario="{{ item }}"),
                loop=[
                    scenario("again", "database", objectives={"p95": "500ms", "recovery_time": "10s"}, liveness=True)
                ],
            ),
            task(
                {"scenario": scenario("packet-loss-light", "network"), "skipped": "the network family is not built yet"}
            ),
            {"name": "no experiment", "ansible.builtin.debug": {"msg": "experiment"}},
        ],
        vars={"chaos_intensity": "light", "chaos_seed": 42},
    )
    assert done.returncode == 0, done.stdout
    schema = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
    assert [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(report)] == []
    assert [(e["scenario"], e["host"], e["status"], e["verdict"]) for e in report["experiments"]] == [
        ("cpu-light", "localhost", "completed", "passed"),
        ("database-outage-brief", "localhost", "completed", "failed"),
        ("again", "localhost", "completed", "passed"),
        ("packet-loss-light", "localhost", "skipped", "unknown"),
    ]
    down, again = report["experiments"][1:3]
    assert (
        down["metrics"]["recovery_time_s"],
        down["metrics"]["mttr_s"],
        down["metrics"]["error_rate_pct"],
        down["phases"]["hold"]["p95_ms"],
    ) == (
        2.0,
        11.5,
        95.0,
        3.0,  # of the ten answers; at the place of the objective stands a time-out
    )
    assert [(each["name"], each["met"]) for each in down["objectives"]] == [("p95", False), ("recovery_time", True)]
    assert "circuit breaker" in down["recommendations"][0]["advice"]
    assert (
        again["metrics"]["recovery_time_s"],
        again["phases"]["hold"]["p95_ms"],
        again["metrics"]["alive_pct"],
        again["recommendations"],
    ) == (
        0.4,
        4.0,
        100.0,
        [],
    )
    # met of those measured: 4 of 4, 1 of 2, 3 of 3; outages 11.5 s and 9.9 s
    summary = report["summary"]
    assert (summary["passed"], summary["failed_slo"], summary["skipped"], summary["score"], summary["mttr_s"]) == (
        2,
        1,
        1,
        88.9,
        10.7,
    )
    assert (
        report["run"]["intensity"],
        report["run"]["seed"],
        report["run"]["dry_run"],
        report["run"]["interrupted"],
    ) == ("light", "42", False, False)
    assert report["run"]["versions"]["magsasa.chaos"] != "unknown"
    assert "CHAOS FAILED: 2 passed, 1 failed, 1 skipped; 3 of 4 ran; score 88.9" in done.stdout
    assert "report: %s/reports/%s/report.html" % (tmp_path, report["run"]["id"]) in done.stdout
    text = (tmp_path / "reports" / "latest" / "report.md").read_text()
    assert text.startswith("# Chaos report: failed\n") and "p95 never (at most 500 ms) MISSED" in text
    assert "\x1b" not in done.stdout


def test_a_breach_fails_the_task_only_when_asked(play):
    options = dict(DOWN, scenario=scenario("x"))
    done, report = play([task(options), task(dict(options, fail_on_breach="no"))])
    assert done.returncode == 0 and [each["verdict"] for each in report["experiments"]] == ["failed", "failed"]
    done, report = play([task(dict(options, fail_on_breach="yes"))])
    assert done.returncode == 2 and report["experiments"][0]["verdict"] == "failed"


def test_every_run_has_a_report_of_its_own(play, tmp_path):
    first = play([task(dict(QUIET, scenario=scenario("x")))])[1]
    second = play([task(dict(QUIET, scenario=scenario("y")))])[1]
    names = sorted(path.name for path in (tmp_path / "reports").iterdir())
    assert names == sorted([first["run"]["id"], second["run"]["id"], "latest", "history.jsonl"])
    kept = json.loads((tmp_path / "reports" / first["run"]["id"] / "report.json").read_text())
    assert kept == first and second["experiments"][0]["scenario"] == "y"


def test_a_variable_of_the_play_names_the_folder(play, tmp_path):
    done, report = play([task(dict(QUIET, scenario=scenario("x")))], "-e", "chaos_report_dir=%s" % (tmp_path / "other"))
    assert report is None and (tmp_path / "other" / "latest" / "report.json").exists(), done.stdout


def test_nothing_judged_nothing_written(play, tmp_path):
    done, report = play([{"name": "nothing", "ansible.builtin.debug": {"msg": "hello"}}])
    assert report is None and not (tmp_path / "reports").exists() and "CHAOS" not in done.stdout


def test_a_dry_run_reports_the_plan(play, tmp_path):
    planned = fault(
        state="planned",
        effect="inconclusive",
        measured={},
        armed_at=None,
        injected_at=None,
        reverted_at=None,
        revert_cause=None,
    )
    done, report = play([task({"scenario": scenario("cpu-light"), "fault": planned})], "--check")
    assert done.returncode == 0 and report["run"]["dry_run"] and report["experiments"][0]["status"] == "planned"
    assert "CHAOS dry run: 1 planned; nothing was touched" in done.stdout
    assert "keep two cores half busy" in (tmp_path / "reports" / "latest" / "report.md").read_text()


def test_an_unwritable_folder_is_one_clear_sentence(play, tmp_path):
    (tmp_path / "reports").write_text("a file")
    done, _report = play([task(dict(QUIET, scenario=scenario("x")))])
    assert done.returncode == 0 and "CHAOS PASSED" in done.stdout
    said = " ".join((done.stdout + done.stderr).replace("[WARNING]", "").split())
    assert "the report could not be written into" in said and "name another folder with CHAOS_REPORT_DIR" in said
    assert "callback" not in said.lower()


def test_secrets_of_the_command_line_stay_out(play, tmp_path):
    play([task(dict(QUIET, scenario=scenario("x")))], "-e", "db_password=hunter2")
    text = "".join(path.read_text() for path in (tmp_path / "reports" / "latest").iterdir())
    assert "hunter2" not in text and "db_password=***" in text


BAD = [
    ({"scenario": {"title": "x"}}, "is not a scenario; pass an entry of the catalogue, with at least an id"),
    (
        dict(QUIET, scenario=scenario("x", objectives={"p95": "30 parsecs"})),
        "objectives.p95: '30 parsecs' is not a duration",
    ),
    (
        dict(QUIET, scenario=scenario("x"), samples={"data": "AAAA"}),
        "samples: this is not the result of a probe; pass it unchanged",
    ),
    (
        dict(QUIET, scenario=scenario("x"), fail_on_breach="perhaps"),
        "fail_on_breach: 'perhaps' is neither true nor false; write true or false",
    ),
    (
        dict(QUIET, scenario=scenario("x"), fault={"injected_at": 5}),
        "fault.injected_at: '5' is not a reading of a clock; pass the fault record unchanged",
    ),
    (dict(QUIET, scenario=scenario("x"), speed=5), "speed"),
]


def test_bad_input_is_one_sentence(play, tmp_path):
    names = ["row_%d" % number for number in range(len(BAD))]
    tasks = [task(options, register=name, ignore_errors=True) for name, (options, _sentence) in zip(names, BAD)]
    tasks.append(
        {
            "name": "keep",
            "ansible.builtin.copy": {
                "content": "{{ [%s] | to_json }}" % ", ".join(names),
                "dest": str(tmp_path / "rows"),
                "mode": "0600",
            },
        }
    )
    done, report = play(tasks)
    assert done.returncode == 0 and report is None, done.stdout
    for (_options, sentence), result in zip(BAD, json.loads((tmp_path / "rows").read_text())):
        assert result["failed"] and "experiment" not in result
        assert sentence in result["msg"] and "\n" not in result["msg"], result["msg"]


def test_what_was_judged_before_ctrl_c_is_written(tmp_path, chaos_state):
    play = tmp_path / "play.yml"
    marker = tmp_path / "waiting"
    tasks = [
        task(dict(QUIET, scenario=scenario("first"))),
        {"name": "tell", "ansible.builtin.copy": {"content": "x", "dest": str(marker), "mode": "0600"}},
        {"name": "wait", "ansible.builtin.command": {"argv": ["sleep", "60"]}, "changed_when": False},
        task(dict(QUIET, scenario=scenario("second"))),
    ]
    play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    env = environment(chaos_state, CHAOS_REPORT_DIR=tmp_path / "reports")
    running = subprocess.Popen(
        [program, str(play)],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert wait_for(marker.exists, 60)
    time.sleep(0.5)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does
    shown, _none = running.communicate(timeout=60)
    report = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())
    assert [each["scenario"] for each in report["experiments"]] == ["first"], shown
    assert report["run"]["interrupted"] and report["summary"]["verdict"] == "unknown"
    assert len([name for name in os.listdir(tmp_path / "reports") if name.startswith("2")]) == 1
    assert "interrupted" in shown and shown.count("CHAOS UNKNOWN") == 1
