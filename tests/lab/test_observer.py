# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Experiments whose probe runs on another host than the fault, and waves of hosts."""

from __future__ import annotations

import json
import os
import sys

import pytest
import yaml

from support import adhoc
from support.lab import clean_environment, ledger, lifecycle, remains, ssh
from support.lab_database import PORT, Watch

PAGE = "/api/products?limit=1"
LOAD = {
    "id": "small-load", "title": "A little of one core is busy", "hypothesis": "Nobody notices.", "family": "cpu", "intensity": "light",
    "hold": "4s", "options": {"load": "10%", "of": "added", "cores": 1}, "objectives": {"error_rate": "5%"},
}  # fmt: skip
OUTAGE = {
    "id": "no-database", "title": "The database is gone", "hypothesis": "Requests fail at once.", "family": "database", "intensity": "light",
    "hold": "4s", "options": {"engine": "postgresql", "action": "outage"}, "objectives": {"recovery_time": "10s"},
}  # fmt: skip


def play(lab, root, tmp_path, hosts, chosen, variables, tasks="suite"):
    """Experiment records of a play over the role suite, or over the playbook chaos_run.yml."""
    values = dict({"chaos_baseline": "2s", "chaos_recovery_timeout": "20s"}, **variables)
    path = root / "playbooks" / "chaos_run.yml"
    if tasks == "suite":
        path = tmp_path / "play.yml"
        role = {"ansible.builtin.import_role": {"name": "magsasa.chaos.suite"}}
        path.write_text(
            yaml.safe_dump([{"hosts": hosts, "gather_facts": False, "vars": {"chaos_chosen": chosen}, "tasks": [role]}])
        )
    else:
        values.update(
            chaos_hosts=hosts, chaos_scenarios=[entry["id"] for entry in chosen], chaos_extra_scenarios=chosen
        )
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        "-i",
        str(lifecycle.inventory_path(lab)),
        "-e",
        json.dumps(values),
        str(path),
    ]
    environment = clean_environment(CHAOS_REPORT_DIR=tmp_path / "reports")
    done = adhoc.run(argv, cwd=root, env=environment, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    return json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())


@pytest.fixture(autouse=True)
def nothing_is_left(served_lab):
    """Neither faults nor probes, on no host; those that only probed have no ledger either."""
    yield
    for host in served_lab.hosts:
        assert remains(served_lab, host.name) == []
    for name in ("app3", "observer1"):
        assert ssh(served_lab, name, "ls -d /run/magsasa-chaos* /var/lib/magsasa-chaos* 2>/dev/null || true") == ""


def test_a_database_outage_seen_from_the_observer_begins_and_ends_when_it_did(served_lab, root, tmp_path):
    lab = served_lab
    url = "http://%s:%d%s" % (lab.address(lab.find("app1")), PORT, PAGE)
    endpoint = {"url": url, "health_url": url, "port": PORT}
    with Watch(lab, PAGE) as watch:
        (seen,) = play(
            lab, root, tmp_path, "db1", [OUTAGE], {"chaos_observer": "observer1", "chaos_endpoint": endpoint}
        )["experiments"]
    assert (seen["observer"], seen["fault"]["effect"], seen["status"]) == ("observer1", "confirmed", "completed"), seen
    # Lab hosts have one kernel, and so one clock: what somebody else saw from there can be compared.
    (outage,) = seen["metrics"]["outages"]
    good = [(began, ended) for began, ended, status in watch.samples if status == 200]
    bad = [(began, ended) for began, ended, status in watch.samples if status != 200]
    assert bad, watch.samples
    last_good = max(began for began, _ended in good if began < bad[0][0])
    first_good = min(ended for began, ended in good if began > bad[-1][0])
    interval = 1.0 / 20
    assert last_good - interval <= outage["from"] <= bad[0][1] + interval, (outage, watch.samples)
    assert bad[-1][0] - interval <= outage["to"] <= first_good + interval, (outage, watch.samples)
    past = ledger(lab, "db1")[-1]
    assert outage["from"] >= past["armed_at"]["monotonic"] - interval
    # The server answers before its start is checked to the end, which is when the fault counts as reverted.
    assert seen["metrics"]["recovery_time_s"] == pytest.approx(
        max(0.0, outage["to"] - past["reverted_at"]["monotonic"]), abs=interval
    )


def test_a_group_goes_in_waves_and_each_host_has_results_of_its_own(served_lab, root, tmp_path):
    lab = served_lab
    # The address that port detection finds is a loopback one; the observer asks the hosts themselves.
    report = play(
        lab, root, tmp_path, "app", [LOAD], {"chaos_observer": "observer1", "chaos_seed": "7"}, tasks="playbook"
    )
    by_host = {each["host"]: each for each in report["experiments"]}
    assert set(by_host) == {"app1", "app2", "app3"} and report["run"]["seed"] == "7"
    assert (
        by_host["app3"]["status"] == "refused"
        and "chaos_protected" in by_host["app3"]["reason"]
        and by_host["app3"]["wave"] is None
    )
    for name in ("app1", "app2"):
        seen = by_host[name]
        assert (seen["status"], seen["verdict"], seen["observer"], seen["wave"]["hosts"]) == (
            "completed",
            "passed",
            "observer1",
            [name],
        ), seen
        assert seen["phases"]["hold"]["sent"] >= 70 and seen["metrics"]["error_rate_pct"] == 0.0
    spans = sorted(
        (past["armed_at"]["monotonic"], past["reverted_at"]["monotonic"])
        for past in (ledger(lab, "app1")[-1], ledger(lab, "app2")[-1])
    )
    assert spans[0][1] < spans[1][0], spans  # half of three is one


@pytest.mark.nightly
def test_without_the_limit_nobody_waits_for_anybodys_hold(served_lab, root, tmp_path):
    lab = served_lab
    report = play(lab, root, tmp_path, "app1,app2", [LOAD], {"chaos_max_percent": "100%"}, tasks="playbook")
    assert [each["wave"] for each in report["experiments"]] == [{"number": 1, "of": 1, "hosts": ["app1", "app2"]}] * 2
    spans = [
        (past["injected_at"]["monotonic"], past["reverted_at"]["monotonic"])
        for past in (ledger(lab, "app1")[-1], ledger(lab, "app2")[-1])
    ]
    assert max(begin for begin, _end in spans) < min(end for _begin, end in spans), spans
