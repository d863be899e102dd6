# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole thread: a playbook against the sample application, with real faults, judged by the report that it
writes. Other whole runs: tests/integration.
"""

from __future__ import annotations

import re
import shutil

import excerpts
import pytest
import yaml

from support.checkout import tracked
from support.modules import ROOT
from support.residue import living
from support.sample_app import FAST, by_scenario, ended, report_of, sample_processes
from support.surroundings import Starved


@pytest.fixture(name="home")
def _home(tmp_path):
    with ended(tmp_path / "sample") as home:
        yield home


CATALOGUE = ROOT / "roles" / "suite" / "files" / "catalogue.yml"


QUIET_PCT = 25  # with others below this, cpu-light (half of all processors) has something to do


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
        and "/report.html" in done.stdout
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
