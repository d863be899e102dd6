# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How often a fault is planned until it is handed over: once, and anew where the host may have changed meanwhile; and
the word of the host's owner.
"""

from __future__ import annotations

import contextlib
import os

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils import _plan as plans
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import Refused
from ansible_collections.magsasa.chaos.plugins.module_utils._fault import engine, guard
from ansible_collections.magsasa.chaos.plugins.module_utils._ledger.ledger import Ledger

ENVELOPE = {
    "name": "x",
    "duration_s": 2.0,
    "max_duration_s": 60.0,
    "lease_s": None,
    "halt_on": None,
    "force": False,
    "run": None,
}


class Family:
    """Notes what is asked; its plan touches nothing."""

    name = "clock"

    def __init__(self):
        self.facts = []

    def inspect(self, options):
        self.facts.append(len(self.facts))
        return {"number": len(self.facts)}

    def plan(self, options, facts):
        return plans.plan(
            "clock", "offset", "none", {}, [plans.step("wait", "wait", {"number": facts["number"]})], ["clock"]
        )


@pytest.fixture(name="handed")
def _handed(monkeypatch, tmp_path):
    """Plans that were handed over, each as the record says it."""
    monkeypatch.setenv("MAGSASA_CHAOS_STATE", str(tmp_path / "state"))
    handed = []

    def hand_over(ledger, plan, envelope, options):
        handed.append(plan["steps"][0]["args"]["number"])
        return dict(engine.records.new(plan, envelope, options, "active"), injected_at=None)

    monkeypatch.setattr(engine, "_hand_over", hand_over)
    monkeypatch.setattr(engine.guard, "owner_allows", lambda: None)
    monkeypatch.setattr(engine, "FRESH_S", 60.0)
    return handed


def test_a_fault_is_planned_once(handed):
    family = Family()
    assert engine.present(family, ENVELOPE, {})["changed"] and handed == [1] and len(family.facts) == 1


def test_it_is_planned_anew_where_the_facts_are_old(handed, monkeypatch):
    monkeypatch.setattr(engine, "FRESH_S", 0.0)
    family = Family()
    assert engine.present(family, ENVELOPE, {})["changed"] and handed == [2]


def test_it_is_planned_anew_where_another_fault_came_meanwhile(handed, monkeypatch):
    looks = []

    def active(self):
        looks.append(1)
        return [] if len(looks) == 1 else [{"id": "0" * 12, "name": "other", "state": "active", "claims": []}]

    monkeypatch.setattr(Ledger, "active", active)
    monkeypatch.setattr(engine.revert, "sweep", lambda ledger: [])
    monkeypatch.setattr(engine.tidying, "tidy", lambda ledger: None)
    family = Family()
    assert engine.present(family, ENVELOPE, {})["changed"] and handed == [2]


def test_a_dry_run_plans_once_and_hands_nothing_over(handed):
    family = Family()
    assert engine.present(family, ENVELOPE, {}, check_mode=True)["fault"]["state"] == "planned"
    assert handed == [] and len(family.facts) == 1


def test_the_owner_is_asked_again_after_the_wait_for_the_turn(handed, monkeypatch):
    asked = []

    def allows():
        asked.append(1)
        if len(asked) == 2:
            raise Refused("deny", "month-end closing")

    monkeypatch.setattr(engine.guard, "owner_allows", allows)
    with pytest.raises(Refused, match="month-end closing"):
        engine.present(Family(), ENVELOPE, {})
    assert handed == []


def _pipe_that_somebody_holds_open(path, stack):
    os.mkfifo(path)
    stack.callback(os.close, os.open(path, os.O_RDWR))


@pytest.mark.parametrize(
    "make, said",
    [
        (lambda path, _stack: path.write_text("not today \x1b[31m\nsecond line\n"), r"not today \S+31m;"),
        (lambda path, _stack: path.write_bytes(b""), r"\(nothing\)"),
        (lambda path, _stack: path.write_bytes(b"\xff" * 5000), "exists on this host"),
        (lambda path, _stack: path.mkdir(), r"\(not readable\)"),
        (lambda path, _stack: path.symlink_to("nowhere"), r"\(a link to nothing\)"),
        (lambda path, _stack: path.symlink_to(path), r"\(not readable\)"),
        (lambda path, _stack: os.mkfifo(path), r"\(nothing\)"),
        (_pipe_that_somebody_holds_open, r"\(not readable\)"),
    ],
)
def test_whatever_its_owner_put_there_denies_every_fault(make, said, tmp_path):
    path = tmp_path / "deny"
    guard.owner_allows(str(path))
    with contextlib.ExitStack() as stack:
        make(path, stack)
        with pytest.raises(Refused, match=said) as refused:
            guard.owner_allows(str(path))
        assert "\n" not in str(refused.value) and "\x1b" not in str(refused.value) and len(str(refused.value)) < 1200
