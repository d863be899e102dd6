# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run experiments on a machine by one of its names only, whatever users they log in as."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.action import experiment
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import wanted

SCENARIO = {"id": "cpu-light", "family": "cpu", "hold": "10s"}


@pytest.fixture(autouse=True)
def _nothing_kept(monkeypatch):
    monkeypatch.setattr(experiment, "KEPT", experiment.Kept())


def refused(**hosts):
    """Hosts of one wave that are refused, and why; what is given of each is its machine, or several options."""
    given = {
        name: {"scenario": SCENARIO, **(own if isinstance(own, dict) else {"machine": own})}
        for name, own in hosts.items()
    }
    subjects = wanted.parse({"hosts": given}, "localhost")["subjects"]
    experiment.ActionModule._refuse_other_names(subjects)
    return {name: each.refused for name, each in subjects.items() if each.refused}


def test_the_second_name_is_refused():
    assert refused(web1="b/1", web2="b/1", web3="b/2") == {
        "web2": (
            "refused by the run guard: web2 and web1 in the inventory are the same machine, and this run already"
            " experiments on it as web1; name each machine once in chaos_hosts"
        )
    }


def test_it_is_the_same_name_in_every_wave_and_scenario():
    assert refused(web2="b/1") == {}
    assert list(refused(web1="b/1")) == ["web1"] and refused(web2="b/1") == {}


def test_who_does_not_say_where_it_is_is_not_compared():
    assert refused(web1="", web2="", web3={}) == {}


def test_a_name_that_does_not_run_takes_no_machine():
    assert refused(web1={"machine": "b/1", "refused": "closed"}, web2="b/1") == {"web1": "closed"}
