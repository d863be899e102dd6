# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of one fleet side by side: never more of a group is out than the whole group allows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
import yaml

from support import slices
from support.lab import clean_environment, lifecycle, remains, ssh

GROUP = ["app1", "app2", "app3"]  # 50 % of three: one at a time
SCENARIOS = [
    {
        "id": name,
        "title": "A little of one core is busy",
        "hypothesis": "Nobody notices.",
        "family": "cpu",
        "intensity": "light",
        "hold": "3s",
        "options": {"load": "10%", "of": "added", "cores": 1},
        "objectives": {"error_rate": "50%"},
    }
    for name in ("first-load", "second-load")
]


@pytest.fixture(name="begin")
def _begin(served_lab, root, tmp_path):
    """``begin(host, **variables)``: a job that has this host of the fleet alone. Returns the process."""
    running = []

    def begin(host, **variables):
        values = {
            "awx_job_template_name": "light",
            "awx_workflow_job_name": "light",
            "awx_workflow_job_id": 7,
            "awx_job_id": GROUP.index(host) + 8,
            "chaos_hosts": "app",
            "chaos_baseline": "2s",
            "chaos_recovery_timeout": "20s",
            "chaos_scenarios": [each["id"] for each in SCENARIOS],
            "chaos_extra_scenarios": SCENARIOS,
            "chaos_report_dir": str(tmp_path / host),
        }
        path = tmp_path / (host + ".yml")
        path.write_text(yaml.safe_dump(slices.inventory(served_lab, [host])))
        argv = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", str(path)]
        argv += ["-e", json.dumps(dict(values, **variables)), "playbooks/chaos_light.yml"]
        with open(tmp_path / (host + ".out"), "w", encoding="utf-8") as out:
            running.append(
                subprocess.Popen(argv, cwd=root, env=clean_environment(), stdout=out, stderr=subprocess.STDOUT)
            )
        return running[-1]

    yield begin
    for child in running:
        child.kill()
        child.wait(60)


def report(tmp_path, host):
    """The report of a job, or its output where it wrote none."""
    path = tmp_path / host / "latest" / "report.json"
    assert path.exists(), (tmp_path / (host + ".out")).read_text()[-4000:]
    return json.loads(path.read_text())


def test_two_slices_never_touch_two_hosts_of_a_group_of_three(served_lab, begin, tmp_path):
    """The second begins while the first has its fault in; neither sees the other's host. The keeper is the database
    host, which is in neither slice and is named by its address. Nothing stays there.
    """
    lab = served_lab
    keeper = lab.address(lab.find("observer1"))
    since = time.monotonic()
    declared = {"chaos_fleet": {"app": GROUP}, "chaos_keeper": keeper}
    jobs = [begin(host, **declared) for host in ("app1", "app2")]
    for job in jobs:
        job.wait(240)
    spans = {host: slices.times_out(lab, host, since) for host in ("app1", "app2")}
    for host in spans:
        told = report(tmp_path, host)["experiments"]
        assert [each["status"] for each in told] == ["completed"] * 2, [each["reason"] for each in told]
    assert [len(each) for each in spans.values()] == [2, 2] and slices.most_at_once(spans) == 1, spans
    assert ssh(lab, "observer1", "ls -d /run/magsasa-chaos* /var/lib/magsasa-chaos* 2>/dev/null || true") == ""
    assert not [left for host in GROUP for left in remains(lab, host)]
