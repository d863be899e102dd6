# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the experiments of a run come to, and in which words."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary


def record(status="completed", verdict="passed", met=(True,), residue=(), outages=(), mttr=None):
    return {
        "status": status,
        "verdict": verdict,
        "objectives": [{"name": "p95", "met": each, "weight": 1.0} for each in met],
        "fault": {"residue": list(residue)},
        "metrics": {"outages": list(outages), "outages_seen": len(outages), "mttr_s": mttr},
    }


PASSED = record()
MISSED = record(verdict="failed", met=(True, False))
IN_VAIN = record(verdict="unknown")
BROKEN = record("failed", "unknown", ())
SKIPPED, REFUSED, PLANNED = (record(status, "unknown", ()) for status in ("skipped", "refused", "planned"))
CLOSED = dict(
    REFUSED,
    reason="refused by the allowed guard: chaos_allowed is not true for web1; set chaos_allowed=true in its inventory",
)
LEFT = record("failed", "unknown", (), ["/tmp/x", "process 7"])
UNSEEN = dict(
    BROKEN, fault={"residue": [], "injected_at": {"monotonic": 1.0}, "reverted_at": None, "revert_cause": None}
)


@pytest.mark.parametrize(
    "records, verdict, sentence",
    [
        ([], "unknown", "0 passed, 0 failed; nothing left behind"),
        ([PASSED, PASSED], "passed", "2 passed, 0 failed; score 100; nothing left behind"),
        ([PASSED, SKIPPED], "passed", "1 passed, 0 failed, 1 skipped; 1 of 2 ran; score 100; nothing left behind"),
        (
            [PASSED, SKIPPED, REFUSED],
            "unknown",
            "1 passed, 0 failed, 1 skipped, 1 refused; 1 of 3 ran; score 100; nothing left behind",
        ),
        ([PASSED, CLOSED], "passed", "1 passed, 0 failed, 1 refused; 1 of 2 ran; score 100; nothing left behind"),
        ([CLOSED, CLOSED], "unknown", "0 passed, 0 failed, 2 refused; 0 of 2 ran; nothing left behind"),
        ([PASSED, MISSED], "failed", "1 passed, 1 failed; score 66.7; nothing left behind"),
        (
            [PASSED, IN_VAIN],
            "unknown",
            "1 passed, 0 failed, 1 unknown; score 100 over 1 of 2 objectives; nothing left behind",
        ),
        ([PASSED, BROKEN], "failed", "1 passed, 0 failed, 1 not carried out; score 100; nothing left behind"),
        ([PASSED, LEFT], "failed", "1 passed, 0 failed, 1 not carried out; score 100; 2 thing(s) LEFT BEHIND"),
        (
            [PASSED, UNSEEN],
            "failed",
            "1 passed, 0 failed, 1 not carried out; score 100; "
            "the end of 1 fault(s) was not seen: run --halt to be sure",
        ),
        ([SKIPPED, SKIPPED], "unknown", "0 passed, 0 failed, 2 skipped; 0 of 2 ran; nothing left behind"),
        ([PLANNED, PLANNED, SKIPPED], "unknown", "dry run: 2 planned, 1 skipped; nothing was touched"),
        (
            [record(met=(True, None))],
            "passed",
            "1 passed, 0 failed; score 100 over 1 of 2 objectives; nothing left behind",
        ),
    ],
)
def test_verdict_and_sentence(records, verdict, sentence):
    found = summary(records)
    assert (found["verdict"], found["sentence"]) == (verdict, sentence)


def test_counts():
    found = summary([PASSED, MISSED, IN_VAIN, BROKEN, SKIPPED, REFUSED, LEFT, record("halted", "failed", (False,))])
    expected = {
        "experiments": 8,
        "completed": 3,
        "halted": 1,
        "failed": 2,
        "refused": 1,
        "skipped": 1,
        "planned": 0,
        "passed": 1,
        "failed_slo": 2,
        "unknown": 5,
        "objectives_measured": 4,
        "objectives_unmeasured": 1,  # that of the experiment in vain
        "ran": 6,
        "score": 50.0,
        "residue": 2,
    }
    assert {key: found[key] for key in expected} == expected


def test_objectives_of_experiments_that_say_nothing_do_not_score():
    assert summary([IN_VAIN])["score"] is None
    assert summary([MISSED, IN_VAIN])["score"] == 50.0


@pytest.mark.parametrize(
    "records, mttr",
    [
        ([PASSED], None),
        ([record(outages=[{}], mttr=4.0), PASSED], 4.0),
        (
            [record(outages=[{}], mttr=4.0), record(outages=[{}, {}, {}], mttr=8.0)],
            7.0,
        ),  # over outages, not over experiments
        ([record(outages=[{}], mttr=4.0), record(outages=[{}], mttr=None)], None),  # one never ended
    ],
)
def test_mttr_is_the_mean_over_the_outages_of_the_run(records, mttr):
    assert summary(records)["mttr_s"] == mttr
