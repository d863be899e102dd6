# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Status and verdict are two things; nothing is passed that was not seen."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import verdict

BIT = {"effect": "confirmed"}
EVENT = {"effect": "confirmed", "event": True}
DATA = {"baseline": {"sent": 100}, "hold": {"sent": 100}, "recovery": {"sent": 100}}
MET, MISSED, UNMEASURED = ({"name": name, "met": met} for name, met in (("a", True), ("b", False), ("c", None)))


@pytest.mark.parametrize(
    "status, fault, phases, objectives, breached, expected",
    [
        ("completed", BIT, DATA, [MET], False, "passed"),
        ("completed", BIT, DATA, [MET, UNMEASURED], False, "unknown"),  # what was not measured may have been missed
        ("completed", BIT, DATA, [MET, MISSED], False, "failed"),
        ("completed", BIT, DATA, [UNMEASURED], False, "unknown"),
        ("completed", BIT, DATA, [], False, "unknown"),
        ("completed", {"effect": "mismatch"}, DATA, [MET], False, "unknown"),
        ("completed", {"effect": "mismatch"}, DATA, [MISSED], False, "unknown"),
        ("completed", {"effect": "inconclusive"}, DATA, [MET], False, "unknown"),
        ("completed", {}, DATA, [MET], False, "unknown"),
        ("completed", None, DATA, [MET], False, "unknown"),
        ("completed", BIT, {}, [MET], False, "unknown"),
        ("completed", BIT, dict(DATA, hold={"sent": 0}), [MET], False, "unknown"),
        ("completed", BIT, dict(DATA, baseline={"sent": 0}), [MISSED], False, "unknown"),
        ("completed", EVENT, dict(DATA, hold={"sent": 0}), [MET], False, "passed"),  # an event has no hold to speak of
        ("completed", EVENT, {"baseline": {"sent": 9}}, [MET], False, "unknown"),
        ("completed", BIT, dict(DATA, hold={"sent": 9}), [MET], False, "unknown"),
        ("completed", BIT, dict(DATA, hold={"sent": 10}), [MET], False, "passed"),
        ("completed", BIT, dict(DATA, hold={"sent": 3}), [MET, MISSED], False, "failed"),  # what failed did fail
        ("completed", EVENT, dict(DATA, hold={"sent": 0}, recovery={"sent": 9}), [MET], False, "unknown"),
        ("completed", EVENT, dict(DATA, hold={"sent": 4}, recovery={"sent": 6}), [MET], False, "passed"),
        ("halted", BIT, DATA, [MET], True, "failed"),  # the system made us stop
        ("halted", BIT, DATA, [MET], False, "unknown"),  # a person did
        ("halted", BIT, DATA, [MISSED], False, "failed"),
        ("failed", BIT, DATA, [MET], False, "unknown"),
        ("failed", BIT, DATA, [MISSED], False, "unknown"),
        ("skipped", BIT, DATA, [MET], False, "unknown"),
        ("refused", BIT, DATA, [MET], False, "unknown"),
        ("planned", BIT, DATA, [MET], False, "unknown"),
    ],
)
def test_verdict(status, fault, phases, objectives, breached, expected):
    word, reason = verdict.verdict(status, fault, phases, objectives, "", breached)
    assert word == expected
    assert bool(reason) == (word != "passed" and status not in ("skipped", "refused", "planned"))


def test_few_probes_are_named():
    few = dict(DATA, hold={"sent": 3})
    assert verdict.verdict("completed", BIT, few, [MET])[1] == (
        "only 3 probes saw the fault (in the hold), and a pass needs 10; raise chaos_probe_rate (or the rate of the"
        " scenario's probe) or the scenario's hold"
    )
    assert "only 1 probe saw the fault" in verdict.verdict("completed", BIT, dict(DATA, hold={"sent": 1}), [MET])[1]
    assert verdict.verdict("completed", BIT, few, [MISSED])[1] == "missed: b (of only 3 probes)"


def test_reasons():
    assert verdict.verdict("completed", BIT, DATA, [MISSED, MET]) == ("failed", "missed: b")
    assert verdict.verdict("skipped", None, {}, [], "no root; use become") == ("unknown", "no root; use become")
    assert verdict.verdict("completed", {"effect": "mismatch", "note": "the host was busy"}, DATA, [MET])[1].endswith(
        "(mismatch: the host was busy)"
    )


@pytest.mark.parametrize(
    "fault, halted, said",
    [
        ({"revert_cause": "halt_condition"}, None, True),
        ({"revert_cause": "halt"}, None, False),
        ({}, "error rate", True),
        (None, "", False),
    ],
)
def test_who_halted_it(fault, halted, said):
    assert verdict.breached(fault, halted) is said
