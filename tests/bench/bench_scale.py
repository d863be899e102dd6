# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host costs the controller: one experiment on 50, 200, 500 and 1,000 hosts, in waves of at most 100.

    PYTHONPATH=.collections:tests .venv/bin/python tests/bench/bench_scale.py [--forks 10] [--wave 100] [--real] [HOSTS ...]

Needs root, Linux and a control group for CPU time (version 1: ``cpuacct``; version 2: ``cpu.stat``), in which ansible-playbook
and its workers run. Memory is the largest sum of the proportional set sizes of these processes, twice a second.

Simulated: the hosts. One real experiment on this machine is recorded, question by question, and each host gives these
answers, 0.15 s after it was asked (``simulated_hosts``, a connection plugin): hundreds of real hosts on one machine would
measure how they hinder each other. Everything on the controller is real: inventory, tasks, workers, conductor, leases, looks,
samples (20 a second), verdicts, report. What a connection itself costs is not in it; for that see bench_fleet.py.

With ``--real`` the hosts are real as well: names on this machine (plugin ``local``), each with a state folder of its own, and
one service for all probes. Their shell goes into a control group of its own before it runs anything, so their CPU time is not
the controller's.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from support.modules import ROOT, environment

COUNTS = (50, 200, 500, 1000)
BASELINE_S, HOLD_S = 4.0, 10.0
ANSWER_S = 0.15  # seconds that a simulated host takes for an answer
SCENARIO = {
    "id": "small-memory", "title": "t", "hypothesis": "h", "family": "memory", "intensity": "light", "hold": "%gs" % HOLD_S,
    "options": {"size": "16M"}, "objectives": {"error_rate": "5%"},
}  # fmt: skip
WATCH = '''
import json, os, time
from ansible.plugins.callback import CallbackBase

class CallbackModule(CallbackBase):
    CALLBACK_VERSION, CALLBACK_TYPE, CALLBACK_NAME = 2.0, "aggregate", "bench_watch"

    def __init__(self):
        super().__init__()
        self.events, self.tasks = 0, []

    def usage(self, which):
        with open(os.environ["BENCH_" + which]) as source:
            return int(next(line for line in source if line.strip().isdigit() or line.startswith("usage_usec")).split()[-1])

    def note(self, name):
        self.tasks.append([name, time.monotonic(), self.usage("CONTROLLER"), self.usage("TARGETS"), self.events])

    def v2_playbook_on_task_start(self, task, is_conditional):
        self.note(task.get_name())

    def v2_playbook_on_stats(self, stats):
        self.note("end")
        with open(os.environ["BENCH_OUT"], "w") as out:
            json.dump({"events": self.events, "tasks": self.tasks}, out)


def counted(name):
    before = getattr(CallbackModule, name)

    def method(self, *given, **more):
        self.events += 1
        return before(self, *given, **more)

    return method


# what ansible-runner makes an event of (a job event in AWX)
EVENTS = """playbook_on_start playbook_on_play_start playbook_on_task_start playbook_on_include playbook_on_stats runner_on_start
runner_on_ok runner_on_failed runner_on_skipped runner_on_unreachable runner_item_on_ok runner_item_on_failed runner_item_on_skipped
runner_retry"""
for each in EVENTS.split():
    setattr(CallbackModule, "v2_" + each, counted("v2_" + each))
'''


class Group:
    """A control group that counts CPU time."""

    def __init__(self, name):
        for root, usage in (("/sys/fs/cgroup/cpuacct", "cpuacct.usage"), ("/sys/fs/cgroup", "cpu.stat")):
            self.path = Path(root) / name
            with contextlib.suppress(OSError):
                self.path.mkdir()
                if (self.path / usage).exists():
                    self.usage = self.path / usage
                    self.per_second = 1e9 if usage == "cpuacct.usage" else 1e6
                    return
                self.path.rmdir()
        raise SystemExit("no control group can be made here (needs root)")

    def seconds(self):
        """CPU seconds of everything that was in it."""
        text = self.usage.read_text()
        return int(text.split()[1] if text.startswith("usage_usec") else text) / self.per_second

    def pids(self):
        """What is in it."""
        return [int(word) for word in (self.path / "cgroup.procs").read_text().split()]

    def remove(self):
        """What is left in it is moved out."""
        for pid in self.pids():
            with contextlib.suppress(OSError):
                (self.path.parent / "cgroup.procs").write_text(str(pid))
        with contextlib.suppress(OSError):
            self.path.rmdir()


class Memory(threading.Thread):
    """The largest sum of the proportional set sizes of a group's processes, MB."""

    def __init__(self, group):
        super().__init__(daemon=True)
        self._group, self._over, self.peak, self.largest = group, threading.Event(), 0.0, 0.0

    def run(self):
        """Twice a second."""
        while not self._over.wait(0.5):
            sizes = [size for size in map(_pss_mb, self._group.pids()) if size]
            self.peak, self.largest = max(self.peak, sum(sizes)), max([self.largest, *sizes])

    def end(self):
        """No more."""
        self._over.set()
        self.join()


def _pss_mb(pid):
    try:
        with open("/proc/%d/smaps_rollup" % pid) as source:
            return next((int(line.split()[1]) / 1024.0 for line in source if line.startswith("Pss:")), None)
    except OSError:
        return None


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


class Server(http.server.ThreadingHTTPServer):
    """Takes many clients at once."""

    request_queue_size = 1024
    daemon_threads = True


def files(folder, hosts, targets, connection="local"):
    """(inventory, playbook, folder of plugins) of a run."""
    shell = folder / "target-shell"
    shell.write_text('#!/bin/sh\necho $$ > %s/cgroup.procs\nexec /bin/sh "$@"\n' % targets.path)
    shell.chmod(0o755)
    names = ["web%04d" % number for number in range(1, hosts + 1)]
    of_all = {
        "ansible_connection": connection,
        "ansible_shell_executable": str(shell),
        "ansible_python_interpreter": sys.executable,
        "chaos_allowed": True,
    }
    inventory = folder / "hosts.json"
    inventory.write_text(
        json.dumps({"all": {"vars": of_all, "children": {"web": {"hosts": dict.fromkeys(names, {})}}}})
    )
    for name in names if connection == "local" or hosts == 1 else ():
        (folder / "state" / name).mkdir(mode=0o700, parents=True)
    plays = json.loads(json.dumps(_plays(folder)))
    playbook = folder / "play.json"
    playbook.write_text(json.dumps(plays))
    callbacks = folder / "callbacks"
    callbacks.mkdir()
    (callbacks / "bench_watch.py").write_text(WATCH)
    shutil.copy(Path(__file__).with_name("simulated_hosts.py"), callbacks)
    return inventory, playbook, callbacks


def _plays(folder):
    """As playbooks/chaos_run.yml, with a state folder for each host."""

    def role(name):
        return {"name": "magsasa.chaos." + name, "rolespec_validate": False}

    preflight = {"preflight_contact": True, "preflight_demo_source": "", "preflight_catalogue": [SCENARIO]}
    tasks = [
        {"name": "Preflight", "ansible.builtin.import_role": role("preflight"), "vars": preflight},
        {
            "name": "Scenarios",
            "ansible.builtin.import_role": role("suite"),
            "vars": {"suite_catalogue": "{{ chaos_chosen }}"},
        },
    ]
    state = {"MAGSASA_CHAOS_STATE": "%s/state/{{ inventory_hostname }}" % folder}
    return [{"name": "Chaos", "hosts": "web", "gather_facts": False, "environment": state, "tasks": tasks}]


def record(answers, url):
    """Write down what one real host answers."""
    answers.write_text("{}")
    found = run(1, 1, 1, url, "simulated_hosts", BENCH_RECORD=answers, rate=20)
    if found["passed"] != 1:
        raise SystemExit("the experiment that is recorded did not pass: %s" % found["reasons"])


def run(hosts, forks, wave, url, connection="local", rate=2, **more):
    """Figures (dict) of one run."""
    controller, targets = Group("chaos-bench-%d-c" % os.getpid()), Group("chaos-bench-%d-t" % os.getpid())
    try:
        with tempfile.TemporaryDirectory(prefix="chaos-bench-", dir="/tmp") as name:
            folder = Path(name)
            inventory, playbook, callbacks = files(folder, hosts, targets, connection)
            env = environment(
                folder, CHAOS_REPORT_DIR=folder / "reports", BENCH_OUT=folder / "watch.json", BENCH_CONTROLLER=controller.usage,
                BENCH_TARGETS=targets.usage, ANSIBLE_CALLBACK_PLUGINS=callbacks, ANSIBLE_CONNECTION_PLUGINS=callbacks,
                ANSIBLE_STDOUT_CALLBACK="magsasa.chaos.console",
                ANSIBLE_CALLBACKS_ENABLED="magsasa.chaos.slo_report,bench_watch", **more,
            )  # fmt: skip
            del env["MAGSASA_CHAOS_STATE"]
            values = {
                "chaos_target_url": url, "chaos_scenarios": [SCENARIO["id"]], "chaos_baseline": "%gs" % BASELINE_S,
                "chaos_max_percent": 100.0 * min(wave, hosts) / hosts, "chaos_probe_rate": rate, "chaos_seed": "bench",
            }  # fmt: skip
            program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
            argv = [program, "-i", str(inventory), "-f", str(forks), "-e", json.dumps(values), str(playbook)]
            line = "echo $$ > %s/cgroup.procs; exec %s" % (controller.path, '"$@"')
            memory = Memory(controller)
            memory.start()
            began = time.monotonic()
            with open(folder / "out", "w") as out:
                done = subprocess.run(
                    ["sh", "-c", line, "sh", *argv], cwd=ROOT, env=env, stdout=out, stderr=out, check=False
                )
            wall = time.monotonic() - began
            memory.end()
            output = (folder / "out").read_text()
            latest = folder / "reports" / "latest"
            if not latest.exists():
                raise SystemExit(output[-4000:])
            watched = json.loads((folder / "watch.json").read_text())
            found = {
                "hosts": hosts, "rc": done.returncode, "wall_s": wall, "controller_s": controller.seconds(), "targets_s": targets.seconds(),
                "peak_mb": memory.peak, "largest_mb": memory.largest, "lines": len(output.splitlines()), "events": watched["events"],
                "sizes": {path.name: path.stat().st_size for path in sorted(latest.iterdir())}, "tasks": _shares(watched, controller),
            }  # fmt: skip
            report = json.loads((latest / "report.json").read_text())
            found["passed"] = sum(each["verdict"] == "passed" for each in report["experiments"])
            found["reasons"] = sorted(
                {str(each["reason"])[:160] for each in report["experiments"] if each["verdict"] != "passed"}
            )[:4]
            found["waves"] = len({(each.get("wave") or {}).get("number") for each in report["experiments"]})
            if found["passed"] not in (hosts, 0):
                found["output"] = output[-2000:]
            _await_end(targets)
            return found
    finally:
        controller.remove()
        targets.remove()


def _shares(watched, group):
    """[(task, wall s, controller CPU s, targets' CPU s, events)] of each task, in order."""
    lines = watched["tasks"]
    return [
        (
            before[0],
            after[1] - before[1],
            (after[2] - before[2]) / group.per_second,
            (after[3] - before[3]) / group.per_second,
            after[4] - before[4],
        )
        for before, after in zip(lines, lines[1:])
    ]


def _await_end(targets):
    """Nothing of a run is left when the next begins."""
    limit = time.monotonic() + 90
    while targets.pids() and time.monotonic() < limit:
        time.sleep(0.2)
    if targets.pids():
        print("still there: %s" % targets.pids())


def tell(found):
    """The figures of one run."""
    hosts = found["hosts"]
    print(
        "%d hosts, %d waves: %d passed, exit code %d, wall %.0f s, controller CPU %.1f s (%.1f ms a host), targets' CPU %.1f s"
        " (%.2f s a host)"
        % (
            hosts, found["waves"], found["passed"], found["rc"], found["wall_s"], found["controller_s"], 1e3 * found["controller_s"] / hosts,
            found["targets_s"], found["targets_s"] / hosts,
        )
    )  # fmt: skip
    print(
        "  controller at most %.0f MB, its largest process %.0f MB; %d lines, %d events; load average %.2f"
        % (found["peak_mb"], found["largest_mb"], found["lines"], found["events"], os.getloadavg()[0])
    )
    print("  " + ", ".join("%s %.0f kB" % (name, size / 1e3) for name, size in found["sizes"].items()))
    for reason in found["reasons"]:
        print("  not passed: %s" % reason)
    for name, wall, cpu, other, events in sorted(found["tasks"], key=lambda each: -each[2])[:8]:
        print(
            "  %6.2f ms a host of the controller's CPU, %6.2f s wall, %5.1f s on the targets, %5d events: %s"
            % (1e3 * cpu / hosts, wall, other, events, name)
        )
    if "output" in found:
        print(found["output"])
    sys.stdout.flush()


def fit(points):
    """(base, per host, largest deviation in per cent) of a straight line through ``[(hosts, value)]``, where each point
    counts by its relative error.
    """
    weights = [1.0 / value**2 for _hosts, value in points]
    total = sum(weights)
    mean_x = sum(w * x for w, (x, _y) in zip(weights, points)) / total
    mean_y = sum(w * y for w, (_x, y) in zip(weights, points)) / total
    slope = sum(w * (x - mean_x) * (y - mean_y) for w, (x, y) in zip(weights, points)) / sum(
        w * (x - mean_x) ** 2 for w, (x, _y) in zip(weights, points)
    )
    base = mean_y - slope * mean_x
    return base, slope, max(abs(base + slope * x - y) / y for x, y in points) * 100.0


def main():
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--wave", type=int, default=100)
    parser.add_argument("--real", action="store_true", help="real experiments on this machine for each host")
    parser.add_argument("--json", help="also write all figures there")
    parser.add_argument("hosts", type=int, nargs="*", default=COUNTS)
    given = parser.parse_args()
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = "http://127.0.0.1:%d/health" % server.server_port
    print("%d cores, %d forks, waves of at most %d hosts" % (os.cpu_count(), given.forks, given.wave))
    found = []
    with tempfile.TemporaryDirectory(prefix="chaos-bench-") as name:
        answers, more = Path(name) / "answers.json", {}
        if not given.real:
            record(answers, url)
            more = {"connection": "simulated_hosts", "BENCH_ANSWERS": answers, "BENCH_ANSWER_S": ANSWER_S, "rate": 20}
        for hosts in given.hosts or COUNTS:
            found.append(run(hosts, given.forks, given.wave, url, **more))
            tell(found[-1])
    for key, unit in (
        ("controller_s", "CPU s"),
        ("largest_mb", "MB"),
        ("peak_mb", "MB"),
        ("events", "events"),
        ("wall_s", "s wall"),
    ):
        if len(found) > 1:
            base, slope, worst = fit([(each["hosts"], each[key]) for each in found])
            print("%s = %.3g + %.3g x hosts %s; no point further off than %.0f %%" % (key, base, slope, unit, worst))
    if given.json:
        Path(given.json).write_text(json.dumps(found, indent=1))
    server.shutdown()


if __name__ == "__main__":
    main()
