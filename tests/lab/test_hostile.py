# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts in a bad state beside a good one: a full file system under the state folder, megabytes printed at each login.
The others have their verdicts, and nothing stays on any host.
"""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from support.lab import clean_environment, ledger, lifecycle, program, remains, ssh
from support.modules import ROOT
from support.short import SHORT

PORT = 8072
STATE = "/var/lib/magsasa-chaos"
SERVICE = """
import http.server
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "16")
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}')
    def log_message(self, *words):
        pass
http.server.ThreadingHTTPServer(("127.0.0.1", %d), Answer).serve_forever()
""" % PORT
GOOD, FULL, LOUD = "app1", "app2", "db1"
FILL = "mkdir -p {0}; mount -t tmpfs -o size=64k,mode=700 none {0}; dd if=/dev/zero of={0}/junk bs=1k 2>/dev/null; true"
EMPTY = "umount {0}; rmdir --ignore-fail-on-non-empty {0}"
SHOUT = "head -c 4000000 /dev/zero | tr \\\\0 x; echo; head -c 1000000 /dev/zero | tr \\\\0 y >&2"
STOP = "systemctl stop hostile-web; systemctl reset-failed hostile-web 2>/dev/null; true"


@pytest.fixture(name="hosts")
def _hosts(lab):
    """A service on each; one has a full disk, one prints megabytes whenever somebody logs in."""
    web = "'%s'" % program(SERVICE).replace("'", "'\\''")
    quiet = "test -e ~/.quiet && mv ~/.quiet ~/.bashrc || rm -f ~/.bashrc"
    try:
        for name in (GOOD, FULL, LOUD):
            ssh(lab, name, "systemd-run -q --unit=hostile-web /bin/sh -c " + web)
        ssh(lab, FULL, FILL.format(STATE))
        ssh(lab, LOUD, "mv ~/.bashrc ~/.quiet 2>/dev/null; printf '%%s\\n' '%s' > ~/.bashrc" % SHOUT)
        assert len(ssh(lab, LOUD, "true")) > 4_000_000
        yield lab
    finally:
        ssh(lab, LOUD, quiet, check=False)
        ssh(lab, FULL, EMPTY.format(STATE), check=False)
        for name in (GOOD, FULL, LOUD):
            ssh(lab, name, STOP, check=False)


def test_a_full_disk_and_a_loud_login_cost_the_others_nothing(hosts, tmp_path):
    values = {
        "chaos_hosts": ":".join((GOOD, FULL, LOUD)),
        "chaos_extra_scenarios": [dict(SHORT, objectives={"error_rate": "50%"})],
        "chaos_scenarios": [SHORT["id"]],
        "chaos_target_url": "http://127.0.0.1:%d" % PORT,
        "chaos_baseline": "2s",
        "chaos_max_percent": 100,
        "chaos_fail_on_breach": False,
    }
    before = len(ledger(hosts, GOOD))
    env = clean_environment(CHAOS_REPORT_DIR=tmp_path / "reports", ANSIBLE_STDOUT_CALLBACK="magsasa.chaos.console")
    base = [sys.executable, str(ROOT / "tools" / "play.py"), "-i", str(lifecycle.inventory_path(hosts))]
    argv = [*base, "-e", json.dumps(values), str(ROOT / "playbooks" / "chaos_light.yml")]
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=400, check=False)
    output = done.stdout + done.stderr
    report = tmp_path / "reports" / "latest" / "report.json"
    assert report.exists(), output[-5000:]
    records = {each["host"]: each for each in json.loads(report.read_text())["experiments"]}
    for name in (GOOD, LOUD):
        assert (records[name]["status"], records[name]["verdict"]) == ("completed", "passed"), records[name]["reason"]
        assert records[name]["fault"]["revert_cause"] == "deadline" and not records[name]["fault"]["residue"]
    full = records[FULL]
    assert full["verdict"] == "unknown" and "No space left on device" in full["reason"], full["reason"]
    assert max(map(len, output.splitlines())) < 1000, "what a login prints is not for the reader"
    ssh(hosts, FULL, "rm %s/junk" % STATE)
    assert not [each for name in (GOOD, FULL) for each in remains(hosts, name)]
    assert ssh(hosts, FULL, "ls /run/magsasa-chaos 2>/dev/null || true") == ""
    assert len(ledger(hosts, GOOD)) == before + 1
    assert "chaos-" not in ssh(hosts, LOUD, "ps -eo comm=").lstrip("x\n")
