# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A secret in every option that may carry one: it is in no result, whatever the verbosity, nor in the ledger, the
journal, a command line or the report.
"""

from __future__ import annotations

import base64
import json
import os
import sys

import pytest

from support import adhoc, reports
from support.faults import wait_for
from support.lab import clean_environment, lifecycle, look, on_hosts, remains, ssh
from support.modules import ROOT

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import markdown, terminal

HOST = "app1"
CANARY = "Kanarie7f3a9Xq"
FORMS = [
    CANARY,
    base64.b64encode(("me:" + CANARY).encode()).decode(),
    base64.b64encode(CANARY.encode()).decode().rstrip("="),
]
PORT = 8061
URL = "http://me:%s@127.0.0.1:%d/" % (CANARY, PORT)
HEADERS = {"Authorization": "Bearer " + CANARY, "X-Api-Key": CANARY, "Cookie": "session=" + CANARY}
SERVICE = (
    "import http.server; http.server.HTTPServer(('127.0.0.1', %d),"
    " http.server.SimpleHTTPRequestHandler).serve_forever()" % PORT
)
# Its own environment and command line hold secrets too, as those of many services do.
START = "systemd-run -q --unit=canary -p StandardOutput=null -p StandardError=null"
START += (
    ' --setenv=DATABASE_URL=mysql://me:%s@db/shop --setenv=API_TOKEN=%s /usr/bin/python3 -c "%s" --password %s'
    " --token=%s"
)
STOP = "systemctl stop canary; systemctl reset-failed canary 2>/dev/null; true"
MYSQL = {
    "engine": "mysql",
    "action": "refuse",
    "account": "app",
    "login_user": "me",
    "login_password": CANARY,
    "login_host": "127.0.0.1",
}

ASKED = {
    "a url": ("health_check", {"url": URL, "headers": HEADERS, "timeout": "0s"}),
    "a url that is wrong": ("health_check", {"url": "http://me:%s@127.0.0.1:99999/" % CANARY}),
    "a url that is none": ("health_check", {"url": "http://me:%s@[::1" % CANARY}),
    "a url with a slash": ("health_check", {"url": "http://me:x/%s@127.0.0.1:%d/" % (CANARY, PORT)}),
    "a url with a space": ("health_check", {"url": "http://me:x %s@127.0.0.1:%d/" % (CANARY, PORT)}),
    "a query": ("health_check", {"url": "http://127.0.0.1:%d/none?api_key=%s&x=1" % (PORT, CANARY)}),
    "a header that is wrong": ("health_check", {"url": URL, "headers": {"X-Key": CANARY + "\n"}}),
    "a user": ("health_check", {"url": "http://%s@127.0.0.1:%d/none" % (CANARY, PORT)}),
    "a database": ("health_check", {"database": "postgresql://me:%s@127.0.0.1:1/shop" % CANARY}),
    "a database's query": ("health_check", {"database": "postgresql://127.0.0.1:1/shop?user=me&password=%s" % CANARY}),
    "a database that is wrong": ("health_check", {"database": "oracle://me:%s@127.0.0.1:1/shop" % CANARY}),
    "another database": ("health_check", {"database": "postgresql://me:%s@127.0.0.1:x/shop" % CANARY}),
    "the service": ("endpoint_info", {"url": URL}),
    "no service": ("endpoint_info", {"url": "http://me:%s@127.0.0.1:1/" % CANARY, "required": True}),
    "a wrong service": ("endpoint_info", {"url": "http://me:%s@127.0.0.1:99999/" % CANARY}),
    "its process": ("endpoint_info", {"ports": [PORT]}),
    "a login": ("database_fault", dict(MYSQL, name="c", duration="5s")),
    "a login elsewhere": (
        "database_fault",
        {"name": "c", "duration": "5s", "engine": "postgresql", "action": "outage", "login_password": CANARY},
    ),
    "a login nowhere": (
        "database_fault",
        {"name": "c", "duration": "5s", "engine": "sqlite", "path": "/nonexistent", "login_password": CANARY},
    ),
}

# By day a URL, a header, a database, a login and a process; tests/unit/test_redact.py has the other forms.
NIGHTLY = (
    "a url with a slash",
    "a query",
    "a user",
    "a database that is wrong",
    "no service",
    "a url that is none",
    "a url with a space",
    "a database's query",
    "another database",
    "a wrong service",
    "a login elsewhere",
    "a login nowhere",
)


def told(lab, module, options, *more):
    """Everything that Ansible says about a module, with all the verbosity there is."""
    argv = [os.path.join(os.path.dirname(sys.executable), "ansible"), HOST, "-i", str(lifecycle.inventory_path(lab))]
    argv += ["-m", "magsasa.chaos." + module, "-a", json.dumps(options), "-vvv", "--diff", *more]
    done = adhoc.run(argv, cwd=ROOT, env=clean_environment(), timeout=120)
    # The program ansible shows the task as its user wrote it; a play does not.
    text = "\n".join(line for line in (done.stdout + done.stderr).splitlines() if not line.startswith("{'action': "))
    assert " => " in text and "Traceback" not in text, text
    return text


def sightings(text):
    """The lines that hold the secret in any form."""
    return [line[:300] for line in text.splitlines() if any(form in line for form in FORMS)]


def on_host(lab):
    """The lines of the host that hold it: command lines but those of the service, its journal since the service
    began, and what may be read of our folders.
    """
    lines = look(
        lab, HOST, "for each in /proc/[0-9]*; do tr '\\0' ' ' < $each/cmdline 2>/dev/null | grep -a . ; done; true"
    )
    lines = "\n".join(line for line in lines.splitlines() if "serve_forever" not in line)
    journal = "journalctl -q --no-pager -o cat --since=-10min | grep -v 'systemd-run\\|serve_forever\\|Started'"
    journal += "; cat /var/log/syslog /var/log/messages 2>/dev/null; true"
    kept = look(lab, HOST, "find /run/magsasa-chaos /var/lib/magsasa-chaos -type f -perm /077 2>/dev/null; true")
    assert kept == "", "files that others may read: " + kept
    ledger = "cat -v /var/lib/magsasa-chaos/ledger.jsonl /var/lib/magsasa-chaos/faults/* 2>/dev/null; true"
    return sightings(lines + look(lab, HOST, journal) + look(lab, HOST, ledger))


def environments(lab):
    """Processes of ours (names) whose environment holds it."""
    return ssh(
        lab,
        HOST,
        "for each in $(pgrep '^chaos-'); do grep -aqz %s /proc/$each/environ && cat /proc/$each/comm; done; true"
        % CANARY,
    )


@pytest.fixture(scope="module", autouse=True)
def service(lab):
    """A service whose environment and command line hold the secret; afterwards nothing on the host holds it."""
    ssh(lab, HOST, START % (CANARY, CANARY, SERVICE, CANARY, CANARY))
    try:
        assert wait_for(lambda: ":%d " % PORT in look(lab, HOST, "ss -Htln"), 10)
        yield
    finally:
        ssh(lab, HOST, STOP)
    assert wait_for(lambda: not remains(lab, HOST), 10), remains(lab, HOST)
    assert (
        ssh(
            lab,
            HOST,
            "grep -rl %s /run/magsasa-chaos /var/lib/magsasa-chaos /etc /tmp /var/tmp 2>/dev/null; true" % CANARY,
        )
        == ""
    )


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.nightly) if name in NIGHTLY else name for name in ASKED]
)
def test_a_secret_is_not_shown(lab, name):
    module, options = ASKED[name]
    assert sightings(told(lab, module, options)) == []


def test_nor_is_it_kept(lab):
    """After all of them, and after one that tells it: the address of a service keeps its query, or nobody could
    probe it.
    """
    assert sightings(told(lab, "endpoint_info", {"url": "http://127.0.0.1:%d/?token=%s" % (PORT, CANARY)}))
    assert on_host(lab) == []


def test_the_secret_of_a_probe(lab):
    options = {"name": "canary", "url": URL + "?token=" + CANARY, "headers": HEADERS, "rate": 5, "max_duration": "60s"}
    try:
        for more in ({}, {"rate": 6}, {"state": "status"}):
            assert sightings(told(lab, "probe", dict(options, **more))) == []
        assert on_host(lab) == [] and environments(lab) == ""
        assert sightings(told(lab, "fault_info", {})) == []
        stopped = on_hosts(lab, HOST, "probe", {"name": "canary", "state": "stopped"})[HOST]
    finally:
        on_hosts(lab, HOST, "fault_halt", {"probes": True})
    assert stopped["summary"]["sent"] and sightings(json.dumps(stopped)) == []


@pytest.mark.parametrize(
    ("module", "options"),
    [
        ("process_fault", {"action": "restart", "pattern": "serve_forever", "respawn_within": "2s"}),
        pytest.param("process_fault", {"action": "pause", "port": PORT}, marks=pytest.mark.nightly),
        pytest.param("http_fault", {"status": 503, "port": PORT}, marks=pytest.mark.nightly),
    ],
    ids=["restart", "pause", "http"],
)
def test_the_secrets_of_a_service_that_a_fault_meets(lab, module, options):
    """What it is started again with is kept aside; nobody but root sees it, and it is gone with the fault."""
    options = dict(options, name="canary", duration="60s")
    try:
        for more in ((), ("--check",)):
            text = told(lab, module, options, *more)
            assert "SUCCESS" in text or "CHANGED" in text, text
            assert sightings(text) == []
        assert on_host(lab) == []
        assert sightings(told(lab, "fault_info", {})) == []
    finally:
        ended = on_hosts(lab, HOST, module, {"name": "canary", "state": "absent"})[HOST]
        ssh(
            lab,
            HOST,
            "systemctl is-active -q canary || { %s; %s; }" % (STOP, START % (CANARY, CANARY, SERVICE, CANARY, CANARY)),
        )
    assert sightings(json.dumps(ended)) == [] and on_host(lab) == []


def test_the_report_of_a_host_that_tells_it():
    report = reports.report(
        reports.hostile("GET %s?sig=%s password=%s auth: %s --token %s --pass %s" % ((URL,) + (CANARY,) * 5)),
        command="x -e db_password=" + CANARY,
    )
    said = json.dumps(report) + markdown.render(report) + "\n".join(terminal.render(report, "x"))
    assert sightings(said) == []


def test_the_secrets_of_what_a_run_probes(lab, tmp_path):
    """chaos_probe and the probe of a scenario hold it in URL, headers and body; a run tells and keeps it nowhere."""
    scenario = {
        "id": "canary",
        "title": "T",
        "hypothesis": "H",
        "family": "cpu",
        "intensity": "light",
        "hold": "1s",
        "options": {"load": "10%"},
    }
    probe = {"url": URL + "?token=" + CANARY, "headers": {"X-Own": CANARY}, "method": "GET", "body": CANARY}
    own = dict(scenario, objectives={"error_rate": "5%"}, probe=probe)
    settings = {
        "chaos_hosts": HOST,
        "chaos_target_url": "http://127.0.0.1:%d" % PORT,
        "chaos_probe": {"url": URL + "?token=" + CANARY, "headers": HEADERS, "method": "GET", "body": CANARY},
        "chaos_extra_scenarios": [dict(own, id="theirs", probe={"rate": 15}), own],
        "chaos_scenarios": "theirs,canary",
        "chaos_baseline": "2s",
        "chaos_report_dir": str(tmp_path / "reports"),
    }
    given = tmp_path / "settings.json"
    given.write_text(json.dumps(settings))
    argv = [
        os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
        "-i",
        str(lifecycle.inventory_path(lab)),
        "-e",
        "@%s" % given,
        "-vvv",
        "--diff",
    ]
    done = adhoc.run(
        argv + [str(ROOT / "playbooks" / "chaos_light.yml")], cwd=ROOT, env=clean_environment(), timeout=300
    )
    shown = done.stdout + done.stderr
    report = (tmp_path / "reports" / "latest" / "report.json").read_text()
    found = json.loads(report)
    assert [each["status"] for each in found["experiments"]] == ["completed"] * 2, shown[-4000:]
    assert sightings(shown) == [] and sightings(report) == [] and on_host(lab) == []
    assert sightings((tmp_path / "reports" / "latest" / "report.md").read_text()) == []
