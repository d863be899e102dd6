# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host with thousands of processes costs: port detection, and the plan of a fault of a process.

    PYTHONPATH=.collections:tests .venv/bin/python tests/bench/bench_crowded.py [PROCESSES]

The processes are forks of one sleeping Python with some open files; the service is none of them. Each figure is a
module as Ansible starts it, without Ansible's controller; beside it the same on the host before.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time

from support import adhoc
from support.modules import ROOT, environment

CROWD = """
import os, sys
files = [open(os.devnull) for _number in range(8)]
reading, writing = os.pipe()
for _number in range(int(sys.argv[1])):
    if os.fork() == 0:
        os.close(writing)
        os.read(reading, 1)  # until the first one ends
        os._exit(0)
print("there", flush=True)
sys.stdin.read()
"""


def timed(module, arguments, env):
    """Seconds of one module; it must succeed."""
    began = time.monotonic()
    done = adhoc.run_module_file(
        module,
        dict(arguments, _ansible_check_mode=True, _ansible_module_name="magsasa.chaos." + module),
        ROOT,
        env,
        180,
    )
    spent = time.monotonic() - began
    if json.loads(done.stdout).get("failed"):
        raise SystemExit(done.stdout)
    return spent


def figures(port, pid, env):
    """``{what: seconds}``, the best of three."""
    fault = {"name": "crowded", "duration": "30s", "action": "kill", "force": True}
    asked = {
        "endpoint_info": ("endpoint_info", {"ports": [port]}),
        "process_fault by pid": ("process_fault", dict(fault, pid=pid)),
        "process_fault by port": ("process_fault", dict(fault, port=port)),
    }
    return {what: min(timed(*each, env) for _turn in range(3)) for what, each in asked.items()}


def started(argv):
    """A process that has said its first line, and that line."""
    child = subprocess.Popen(
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    return child, child.stdout.readline()


def main():
    """Print the figures."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o700)
        env = environment(name)
        serve = [sys.executable, "-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", name]
        service, said = started(serve)
        port = int(re.search("port ([0-9]+)", said).group(1))
        try:
            before = figures(port, service.pid, env)
            crowd, _there = started([sys.executable, "-I", "-S", "-c", CROWD, str(number)])
            try:
                after = figures(port, service.pid, env)
            finally:
                crowd.communicate()
        finally:
            service.kill()
            service.communicate()
    for what, spent in before.items():
        print("%-22s %.2f s, with %d more processes %.2f s" % (what, spent, number, after[what]))


if __name__ == "__main__":
    main()
