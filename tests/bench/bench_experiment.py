# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an experiment costs beyond its phases, and what our processes on the target cost.

    PYTHONPATH=.collections:tests .venv/bin/python tests/bench/bench_experiment.py [PAIRS]
    CHAOS_TOOLKIT=/path/to/chaos ...     # also one whole run of Chaos Toolkit with a hold of the same length, in the
    same run

Pairs of runs of the same play, with one experiment and with four; the difference is three experiments without the start
of Ansible.
The ratio compares that with a bare module execution, measured beside each pair. Medians are printed: beyond baseline
and hold, and beyond the shortest recovery too, the time in which the good probes are due that a recovery is told by.
"""

from __future__ import annotations

import http.server
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from support.modules import ROOT, environment
from support.residue import living

BASELINE_S, HOLD_S, MORE = 3.0, 3.0, 3
RECOVERY_S = 3 / 20.0  # three good probes at 20 a second, as by default


class Handler(http.server.BaseHTTPRequestHandler):
    """Always well."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        """200 with a small body."""
        self.send_response(200)
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b'{"status":"ok"}')

    def log_message(self, *_arguments):
        """Silent."""


def play(folder, url, entries):
    """A playbook that runs these catalogue entries against ``url``."""
    path = folder / ("play%d.yml" % len(entries))
    path.write_text(
        json.dumps(
            [
                {
                    "hosts": "localhost",
                    "gather_facts": False,
                    "vars": {
                        "chaos_endpoint": {"url": url, "health_url": url, "port": 1},
                        "chaos_baseline": "%gs" % BASELINE_S,
                        "chaos_chosen": entries,
                    },
                    "tasks": [{"ansible.builtin.import_role": {"name": "magsasa.chaos.suite"}}],
                }
            ]
        )
    )
    return path


def pings(folder, count):
    """A playbook of bare module executions."""
    path = folder / ("pings%d.yml" % count)
    path.write_text(
        json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": [{"ansible.builtin.ping": {}}] * count}])
    )
    return path


def entry(number, size):
    """A small memory experiment."""
    return {
        "id": "bench-%d" % number, "title": "t", "hypothesis": "h", "family": "memory", "intensity": "smoke", "hold": "%gs" % HOLD_S,
        "options": {"size": size}, "objectives": {"error_rate": "5%"},
    }  # fmt: skip


def timed(argv, env):
    """Wall seconds of one run. Nothing else is done meanwhile: looking for processes every 0.2 s would cost the run
    time.
    """
    began = time.monotonic()
    subprocess.run(argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def pair(program, folder, url, env):
    """(seconds of one more experiment beyond its phases, seconds of one module execution, their ratio)."""
    one = timed([program, str(play(folder, url, [entry(0, "64M")]))], env)
    many = timed([program, str(play(folder, url, [entry(n, "64M") for n in range(MORE + 1)]))], env)
    execution = (timed([program, str(pings(folder, 21))], env) - timed([program, str(pings(folder, 1))], env)) / 20
    overhead = (many - one) / MORE - BASELINE_S - HOLD_S
    return overhead, execution, overhead / execution


def toolkit_s(folder, url):
    """Seconds of a whole run of Chaos Toolkit beyond its hold; None where it is not named."""
    chaos = os.environ.get("CHAOS_TOOLKIT")
    if not chaos:
        return None
    probe = {"type": "probe", "name": "well", "tolerance": 200, "provider": {"type": "http", "url": url}}
    action = {
        "type": "action",
        "name": "hold",
        "provider": {"type": "process", "path": "sleep", "arguments": "%g" % HOLD_S},
    }
    experiment = {
        "title": "t",
        "description": "d",
        "steady-state-hypothesis": {"title": "well", "probes": [probe]},
        "method": [action],
        "rollbacks": [],
    }
    path = folder / "toolkit.json"
    path.write_text(json.dumps(experiment))
    argv = [
        chaos,
        "--no-version-check",
        "--log-file",
        str(folder / "toolkit.log"),
        "run",
    ]  # else it logs where it stands
    argv += ["--journal-path", str(folder / "journal.json"), str(path)]
    return statistics.median(timed(argv, dict(os.environ)) for _turn in range(3)) - HOLD_S


def resident(argv, env):
    """Highest resident KiB of each of our processes on the target in one run."""
    peak = {}
    run = subprocess.Popen(argv, cwd=ROOT, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while run.poll() is None:
        for pid, name in living(env["MAGSASA_CHAOS_STATE"]).items():
            try:
                status = Path("/proc/%d/status" % pid).read_text()
            except OSError:
                continue
            for line in status.splitlines():
                if line.startswith("VmRSS:"):
                    peak[name] = max(peak.get(name, 0), int(line.split()[1]))
        time.sleep(0.2)
    if run.returncode:
        raise SystemExit("the run failed: %s" % argv)
    return peak


def main():
    """Print the figures."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d/health" % server.server_port
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        state = folder / "state"
        state.mkdir(mode=0o700)
        env = environment(state, CHAOS_REPORT_DIR=folder / "reports")
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        figures = [pair(program, folder, url, env) for _turn in range(int(sys.argv[1]) if len(sys.argv) > 1 else 5)]
        overhead, execution, ratio = (statistics.median(column) for column in zip(*figures))
        toolkit = toolkit_s(folder, url)
        peak = resident([program, str(play(folder, url, [entry(0, "64M")]))], env)
        print("pairs (overhead s, ping s, ratio) %s" % "; ".join("%.2f %.2f %.1f" % each for each in figures))
        print("beyond baseline and hold          %.2f s" % overhead)
        beyond = statistics.median((over - RECOVERY_S) / module for over, module, _ratio in figures)
        print(
            "beyond the shortest recovery too  %.2f s (%.1f times one module execution)"
            % (overhead - RECOVERY_S, beyond)
        )
        print("one module execution (ping)       %.2f s (the overhead is %.1f times that)" % (execution, ratio))
        if toolkit is not None:
            print(
                "a whole run of Chaos Toolkit      %.2f s beyond its hold (the overhead is %.1f times that)"
                % (toolkit, overhead / toolkit)
            )
        for who, size in sorted(peak.items()):
            print("resident at most, %-15s  %.1f MiB" % (who, size / 1024.0))
    server.shutdown()


if __name__ == "__main__":
    main()
