# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conductor does with a keeper's answers: nothing begins without a lease, and none ends while a fault may be
in.
"""

from __future__ import annotations

import types

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import Refused
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import life, shares, wanted

CLOCK = {"monotonic": 100.0, "boot_id": "b"}


class Runner:
    """Answers as ``told`` says: of the keeper one after the other, the last one for ever."""

    def __init__(self, *told):
        self.told, self.asked = list(told), []

    def ask(self, host, question, options):
        self.asked.append((host, question, options))
        answer = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        return dict(answer, clock=CLOCK) if not answer.get("failed") else answer

    def opened(self, host):
        same = types.SimpleNamespace(template=lambda value: value)
        return types.SimpleNamespace(_templar=same), {"ansible_host": "10.0.0." + host[-1]}


def subjects(*hosts, family="cpu"):
    found = [wanted.Subject(host, {"scenario": {"id": "one", "family": family, "hold": "3s"}}) for host in hosts]
    for each in found:
        each.injects = {"family": family, "params": {"duration": "3s"}}
    return found


def of(runner, wait_s=0.0, begin=None, address=None):
    keeper = {"host": "keeper", "address": address, "by": "b", "wait_s": wait_s, "limits": {}, "idle": {}}
    told = begin or (lambda _host: {"clock": CLOCK})
    return shares.Shares(keeper, {"baseline_s": 10.0}, runner, told, 4)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch):
    monkeypatch.setattr(shares, "PAUSE_S", 0.0)


def test_who_got_a_lease_begins_with_the_moment_until_which_its_fault_may_go_in():
    runner, (one, two) = Runner({"granted": ["a1"], "denied": {"a2": "full"}}), subjects("a1", "a2")
    assert of(runner).take([one, two]) == [one] and one.lent and not two.lent and two.runs
    limit = one.injects["not_after"]
    assert limit["boot_id"] == "b" and 100.0 < limit["monotonic"] < 200.0 and "not_after" not in two.injects
    ((_host, _question, asked),) = runner.asked
    assert asked["take"]["ttl"] > "0" and float(asked["take"]["ttl"][:-1]) > 82 + 3 + 180 - 1


def test_who_got_none_in_time_is_refused_by_name_and_waits_no_more():
    runner, (one,) = Runner({"granted": [], "denied": {"a1": "at most 1 of the group app, and a2 is"}}), subjects("a1")
    assert of(runner).take([one]) == []
    assert one.refused.startswith("refused by the keeper guard: at most 1 of the group app, and a2 is; waited 0 s; ")
    assert runner.asked[-1][2]["hosts"] == ["a1"] and "release" in runner.asked[-1][2]


@pytest.mark.parametrize(
    "told",
    [
        {"failed": True, "unreachable": True, "msg": "no route to host"},
        {"granted": "all", "denied": {}},
        {"granted": [], "denied": []},
        {},
    ],
)
def test_a_keeper_that_gives_no_usable_answer_lends_nothing(told):
    (one,) = subjects("a1")
    assert of(Runner(told)).take([one]) == []
    assert one.refused.startswith("refused by the keeper guard: the keeper keeper gave no lease ("), one.refused
    assert "so nothing was injected" in one.refused and "not_after" not in one.injects


@pytest.mark.parametrize("told", [{"failed": True, "msg": "gone"}, {"clock": {}}, {"clock": {"monotonic": "1"}}])
def test_a_host_without_a_clock_gets_no_lease(told):
    runner, (one,) = Runner({"granted": ["a1"], "denied": {}}), subjects("a1")
    assert of(runner, begin=lambda _host: told).take([one]) == [] and one.failed and runner.asked == []


def test_a_lease_ends_only_when_the_fault_is_certainly_out():
    runner, (one, two) = Runner({"granted": ["a1", "a2"], "denied": {}}), subjects("a1", "a2")
    kept = of(runner)
    kept.take([one, two])
    one.unsure = True
    kept.release([one, two])
    assert runner.asked[-1][2]["hosts"] == ["a2"]
    kept.release([one])
    assert len(runner.asked) == 2


@pytest.mark.parametrize("family, host, address", [("network", "keeper", None), ("host", "a1", "10.0.0.1")])
def test_a_fault_that_cuts_the_keeper_off_is_refused(family, host, address):
    with pytest.raises(Refused, match="name another host with chaos_keeper"):
        of(Runner({}), address=address).admit(subjects(host, family=family)[0])
    of(Runner({}), address=address).admit(subjects(host, family="cpu")[0])
    of(Runner({}), address=address).admit(subjects("a2", family=family)[0])


class Host:
    """Answers of the hosts when all is to end; ``told`` is an answer, or what is raised."""

    def __init__(self, told):
        self.told, self.released = told, []

    def ask(self, host, question, options):
        if question == "lend":
            self.released += options["hosts"]
        elif isinstance(self.told, Exception):
            raise self.told
        return self.told if question == "finish" else {}


@pytest.mark.parametrize(
    "told, released",
    [
        ({"fault": {"state": "reverted"}, "clock": CLOCK}, ["a1"]),
        ({"failed": True, "msg": "it could not be reverted"}, []),
        ({"failed": True, "unreachable": True, "msg": "no route to host"}, []),
        (ValueError("a defect of ours"), []),
    ],
    ids=["reverted", "not reverted", "unreachable", "cut short"],
)
def test_a_host_that_observes_itself_keeps_its_lease_while_its_fault_may_be_in(told, released):
    """Whatever became of the injection: its answer had no record of a fault."""
    host, (one,) = Host(told), subjects("a1")
    one.begun, one.lent, one.failed = True, True, "the injection failed"
    given = {"keeper": {"host": "keeper", "wait_s": 0.0, "limits": {}, "idle": {}}, "baseline_s": 10.0}
    conducted = life.Life(dict(given, subjects={"a1": one}), host, print, 4)
    conducted.questions = types.SimpleNamespace(run_of=lambda *_: {}, hidden=lambda _subject, answer: answer)
    conducted._finish([one])  # pylint: disable=protected-access
    assert host.released == released
