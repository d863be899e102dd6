# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Score, reasons, rung and order."""

from __future__ import annotations

import re

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import ask, candidates, ranking
from ansible_collections.magsasa.chaos.plugins.modules import endpoint_info

URL = "http://127.0.0.1:80"


def candidate(named=False, discovered=False, host=None):
    return candidates.Candidate(
        80, host, None, None, None, named, discovered, "option ports" if named else "default port"
    )


def answer(**more):
    """What ask() returns for a plain endpoint that is well, changed by ``more``."""
    plain = {
        "speaks": True,
        "error": None,
        "scheme": "http",
        "url": URL,
        "health_url": URL + "/health",
        "healthy": True,
        "status": 200,
    }
    return dict(plain, answer_s=0.01, unanswered=[], **more)


NAMED = {"service": "shop", "version": "1"}
ILL = {"healthy": False, "status": 503}


@pytest.mark.parametrize(
    "asked, listening, said, service, score, step, words",
    [
        (candidate(), False, ask.silent("refused"), None, 0, "none", "nothing listens"),
        (candidate(named=True), False, ask.silent("refused"), None, 100, "none", "nothing listens"),
        (candidate(), True, ask.silent("timeout"), None, 10, "listening", "does not answer in time"),
        (
            candidate(),
            True,
            ask.silent("garbage, and no TLS"),
            None,
            10,
            "listening",
            "gives no HTTP answer (garbage, and no TLS)",
        ),
        (candidate(discovered=True), True, ask.silent("garbage"), None, 10, "none", "gives no HTTP answer (garbage)"),
        (
            candidate(named=True, host="h"),
            False,
            ask.silent("refused"),
            None,
            100,
            "none",
            "gives no HTTP answer (refused)",
        ),
        (candidate(), True, answer(), None, 60, "healthy", "+30 %s/health answers 200" % URL),
        (candidate(discovered=True), True, answer(), None, 60, "healthy", "+20 speaks HTTP"),
        (candidate(), True, answer(scheme="https"), None, 60, "healthy", "certificate not checked"),
        (candidate(named=True), True, answer(**NAMED), None, 185, "identified", "+20 reports the name shop"),
        (
            candidate(),
            True,
            answer(database={"status": "up"}, framework="gunicorn", **NAMED),
            None,
            95,
            "identified",
            "+5 reports its database",
        ),
        (candidate(), True, dict(answer(**NAMED), **ILL), None, 55, "identified", "%s/health answers 503" % URL),
        (candidate(), True, dict(answer(says="down"), **ILL), None, 30, "listening", 'answers 503 and says "down"'),
        (candidate(), True, answer(**NAMED), "Shop ", 135, "identified", "+50 is the wanted service"),
        (candidate(), True, answer(**NAMED), "bank", 85, "healthy", "is not the wanted service"),
        (candidate(), True, dict(answer(), answer_s=1.4), None, 55, "healthy", "-5 slow: answered after 1.4 s"),
        (
            candidate(),
            True,
            dict(answer(), unanswered=["/health"]),
            None,
            55,
            "healthy",
            "-5 slow: /health did not answer in time",
        ),
        (candidate(), True, answer(redirect="http://x/"), None, 60, "healthy", "redirects to http://x/"),
        (candidate(), True, answer(truncated=True), None, 60, "healthy", "answers more than was read"),
        (candidate(), False, answer(), None, 60, "healthy", "+10 something listens"),
    ],
)
def test_rating(asked, listening, said, service, score, step, words):
    rating = ranking.rate(asked, listening, said, service)
    assert (rating.score, rating.step) == (score, step), rating
    assert any(words in reason for reason in rating.reasons), rating.reasons
    # the reasons add up to the score
    assert sum(int(match.group()) for match in map(re.compile(r"[+-]\d+").match, rating.reasons) if match) == score


@pytest.mark.parametrize(
    "better, worse",
    [
        (("identified", 10, False, False), ("healthy", 90, False, False)),
        (("healthy", 10, False, False), ("listening", 90, False, False)),
        (("listening", 0, False, False), ("none", 90, False, False)),
        (("healthy", 60, False, False), ("healthy", 55, False, False)),
        (("listening", 110, True, False), ("identified", 90, False, False)),
        (("identified", 90, False, False), ("none", 100, True, False)),
        (("identified", 90, False, True), ("healthy", 160, True, False)),
        (("healthy", 160, True, False), ("listening", 170, True, False)),
        (("healthy", 60, False, False), ("healthy", 60, False, False)),  # then the order of the candidates
    ],
)
def test_order(better, worse):
    def key(made, order):
        step, score, named, wanted = made
        return ranking.key(candidate(named=named), ranking.Rating(score, [], step, wanted), order)

    last = better != worse
    assert key(better, 1 if last else 0) < key(worse, 0 if last else 1)


def test_the_documentation_has_the_same_points():
    told = dict((key, int(points)) for points, key in re.findall(r"(-?\d+)\s+\((\w+)\)", endpoint_info.DOCUMENTATION))
    assert told == ranking.POINTS
