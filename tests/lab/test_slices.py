# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Slices of one fleet side by side: never more of a group is out than the whole group allows."""

from __future__ import annotations

import concurrent.futures
import json
import os
import sys
import time

import pytest
import yaml

from support import adhoc, runner, slices
from support.lab import clean_environment, layout, lifecycle, remains, services, ssh

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
    """``begin(host, whole=False, **variables)``: a slice that has this host of the fleet alone, or a job with the whole
    inventory and this host as its limit. Returns the process.
    """
    running = []

    def begin(host, whole=False, **variables):
        values = {
            **({"chaos_hosts": host} if whole else dict(slices.AWX, awx_job_id=GROUP.index(host) + 8)),
            "chaos_baseline": "2s",
            "chaos_recovery_timeout": "20s",
            "chaos_scenarios": [each["id"] for each in SCENARIOS],
            "chaos_extra_scenarios": SCENARIOS,
            "chaos_report_dir": str(tmp_path / host),
        }
        path = tmp_path / (host + ".yml")
        path.write_text(yaml.safe_dump(slices.inventory(served_lab, GROUP if whole else [host])))
        argv = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", str(path)]
        argv += ["-e", json.dumps(dict(values, **variables)), "playbooks/chaos_light.yml"]
        running.append(adhoc.start(argv, root, clean_environment(), tmp_path / (host + ".out")))
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


def merge(root, tmp_path, parts, **variables):
    """Exit code of the merge, and the report that it wrote."""
    values = dict(variables, chaos_merge_parts=[str(each) for each in parts], chaos_report_dir=str(tmp_path / "merged"))
    argv = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "playbooks/chaos_merge.yml"]
    argv += ["-e", json.dumps(values)]
    done = adhoc.run(argv, cwd=root, env=clean_environment(), timeout=120)
    return done.returncode, json.loads((tmp_path / "merged" / "latest" / "report.json").read_text())


def nothing_on(lab, name):
    """Whether a host has no trace of ours."""
    return ssh(lab, name, "ls -d /run/magsasa-chaos* /var/lib/magsasa-chaos* 2>/dev/null || true") == ""


def of_keeper(lab):
    """Address of the host that keeps count: it is in no slice."""
    return lab.address(lab.find("observer1"))


def test_two_slices_never_touch_two_hosts_of_a_group_of_three(served_lab, root, begin, tmp_path):
    """Neither sees the other's host. Nothing stays on the keeper. Merged, they lack the third, by name."""
    lab = served_lab
    since = time.monotonic()
    declared = {"chaos_fleet": {"app": GROUP}, "chaos_keeper": of_keeper(lab)}
    for job in [begin(host, **declared) for host in GROUP[:2]]:
        job.wait(240)
    spans = {host: slices.times_out(lab, host, since) for host in GROUP[:2]}
    for host in spans:
        told = report(tmp_path, host)["experiments"]
        assert [each["status"] for each in told] == ["completed"] * 2, [each["reason"] for each in told]
    assert [len(each) for each in spans.values()] == [2, 2] and slices.most_at_once(spans) == 1, spans
    assert nothing_on(lab, "observer1") and not [left for host in GROUP for left in remains(lab, host)]
    code, merged = merge(root, tmp_path, [tmp_path / host for host in spans], chaos_fleet={"app": GROUP})
    assert code != 0 and merged["summary"]["verdict"] == "unknown" and len(merged["experiments"]) == 4
    assert merged["run"]["parts"]["missing"] == ["no part has app3"] and merged["run"]["unreachable"] == ["app3"]


@pytest.mark.nightly
def test_two_jobs_with_one_keeper_keep_the_share_of_a_group_together(served_lab, begin, tmp_path):
    """No slices: each job knows the whole inventory and has another host of it."""
    since = time.monotonic()
    for job in [begin(host, whole=True, chaos_keeper=of_keeper(served_lab)) for host in GROUP[:2]]:
        assert job.wait(240) == 0
    spans = {host: slices.times_out(served_lab, host, since) for host in GROUP[:2]}
    assert [len(each) for each in spans.values()] == [2, 2] and slices.most_at_once(spans) == 1, spans
    assert nothing_on(served_lab, "observer1")


@pytest.mark.nightly
def test_without_a_keeper_the_same_two_slices_are_out_together(served_lab, begin):
    """What the first test would see if the keeper did nothing."""
    since = time.monotonic()
    for job in [begin(host, chaos_sliced=True) for host in GROUP[:2]]:
        job.wait(240)
    assert slices.most_at_once({host: slices.times_out(served_lab, host, since) for host in GROUP[:2]}) == 2


@pytest.mark.nightly
def test_a_keeper_that_does_not_answer_lends_nothing(served_lab, begin, tmp_path):
    since = time.monotonic()
    assert begin("app1", chaos_fleet={"app": 3}, chaos_keeper="127.0.0.1:9").wait(240) != 0
    told = report(tmp_path, "app1")["experiments"]
    assert [each["status"] for each in told] == ["refused"] * 2, told
    assert told[0]["reason"].startswith("refused by the keeper guard: the keeper 127.0.0.1:9 gave no lease (")
    assert slices.times_out(served_lab, "app1", since) == [] and remains(served_lab, "app1") == []


@pytest.mark.nightly
def test_four_slices_of_a_fleet_as_jobs_of_awx_and_their_merge(spare_name, root, tmp_path):
    """Half of four may be out. The workflow's next node gets the artifacts; without one of them the run is unknown."""
    lab = lifecycle.up(spare_name, layout.plan_hosts(4, observer=True))[0]
    services.start(lab, print)
    names = ["app1", "app2", "app3", "app4"]
    (tmp_path / "updated").mkdir()
    updated = runner.update_project(tmp_path / "updated")
    values = yaml.safe_load(lifecycle.inventory_path(lab).read_text())["all"]
    since = time.monotonic()

    def run(name):
        folder = tmp_path / name
        folder.mkdir()
        own = dict(values["vars"], **values["children"]["app"]["hosts"][name])
        given = {
            **slices.AWX,
            "awx_job_id": names.index(name) + 8,
            "chaos_baseline": "2s",
            "chaos_scenarios": [each["id"] for each in SCENARIOS],
            "chaos_extra_scenarios": SCENARIOS,
            "chaos_fleet": {"app": names},
            "chaos_keeper": of_keeper(lab),
            "chaos_report_dir": str(folder / "reports"),
        }
        return runner.run_job(
            updated, folder, "playbooks/chaos_light.yml", folder / "state", given, {name: own}, groups={"app": [name]}
        )

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        jobs = list(pool.map(run, names))
    assert [job.status for job in jobs] == ["successful"] * 4, [job.stdout[-2000:] for job in jobs]
    spans = {name: slices.times_out(lab, name, since) for name in names}
    assert [len(each) for each in spans.values()] == [2] * 4 and slices.most_at_once(spans) <= 2, spans
    assert nothing_on(lab, "observer1")
    parts = {key: value for job in jobs for key, value in job.artifacts.items() if key.startswith("chaos_part_")}
    assert len(parts) == 4 and all(len(json.dumps(each)) < 50_000 for each in parts.values())
    for number, verdict in ((4, "passed"), (3, "unknown")):
        folder = tmp_path / ("merge%d" % number)
        folder.mkdir()
        given = dict(list(parts.items())[:number], chaos_merge_slices=4, chaos_report_dir=str(folder / "reports"))
        merged = runner.run_job(updated, folder, "playbooks/chaos_merge.yml", folder / "state", given)
        assert merged.artifacts["chaos"]["verdict"] == verdict, merged.stdout[-2000:]
        assert (merged.status == "successful") is (verdict == "passed")
    assert "3 of 4 slices" in merged.artifacts["chaos"]["sentence"]
