# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wait until a check holds. Private to magsasa.chaos."""

from __future__ import annotations

import time

from . import check
from . import spec as specs

FIRST_PAUSE_S = 0.1
GROWTH = 1.5
SHORTEST_CHECK_S = 0.05  # what the last check of a wait gets at least


def until_healthy(spec, timeout_s, interval_s, successes):
    """Check until ``successes`` good ones came in a row or ``timeout_s`` is over; without time the first bad one ends
    it.

    Returns ``{healthy, target, attempts, successes, elapsed_s, status, latency_ms, error, detail, database}`` of the
    last check.
    Raises MissingTool.
    """
    begun = time.monotonic()
    deadline = begun + timeout_s
    checker = check.Checker(spec)
    attempts = good = 0
    outcome = None
    pause = min(FIRST_PAUSE_S, interval_s)
    try:
        while True:
            limit = spec["timeout_s"]
            if timeout_s:
                limit = min(limit, max(deadline - time.monotonic(), SHORTEST_CHECK_S))
            cut_short = attempts and limit < spec["timeout_s"]
            outcome, before = checker.run(limit), outcome
            attempts += 1
            if cut_short and outcome.error == "timeout" and before.error:
                outcome = before  # the reason of a try that had its time, not that of one that had none
            good = good + 1 if outcome.ok else 0
            left = deadline - time.monotonic()
            if good >= successes or (timeout_s and left <= 0) or not (timeout_s or outcome.ok):
                break
            time.sleep(max(0.0, min(pause, left) if timeout_s else pause))
            pause = min(pause * GROWTH, interval_s)
        database = checker.database()
    finally:
        checker.close()
    return {
        "healthy": good >= successes,
        "target": specs.describe(spec),
        "attempts": attempts,
        "successes": good,
        "elapsed_s": round(time.monotonic() - begun, 3),
        "status": outcome.status,
        "latency_ms": round(outcome.latency_s * 1000.0, 3),
        "error": outcome.error,
        "detail": outcome.detail,
        "database": database,
    }


def complaint(result):
    """One sentence on a result that is not healthy."""
    why = result["detail"] or "only %d consecutive good check(s)" % result["successes"]
    return "%s is not healthy after %d check(s) in %.1f s: %s" % (
        result["target"],
        result["attempts"],
        result["elapsed_s"],
        why,
    )
