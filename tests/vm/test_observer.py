# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An experiment on a host whose clock is minutes ahead, seen from another host: begin and end are right all the
same.
"""

from __future__ import annotations

import contextlib
import json
import os
import shlex
import socket
import subprocess
import sys

import pytest
import yaml

from support.faults import wait_for
from support.lab import clean_environment
from support.modules import ROOT
from support.poller import Poller
from support.vm import ledger, lifecycle, machines, remains, ssh

RATE = 5  # probes a second; an emulated processor takes its time
TIMEOUT = 1.0  # seconds
AHEAD = 300.0  # seconds
PAUSE_S = 0.2  # between two requests of somebody else who looks; what they saw is that coarse
PORT = 8000
# Takes many connections while it is stopped: what it cannot take is tried again by the kernel much later.
SERVER = """
import http.server
class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 256
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()
Server(('127.0.0.1', %d), Handler).serve_forever()
""" % PORT
PAUSE = {
    "id": "frozen", "title": "The service hangs", "hypothesis": "It goes on.", "family": "process", "intensity": "light", "hold": "5s",
    "options": {"action": "pause", "port": PORT, "duration": "5s"}, "objectives": {"recovery_time": "1m"},
}  # fmt: skip


@contextlib.contextmanager
def page(vm):
    """URL of a page of the virtual machine, reached through its SSH server."""
    ssh(vm, "systemd-run -q --unit=page python3 -c %s" % shlex.quote(SERVER))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = machines.ssh_command(vm)
    argv = [
        command[0],
        "-N",
        "-o",
        "ControlMaster=no",
        "-o",
        "ControlPath=none",
        "-L",
        "127.0.0.1:%d:127.0.0.1:%d" % (port, PORT),
        *command[1:],
    ]
    tunnel = subprocess.Popen(argv, stdin=subprocess.DEVNULL)
    try:
        url = "http://127.0.0.1:%d/" % port
        assert wait_for(
            lambda: subprocess.run(["curl", "-sfo", "/dev/null", "-m", "2", url], check=False).returncode == 0, 30
        )
        yield url
    finally:
        tunnel.terminate()
        tunnel.wait(20)
        ssh(vm, "systemctl stop page")


@pytest.mark.nightly  # by day: tests/lab/test_observer.py, and tests/unit/conduct/test_clocks.py
def test_clocks_that_differ_by_minutes(vm, tmp_path, chaos_state):
    play = tmp_path / "play.yml"
    role = {"ansible.builtin.import_role": {"name": "magsasa.chaos.suite"}}
    play.write_text(yaml.safe_dump([{"hosts": vm.name, "gather_facts": False, "tasks": [role]}]))
    watcher = tmp_path / "watcher.yml"
    here = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
    watcher.write_text(yaml.safe_dump({"all": {"hosts": {"watcher": here}}}))
    ssh(vm, "date -s '+%d seconds'" % AHEAD)
    try:
        with page(vm) as url, Poller(url, PAUSE_S, TIMEOUT) as poller:
            values = {
                "chaos_chosen": [dict(PAUSE, name="frozen")], "chaos_endpoint": {"url": url, "health_url": url, "port": PORT}, "chaos_observer": "watcher",
                "chaos_baseline": "4s", "chaos_probe_rate": RATE, "chaos_probe_timeout": "%gs" % TIMEOUT, "chaos_lease": "60s", "chaos_recovery_timeout": "1m",
            }  # fmt: skip
            argv = [
                os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
                "-i",
                str(lifecycle.inventory_path(vm)),
                "-i",
                str(watcher),
            ]
            environment = clean_environment(CHAOS_REPORT_DIR=tmp_path / "reports", MAGSASA_CHAOS_STATE=chaos_state)
            done = subprocess.run(
                [*argv, "-e", json.dumps(values), str(play)],
                cwd=ROOT,
                env=environment,
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
            )
    finally:
        ssh(vm, "date -s '-%d seconds'" % AHEAD)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]
    (seen,) = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())["experiments"]
    assert (seen["observer"], seen["status"], seen["fault"]["effect"], seen["metrics"]["clock"]) == (
        "watcher",
        "completed",
        "confirmed",
        "measured",
    ), seen
    interval, error = 1.0 / RATE, seen["metrics"]["clock_error_s"]
    assert 0 < error < 1.0
    # The probes tell the truth on the observer's clock: the first that met the stopped service, and the last.
    outage = seen["metrics"]["outages"][0]
    hold = seen["phases"]["hold"]
    assert abs(outage["from"] - hold["from"]) <= interval + error, (outage, hold, error)
    # Somebody else who looked from there saw the service fall silent and come back at the same time: as true as the two
    # look often, and as an answer takes
    # long. (An emulated processor may need long for one: who was on the way when the service stopped, or came back, is
    # counted by either side.)
    first_bad, last_bad, first_good = poller.outage(hold["from"] - TIMEOUT, hold["to"] + 30.0)
    slack = interval + PAUSE_S + poller.slowest()
    assert abs(outage["from"] - first_bad) <= slack, (outage, first_bad, slack)
    assert last_bad - slack <= outage["to"] <= first_good + slack, (outage, last_bad, first_good, slack)
    # And the host's own record is minutes ahead of the observer's clock: without the measured offset nothing would have
    # fitted.
    past = ledger(vm)[-1]
    assert past["name"] == "frozen" and past["residue"] == []
    lasted = past["reverted_at"]["monotonic"] - past["injected_at"]["monotonic"]
    assert 4.9 <= lasted <= 7.0 and abs(hold["to"] - hold["from"] - lasted) < 0.001
    assert remains(vm) == []
