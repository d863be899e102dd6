# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long one experiment on many hosts takes beyond its baseline, hold and recovery, and whether a host waits for
another's hold.

    PYTHONPATH=.collections:tests .venv/bin/python tests/bench/bench_fleet.py [HOSTS [FORKS]]

The unit is one round of ``ansible all -m ping`` with the same forks, measured before and after in the same run. Bounds for 30
hosts and 10 forks: at most 2.5 rounds beyond the phases, reverts at most 0.1 s late, injections at most 3 s apart.

Runs as root on a machine that can host the lab. Hosts and controller share the cores of one machine here, which real
ones do not.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from support.lab import clean_environment, lifecycle
from support.modules import ROOT

from lab import layout

BASELINE_S, HOLD_S = 10.0, 30.0
SCENARIO = {
    "id": "small-load", "title": "t", "hypothesis": "h", "family": "cpu", "intensity": "light", "hold": "%gs" % HOLD_S,
    "options": {"load": "2%", "of": "added", "cores": 1}, "objectives": {"error_rate": "5%"},
}  # fmt: skip


def program(name):
    """Path of one of Ansible's programs."""
    return os.path.join(os.path.dirname(sys.executable), name)


def round_of_pings(inventory, forks):
    """Seconds of one round over all hosts, their connections open."""
    argv = [program("ansible"), "app", "-i", inventory, "-f", str(forks), "-m", "ansible.builtin.ping"]
    began = time.monotonic()
    subprocess.run(argv, cwd=ROOT, env=clean_environment(), check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - began


def main():
    """Print the figures."""
    hosts, forks = (int(given) for given in sys.argv[1:] + ["30", "10"][len(sys.argv) - 1 :])
    lab = lifecycle.up("bench", layout.plan_hosts(hosts))[0]
    inventory = str(lifecycle.inventory_path(lab))
    try:
        page = "systemd-run --unit=page python3 -m http.server 5001 --directory /srv"
        argv = [program("ansible"), "app", "-i", inventory, "-f", "25", "-m", "ansible.builtin.command", "-a", page]
        subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
        with tempfile.TemporaryDirectory() as name:
            values = {
                "chaos_target_url": "http://127.0.0.1:5001/", "chaos_scenarios": ["small-load"], "chaos_extra_scenarios": [SCENARIO],
                "chaos_baseline": "%gs" % BASELINE_S, "chaos_max_percent": 100, "chaos_hosts": "app", "chaos_probe_rate": 2,
            }  # fmt: skip
            argv = [
                program("ansible-playbook"),
                "-i",
                inventory,
                "-f",
                str(forks),
                "-e",
                json.dumps(values),
                str(ROOT / "playbooks" / "chaos_run.yml"),
            ]
            rounds, load = [round_of_pings(inventory, forks) for _turn in range(2)], os.getloadavg()[0]
            began = time.monotonic()
            done = subprocess.run(
                argv,
                cwd=ROOT,
                env=clean_environment(CHAOS_REPORT_DIR=name),
                capture_output=True,
                text=True,
                check=False,
            )
            wall = time.monotonic() - began
            rounds.append(round_of_pings(inventory, forks))
            report = json.loads((Path(name) / "latest" / "report.json").read_text())
        for each in report["experiments"]:
            if each["status"] != "completed":
                print("%s: %s, %s" % (each["host"], each["status"], each["reason"]))
        seen = [each for each in report["experiments"] if each["metrics"]]
        begins = [each["fault"]["injected_at"]["monotonic"] for each in seen]
        ends = [each["fault"]["reverted_at"]["monotonic"] for each in seen]
        recovery = max(each["metrics"]["recovery_time_s"] or 0.0 for each in seen)
        verdicts = {word: sum(each["verdict"] == word for each in seen) for word in ("passed", "failed", "unknown")}
        print("exit code %d; verdicts %s" % (done.returncode, verdicts))
        more = wall - BASELINE_S - HOLD_S - recovery
        figures = (len(seen), forks, wall, BASELINE_S, HOLD_S, recovery, more)
        print("%d hosts, %d forks: wall %.1f s = baseline %g + hold %g + recovery %.1f + %.1f s" % figures)
        unit = statistics.median(rounds[1:])  # the first opened the connections
        words = ", ".join("%.1f" % each for each in rounds)
        print(
            "rounds of ping %s s: %.1f rounds beyond the phases; load average %.1f before, %.1f after"
            % (words, more / unit, load, os.getloadavg()[0])
        )
        print(
            "first and last injection %.1f s apart; the first fault ended %.1f s after the last began"
            % (max(begins) - min(begins), min(ends) - max(begins))
        )
        causes = sorted({each["fault"]["revert_cause"] for each in seen})
        print(
            "ended by %s; revert after the hold at most %.2f s late"
            % (", ".join(causes), max(end - begin for begin, end in zip(begins, ends)) - HOLD_S)
        )
    finally:
        lifecycle.down("bench")


if __name__ == "__main__":
    main()
