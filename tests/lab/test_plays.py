# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The chaos play on hosts that run the sample application."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import yaml

from support import slices
from support.faults import wait_for
from support.lab import chaos_processes, clean_environment, ledger, lifecycle, remains, ssh

HOLD = 60.0  # so long that only the lease can end it in time
LEASE = 8.0  # within this time a probe ends whose controller has vanished
SCENARIO = {
    "id": "small-load", "title": "A little of one core is busy", "hypothesis": "Nobody notices.", "family": "cpu", "intensity": "light",
    "hold": "%gs" % HOLD, "options": {"load": "10%", "of": "added", "cores": 1}, "objectives": {"error_rate": "5%"},
}  # fmt: skip


def test_a_controller_killed_in_mid_run_leaves_every_host_clean(served_lab, root, tmp_path):
    lab = served_lab
    values = {
        "chaos_hosts": "app",
        "chaos_max_percent": 100,
        "chaos_lease": "%gs" % LEASE,
        "chaos_baseline": "2s",
        "chaos_scenarios": ["small-load"],
        "chaos_extra_scenarios": [SCENARIO],
    }
    program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
    argv = [
        program,
        "-i",
        str(lifecycle.inventory_path(lab)),
        "-e",
        json.dumps(values),
        str(root / "playbooks" / "chaos_run.yml"),
    ]
    environment = clean_environment(CHAOS_REPORT_DIR=tmp_path / "reports")
    with open(tmp_path / "out", "w") as out, subprocess.Popen(
        argv, cwd=root, env=environment, start_new_session=True, stdout=out, stderr=out
    ) as running:
        try:
            for name in ("app1", "app2"):
                assert wait_for(lambda name=name: "chaos-cpu" in chaos_processes(lab, name).values(), 60), (
                    tmp_path / "out"
                ).read_text()[-3000:]
            seen = time.monotonic()
        finally:
            os.killpg(running.pid, signal.SIGKILL)
    limit = seen + LEASE + 20
    for name in ("app1", "app2"):
        assert wait_for(lambda name=name: not remains(lab, name), limit - time.monotonic()), remains(lab, name)
        past = ledger(lab, name)[-1]
        assert past["residue"] == [] and past["revert_cause"] == "lease", past
        assert '"ok"' in ssh(lab, name, "curl -s http://127.0.0.1:5001/health")
    assert (
        remains(lab, "app3") == []
        and ssh(lab, "app3", "ls -d /run/magsasa-chaos* /var/lib/magsasa-chaos* 2>/dev/null || true") == ""
    )


def test_hosts_that_chose_other_scenarios_run_each_its_own(served_lab, root, tmp_path):
    """Chosen in the inventory, as by groups: one for the one host, that and another one for the second."""
    brief = [dict(SCENARIO, id=name, hold="2s") for name in ("first-load", "second-load")]
    inventory = slices.inventory(served_lab, ["app1", "app2"])
    (tmp_path / "hosts.yml").write_text(yaml.safe_dump(inventory))
    (tmp_path / "host_vars").mkdir()
    chosen = {"app1": ["second-load"], "app2": ["first-load", "second-load"]}
    for name, ids in chosen.items():
        (tmp_path / "host_vars" / name).write_text(yaml.safe_dump({"chaos_scenarios": ids}))
    values = {"chaos_extra_scenarios": brief, "chaos_max_percent": 100, "chaos_baseline": "2s"}
    argv = [os.path.join(os.path.dirname(sys.executable), "ansible-playbook"), "-i", str(tmp_path / "hosts.yml")]
    argv += ["-e", json.dumps(values), str(root / "playbooks" / "chaos_run.yml")]
    environment = clean_environment(CHAOS_REPORT_DIR=tmp_path / "reports")
    done = subprocess.run(argv, cwd=root, env=environment, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    told = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())["experiments"]
    ran = sorted((each["host"], each["scenario"], each["verdict"]) for each in told)
    assert ran == [(host, name, "passed") for host, ids in chosen.items() for name in sorted(ids)], ran
    for name in chosen:
        assert remains(served_lab, name) == []
