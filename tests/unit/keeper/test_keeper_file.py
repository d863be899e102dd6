# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The keeper's file: private, gone when nothing is lent, and no reason to lend when it cannot be read."""

from __future__ import annotations

import json
import os

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._entry import ask
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import ledger_queries
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger import private_files
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.ledger import Ledger
from ansible_collections.magsasa.chaos.plugins.module_utils._life import keeper

TOKEN, OTHER = "0a" * 6, "0b" * 6


@pytest.fixture(name="ledger")
def _ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(tmp_path / "state"))
    return Ledger()


def take(token, *hosts, ttl="100s", **more):
    """The question of a run that may have one host of the group app out."""
    given = {"token": token, "run": token, "by": "somebody", "ttl": ttl, "hosts": {host: {"app": 1} for host in hosts}}
    return {"take": dict(given, **more)}


def path(ledger):
    return os.path.join(ledger.folders.ledger, keeper.FILE)


def test_what_is_lent_is_on_the_disk_private_and_gone_with_the_last_lease(ledger):
    assert keeper.ask(take(TOKEN, "app1"), ledger)["granted"] == ["app1"]
    assert os.stat(path(ledger)).st_mode & 0o777 == 0o600 and ask.again() is not None
    told = keeper.ask(take(OTHER, "app2"), ledger)
    assert told["granted"] == [] and told["denied"]["app2"].startswith(
        "at most 1 of the group app may be under experiment at the same time, and taken or waited for are app1 (run "
    )
    assert [(each["host"], each["groups"]) for each in keeper.leases(ledger)] == [("app1", ["app"])]
    keeper.ask({"release": TOKEN, "hosts": ["app1"]}, ledger)
    assert keeper.ask(take(OTHER, "app2"), ledger)["granted"] == ["app2"]
    keeper.ask({"release": OTHER}, ledger)
    assert not os.path.exists(ledger.folders.ledger) and not os.path.exists(ledger.folders.run)


def test_the_next_contact_takes_an_expired_file_away(ledger):
    keeper.ask(take(TOKEN, "app1"), ledger)
    state = json.loads(open(path(ledger), encoding="utf-8").read())
    for each in state["leases"]:
        each["expires"] = 0.0
    with open(path(ledger), "w", encoding="utf-8") as target:
        target.write(json.dumps(state))
    ledger_queries.sweep(ledger)
    assert not os.path.exists(ledger.folders.ledger)


def test_nothing_is_lent_in_check_mode(ledger):
    assert keeper.ask(take(TOKEN, "app1"), ledger, check=True)["granted"] == ["app1"]
    assert not os.path.exists(ledger.folders.ledger)


@pytest.mark.parametrize(
    "content", ["", "{", '{"boot_id": 1}', '{"boot_id": "b", "leases": [{}], "waiting": []}', None]
)
def test_a_file_that_cannot_be_read_lends_nothing(ledger, content, tmp_path):
    keeper.ask(take(TOKEN, "app1"), ledger)
    if content is None:  # somebody put a link in its place
        os.rename(path(ledger), tmp_path / "elsewhere")
        os.symlink(tmp_path / "elsewhere", path(ledger))
    else:
        with open(path(ledger), "w", encoding="utf-8") as target:
            target.write(content)
    with pytest.raises(ChaosError, match="keeper.json cannot be read, so nothing is lent; remove it once"):
        keeper.ask(take(OTHER, "app2"), ledger)
    ledger_queries.sweep(ledger)
    assert os.path.lexists(path(ledger)), "its owner has to look"


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"take": None},
        take("short", "app1"),
        take(TOKEN, "app1", ttl="1000000000s"),
        take(TOKEN, "app1", ttl=None),
        {"take": dict(take(TOKEN)["take"], hosts={"app1": {"app": "many"}})},
        {"take": dict(take(TOKEN)["take"], hosts=["app1"])},
        {"release": "../../etc"},
    ],
)
def test_a_question_that_is_none_is_one_sentence(ledger, wrong):
    told = ask.answer({"do": "lend", "options": wrong})
    assert told["failed"] and "internal error" not in told["msg"] and "\n" not in told["msg"], told
    assert not os.path.exists(ledger.folders.ledger)


def test_an_injection_that_comes_too_late_is_refused(ledger):
    for limit, said in (
        ({"monotonic": 0.0, "boot_id": ask._clock.boot_id()}, "its lease had been taken "),
        ({"monotonic": 1e9, "boot_id": "another"}, "this host was booted after its lease was taken"),
    ):
        options = {"family": "cpu", "params": {}, "not_after": limit}
        told = ask.answer({"do": "inject", "options": options})
        assert told["failed"] and told["msg"].startswith("refused by the keeper guard: " + said), told


def test_the_hosts_of_a_large_fleet_can_be_counted_again(ledger):
    """A file that is too long to be read would lend nothing to anybody, until somebody removes it."""
    groups = {"%s %d" % ("g" * 200, number): 500 for number in range(keeper.MOST_GROUPS)}
    names = ["host%d" % number for number in range(300)]
    given = take(TOKEN, ttl="500s", hosts={"app1": {"app": 1}, **dict.fromkeys(names, groups)})
    assert keeper.ask(given, ledger)["granted"] == ["app1", *names]
    assert os.path.getsize(path(ledger)) > private_files.LARGEST
    told = keeper.ask(take(OTHER, "app2"), ledger)
    assert told["granted"] == [] and told["denied"]["app2"].startswith("at most 1 of the group app")
    assert keeper.ask({"release": TOKEN}, ledger) == {"released": True}


def test_more_than_can_be_read_again_is_not_written(ledger, monkeypatch):
    keeper.ask(take(TOKEN, "app1"), ledger)
    monkeypatch.setattr(keeper, "LARGEST", os.path.getsize(path(ledger)) + 100)
    with pytest.raises(ChaosError, match="^the keeper would have to count 2 hosts, more than it can"):
        keeper.ask(take(OTHER, "app2"), ledger)
    assert [each["host"] for each in keeper.leases(ledger)] == ["app1"]
