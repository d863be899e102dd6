# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run over all kinds of ways to a host that inventories have: a jump host, a template for the address, a port and
a Python of its own, another user by become, this machine beside them, and a second name for one of the machines.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from support.http_server import Server, answer, say
from support.lab import access, environment, ledger, places, program, remains, ssh
from support.modules import ROOT
from support.residue import living
from support.short import SHORT

PORT, SECOND_SSHD = 8071, 2222
PYTHON = "/opt/odd/bin/snake"
TELLS = "/opt/odd/bin/tells"  # who starts it, and for what
WHO = 'echo "$(id -un) ${4:-a module}" >>/opt/odd/log; exec /usr/bin/python3 "$@"'
SERVICE = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "15")
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}'[:15])
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", %d), Answer).serve_forever()
"""
START = (
    "systemd-run -q --unit=odd-web /bin/sh -c %s; mkdir -p /opt/odd/bin /run/sshd; ln -sf /usr/bin/python3 " + PYTHON
)
START += "; touch /opt/odd/log; chmod 666 /opt/odd/log; printf '#!/bin/sh\\n%%s\\n' '" + WHO + "' >" + TELLS
START += "; chmod 755 " + TELLS + "; systemd-run -q --unit=odd-sshd /usr/sbin/sshd -D -p %d" % SECOND_SSHD
STOP = "systemctl stop odd-web odd-sshd; systemctl reset-failed odd-web odd-sshd 2>/dev/null; rm -rf /opt/odd; true"
CONFIG = """
Host *
  User root
  IdentityFile {folder}/login
  IdentitiesOnly yes
  UserKnownHostsFile {folder}/known_hosts
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  LogLevel ERROR
Host {app2}
  ProxyCommand {relay}
  HostKeyAlias {app2}
Host {app1}
  ProxyJump {app2}
"""


@pytest.fixture(name="hosts")
def _hosts(lab):
    """A service on each host of the run, a second SSH server and an odd name for Python."""
    names = ("app1", "app2")
    web = "'%s'" % program(SERVICE % PORT).replace("'", "'\\''")
    try:
        for name in names:
            ssh(lab, name, START % web)
        yield lab
    finally:
        for name in names:
            ssh(lab, name, STOP)


def inventory(lab, folder, url):
    """Written into ``folder``: its path."""
    address = {name: lab.address(lab.find(name)) for name in ("app1", "app2")}
    options = access.ssh_options(lab)
    relay = next(each for each in options if each.startswith("ProxyCommand=")).partition("=")[2]
    (folder / "config").write_text(CONFIG.format(folder=places.runtime(lab.name), relay=relay, **address))
    su = {"ansible_become": True, "ansible_become_method": "su", "ansible_become_user": "postgres"}
    hosts = {
        "jumped": {"ansible_host": address["app1"]},
        "other-user": dict(su, ansible_host=address["app1"]),
        "odd": {
            "ansible_host": "{{ addresses[inventory_hostname] }}",
            "ansible_port": SECOND_SSHD,
            "ansible_python_interpreter": PYTHON,
        },
        "here": {
            "ansible_connection": "local",
            "ansible_python_interpreter": sys.executable,
            "chaos_target_url": url,
        },
    }
    variables = {
        "ansible_user": "root",
        "ansible_ssh_common_args": "-F %s -o ControlPath=%s/cp-%%h-%%p" % (folder / "config", folder),
        "ansible_python_interpreter": TELLS,
        "addresses": {"odd": address["app2"]},
        "chaos_target_url": "http://127.0.0.1:%d" % PORT,
        "chaos_allowed": True,
    }
    path = folder / "hosts.json"
    path.write_text(json.dumps({"shops": {"vars": variables, "hosts": hosts}}))
    return path


def test_every_way_to_a_host_and_one_machine_of_two_names(hosts, tmp_path, chaos_state):
    values = {
        "chaos_extra_scenarios": [dict(SHORT, hold="4s", objectives={"error_rate": "50%"})],
        "chaos_scenarios": [SHORT["id"]],
        "chaos_baseline": "2s",
        "chaos_max_percent": 100,
        "chaos_fail_on_breach": False,
    }
    before = {name: len(ledger(hosts, name)) for name in ("app1", "app2")}
    env = environment(
        chaos_state, CHAOS_REPORT_DIR=tmp_path / "reports", ANSIBLE_STDOUT_CALLBACK="magsasa.chaos.console"
    )
    with Server(say(answer({"status": "ok"}))) as server:
        path = inventory(hosts, tmp_path, server.url)
        argv = [sys.executable, str(ROOT / "tools" / "play.py"), "-i", str(path), "-f", "10", "-e", json.dumps(values)]
        argv += [str(ROOT / "playbooks" / "chaos_light.yml")]
        done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400, check=False)
    output = done.stdout + done.stderr
    report = tmp_path / "reports" / "latest" / "report.json"
    assert report.exists(), output
    records = {each["host"]: each for each in json.loads(report.read_text())["experiments"]}
    for name in ("jumped", "odd", "here"):
        assert (records[name]["status"], records[name]["verdict"]) == ("completed", "passed"), (records[name], output)
        assert records[name]["fault"]["revert_cause"] == "deadline" and not records[name]["fault"]["residue"]
    other = records["other-user"]
    assert other["status"] == "refused" and not other["fault"], other
    assert "other-user and jumped in the inventory are the same machine" in other["reason"], other["reason"]
    assert "no hosts matched" not in output, output
    # A command brings its code where the connection takes an input, which one with su does not.
    started = ssh(hosts, "app1", "cat /opt/odd/log").splitlines()
    assert [line for line in started if line.startswith("root ")] == ["root -c"], started
    assert {line for line in started if not line.startswith("root ")} == {"postgres a module"}, started
    for name in ("app1", "app2"):
        assert not remains(hosts, name), remains(hosts, name)
        assert len(ledger(hosts, name)) == before[name] + 1
    assert ssh(hosts, "app1", "find /var/lib/postgresql -path '*magsasa*' -name '*.jsonl' 2>/dev/null || true") == ""
    assert living(chaos_state) == {}
