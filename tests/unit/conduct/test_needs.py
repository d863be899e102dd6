# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A step that one host needs is never skipped for all of them."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.plugin_utils import _needs

SEEN = {"found": {"endpoint": {"url": "http://127.0.0.1/"}}, "lost": ""}
# A host that has gone through a run, and everything was well.
WELL = {
    "__preflight_checked": {"refused": None, "probes": False},
    "__preflight_contacted": SEEN,
    "chaos_refused": "",
    "chaos_unfit": "",
    "chaos_turn": True,
    "chaos_contact": {"lost": "", "refused": ""},
    "chaos_experiments": [{"status": "completed", "verdict": "passed", "reason": "", "fault": {"residue": []}}],
}
PROTECTED = "refused by the protected guard: chaos_protected is true for web2; remove the variable"


def needed(**other):
    """What a run of two hosts needs, one of them different."""
    found = _needs.of({"web1": WELL, "web2": dict(WELL, **other)}, ["web1", "web2"])
    return {step for step, needs in found.items() if needs}


def test_before_the_release():
    assert needed() == {"release"}
    assert _needs.of({"web1": dict(WELL, chaos_turn=False, suite_released={})}, ["web1"])["release"] is False


def test_nothing_is_known_yet():
    """Before the first contact every host is still to be reserved."""
    assert _needs.of({"web1": {}}, ["web1"]) == dict.fromkeys(_needs.STEPS, False) | {"turn": True, "settle": True}
    assert not any(_needs.of({}, []).values())


@pytest.mark.parametrize(
    "other, step",
    [
        ({"__preflight_checked": {"refused": PROTECTED}}, "protected"),
        ({"chaos_refused": PROTECTED}, "protected"),
        ({"__preflight_checked": {"refused": None, "probes": True}}, "probes"),
        ({"__preflight_contacted": {"found": {"endpoint": None}, "lost": ""}}, "sample"),
        ({"chaos_turn": False}, "turn"),
        ({"chaos_turn": False}, "settle"),
        ({"chaos_contact": {"refused": "refused by the run guard", "lost": ""}}, "settle"),
        ({"suite_released": {"changed": True}}, "settle"),
        ({"suite_released": {"changed": True}}, "turn"),  # a second suite of the same play
        ({"chaos_contact": {"lost": "web2 was not reached"}, "chaos_turn": False, "chaos_unfit": "lost"}, "release"),
        ({"chaos_experiments": [dict(WELL["chaos_experiments"][0], status="failed")]}, "complaint"),
        ({"chaos_experiments": [dict(WELL["chaos_experiments"][0], verdict="failed")]}, "complaint"),
        ({"chaos_experiments": [dict(WELL["chaos_experiments"][0], fault={"residue": ["a rule"]})]}, "complaint"),
    ],
)
def test_one_host_needs_it(other, step):
    assert step in needed(**other)


@pytest.mark.parametrize(
    "other",
    [
        {"__preflight_contacted": {"found": None, "lost": "web2 was not reached"}},
        {"__preflight_contacted": {"skipped": True}},
        {"chaos_turn": False, "chaos_refused": "refused by the allowed guard"},
        {"chaos_turn": False, "chaos_contact": {"refused": "refused by the run guard", "lost": ""}},
    ],
)
def test_nobody_needs_it(other):
    assert needed(**other) <= {"release", "settle"}
