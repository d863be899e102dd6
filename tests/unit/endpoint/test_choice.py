# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who names a service, port or URL gets that one or a refusal that says what is there instead; the others are told
why one was taken.
"""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import ask, candidates, choice, ranking

DEFAULTS = {"service": "shop", "healthy": True}


def candidate(port, source="default port", url=None):
    if url:
        return candidates.choose(url, (), {}, ())[0]
    return candidates.Candidate(
        port, None, None, None, None, "port" not in source.split()[-1] or source == "option ports", False, source
    )


def found(claim, step="healthy", score=60, wanted=False, service=None, error=None):
    """A Found as detection makes it."""
    url = "http://127.0.0.1:%d" % claim.port
    answer = (
        ask.silent(error)
        if step == "none"
        else {
            "speaks": True,
            "healthy": step != "listening",
            "url": url,
            "health_url": url + "/health",
            "service": service,
        }
    )
    rating = ranking.Rating(score, ["nothing listens" if step == "none" else "+10 something listens"], step, wanted)
    target = candidates.Target(claim, ["127.0.0.1"], step != "none", [7])
    return choice.Found(target, rating, answer, None if step == "none" else {"name": "python", "pid": 7, "unit": None})


ENV = "environment variable CHAOS_TARGET_PORT"
D8000, D5000, D5001, E9999, O4545 = (
    candidate(8000),
    candidate(5000),
    candidate(5001),
    candidate(9999, ENV),
    candidate(4545, "listening port"),
)
URL = candidate(0, url="http://127.0.0.1:9999/x")
SHOP = found(D5000, "identified", 85, service="shop")


@pytest.mark.parametrize(
    "finds, claims, service, port, words",
    [
        ([found(O4545)], [D8000, D5000, O4545], None, 4545, "found on listening port 4545"),
        (
            [SHOP, found(D8000)],
            [D8000, D5000],
            None,
            5000,
            "found on default port 5000; identified comes before healthy (port 8000)",
        ),
        (
            [found(D5001, score=65), found(D8000, score=45)],
            [D8000, D5001],
            None,
            5001,
            "score 65 comes before 45 (port 8000)",
        ),
        (
            [found(D8000, score=65), found(D5001, score=65)],
            [D8000, D5001],
            None,
            8000,
            "port 5001 has the same score of 65, and the order of the candidates decided",
        ),
        ([found(D8000), found(D8000)], [D8000], None, 8000, "address 127.0.0.1 has the same score"),
        ([found(E9999, "listening", 110), SHOP], [E9999, D5000], None, 9999, "named by " + ENV),
        ([found(URL)], [URL], None, 9999, "named by option url"),
        (
            [found(D8000, wanted=True, service="shop"), found(D5000)],
            [D8000, D5000],
            "shop",
            8000,
            "found on default port 8000, wanted as shop",
        ),
    ],
    ids=["the only one", "step", "score", "tie", "tie of addresses", "a named port", "a url", "a service"],
)
def test_what_is_taken_and_why(finds, claims, service, port, words):
    made = choice.choose(finds, claims, service)
    assert made.refusal is None and made.best.target.candidate.port == port and words in made.why, made


@pytest.mark.parametrize(
    "finds, claims, service, words",
    [
        (
            [SHOP, found(E9999, "none")],
            [E9999, D5000],
            None,
            [
                "port 9999 (nothing listens), named by " + ENV,
                "found instead: http://127.0.0.1:5000 (shop, process python 7)",
                "--target URL",
            ],
        ),
        (
            [found(URL, "none"), SHOP],
            [URL],
            None,
            [
                "no service at http://127.0.0.1:9999",
                "named by option url",
                "found instead: http://127.0.0.1:5000 (shop",
            ],
        ),
        ([found(URL, "none")], [URL], None, ["named by option url; start it, or correct that"]),
        (
            [SHOP],
            [D8000, D5000],
            "orders-api",
            [
                "no service here reports the name 'orders-api'",
                "found instead: http://127.0.0.1:5000 (shop",
                "chaos_service",
            ],
        ),
        (
            [found(D8000, "none")],
            [D8000, D5000],
            "orders-api",
            ["no service reports the name 'orders-api' (ports tried: 5000, 8000)"],
        ),
        (
            [found(D8000, "none")],
            [D8000, O4545],
            None,
            ["no service was found on this host (ports tried: 4545, 8000)", "chaos_target_url"],
        ),
        ([found(URL, wanted=False)], [URL], "orders-api", ["no service here reports the name 'orders-api'"]),
        ([found(D8000, "none", service="\x1b[2J\n")], [D8000], "\x1b[2J\n", ["'?[2J?'"]),
    ],
    ids=[
        "a port",
        "a url",
        "a url alone",
        "a service",
        "a service alone",
        "nothing",
        "a url and a service",
        "untrusted",
    ],
)
def test_a_refusal_says_what_is_there_instead(finds, claims, service, words):
    made = choice.choose(finds, claims, service)
    assert made.best is None and made.why == "" and made.refusal.isprintable() and len(made.refusal) < 700
    for each in words:
        assert each in made.refusal, made.refusal


def test_the_sentence_of_a_run():
    endpoint = {
        "health_url": "http://127.0.0.1:8000/health?token=hunter2",
        "service": "shop",
        "version": "1",
        "framework": "gunicorn",
    }
    process = {"name": "gunicorn", "pid": 8, "unit": "shop.service"}
    said = choice.sentence(dict(endpoint, process=process), "identified", "found on default port 8000")
    assert (
        said == "http://127.0.0.1:8000/health?token=... (shop 1, gunicorn, process gunicorn 8, unit shop.service):"
        " identified; found on default port 8000"
    )
    assert "its process is unknown" in choice.sentence(dict(endpoint, process=None), "healthy", "named by option url")
