# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The light playbook under each supported ansible-core: report, verdict and exit code."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

from support import cores
from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.residue import living
from support.short import SHORT

SLOW = dict(SHORT, id="memory-strict", objectives={"error_rate": "5%", "p95": "1ms"})


@pytest.fixture(name="service")
def _service():
    """Well, but never as fast as SLOW asks."""
    with Server(say(answer({"status": "healthy"}), delay=0.01)) as server:
        yield server


# By day each core once: the oldest and the newest must tell a breach, the one between must pass; what passes under the newest is all over the suite.
OLDEST, MIDDLE, NEWEST = cores.CORES
BY_DAY = {(OLDEST, "failed"), (MIDDLE, "passed"), (NEWEST, "failed")}
RUNS = [
    pytest.param(core, scenario, verdict, id="%s-%s" % (core, verdict), marks=() if (core, verdict) in BY_DAY else pytest.mark.nightly)
    for core in cores.CORES
    for scenario, verdict in ((SHORT, "passed"), (SLOW, "failed"))
]


@pytest.mark.parametrize("core, scenario, verdict", RUNS)
def test_light_playbook(core, scenario, verdict, service, chaos_state, tmp_path):
    programs = cores.programs(core)
    given = {
        "chaos_extra_scenarios": [scenario],
        "chaos_scenarios": [scenario["id"]],
        "chaos_target_url": service.url,
        "chaos_baseline": "1s",
        "chaos_recovery_timeout": "10s",
        "chaos_report_dir": str(tmp_path / "reports"),
    }
    values = environment(chaos_state, PATH=os.pathsep.join([str(programs), os.environ.get("PATH", os.defpath)]))
    values.pop("PYTHONPATH", None)
    argv = [str(programs / "ansible-playbook"), "playbooks/chaos_light.yml", "-e", json.dumps(given)]
    done = subprocess.run(argv, cwd=ROOT, env=values, capture_output=True, text=True, timeout=180, check=False)
    said = done.stdout[-3000:] + done.stderr[-2000:]
    assert done.returncode == {"passed": 0, "failed": 2}[verdict], said
    assert "Traceback" not in said and "DEPRECATION" not in said, said
    report = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())
    assert report["run"]["versions"]["ansible-core"] == core
    (record,) = report["experiments"]
    assert (record["scenario"], record["status"], record["verdict"]) == (scenario["id"], "completed", verdict), record["reason"]
    assert record["fault"]["effect"] == "confirmed" and record["fault"]["residue"] == []
    assert report["summary"]["verdict"] == verdict
    assert (tmp_path / "reports" / "latest" / "report.md").read_text().startswith("# ")
    assert "CHAOS %s" % verdict.upper() in done.stdout
    assert living(chaos_state) == {}
