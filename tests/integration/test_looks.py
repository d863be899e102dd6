# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One look at an experiment: as a module, and through the runtime archive that a probe keeps on the host."""

from __future__ import annotations

import json
import subprocess
import time

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import samples

from support.faults import fresh_state, inject, left, wait_for
from support.http_server import Server, answer, say
from support.modules import environment, run_module

UP = answer({"status": "ok"})
NAME = "look"


@pytest.fixture
def state(tmp_path):
    """A state folder in which nothing may be left."""
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture
def server():
    """A service that is well."""
    with Server(say(UP)) as running:
        yield running


@pytest.fixture(params=["module", "archive"])
def step(request, state):
    """``step(**options) -> answer`` in both forms."""
    again = []

    def ask(**options):
        asked = {"do": "look", "options": dict(options, name=NAME)}
        if request.param == "archive" and not again:
            again.extend(run_module("host_contact", {"do": "look", "options": {"name": NAME}}, state)["again"])
        if not again:
            return run_module("host_contact", asked, state)
        done = subprocess.run(
            again,
            input=json.dumps(asked),
            env=environment(state),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, ""), done
        return json.loads(done.stdout)

    return ask


def start(server, state, **options):
    """Start the probe."""
    result = run_module("probe", dict({"name": NAME, "url": server.url, "rate": 50}, **options), state)
    assert not result.get("failed"), result


def test_a_look_changes_nothing_and_renews_when_told(server, state, step):
    start(server, state, lease="60s")
    fault = inject(
        "cpu_fault", {"name": NAME, "load": "1%", "cores": 1, "of": "added", "duration": "60s", "lease": "60s"}, state
    )
    seen = step()
    assert (seen["active"], seen["fault"]["id"], seen["renewed"], seen["collected"], seen["recovered"]) == (
        True,
        fault["id"],
        [],
        False,
        None,
    )
    assert 0 < seen["fault"]["seconds_left"] <= 60 and seen["probe"]["running"] and seen["probe"]["sent"] > 0
    assert step(renew=True)["renewed"] == [NAME]
    assert run_module("cpu_fault", {"name": NAME, "state": "absent"}, state)["changed"]
    assert run_module("probe", {"name": NAME, "state": "stopped"}, state)["changed"]
    assert wait_for(lambda: not left(state)), left(state)


def test_the_end_of_the_fault_is_awaited_and_the_samples_are_collected(server, state, step):
    start(server, state)
    inject("cpu_fault", {"name": NAME, "load": "1%", "cores": 1, "of": "added", "duration": "3s"}, state)
    seen = step(wait="5s", rate=50)
    assert (seen["active"], seen["recovered"], seen["collected"], seen["died"]) == (False, True, True, False), seen
    assert seen["fault"]["revert_cause"] == "deadline"
    rows = samples.unpack(seen["samples"])
    after = [row for row in rows if row.intended_s >= seen["fault"]["reverted_at"]["monotonic"]]
    assert len(after) >= 3 and all(row.ok for row in rows) and seen["summary"]["sent"] == len(rows)
    assert wait_for(lambda: not left(state)), left(state)


def test_a_service_that_is_not_well_is_not_recovered_and_keeps_its_probe(server, state, step):
    start(server, state)
    inject("cpu_fault", {"name": NAME, "load": "1%", "cores": 1, "of": "added", "duration": "1s"}, state)
    server.down_from, server.down_to = time.monotonic(), time.monotonic() + 3600
    seen = step(wait="2s", rate=50)
    assert (seen["active"], seen["recovered"], seen["collected"]) == (False, False, False), seen
    assert seen["probe"]["running"] and seen["probe"]["failed"] > 0
    server.down_to = time.monotonic()
    assert step(wait="5s", rate=50)["collected"]


def test_probes_that_were_sent_before_the_end_of_another_hosts_fault_do_not_count(server, state, step):
    start(server, state)
    assert wait_for(lambda: step(fault=False)["probe"]["sent"] > 10)
    seen = step(fault=False, wait="0s", rate=50, fault_began_ago="9s", fault_ended_ago="0s")
    assert (seen["recovered"], seen["collected"]) == (False, False), seen
    assert step(fault=False, wait="5s", rate=50, fault_began_ago="9s", fault_ended_ago="0s")["collected"]


def test_slow_probes_after_another_hosts_fault_are_not_good_when_some_had_failed(server, state, step):
    start(server, state)
    server.down_from, server.down_to = time.monotonic(), time.monotonic() + 3600
    assert wait_for(lambda: step(fault=False)["probe"]["failed"] > 0)
    server.down_to = time.monotonic()
    told = {"fault": False, "rate": 50, "slow": "1us", "fault_ended_ago": "0s"}
    seen = step(wait="1s", fault_began_ago="60s", **told)
    assert (seen["recovered"], seen["collected"]) == (False, False), seen
    assert step(wait="5s", fault_began_ago="0s", **told)["collected"]  # none had failed since then


@pytest.mark.parametrize(
    "options, sentence",
    [
        ({"name": NAME, "wait": "1s", "fault_ended_ago": "soon"}, "fault_ended_ago: 'soon' is not a duration"),
        ({"name": "../x"}, "name: '../x'"),
        ({"name": NAME, "wait": "30 parsecs"}, "wait: '30 parsecs' is not a duration"),
        ({"name": NAME, "wait": "6s"}, "wait: '6s'"),
        ({"name": NAME, "window": "0s"}, "window: '0s'"),
    ],
)
def test_bad_input_is_one_sentence(state, options, sentence):
    result = run_module("host_contact", {"do": "look", "options": options}, state)
    assert result["failed"] and result["msg"].startswith(sentence) and left(state) == []
