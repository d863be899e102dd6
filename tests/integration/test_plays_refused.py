# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plays that a run cannot go through as a whole are refused at their start, by a sentence, before a host is touched."""

from __future__ import annotations

import json

import pytest

from support.http_server import Server, answer, say
from support.short import SHORT

SLICE = {"awx_job_template_name": "light", "awx_workflow_job_name": "light"}
PLAY = [
    {
        "hosts": "localhost",
        "gather_facts": False,
        "tasks": [
            {
                "ansible.builtin.import_role": {"name": "magsasa.chaos.experiment"},
                "vars": {
                    "experiment_scenario": {
                        "id": "busy",
                        "name": "busy",
                        "family": "cpu",
                        "hold": "2s",
                        "options": {"load": "5%", "duration": "2s"},
                    },
                    "experiment_endpoint": {"url": "http://127.0.0.1:9/"},
                },
            }
        ],
    }
]


@pytest.mark.parametrize(
    "strategy",
    ["free", *(pytest.param(each, marks=pytest.mark.nightly) for each in ("ansible.builtin.free", "host_pinned"))],
)
def test_a_strategy_that_lets_hosts_run_free(ansible_playbook, chaos_state, strategy):
    done = ansible_playbook("-i", "inventory/hosts", "playbooks/chaos_light.yml", env={"ANSIBLE_STRATEGY": strategy})
    assert (
        done.returncode != 0
        and "refused by the strategy guard: the strategy of this play is %s," % strategy in done.stdout
    ), done.stdout
    assert "bypasses the host loop" not in done.stdout + done.stderr and list(chaos_state.iterdir()) == []


def test_the_role_in_a_play_of_ones_own(ansible_playbook, chaos_state, tmp_path):
    play = tmp_path / "play.yml"
    play.write_text(json.dumps([dict(PLAY[0], strategy="free")]))
    done = ansible_playbook("-i", "inventory/hosts", play)
    assert "refused by the strategy guard: the strategy of this play is free," in done.stdout, done.stdout + done.stderr
    assert not (chaos_state / "run").exists(), "no probe was started"


@pytest.mark.nightly
@pytest.mark.parametrize(
    "more, said",
    [
        ({"chaos_fleet": "app=3"}, "chaos_keeper: '' is missing beside chaos_fleet; name the host that keeps count"),
        ({"chaos_fleet": "app"}, "is neither names nor a number of hosts; map each group"),
        ({"chaos_fleet": "app=3", "chaos_keeper": "a b"}, "chaos_keeper: 'a b' is not a host of this inventory, nor"),
        ({"chaos_keeper": "k.example.org", "chaos_keeper_wait": "soon"}, "chaos_keeper_wait: 'soon' is not a duration"),
        ({"chaos_observer": "o1"}, "chaos_observer: 'o1' is not among the hosts of this slice, which has only its own"),
        ({"chaos_fleet": "awx", "chaos_keeper": "k"}, "chaos_fleet: 'awx' needs CONTROLLER_HOST, which is not set"),
    ],
)
def test_what_a_slice_is_told_wrongly_is_one_sentence(ansible_playbook, chaos_state, more, said):
    values = dict({"chaos_fleet": "app=3", "chaos_keeper": "k.example.org"}, **more)
    values = dict(SLICE, chaos_scenarios="cpu-light", chaos_sample_app=False, **values)
    if list(more) == ["chaos_fleet"]:
        values.pop("chaos_keeper")
    done = ansible_playbook("-i", "inventory/hosts", "-e", json.dumps(values), "playbooks/chaos_light.yml")
    assert done.returncode == 2 and said in done.stdout, done.stdout
    assert list(chaos_state.iterdir()) == []


@pytest.mark.parametrize(
    "more, refused",
    [
        ({}, True),
        ({"chaos_sliced": "true"}, False),
        pytest.param({"chaos_max_percent": 100}, False, marks=pytest.mark.nightly),
    ],
)
def test_a_slice_of_a_job(ansible_playbook, chaos_state, more, refused):
    values = dict(SLICE, chaos_scenarios="cpu-light", chaos_sample_app=False, **more)
    done = ansible_playbook("-i", "inventory/hosts", "--check", "-e", json.dumps(values), "playbooks/chaos_light.yml")
    assert ("refused by the slices guard: this job is one slice of 'light'" in done.stdout) is refused, done.stdout
    assert (
        done.returncode == 2 and list(chaos_state.iterdir()) == []
    )  # there is no service here: nothing would be tested either way


def test_a_run_that_cannot_take_the_turn_of_its_host_does_not_go_on(ansible_playbook, tmp_path):
    """Here the state folder could be swapped by everybody; whatever the reason is, the verdict is no success and
    says it.
    """
    place = tmp_path / "open"
    place.mkdir()
    place.chmod(0o777)
    values = {"chaos_extra_scenarios": [SHORT], "chaos_scenarios": SHORT["id"]}
    with Server(say(answer({"status": "ok"}))) as server:
        values["chaos_target_url"] = server.url
        done = ansible_playbook(
            "-e", json.dumps(values), "playbooks/chaos_light.yml", env={"MAGSASA_CHAOS_STATE": place / "state"}
        )
    (record,) = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())["experiments"]
    assert (record["status"], record["fault"]) == ("refused", None), record
    assert record["reason"].startswith("the host could not be reserved for this run (the state folder "), record[
        "reason"
    ]
    assert done.returncode == 2 and list(place.iterdir()) == []
