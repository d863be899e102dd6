# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run in a terminal: what is seen while it runs, and what Ctrl-C does."""

from __future__ import annotations

import json
import subprocess
import sys
import time

import pytest

from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.residue import living
from support.short import SHORT
from support.terminal import Session
from support.waiting import wait_for

LONG = dict(SHORT, hold="60s")
AFTER = dict(SHORT, id="memory-after")


@pytest.fixture
def session(chaos_state, tmp_path):
    """``session(scenarios, columns, lines)``: the command's own way to Ansible, with the console, in a terminal."""
    begun = []

    def start(scenarios, width=80, height=24, **env):
        variables = {
            "chaos_extra_scenarios": scenarios,
            "chaos_scenarios": [each["id"] for each in scenarios],
            "chaos_baseline": "2s",
            "chaos_target_url": server.url,
        }
        argv = [
            sys.executable,
            str(ROOT / "tools" / "play.py"),
            "-e",
            json.dumps(variables),
            str(ROOT / "playbooks" / "chaos_light.yml"),
        ]
        values = dict(
            CHAOS_REPORT_DIR=tmp_path / "reports",
            ANSIBLE_STDOUT_CALLBACK="magsasa.chaos.console",
            TERM="xterm-256color",
            **env,
        )
        values = environment(chaos_state, **values)
        values.pop("CI", None)
        begun.append(Session(argv, width, height, cwd=str(ROOT), env=values))
        return begun[-1]

    with Server(say(answer({"status": "healthy", "service": "shop"}))) as server:
        yield start
        for each in begun:
            each.close()


def report_of(tmp_path):
    return json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())


def test_ctrl_c_puts_back_waits_and_reports(session, chaos_state, tmp_path):
    run = session([LONG, AFTER])
    assert run.wait("hold, ", 90), run.raw
    assert run.wait("errors 0.0 %", 30), run.raw
    seen = run.terminal.screen()
    assert (
        any(line.startswith("  runs     memory-short  ━") for line in seen) and "  waits    memory-after" in seen
    ), seen
    assert any("0 of 2 done" in line and "Ctrl-C puts everything back" in line for line in seen), seen
    pressed = time.monotonic()
    run.press("\x03")
    assert run.end(60) == 130, run.raw
    took = time.monotonic() - pressed
    shown = "\n".join(run.terminal.lines())
    assert "Ctrl-C: putting back memory-short on localhost and waiting for it" in shown and "within 15 s" in shown
    assert (
        "memory-short on localhost is put back" in shown and "refused  memory-after  halted by Ctrl-C" in shown
    ), shown
    assert (
        shown.count("memory-short") < 12 and "runs " not in shown and "fatal" not in shown and "WARNING" not in shown
    ), shown
    report = report_of(tmp_path)
    first, second = report["experiments"]
    assert report["run"]["interrupted"] and took < 50
    assert (first["status"], first["fault"]["revert_cause"], first["fault"]["residue"]) == ("halted", "halt", []), first
    assert first["reason"].startswith("halted by Ctrl-C of its run") and (second["status"], second["fault"]) == (
        "refused",
        None,
    )
    assert living(chaos_state) == {} and not (chaos_state / "run").exists()


@pytest.mark.nightly
@pytest.mark.parametrize("size", [(200, 50), (60, 12)])
def test_a_second_ctrl_c_does_not_wait_and_leaves_nothing(session, chaos_state, size):
    run = session([LONG], *size, NO_COLOR="1")
    assert run.wait("hold, ", 90), run.raw
    run.press("\x03\x03")
    time.sleep(0.3)
    run.press("\x03")
    assert run.end(30) == 130, run.raw
    shown = " ".join(" ".join(run.terminal.lines()).split())
    assert "Not waiting for memory-short on localhost: it ends by itself within 15 s" in shown, shown
    assert "\x1b[3" not in run.raw  # no colour
    assert wait_for(lambda: not living(chaos_state), 40), living(chaos_state)


def test_a_fleet_that_cannot_be_reached_is_told_in_a_few_lines(chaos_state, tmp_path):
    """16 hosts on a port where nobody listens: neither a line each, nor the whole list of names in one."""
    dead = {"ansible_host": "127.0.0.1", "ansible_port": 9}
    hosts = {"web%02d.example.internal" % number: dead for number in range(1, 17)}
    (tmp_path / "hosts.json").write_text(json.dumps({"shops": {"hosts": hosts, "vars": {"chaos_allowed": True}}}))
    variables = {"chaos_extra_scenarios": [SHORT], "chaos_scenarios": [SHORT["id"]], "chaos_sample_app": False}
    program = [sys.executable, str(ROOT / "tools" / "play.py"), "-i", str(tmp_path / "hosts.json"), "-f", "12"]
    argv = [*program, "-e", json.dumps(variables), str(ROOT / "playbooks" / "chaos_light.yml")]
    values = {"CHAOS_REPORT_DIR": tmp_path / "reports", "ANSIBLE_STDOUT_CALLBACK": "magsasa.chaos.console"}
    env = environment(chaos_state, **values)
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, timeout=300, check=False)
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert done.returncode == 4, done.stdout + done.stderr
    assert "16 refused; web01.example.internal was not reached: " in done.stdout, done.stdout
    assert (
        "Not reached in the end: web01.example.internal, web02.example.internal, web03.example.internal and 13 more"
        in (done.stdout)
    ), done.stdout
    assert "Task failed" not in done.stdout, done.stdout
    assert len(lines) <= 12 and max(map(len, lines)) < 300, done.stdout
    assert sum("web" in line for line in lines) <= 8 and "and 10 more" in done.stdout, done.stdout
