# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which service a run tests, and with which code and words it ends, as a user sees both: the command and the plain
playbook.
"""

from __future__ import annotations

import json
import os
import sys

import pytest

from support import adhoc
from support.http_server import Server, answer, closed_port, say
from support.modules import ROOT, environment

HEALTH = {"status": "healthy", "service": "shop", "version": "7.1"}
SCENARIO = {
    "id": "mine",
    "title": "A little load",
    "hypothesis": "Nobody notices.",
    "family": "cpu",
    "intensity": "light",
    "hold": "1s",
    "options": {"load": "10%", "of": "added", "cores": 1},
    "objectives": {"error_rate": "5%"},
}
SHORT = {
    "chaos_extra_scenarios": [SCENARIO],
    "chaos_scenarios": "mine",
    "chaos_baseline": "1s",
    "chaos_recovery_timeout": "5s",
    "chaos_sample_app": False,
}
LOCAL = {"ansible_connection": "local", "chaos_allowed": True}


@pytest.fixture(name="run")
def _run(chaos_state, tmp_path):
    """``run(variables, hosts=..., env=..., options=()) -> (code of the command, output, newest report or None)``;
    the folder is one without reports.
    """

    def run(variables=(), hosts=None, env=None, options=(), plain=False):
        inventory = tmp_path / "hosts.json"
        inventory.write_text(json.dumps({"all": {"hosts": hosts or {"localhost": LOCAL}}}))
        given = ["-i", str(inventory), "-e", json.dumps(dict(SHORT, **dict(variables))), *options]
        programs = {
            True: [
                os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
                str(ROOT / "playbooks" / "chaos_light.yml"),
                *given,
            ],
            False: [
                str(ROOT / "tools" / "play.py"),
                *given,
                str(ROOT / "playbooks" / "chaos_light.yml"),
            ],
        }
        folder = tmp_path / "reports"
        values = environment(
            chaos_state, **dict({"CHAOS_REPORT_DIR": folder, "APP_PORT": "", "COLUMNS": 120}, **(env or {}))
        )
        done = adhoc.run(programs[plain], cwd=tmp_path, env=values, timeout=300)
        assert "Traceback" not in done.stdout + done.stderr and "is undefined" not in done.stdout + done.stderr, (
            done.stdout + done.stderr
        )
        latest = folder / "latest" / "report.json"
        return done.returncode, done.stdout + done.stderr, json.loads(latest.read_text()) if latest.exists() else None

    yield run
    assert not (tmp_path / "reports").exists() or list(
        (tmp_path / "reports").iterdir()
    ), "an empty folder of reports was left"


def reason_of(report):
    (record,) = report["experiments"]
    assert record["status"] == "refused" and record["verdict"] == "unknown" and record["fault"] is None, record
    return record["reason"]


NOT_THERE = {
    "a url": (
        lambda there, gone: ({"chaos_target_url": "http://127.0.0.1:%d" % gone}, {}),
        "no service at http://127.0.0.1:{gone} ",
    ),
    "a port": (
        lambda there, gone: ({}, {"CHAOS_TARGET_PORT": gone, "APP_PORT": there}),
        "no service at port {gone} (nothing listens), named by environment variable",
    ),
    "a service": (
        lambda there, gone: ({"chaos_service": "orders-api", "chaos_ports": [there]}, {}),
        "no service here reports the name 'orders-api'; found instead: ",
    ),
    "nothing": (lambda there, gone: ({"chaos_ports": [gone]}, {}), "no service at port {gone} (nothing listens)"),
}


@pytest.mark.parametrize(
    "named",  # a url by day: test_playbooks; a service: tests/unit/endpoint/test_choice.py
    [each if each == "a port" else pytest.param(each, marks=pytest.mark.nightly) for each in NOT_THERE],
)
def test_who_names_something_that_is_not_there_gets_a_refusal_and_no_other_service(run, chaos_state, named):
    make, words = NOT_THERE[named]
    gone = closed_port()
    with Server(say(answer(HEALTH))) as server:
        variables, env = make(server.port, gone)
        code, shown, report = run(variables, env=env)
        reason = reason_of(report)
        assert words.format(gone=gone) in reason and "blast radius" not in reason, reason
        assert "--target URL" in reason or "correct that" in reason
        assert code == 3 and "CHAOS UNKNOWN" in shown and "nothing was tested" in shown
        assert list(chaos_state.iterdir()) == []


ILL = {
    "token": (say(answer(b"", 401)), {}, ["answers 401", "set chaos_probe headers"]),
    "forbidden": (say(answer(b"", 403)), {}, ["answers 403", "set chaos_probe headers"]),
    "down": (say(answer({"status": "DOWN"})), {}, ['answers 200 and says "DOWN"']),
    "login": (None, {}, ["login page"]),
}


@pytest.mark.parametrize(
    "kind", [each if each == "login" else pytest.param(each, marks=pytest.mark.nightly) for each in ILL]
)
def test_a_service_that_is_not_well_is_refused_before_its_baseline_with_the_reason(run, kind):
    behave, variables, words = ILL[kind]
    with Server() as server:
        server.behave = behave or login
        code, shown, report = run(dict(variables, chaos_target_url=server.url))
        reason = reason_of(report)
        assert code == 3 and all(each in reason for each in words), reason
        assert words[0] in shown and report["experiments"][0]["target"]["url"] == server.url


def login(connection, request):
    """Everything leads to a page to log in, which answers 200."""
    path = request.split(b" ")[1]
    form = answer(b'<form><input type="password" name="p"></form>', 200)
    return say(form if path.startswith(b"/login") else answer(b"", 302, [("Location", "/login?next=/")]))(
        connection, request
    )


def test_a_baseline_that_fails_names_its_errors_and_nothing_tested_is_no_success(run):
    with Server(say(answer(b"", 401))) as server:
        code, shown, report = run(
            {"chaos_target_url": server.url, "chaos_probe": {"url": server.url + "/orders"}}, plain=True
        )
    reason = reason_of(report)
    assert " x HTTP 401" in reason and "set chaos_probe headers" in reason and "error rate 100.0 %" in reason
    assert code == 2 and "nothing was tested" in shown and "x HTTP 401" in shown


def test_a_closed_inventory_is_no_success_and_its_neighbour_is(run, chaos_state):
    closed = dict(LOCAL, chaos_allowed=False)
    with Server(say(answer(HEALTH))) as server:
        code, shown, report = run(
            {"chaos_target_url": server.url}, hosts={"localhost": closed}, options=("--tags", "x")
        )
        assert code == 3 and "chaos_allowed is not true" in shown and reason_of(report)
        assert server.requests == [] and list(chaos_state.iterdir()) == []
        code, shown, report = run({"chaos_target_url": server.url}, hosts={"one": LOCAL, "two": closed})
    assert code == 0 and "CHAOS PASSED: 1 passed, 0 failed, 1 refused" in shown, shown[-3000:]
    record = next(each for each in report["experiments"] if each["host"] == "one")
    target = record["target"]
    assert (target["url"], target["probed"], target["step"]) == (
        server.url,
        server.url + "/health",
        "identified",
    ) and target["why"] == "named by option url"
    assert target["process"]["pid"] == os.getpid() and target["service"] == "shop 7.1"
    assert "one: testing %s/health (shop 7.1, " % server.url in shown
    assert list(chaos_state.rglob("*.jsonl")), "the one that is open was not tested"


BAD = {
    "option": ({"chaos_extra_scenarios": [dict(SCENARIO, options={"size": "8M"})]}, "cpu_fault has no option 'size'"),
    "probe": ({"chaos_probe": {"ulr": "/x"}}, "chaos_probe: 'ulr' is not a valid key; did you mean 'url'?"),
    "baseline": ({"chaos_baseline": "30 parsecs"}, "chaos_baseline: '30 parsecs' is not a duration"),
}


@pytest.mark.parametrize(
    "kind",  # an option by day: test_commands
    [each if each == "probe" else pytest.param(each, marks=pytest.mark.nightly) for each in BAD],
)
def test_a_bad_setting_is_wrong_usage_in_one_sentence(run, tmp_path, kind):
    variables, words = BAD[kind]
    code, shown, report = run(variables)
    assert code == 2 and report is None and not (tmp_path / "reports").exists()
    # Ansible tells a failure twice: as an error with its place, and as the result of the task.
    assert 1 <= shown.count(words) <= 2 and "caused by" not in shown.lower(), shown


CANARY = "Kanarie7f3a9Xq"


def test_a_business_address_that_fails_while_the_health_address_is_good_fails_the_experiment(run, chaos_state):
    """And what it is asked with is in no output, however talkative, and in no report."""

    def behave(connection, request):
        head, _mark, body = request.partition(b"\r\n\r\n")
        if head.startswith(b"GET /health"):
            return say(answer(HEALTH))(connection, request)
        if head.startswith(b"GET"):
            return say(answer(b"", 404))(connection, request)
        broken = any((chaos_state / "ledger" / "faults").glob("*.json"))
        good = (
            b"X-Key: " + CANARY.encode() in head
            and json.loads(body)["pin"] == CANARY
            and head.startswith(b"POST /orders?token=" + CANARY.encode())
        )
        asked.append(good)
        return say(answer({"state": "lost" if broken else "placed"}, 201 if good else 403))(connection, request)

    asked = []
    probe = {
        "headers": {"X-Key": CANARY},
        "body": {"pin": CANARY},
        "expect": {"status": 201, "json": {"state": "placed"}},
        "rate": 10,
    }
    with Server(behave) as server:
        own = dict(SCENARIO, id="mine", hold="2s", probe=dict(probe, url="/orders?token=" + CANARY))
        code, shown, report = run({"chaos_target_url": server.url, "chaos_extra_scenarios": [own]}, options=("-vvv",))
        (record,) = report["experiments"]
        assert (code, record["status"], record["verdict"]) == (3, "completed", "failed"), shown[-3000:]
        assert asked and all(asked) and record["phases"]["hold"]["failed"] > 10 > record["phases"]["baseline"]["failed"]
        assert record["target"]["probed"].startswith("POST %s/orders?token=" % server.url)
        # What a play was given with -e is in the command line of whoever typed it, and nowhere else.
        assert CANARY not in shown.replace(json.dumps(own["probe"]), "") and CANARY not in json.dumps(report), [
            line[:300] for line in shown.splitlines() if CANARY in line
        ]


def test_the_address_on_the_command_line_names_the_service_too(run):
    def behave(connection, request):
        return say(answer(HEALTH if b"/health" in request.split(b"\r\n")[0] else b"[]"))(connection, request)

    with Server(behave) as server:
        code, shown, report = run({"chaos_probe_url": server.url + "/orders"}, options=("--check",))
        assert code == 0 and "testing %s/health" % server.url in shown, shown[-3000:]
    (record,) = report["experiments"]
    assert record["status"] == "planned" and record["target"]["probed"] == server.url + "/orders"
