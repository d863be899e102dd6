# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the first question of a run asks of the scenarios, and what is left for a second one."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from ansible.errors import AnsibleError
from ansible_collections.magsasa.chaos.plugins.module_utils._entry import ask
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import contact

BUSY = {"id": "busy", "family": "cpu", "hold": "5s", "options": {"load": "5%"}}
CUT = {"id": "cut", "family": "network", "hold": "5s", "options": {"action": "delay", "delay": "50ms", "port": "@port"}}
WRONG = {"id": "wrong", "family": "cpu", "hold": "5s", "options": {"no_such_option": 1}}
ENDPOINT = {"url": "http://127.0.0.1:5001", "port": 5001}
CAN = {"can": True, "backend": "b", "plan": [], "notes": []}


class Runner:
    """A host that can carry out everything."""

    def __init__(self, refuses=False):
        self.asked, self.refuses = [], refuses

    def opened(self, host):
        if self.refuses:
            raise AnsibleError("no such connection")
        return SimpleNamespace(), {"groups": {}, "hostvars": {}, "inventory_hostname": host}

    def ask_within(self, _host, question, options, _seconds):
        self.asked.append((question, sorted(options["scenarios"])))
        return {"scenarios": {name: CAN for name in options["scenarios"]}, "host": {"root": True}}


def found(runner, entries, answer):
    """Answer about ``entries`` after a first question that was answered with ``answer(questions)``."""
    early = contact.early(runner, "web1", entries)
    filled = contact.fill(entries, ENDPOINT, None, None)
    return contact.able(runner, "web1", filled, 5.0, (early, answer(early)))


def everything(early):
    return {"scenarios": {name: CAN for name in early}, "host": {"root": True}}


@pytest.mark.parametrize("entries, answer, asked", [
    ([BUSY], everything, []),
    ([BUSY, CUT], everything, [("assess", ["cut"])]),
    ([CUT], lambda early: None, [("assess", ["cut"])]),
    ([BUSY], lambda early: None, [("assess", ["busy"])]),  # the host had an error there, or a version of its own
    ([BUSY], lambda early: {"scenarios": {"busy": {"can": "yes"}}, "host": {}}, [("assess", ["busy"])]),
    ([BUSY], lambda early: [1], [("assess", ["busy"])]),
])  # fmt: skip
def test_only_what_the_first_answer_left_open_is_asked_again(entries, answer, asked):
    runner = Runner()
    told = found(runner, entries, answer)
    assert runner.asked == asked
    assert told == {"scenarios": {each["id"]: CAN for each in entries}, "host": {"root": True}}


def test_what_the_controller_knows_to_be_wrong_is_never_asked():
    runner = Runner()
    told = found(runner, [BUSY, WRONG], everything)["scenarios"]
    assert told["busy"] == CAN and not told["wrong"]["can"] and "no_such_option" in told["wrong"]["why"]
    assert runner.asked == []


def test_a_host_whose_connection_cannot_be_made_is_asked_nothing_early():
    assert contact.early(Runner(refuses=True), "web1", [BUSY]) == {}


def test_an_error_in_what_is_asked_early_costs_neither_turn_nor_detection(tmp_path, monkeypatch):
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(tmp_path))
    asked = {"do": "begin", "options": {"turn": None, "assess": {"scenarios": {"a": {"family": "none"}}}}}
    told = ask.answer(asked)
    assert not told.get("failed") and "able" not in told and told["probes"] == []


def test_an_answer_to_another_question_is_none():
    runner = Runner()
    early = contact.early(runner, "web1", [dict(BUSY, options={"load": "90%"})])
    told = contact.able(runner, "web1", contact.fill([BUSY], ENDPOINT, None, None), 5.0, (early, everything(early)))
    assert runner.asked == [("assess", ["busy"])] and told["scenarios"]["busy"] == CAN
