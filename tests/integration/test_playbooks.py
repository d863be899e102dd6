# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whole runs on this machine: what they refuse, how they end, and what a service that is not up to it looks like. One
that measures the machine is in tests/solo.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys

import pytest

from support.modules import ROOT, environment
from support.residue import living
from support.sample_app import FAST, by_scenario, ended, report_of, sample_processes
from support.waiting import wait_for


@pytest.fixture(name="home")
def _home(tmp_path):
    with ended(tmp_path / "sample") as home:
        yield home


@pytest.mark.slow
def test_fragile_application_is_found_wanting(ansible_playbook, tmp_path, home):
    done = ansible_playbook(
        ROOT / "playbooks" / "chaos_smoke.yml", *FAST,
        "-e", "chaos_scenarios=app-crash,database-outage-brief", "-e", "target_app_fragile=true", "-e", "target_app_home=%s" % home,
    )  # fmt: skip
    assert done.returncode != 0
    report = report_of(tmp_path / "reports")
    found = by_scenario(report)
    assert report["summary"]["failed_slo"] >= 1 and report["summary"]["residue"] == 0
    outage = found["database-outage-brief"]
    assert outage["verdict"] == "failed" and outage["recommendations"], outage["reason"]
    assert any("time-out" in each["advice"] or "breaker" in each["advice"] for each in outage["recommendations"])
    assert not home.exists() and sample_processes(home) == []


@pytest.mark.nightly  # by day: test_role_target_app
def test_a_sample_application_that_does_not_come_up_is_ended(home, ansible_playbook):
    done = ansible_playbook(
        ROOT / "playbooks" / "chaos_light.yml", "-e", "target_app_home=%s" % home, "-e", "target_app_timeout=1ms"
    )
    assert done.returncode == 2 and "the sample application did not start: " in done.stdout, done.stdout
    assert not home.exists() and sample_processes(home) == []


@pytest.mark.nightly  # by day: fewer scenarios in test_commands; the role in check mode in test_role_target_app
def test_dry_run_plans_and_touches_nothing(ansible_playbook, chaos_state, tmp_path, home):
    done = ansible_playbook(ROOT / "playbooks" / "chaos_smoke.yml", "--check", "-e", "target_app_home=%s" % home)
    assert done.returncode == 0, done.stdout[-3000:]
    report = report_of(tmp_path / "reports")
    assert report["run"]["dry_run"] is True and report["summary"]["experiments"] == 18
    planned = [each for each in report["experiments"] if each["status"] == "planned"]
    assert {"cpu-light", "memory-heavy", "disk-io-heavy"} <= {each["scenario"] for each in planned}
    assert all(each["fault"]["plan"] and each["fault"]["plan"][0]["undo"] for each in planned)
    assert all(each["verdict"] == "unknown" for each in report["experiments"])
    assert list(chaos_state.iterdir()) == [] and not home.exists()


def _running(chaos_state, tmp_path, home, *more):
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        str(ROOT / "playbooks" / "chaos_light.yml"),
        *FAST,
    ]
    argv += ["-e", "chaos_scenarios=memory-light", "-e", "target_app_home=%s" % home, "-e", "chaos_lease=5s", *more]
    started = subprocess.Popen(
        argv,
        cwd=ROOT,
        env=environment(chaos_state, CHAOS_REPORT_DIR=tmp_path / "reports"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    faults = chaos_state / "ledger" / "faults"
    assert wait_for(
        lambda: any('"active"' in path.read_text() for path in faults.glob("*.json")) if faults.exists() else False, 120
    ), "no fault was injected"
    return started


@pytest.mark.nightly  # by day: test_experiment kills the controller, test_role_target_app the owner of the application
@pytest.mark.parametrize(
    "number, cause",
    [(signal.SIGKILL, "lease"), (signal.SIGINT, "lease")],
    ids=["SIGKILL", "Ctrl-C"],
)
def test_dead_controller_leaves_nothing(chaos_state, tmp_path, home, number, cause):
    started = _running(chaos_state, tmp_path, home)
    if number == signal.SIGINT:
        os.killpg(started.pid, number)  # a terminal sends it to the whole group
    else:
        os.kill(started.pid, number)
    told = started.communicate(timeout=60)[0]
    assert (number == signal.SIGKILL) != ("with its lease" in told and "chaos_halt" in told), told
    assert wait_for(lambda: not living(chaos_state) and not home.exists() and not (chaos_state / "run").exists(), 60), (
        living(chaos_state),
        home.exists(),
    )
    past = [json.loads(line) for line in (chaos_state / "ledger" / "ledger.jsonl").read_text().splitlines()]
    assert past[-1]["revert_cause"] == cause and past[-1]["residue"] == [], past
    assert wait_for(lambda: sample_processes(home) == [])


@pytest.mark.slow
@pytest.mark.nightly  # by day: test_two_runs; with the sample application test_role_target_app
def test_panic_button(ansible_playbook, chaos_state, tmp_path, home):
    started = _running(chaos_state, tmp_path, home, "-e", "chaos_fail_on_breach=false", "-e", "chaos_lease=30s")
    halted = ansible_playbook(ROOT / "playbooks" / "chaos_halt.yml")
    assert halted.returncode == 0 and "1 fault(s) reverted (memory-light)" in halted.stdout, halted.stdout
    assert not [name for name in living(chaos_state).values() if name != "chaos-probe"]
    output, _none = started.communicate(timeout=120)
    assert re.search(r"unknown memory-light +halted by \S+ from this host at ", output), output
    (record,) = report_of(tmp_path / "reports")["experiments"]
    assert (record["status"], record["verdict"], record["fault"]["revert_cause"]) == (
        "halted",
        "unknown",
        "halt",
    ), record


@pytest.mark.parametrize(
    "variables, words",
    [
        ("chaos_baseline='30 parsecs'", "chaos_baseline: '30 parsecs'"),
        ("chaos_report_dir=/proc/none", "report_dir: '/proc/none'"),
        *(
            pytest.param(*row, marks=pytest.mark.nightly)  # by day: the same sentences in test_variables
            for row in (
                ("chaos_target_url=http://127.0.0.1:99999/", "chaos_target_url"),
                ("chaos_target_url=ftp://x/", "chaos_target_url"),
                ("chaos_scenarios=no-such-thing", "chaos_scenarios: 'no-such-thing'"),
                ("chaos_scenarios=../x", "chaos_scenarios: '../x'"),
                ("chaos_probe_rate=fast", "chaos_probe_rate: 'fast'"),
                ("chaos_fail_on_breach=perhaps", "chaos_fail_on_breach: 'perhaps'"),
                ("chaos_recovery_timeout=-1", "chaos_recovery_timeout: '-1'"),
            )
        ),
    ],
)
def test_bad_setting_gets_one_sentence_before_anything(ansible_playbook, chaos_state, home, variables, words):
    done = ansible_playbook(ROOT / "playbooks" / "chaos_light.yml", "-e", variables, "-e", "target_app_home=%s" % home)
    assert done.returncode != 0
    assert words in done.stdout and "Traceback" not in done.stdout + done.stderr
    assert list(chaos_state.iterdir()) == [] and not home.exists()


@pytest.mark.nightly  # by day: test_exit_codes
def test_closed_host_is_refused_and_untouched(ansible_playbook, chaos_state, tmp_path):
    inventory = tmp_path / "hosts"
    inventory.write_text(
        'localhost ansible_connection=local ansible_python_interpreter="{{ ansible_playbook_python }}"\n'
    )
    done = ansible_playbook("-i", inventory, ROOT / "playbooks" / "chaos_light.yml", "-e", "chaos_scenarios=cpu-light")
    report = report_of(tmp_path / "reports")
    assert [(each["status"], each["verdict"]) for each in report["experiments"]] == [("refused", "unknown")]
    assert "chaos_allowed is not true for localhost" in report["experiments"][0]["reason"]
    assert list(chaos_state.iterdir()) == []
    assert done.returncode == 2 and "nothing was tested: 0 passed, 0 failed, 1 refused" in done.stdout, done.stdout


def test_unhealthy_service_is_not_experimented_on(ansible_playbook, chaos_state, tmp_path):
    done = ansible_playbook(
        ROOT / "playbooks" / "chaos_smoke.yml",
        *FAST,
        "-e",
        "chaos_scenarios=cpu-light",
        "-e",
        "chaos_target_url=http://127.0.0.1:9/",
        timeout=120,
    )
    report = report_of(tmp_path / "reports")
    (record,) = report["experiments"]
    assert (record["status"], record["verdict"]) == ("refused", "unknown"), record
    assert record["reason"].startswith("no service at http://127.0.0.1:9 (gives no HTTP answer (refused))"), record[
        "reason"
    ]
    assert not (chaos_state / "ledger" / "ledger.jsonl").exists()
    assert "Traceback" not in done.stdout + done.stderr
