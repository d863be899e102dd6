# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A wait that ends without success tells the cause; the kind: the sentence names something else than the cause."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._check import check, waiting

SPEC = {"kind": "http", "timeout_s": 5.0, "method": "GET", "url": "http://h/"}
DENIED = check.Outcome(False, 0.1, None, "garbage", "psql ended with code 2: password authentication failed")
LATE = check.Outcome(False, 0.05, None, "timeout", "the database did not answer within the time limit")
GOOD = check.Outcome(True, 0.01, 200, "", "")


class Scripted:
    """A checker that gives these outcomes one after the other, the last one again and again; its clock jumps by
    what a try may take.
    """

    def __init__(self, outcomes):
        self.outcomes, self.now, self.limits = list(outcomes), 0.0, []

    def run(self, limit):
        self.limits.append(limit)
        self.now += limit if len(self.limits) > 1 else 0.1
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    def database(self):
        return None

    def close(self):
        pass


@pytest.mark.parametrize(
    "outcomes, says",
    [
        ([DENIED, LATE], DENIED.detail),  # the last try had no time of its own
        ([DENIED, LATE, LATE], DENIED.detail),
        ([LATE, LATE], LATE.detail),
        ([LATE, DENIED], DENIED.detail),
        ([GOOD, LATE], LATE.detail),  # nothing better is known
    ],
)
def test_the_last_short_try_does_not_replace_the_reason(monkeypatch, outcomes, says):
    scripted = Scripted(outcomes)
    monkeypatch.setattr(waiting.check, "Checker", lambda spec: scripted)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: scripted.now)
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: setattr(scripted, "now", scripted.now + seconds))
    result = waiting.until_healthy(SPEC, 1.0, 0.2, 3)
    assert not result["healthy"] and result["detail"] == says and says in waiting.complaint(result)


def test_a_try_with_all_its_time_tells_its_own_reason(monkeypatch):
    scripted = Scripted([DENIED, LATE])
    monkeypatch.setattr(waiting.check, "Checker", lambda spec: scripted)
    monkeypatch.setattr(waiting.time, "monotonic", lambda: scripted.now)
    monkeypatch.setattr(waiting.time, "sleep", lambda seconds: setattr(scripted, "now", scripted.now + seconds))
    assert waiting.until_healthy(dict(SPEC, timeout_s=0.2), 0.5, 0.2, 3)["attempts"] >= 2
    assert waiting.until_healthy(dict(SPEC, timeout_s=0.2), 0.0, 0.2, 3)["detail"] == LATE.detail
