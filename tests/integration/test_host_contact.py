# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the conductor asks a host: as a module, and through the runtime archive that the first contact leaves there.
The same tests run both ways.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.magsasa.chaos.plugins.module_utils._families import cpu, memory
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import request
from ansible_collections.magsasa.chaos.plugins.module_utils._check import spec
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import samples

from support.faults import fresh_state, left, wait_for
from support.http_server import Server, answer, say
from support.modules import environment, run_module

RUN = {"id": "0123456789ab", "by": "a test", "host": "web1", "experiment": True, "lease": "60s"}
NAME = "contact"


@pytest.fixture
def state(tmp_path):
    """A state folder in which nothing may be left."""
    with fresh_state(tmp_path) as folder:
        yield folder


@pytest.fixture(params=["module", "archive"])
def ask(request, state):  # pylint: disable=redefined-outer-name
    """``ask(question, **options) -> answer`` in both forms; the first is always the module."""
    again = []

    def once(question, **options):
        asked = {"do": question, "options": options}
        if request.param == "module" or not again or not os.path.exists(again[4]):
            told = run_module("host_contact", asked, state)
            again[:] = told.get("again") or []
            return told
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

    yield once
    once("finish", fault=NAME, probes=[NAME, NAME + ".live"], run=RUN, release=True)


def checked(options, given):
    """Options as the conductor checks them."""
    found = ArgumentSpecValidator(options).validate(given)
    assert not found.error_messages, found.error_messages
    return found.validated_parameters


def probe(server, **more):
    """Options of a probe."""
    return checked(spec.PROBE, dict({"name": NAME, "url": server.url, "rate": 50, "lease": "60s", "run": RUN}, **more))


def fault(family, **given):
    """A question that injects a fault of a family."""
    given = dict({"name": NAME, "duration": "2s", "lease": "60s", "run": RUN}, **given)
    return {"family": family.FAMILY.name, "params": checked(dict(request.ENVELOPE, **family.FAMILY.options), given)}


def test_an_experiment_without_any_module_but_the_first(state, ask):
    with Server(say(answer({"status": "ok"}))) as server:
        assert ask("begin", turn=RUN)["held"] is True
        started = ask("begin", probes=[probe(server), probe(server, name=NAME + ".live")])["probes"]
        assert [each["running"] for each in started] == [True, True], started
        assert wait_for(lambda: ask("look", name=NAME, run=RUN)["probe"]["sent"] > 5)
        injected = ask("inject", **fault(memory, size="16M", duration="120s"))
        assert injected["changed"] and injected["fault"]["state"] == "active", injected
        again = ask("inject", **fault(memory, size="16M", duration="120s"))
        assert not again["changed"] and again["fault"]["id"] == injected["fault"]["id"]
        seen = ask("look", name=NAME, run=RUN, renew=True)
        assert seen["active"] and seen["renewed"] == [NAME]
        assert [each["revert_cause"] for each in ask("halt", names=[NAME], by="a test")["undone"]] == ["halt"]
        limit = time.monotonic() + 60
        while not seen["collected"] and time.monotonic() < limit:
            seen = ask("look", name=NAME, run=RUN, wait="3s", rate=50, also=[NAME + ".live"])
    assert seen["recovered"] and seen["fault"]["revert_cause"] == "halt", seen
    assert (
        len(samples.unpack(seen["samples"])) > 20 and len(samples.unpack(seen["also"][NAME + ".live"]["samples"])) > 20
    )
    done = ask("finish", fault=NAME, probes=[NAME], run=RUN, release=True)
    assert (
        done["fault"]["id"] == injected["fault"]["id"]
        and done["left"] is None
        and done["probes"][NAME]["samples"] is None
    )
    assert left(state) == []


def test_the_last_look_gives_the_turn_back_and_no_earlier_one_does(state, ask):
    with Server(say(answer({"status": "ok"}))) as server:
        assert ask("begin", turn=RUN, probes=[probe(server)])["held"] is True
        assert ask("inject", **fault(memory, size="16M", duration="3s"))["fault"]["state"] == "active"
        seen = ask("look", name=NAME, run=RUN, wait="0s", rate=50, release=True)
        assert seen["active"] and not seen["collected"] and not seen.get("released")
        assert ask("begin", turn=RUN)["held"] is True
        limit = time.monotonic() + 60
        while not seen["collected"] and time.monotonic() < limit:
            seen = ask("look", name=NAME, run=RUN, wait="3s", rate=50, release=True)
    assert seen["collected"] and seen["released"] is True and len(samples.unpack(seen["samples"])) > 20
    assert wait_for(lambda: left(state) == [])  # nobody has asked for an end


@pytest.mark.root
def test_a_disk_that_fills_up_in_the_hold_keeps_nobody_waiting(state, ask):
    """The fault is undone; the conductor is told so, though that can be written down only when there is room again."""
    ledger = state / "ledger"
    ledger.mkdir(mode=0o700, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k,mode=0700", "tmpfs", str(ledger)], check=True)
    try:
        assert ask("begin", turn=RUN)["held"] is True
        injected = ask("inject", **fault(memory, size="16M", duration="4s"))["fault"]
        with open(ledger / "ballast", "wb") as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(b"x" * 4096)
                ballast.flush()
        seen = ask("look", name=NAME, run=RUN, probe=False)
        assert seen["active"]
        assert wait_for(lambda: not ask("look", name=NAME, run=RUN, probe=False, renew=True)["active"])
        seen = ask("look", name=NAME, run=RUN, probe=False)
        told = seen["fault"]
        assert (told["id"], told["state"], told["revert_cause"], told["residue"]) == (
            injected["id"],
            "reverted",
            "deadline",
            [],
        )
        assert any("no room" in note for note in told["notes"]), told
        assert not (ledger / "ledger.jsonl").exists() or injected["id"] not in (ledger / "ledger.jsonl").read_text()
        (ledger / "ballast").unlink()
        assert wait_for(lambda: injected["id"] in (ledger / "ledger.jsonl").read_text())
        assert wait_for(lambda: not list((ledger / "faults").glob("*.json") if (ledger / "faults").exists() else []))
        seen = ask("look", name=NAME, run=RUN, probe=False)
        assert not any("no room" in note for note in seen["fault"]["notes"] or [])
        ask("finish", fault=NAME, probes=[], run=RUN, release=True)
    finally:
        subprocess.run(["umount", "--lazy", str(ledger)], check=True)
    assert left(state) == []


def test_what_goes_wrong_is_one_sentence_and_leaves_nothing(state, ask):
    with Server(say(answer({"status": "ok"}))) as server:
        ask("begin", turn=RUN, probes=[probe(server)])
        other = dict(RUN, id="ba9876543210", by="somebody else")
        refused = ask("begin", turn=other)
        assert refused["failed"] and refused["msg"].startswith("refused by the run guard: run %s" % RUN["id"]), refused
        refused = ask("inject", **fault(cpu, load="1%", run=other))
        assert refused["failed"] and refused["msg"].startswith("refused by the run guard: "), refused
        refused = ask("inject", **fault(memory, size="9999999M"))
        assert refused["failed"] and "memory" in refused["msg"] and "\n" not in refused["msg"], refused
        for asked in ({"family": "../x", "params": {}}, {"family": "nothing", "params": {}}):
            assert "is not a fault family" in ask("inject", **asked)["msg"]
        assert "internal error" in ask("inject", family="cpu", params={})["msg"]
        assert ask("look", name="../x")["msg"].startswith("name: '../x'")
        ask("finish", fault=NAME, probes=[NAME], run=RUN, release=True)
    assert left(state) == []


def test_a_dry_run_starts_nothing(state):
    asked = {"do": "inject", "options": fault(memory, size="16M")}
    told = run_module("host_contact", asked, state, check=True)
    assert told["fault"]["state"] == "planned" and told["again"] is None
    assert run_module("host_contact", {"do": "begin", "options": {"turn": RUN}}, state, check=True)["held"] is False
    assert left(state) == []


def test_secrets_of_a_probe_are_not_told(state, ask):
    with Server(say(answer({"status": "ok"}))) as server:
        told = ask("begin", turn=RUN, probes=[probe(server, headers={"Authorization": "Bearer hush-hush-hush"})])
        assert told["probes"][0]["running"] and "hush-hush-hush" not in json.dumps(told)
        ask("finish", probes=[NAME], run=RUN, release=True)
    assert left(state) == []
