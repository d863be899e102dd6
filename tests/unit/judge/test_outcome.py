# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of docs/exit-codes.md: every outcome of a run, what its verdict is, and whether it is a success.
Nothing tested never is.
"""

from __future__ import annotations

import play
import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outcome
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary


def record(status, verdict="unknown", reason="", residue=()):
    return {
        "status": status,
        "verdict": verdict,
        "reason": reason,
        "objectives": [],
        "metrics": {},
        "fault": {"residue": list(residue)},
    }


PASSED, MISSED = record("completed", "passed"), record("completed", "failed", "missed: p95")
IN_VAIN, BROKEN = record("completed", reason="there is no evidence that the fault took effect"), record(
    "failed", reason="no space left"
)
HALTED, SKIPPED, PLANNED = (
    record("halted", "failed", "halted"),
    record("skipped", reason="nft is not installed"),
    record("planned"),
)
REFUSED, LEFT = record("refused", reason="the service was not in its steady state"), record(
    "completed", "passed", residue=["/tmp/x"]
)
CLOSED = record("refused", reason="refused by the allowed guard: chaos_allowed is not true for h")
PROTECTED = record("refused", reason="refused by the protected guard: chaos_protected is true for h")

# what happened; verdict; success; success with chaos_fail_on_breach false; success with chaos_allow_untested true
TABLE = [
    ("all passed", [PASSED, PASSED], "passed", True, True, True),
    ("some cannot run here", [PASSED, SKIPPED], "passed", True, True, True),
    ("a host that its inventory closes beside others", [PASSED, CLOSED, PROTECTED], "passed", True, True, True),
    ("an objective was missed", [PASSED, MISSED], "failed", False, True, False),
    ("a halt condition was met", [HALTED], "failed", False, True, False),
    ("an experiment was not carried out", [PASSED, BROKEN], "failed", False, False, False),
    ("something is left", [LEFT], "failed", False, False, False),
    ("a fault took no effect", [PASSED, IN_VAIN], "unknown", False, False, True),
    ("refused by the baseline or a guard", [PASSED, REFUSED], "unknown", False, False, True),
    ("all refused by the baseline", [REFUSED], "unknown", False, False, True),
    ("all hosts closed by the inventory", [CLOSED, CLOSED], "unknown", False, False, True),
    ("nothing can run here", [SKIPPED], "unknown", False, False, True),
    ("no scenario at all", [], "unknown", False, False, True),
]


def complaint(records, breach=True, untested=False):
    """As the role suite: of a host, then of the run."""
    said = summary(records)["sentence"]
    return outcome.complaint(records, said, breach, untested) or outcome.untested(records, said, False, untested)


@pytest.mark.parametrize("name, records, verdict, plain, lenient, untested", TABLE, ids=[row[0] for row in TABLE])
def test_verdict_and_success_agree(name, records, verdict, plain, lenient, untested):
    assert summary(records)["verdict"] == verdict
    assert (complaint(records) == "") == plain == (verdict == "passed")
    assert (complaint(records, breach=False) == "") == lenient
    assert (complaint(records, untested=True) == "") == untested


def test_the_sentence_names_the_reason():
    assert complaint([CLOSED, CLOSED, PROTECTED]).startswith("nothing was tested: 0 passed, 0 failed, 3 refused")
    assert "(refused by the allowed guard: chaos_allowed is not true for h; and 1 more reason)" in complaint(
        [CLOSED, CLOSED, PROTECTED]
    )
    assert "no space left" in complaint([PASSED, BROKEN, REFUSED])


def test_a_dry_run_is_one_when_something_is_planned():
    assert outcome.untested([PLANNED, SKIPPED], "x", dry_run=True) == ""
    assert outcome.untested([SKIPPED], "x", dry_run=True).startswith("nothing would be tested: x (nft")
    assert outcome.untested([PLANNED], "x")


SEEN = {"bad_setting": False, "checked": True, "judged": True}


@pytest.mark.parametrize(
    "code, seen, ours",
    [
        (0, SEEN, 0),
        (2, SEEN, 3),
        (2, dict(SEEN, judged=False), 1),
        (2, dict(SEEN, judged=False, bad_setting=True), 2),
        (2, dict.fromkeys(SEEN, False), 3),
        (4, SEEN, 4),
        (99, SEEN, 130),
        (250, SEEN, 1),
    ],
    ids=[
        "passed",
        "not passed",
        "failed before anything was judged",
        "bad setting",
        "not a run",
        "unreachable",
        "interrupted",
        "broken",
    ],
)
def test_the_code_of_the_command(code, seen, ours):
    assert play.exit_code(code, True, seen) == ours
