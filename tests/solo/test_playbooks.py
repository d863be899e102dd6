# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole thread: playbooks against the sample application, with real faults, judged by the report that they
write.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys

import excerpts
import pytest
import yaml

from support.checkout import tracked
from support.modules import ROOT, environment
from support.residue import living
from support.surroundings import Starved
from support.waiting import wait_for

CATALOGUE = ROOT / "roles" / "suite" / "files" / "catalogue.yml"
QUIET_PCT = 25  # with others below this, cpu-light (half of all processors) has something to do
FAST = ["-e", "chaos_baseline=2s", "-e", "chaos_recovery_timeout=15s"]


def report_of(folder):
    """The newest report of a report folder."""
    return json.loads((folder / "latest" / "report.json").read_text())


def by_scenario(report):
    """{scenario: record}."""
    return {each["scenario"]: each for each in report["experiments"]}


def sample_processes(home):
    """Pids whose command line or environment names the sample application's home."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open("/proc/%s/cmdline" % entry, "rb") as source:
                text = source.read()
            with open("/proc/%s/environ" % entry, "rb") as source:
                text += source.read()
        except OSError:
            continue
        if os.fsencode(home) in text and int(entry) != os.getpid() and b"pytest" not in text.split(b"\0")[0]:
            found.append(int(entry))
    return found


@pytest.fixture(name="home")
def _home(tmp_path):
    home = tmp_path / "sample"
    yield home
    left = [
        pid
        for pid in sample_processes(home)
        if "ansible" not in (open("/proc/%d/comm" % pid).read() if os.path.exists("/proc/%d" % pid) else "")
    ]
    for pid in left:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


@pytest.fixture(name="odd_checkout")
def _odd_checkout(tmp_path):
    """A copy of the checkout in a folder whose name holds blanks, letters of another script, and what means
    something to a shell or an ini file.
    """
    folder = tmp_path / "Prüf ling ä ß" / "it's #1 ;50% x"
    for path in tracked():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / path, folder / path, follow_symlinks=False)
    return folder


@pytest.mark.slow
@pytest.mark.quick
def test_resilient_application_passes_and_nothing_is_left(
    ansible_playbook, chaos_state, tmp_path, home, odd_checkout, noise
):
    """From a checkout in an odd place, with the console in a pipe."""
    scenarios = "cpu-light,memory-light,disk-io-light,app-restart,database-outage-brief,network-delay-light"
    if noise.busy_pct > QUIET_PCT:  # nothing is left to load then, and the right verdict is "unknown"
        scenarios = scenarios.replace("cpu-light", "packet-loss-light")
    arguments = [*FAST, "-e", "chaos_scenarios=" + scenarios, "-e", "target_app_home=%s" % home]
    odd = {"ANSIBLE_CONFIG": odd_checkout / "ansible.cfg", "ANSIBLE_STDOUT_CALLBACK": "magsasa.chaos.console"}
    done = ansible_playbook(odd_checkout / "playbooks" / "chaos_smoke.yml", *arguments, cwd=odd_checkout, env=odd)
    report = report_of(tmp_path / "reports")
    found = by_scenario(report)
    load = found.get("cpu-light", {}).get("fault", {}).get("measured", {})
    if load.get("host_load_pct", 0) - load.get("own_load_pct", 0) > QUIET_PCT:
        raise Starved("others kept the processors %.0f %% busy" % (load["host_load_pct"] - load["own_load_pct"]))
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-2000:]
    assert set(found) == set(scenarios.split(","))
    for name, each in found.items():
        assert each["status"] == "completed", (name, each["reason"])
        assert each["verdict"] == "passed", (name, each["reason"], each["objectives"])
        assert each["fault"]["effect"] == "confirmed" and each["fault"]["residue"] == []
        sent = sum(phase["sent"] for phase in each["phases"].values())
        between = (
            each["fault"]["injected_at"]["monotonic"] - each["fault"]["armed_at"]["monotonic"]
        )  # belongs to no phase
        seconds = each["phases"]["recovery"]["to"] - each["phases"]["baseline"]["from"] - between
        assert abs(sent - 20 * seconds) < 6, (name, sent, seconds)
    assert found["database-outage-brief"]["phases"]["hold"]["failed"] > 40  # 3 s at 20/s without a database
    assert found["app-restart"]["metrics"]["recovery_time_s"] > 0
    assert report["summary"]["residue"] == 0 and report["summary"]["passed"] == 6 and report["summary"]["skipped"] == 0
    markdown = (tmp_path / "reports" / "latest" / "report.md").read_text()
    assert markdown.splitlines()[0].startswith("# ") and "passed" in markdown.splitlines()[0].lower()
    assert (
        re.search("CHAOS PASSED: 6 passed, 0 failed; score [0-9]+; nothing left behind", done.stdout)
        and "report.md" in done.stdout
    ), done.stdout[-900:]
    printed = done.stdout.splitlines()
    assert len(printed) <= 40 and not re.search("fatal|\x1b|TASK|PLAY", done.stdout), done.stdout
    for number, name in enumerate(scenarios.split(","), 1):
        assert (
            sum("/6 %s begins: " % name in line for line in printed) == 1
            and sum("/6 %s passed: " % name in line for line in printed) == 1
        ), printed
    assert sum("sample" in line or "tested: http" in line for line in printed) == 1 and printed[0].endswith(
        " 6 scenarios on localhost, about 60 s"
    ), printed
    assert living(chaos_state) == {} and not (chaos_state / "run").exists() and not home.exists()
    assert sample_processes(home) == []
    others = [
        each["id"]
        for each in yaml.safe_load(CATALOGUE.read_text(encoding="utf-8"))["scenarios"]
        if each["id"] not in found
    ]
    assert (
        excerpts.strange(excerpts.PAGE.read_text(encoding="utf-8"), excerpts.Run(done.stdout, markdown), others) == []
    )


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


def test_a_sample_application_that_does_not_come_up_is_ended(home, ansible_playbook):
    done = ansible_playbook(
        ROOT / "playbooks" / "chaos_light.yml", "-e", "target_app_home=%s" % home, "-e", "target_app_timeout=1ms"
    )
    assert done.returncode == 2 and "the sample application did not start: " in done.stdout, done.stdout
    assert not home.exists() and sample_processes(home) == []


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


@pytest.mark.slow
@pytest.mark.parametrize(
    "number, cause",
    [(signal.SIGKILL, "lease"), pytest.param(signal.SIGINT, "lease", marks=pytest.mark.nightly)],
    ids=["SIGKILL", "Ctrl-C"],
)
def test_dead_controller_leaves_nothing(chaos_state, tmp_path, home, number, cause):
    started = _running(chaos_state, tmp_path, home)
    if number == signal.SIGINT:
        os.killpg(started.pid, number)  # a terminal sends it to the whole group
    else:
        os.kill(started.pid, number)
    started.communicate(timeout=60)
    assert wait_for(lambda: not living(chaos_state) and not home.exists() and not (chaos_state / "run").exists(), 60), (
        living(chaos_state),
        home.exists(),
    )
    past = [json.loads(line) for line in (chaos_state / "ledger" / "ledger.jsonl").read_text().splitlines()]
    assert past[-1]["revert_cause"] == cause and past[-1]["residue"] == [], past
    assert wait_for(lambda: sample_processes(home) == [])


@pytest.mark.slow
def test_panic_button(ansible_playbook, chaos_state, tmp_path, home):
    started = _running(chaos_state, tmp_path, home, "-e", "chaos_fail_on_breach=false")
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
        ("chaos_target_url=http://127.0.0.1:99999/", "chaos_target_url"),
        ("chaos_target_url=ftp://x/", "chaos_target_url"),
        ("chaos_scenarios=no-such-thing", "chaos_scenarios: 'no-such-thing'"),
        ("chaos_scenarios=../x", "chaos_scenarios: '../x'"),
        ("chaos_probe_rate=fast", "chaos_probe_rate: 'fast'"),
        ("chaos_fail_on_breach=perhaps", "chaos_fail_on_breach: 'perhaps'"),
        ("chaos_recovery_timeout=-1", "chaos_recovery_timeout: '-1'"),
        ("chaos_report_dir=/proc/none", "report_dir: '/proc/none'"),
    ],
)
def test_bad_setting_gets_one_sentence_before_anything(ansible_playbook, chaos_state, home, variables, words):
    done = ansible_playbook(ROOT / "playbooks" / "chaos_light.yml", "-e", variables, "-e", "target_app_home=%s" % home)
    assert done.returncode != 0
    assert words in done.stdout and "Traceback" not in done.stdout + done.stderr
    assert list(chaos_state.iterdir()) == [] and not home.exists()


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
