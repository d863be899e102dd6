# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task runs an experiment on several hosts: each host is asked with its own variables, and what keeps one from
it is a record, never a failed task.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading

import pytest
import yaml

from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from support.faults import left, wait_for
from support.http_server import Server, answer, say
from support.modules import ROOT, environment
from support.residue import living

SCENARIO = {
    "id": "small", "name": "small", "title": "t", "hypothesis": "h", "family": "memory", "intensity": "smoke", "hold": "2s",
    "options": {"size": "16M", "duration": "2s"}, "objectives": {"error_rate": "5%"},
}  # fmt: skip
# A connection that can hand a command no input, as become methods that want a terminal cannot: every question is a
# module then.
PLAIN = '''
DOCUMENTATION = """
name: plain
short_description: local, without an input for commands
description: [For a test.]
extends_documentation_fragment: [connection_pipelining]
"""
from ansible.plugins.connection.local import Connection as Local


class Connection(Local):
    transport = "plain"
    has_pipelining = False
'''


class Play:
    """Runs one experiment on hosts that are all this machine, with states of their own; returns the records."""

    def __init__(self, run, folder):
        self._run, self._folder = run, folder
        self.states = []
        plugins = folder / "connection_plugins"
        plugins.mkdir()
        (plugins / "plain.py").write_text(PLAIN)

    def __call__(self, hosts, options, *arguments, task=None, play=None):
        inventory = {}
        for name, variables in hosts.items():
            state = self._folder / ("state-" + name)
            state.mkdir(mode=0o700, exist_ok=True)
            self.states.append(state)
            inventory[name] = dict(
                {"ansible_connection": "local", "ansible_python_interpreter": sys.executable, "own_state": str(state)},
                **variables,
            )
        told = self._folder / "told.json"
        told.unlink(missing_ok=True)
        tasks = [
            dict({"magsasa.chaos.experiment": dict({"hosts": list(hosts), "scenario": SCENARIO, "baseline": "2s"}, **options)},
                 run_once=True, register="done", environment={"MAGSASA_CHAOS_STATE": "{{ own_state }}"}, **(task or {})),
            {"ansible.builtin.copy": {"content": "{{ done | to_json }}", "dest": str(told), "mode": "0600"}, "run_once": True, "check_mode": False,
             "delegate_to": "localhost"},
        ]  # fmt: skip
        (self._folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"hosts": inventory}}))
        (self._folder / "play.yml").write_text(
            json.dumps([dict({"hosts": "all", "gather_facts": False, "tasks": tasks}, **(play or {}))])
        )
        done = self._run("-i", self._folder / "hosts.yml", self._folder / "play.yml", *arguments)
        assert "Traceback" not in done.stdout + done.stderr, done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(told.read_text())["experiments"]


@pytest.fixture(name="play")
def _play(ansible_playbook, tmp_path):
    play = Play(ansible_playbook, tmp_path)
    yield play
    for state in play.states:
        assert living(state) == {} and not (state / "run").exists(), state


@pytest.fixture(name="service", scope="module")
def _service():
    with Server(say(answer({"status": "ok"}))) as server:
        yield {"url": server.url, "health_url": server.url}


OPEN = {"chaos_allowed": True}
CLOSED = {
    "closed": ({}, "refused by the allowed guard: chaos_allowed is not true for closed"),
    "guarded": (
        dict(OPEN, chaos_protected=True),
        "refused by the protected guard: chaos_protected is true for guarded",
    ),
    "night": (dict(OPEN, chaos_window="never"), "refused by the window guard: "),
    "misspelt": (dict(OPEN, chaos_protcted=True), "refused by the variables guard: "),
}


def test_every_host_is_asked_by_its_own_variables(play, service):
    """The first host is the closed one, and the connection of each is its own: what it says is not said for the
    others.
    """
    hosts = {name: variables for name, (variables, _sentence) in CLOSED.items()}
    hosts.update(
        zopen=dict(OPEN, ansible_connection="plain"),
        zwell=OPEN,
        zlost=dict(OPEN, ansible_connection="ssh", ansible_host="192.0.2.1", ansible_ssh_executable="/bin/false"),
    )
    records = play(hosts, {"endpoint": service})
    for name, (_variables, sentence) in CLOSED.items():
        assert records[name]["status"] == "refused" and records[name]["reason"].startswith(sentence), records[name]
        assert not (play.states[0].parent / ("state-" + name) / "ledger").exists(), name
    for name in ("zopen", "zwell"):
        assert (records[name]["status"], records[name]["verdict"], records[name]["reason"]) == (
            "completed",
            "passed",
            "",
        ), records[name]["fault"]
        assert records[name]["observer"] == name and records[name]["fault"]["revert_cause"] == "deadline"
    assert records["zlost"]["status"] == "failed" and records["zlost"]["verdict"] == "unknown", records["zlost"]


@pytest.mark.nightly
def test_a_host_that_hangs_costs_the_others_no_verdict(play, service, tmp_path):
    """Its connection is there and nothing ever comes back. It waits half a minute for it, and the others have a
    lease meanwhile.
    """
    program = tmp_path / "ssh"
    program.write_text("#!/bin/sh\nexec sleep 100\n")
    program.chmod(0o755)
    hung = dict(OPEN, ansible_connection="ssh", ansible_host="192.0.2.1", ansible_ssh_executable=str(program))
    records = play({"hung": hung, "well": OPEN}, {"endpoint": service, "lease": "6s"})
    assert (records["well"]["status"], records["well"]["verdict"], records["well"]["reason"]) == (
        "completed",
        "passed",
        "",
    ), records["well"]
    assert (records["hung"]["status"], records["hung"]["verdict"]) == (
        "failed",
        "unknown",
    ) and "never answered" in records["hung"]["reason"]


@pytest.mark.parametrize("connection", ["local", pytest.param("plain", marks=pytest.mark.nightly)])
def test_what_goes_wrong_is_in_the_record(play, connection):
    """A service that is not well, options that a fault does not have, a scenario that is skipped, a host that the
    inventory does not know.
    """
    with Server(say(answer({"status": "down"}, status=503))) as ill, Server(say(answer({"status": "ok"}))) as well:
        endpoints = {
            name: {"url": server.url, "health_url": server.url} for name, server in (("ill", ill), ("well", well))
        }
        hosts = {name: dict(OPEN, ansible_connection=connection) for name in ("ill", "huge", "odd", "none")}
        own = {
            "ill": {"endpoint": endpoints["ill"]},
            "huge": {"scenario": dict(SCENARIO, options={"size": "9999999M", "duration": "2s"})},
            "odd": {"scenario": dict(SCENARIO, options={"colour": "red", "duration": "2s"})},
            "none": {"scenario": dict(SCENARIO, skipped="nothing here")},
            "stranger": {},
        }
        records = play(hosts, {"hosts": own, "endpoint": endpoints["well"]})
    assert (
        records["ill"]["status"] == "refused"
        and "not in its steady state" in records["ill"]["reason"]
        and "503" in records["ill"]["reason"]
    )
    assert records["huge"]["status"] in ("failed", "refused") and "memory" in records["huge"]["reason"], records["huge"]
    assert (
        records["odd"]["status"] == "failed"
        and "Unsupported parameters for (magsasa.chaos.memory_fault) module" in records["odd"]["reason"]
    ), records["odd"]
    assert (records["none"]["status"], records["none"]["reason"]) == ("skipped", "nothing here")
    assert records["stranger"]["status"] == "failed" and "stranger" in records["stranger"]["reason"], records[
        "stranger"
    ]


def test_limit_batches_and_become_are_kept_to(play, service):
    """A host that the guards close ends no play, though any error would; the batch after it has its experiment."""
    hosts = {"closed": {}, "open": dict(OPEN, ansible_become=True, ansible_become_method="su"), "out": OPEN}
    options = {"hosts": "{{ ansible_play_batch }}", "endpoint": service}
    found = play(hosts, options, "--limit", "closed,open", play={"serial": 1, "any_errors_fatal": True})
    assert {host: record["status"] for host, record in found.items()} == {"open": "completed"}, found
    touched = {state.name: any(state.iterdir()) for state in play.states}
    assert touched == {"state-closed": False, "state-open": True, "state-out": False}


def test_a_fault_is_halted_where_its_service_fails(play):
    """Well in the baseline, down from the injection on: the halt condition ends the fault long before its time."""
    with Server(say(answer({"status": "ok"}))) as server:
        scenario = dict(SCENARIO, id="long", name="long", hold="60s", options={"size": "16M", "duration": "60s"})
        options = {
            "scenario": scenario,
            "endpoint": {"url": server.url, "health_url": server.url},
            "halt_on": {"latency": "1us", "for": "1s"},
        }
        records = play({"one": OPEN}, dict(options, interval="500ms", lease="20s"))
    assert records["one"]["status"] == "halted" and "halt limit" in records["one"]["reason"], records["one"]
    assert records["one"]["fault"]["revert_cause"] == "halt"


def test_a_dry_run_plans_and_touches_nothing(play, service):
    hosts = {"one": OPEN, "two": {}}
    records = play(hosts, {"endpoint": service}, "--check")
    assert records["one"]["status"] == "planned" and records["one"]["fault"]["plan"], records["one"]
    assert records["two"]["status"] == "refused"
    assert [list(state.iterdir()) for state in play.states] == [[], []]


@pytest.mark.parametrize(
    "options, sentence",
    [({"hosts": 7}, "hosts: '7' is neither"), ({"scenario": {}}, "scenario: "), ({"baseline": "soon"}, "baseline: ")],
)
def test_bad_options_fail_the_task_with_one_sentence(play, ansible_playbook, tmp_path, options, sentence):
    with pytest.raises(AssertionError) as caught:
        play({"one": OPEN}, options)
    assert sentence in str(caught.value)


def records_of(state):
    """Records of active faults in a state folder."""
    folder = state / "ledger" / "faults"
    found = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        try:
            found.append(json.loads(path.read_text()))
        except (OSError, ValueError):
            continue
    return found


# When the controller is killed, by what is on the host then; the service is down for good from the fault on, so that
# recovery lasts.
MOMENTS = {
    "contact": lambda state: (state / "run" / "turn").exists(),
    "baseline": lambda state: (state / "run" / "probes" / "small" / "samples.tsv").exists() and not records_of(state),
    "injection": lambda state: bool(records_of(state)),
    "hold": lambda state: any(each["state"] == "active" for each in records_of(state)),
    "recovery": lambda state: (state / "ledger" / "ledger.jsonl").exists() and not records_of(state),
    "collection": lambda state: (state / "run" / "probes" / "small" / "kept").exists(),
}
# In the hold by day: test_two_runs (main), tests/awx/test_jobs_ends.py (all that it runs).
BY_DAY = [("contact", "main"), ("baseline", "tree"), ("collection", "tree")]


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        pytest.param(moment, who, marks=() if (moment, who) in BY_DAY else pytest.mark.nightly)
        for moment in MOMENTS
        for who in ("main", "tree")
    ],
)
def test_a_controller_that_is_killed_leaves_nothing(tmp_path, moment, who):
    """At whatever moment: the leases end what is there. ``who``: ansible-playbook alone, or its workers and what they
    run, too.
    """
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    down, over = {"from": None}, threading.Event()

    def serve(connection, _request):
        ill = down["from"] is not None or bool(records_of(state))
        if ill:
            down["from"] = True
        if moment == "collection" and MOMENTS["recovery"](state):
            over.wait(10)  # no answer: a recorder that is asked to end waits for it
        connection.sendall(answer({"status": "down" if ill else "ok"}, status=503 if ill else 200))

    with Server(serve) as server:
        service = {"url": server.url, "health_url": server.url}
        options = {
            "scenario": SCENARIO,
            "endpoint": service,
            "baseline": "2s",
            "lease": "6s",
            "recovery_timeout": "1s" if moment == "collection" else "60s",
        }
        play = tmp_path / "play.yml"
        play.write_text(
            json.dumps(
                [{"hosts": "localhost", "gather_facts": False, "tasks": [{"magsasa.chaos.experiment": options}]}]
            )
        )
        argv = [
            os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
            "-i",
            str(ROOT / "inventory" / "hosts"),
            str(play),
        ]
        run = subprocess.Popen(
            argv,
            env=environment(state),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            assert wait_for(lambda: MOMENTS[moment](state) or run.poll() is not None, 60, 0.01)
            assert run.poll() is None, "it ended before"
            for pid in _tree(run.pid) if who == "tree" else [run.pid]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            run.wait()
            assert wait_for(lambda: not left(state), 60), left(state)
        finally:
            over.set()
            os.killpg(run.pid, signal.SIGKILL) if run.poll() is None else None
    assert living(state) == {}


def _tree(root):
    """A controller and all that it runs, but what stays on the host."""
    return [pid for pid in [root, *processes.below(root)] if not processes.comm(pid).startswith("chaos-")]


def test_a_controller_that_is_stopped_for_longer_than_the_lease(tmp_path):
    """Its leases are over when it goes on: the fault is undone, the record says so, and nothing is left."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    told = tmp_path / "told.json"
    with Server(say(answer({"status": "ok"}))) as server:
        scenario = dict(SCENARIO, hold="60s", options={"size": "16M", "duration": "60s"})
        options = {
            "scenario": scenario,
            "endpoint": {"url": server.url, "health_url": server.url},
            "baseline": "2s",
            "lease": "6s",
            "recovery_timeout": "5s",
        }
        tasks = [
            {"magsasa.chaos.experiment": options, "register": "done"},
            {
                "ansible.builtin.copy": {
                    "content": "{{ done.experiments | to_json }}",
                    "dest": str(told),
                    "mode": "0600",
                }
            },
        ]
        play = tmp_path / "play.yml"
        play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        argv = [
            os.path.join(os.path.dirname(sys.executable), "ansible-playbook"),
            "-i",
            str(ROOT / "inventory" / "hosts"),
            str(play),
        ]
        run = subprocess.Popen(
            argv, env=environment(state), cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        assert wait_for(lambda: MOMENTS["hold"](state), 60, 0.05)
        stopped = _controllers(play)
        assert len(stopped) > 1
        try:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            assert wait_for(lambda: not records_of(state), 60), "the lease was over"
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        assert run.wait(120) == 0
    (record,) = json.loads(told.read_text()).values()
    assert record["status"] == "failed" and record["fault"]["revert_cause"] == "lease", record
    assert left(state) == []


def test_who_interrupts_an_experiment_is_told_what_becomes_of_its_fault(tmp_path):
    """The callback console puts it back; with any other, Ansible ends at once."""
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    with Server(say(answer({"status": "ok"}))) as server:
        service = {"url": server.url, "health_url": server.url}
        options = {"scenario": SCENARIO, "endpoint": service, "baseline": "2s", "lease": "6s"}
        play = tmp_path / "play.yml"
        tasks = [{"magsasa.chaos.experiment": options}]
        play.write_text(json.dumps([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
        program = os.path.join(os.path.dirname(sys.executable), "ansible-playbook")
        run = subprocess.Popen(
            [program, "-i", str(ROOT / "inventory" / "hosts"), str(play)],
            env=environment(state),
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        assert wait_for(lambda: MOMENTS["hold"](state) or run.poll() is not None, 60, 0.01)
        os.killpg(run.pid, signal.SIGINT)  # as a terminal does
        told = run.communicate(timeout=60)[0]
        assert "ends by itself with its lease" in told and "chaos_halt" in told and "Traceback" not in told, told
        assert wait_for(lambda: not left(state), 60), left(state)


def _controllers(playbook):
    """Processes of Ansible's controller that run this playbook."""
    found = []
    for entry in os.listdir("/proc"):
        try:
            with open("/proc/%d/cmdline" % int(entry), "rb") as source:
                words = source.read().split(b"\0")
        except (OSError, ValueError):
            continue
        if os.fsencode(playbook) in words and any(word.endswith(b"ansible-playbook") for word in words):
            found.append(int(entry))
    return found
