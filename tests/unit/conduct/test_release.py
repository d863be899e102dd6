# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host that never answered is released as the last thing of a run: it must not hold that run for ever."""

from __future__ import annotations

import threading
import types

import pytest
from ansible_collections.magsasa.chaos.plugins.action import host_turn


@pytest.fixture(name="released")
def _released(monkeypatch):
    """``released(execute)``: what the action returns when the module is carried out by that function."""
    monkeypatch.setattr(host_turn, "EXECUTE_S", 0.3)
    action = object.__new__(host_turn.ActionModule)
    action._task = types.SimpleNamespace(
        action="magsasa.chaos.host_turn", args={"state": "absent"}, delegate_to=None, check_mode=False
    )

    def call(execute):
        touched = types.SimpleNamespace(name="web1", execute=execute)
        return action._asked(touched, "absent", {"id": "1" * 12}, {})

    return call


def test_a_host_that_never_answers_is_unreachable(released):
    ended = threading.Event()
    try:
        told = released(lambda module, given: ended.wait(60))
    finally:
        ended.set()
    assert told["unreachable"] and "gave no answer within 0.3 s" in told["msg"], told


def test_an_answer_is_handed_on_and_so_is_an_error(released):
    assert released(lambda module, given: {"changed": True, "asked": given["state"]}) == {
        "changed": True,
        "asked": "absent",
    }
    with pytest.raises(OSError, match="no way"):
        released(lambda module, given: (each for each in ()).throw(OSError("no way")))
