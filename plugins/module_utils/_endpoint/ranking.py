# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Score, reasons and rung of a candidate, and the order among them. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import re
from collections import namedtuple

# What each finding is worth. The same table stands in the documentation of endpoint_info; a test compares them.
POINTS = {
    "named": 100,
    "wanted": 50,
    "healthy": 30,
    "http": 20,
    "identified": 20,
    "listening": 10,
    "version": 5,
    "database": 5,
    "framework": 5,
    "directory": -20,
    "slow": -5,
}
SLOW_S = 1.0
STEPS = ("identified", "healthy", "listening", "none")

_DIRECTORY = re.compile(r"(?i)(?:directory listing for|index of) /")  # Python's http.server; nginx, Apache

Rating = namedtuple("Rating", "score reasons step wanted")


def same_name(one, other):
    """Whether two names mean the same service: letter case and blanks around do not count."""
    return bool(one and other) and one.strip().lower() == other.strip().lower()


def is_wanted(service, answer, process):
    """Whether a candidate is the service that was named: by what it says itself, or by its unit of systemd or its
    process.
    """
    names = [answer.get("service")]
    if process:
        unit = process.get("unit") or ""
        names += [process.get("name"), unit, unit[: -len(".service")] if unit.endswith(".service") else ""]
    return any(same_name(each, service) for each in names)


def rate(candidate, listening, answer, service=None, process=None):
    """The Rating of one candidate. ``answer``: what ask() returned; ``service``: the name of the service that is
    wanted, or None.

    Reasons that are worth points begin with them ("+10 somebody listens").
    """
    wanted = is_wanted(service, answer, process)
    found = list(_findings(candidate, listening, answer, service, wanted))
    score = sum(POINTS[key] for key, _text in found if key)
    reasons = ["%+d %s" % (POINTS[key], text) if key else text for key, text in found]
    return Rating(score, reasons, step(candidate, listening, answer, service), wanted)


def _findings(candidate, listening, answer, service, wanted):
    """(key of POINTS or None, text) of everything that is worth saying."""
    speaks = answer["speaks"]
    if candidate.named:
        yield "named", "named by %s" % candidate.source
    else:
        yield None, candidate.source
    if listening or (speaks and not candidate.host):
        yield "listening", "something listens"
    if not speaks:
        yield None, _silence(candidate, listening, answer)
        return
    yield "http", "speaks %s" % ("HTTP over TLS (certificate not checked)" if answer["scheme"] == "https" else "HTTP")
    if answer.get("redirect"):
        how = (
            "which was followed"
            if answer.get("followed")
            else "which was not followed, as it leads to another port or host"
        )
        yield None, "redirects to %s, %s" % (answer["redirect"], how)
    if answer["healthy"]:
        yield "healthy", "%s answers %d" % (answer["health_url"], answer["status"])
    else:
        yield None, _illness(answer)
    if answer["healthy"] and _DIRECTORY.match(answer.get("title") or ""):
        yield "directory", "shows a directory listing"
    if answer.get("truncated"):
        yield None, "answers more than was read"
    for key, text in (
        ("service", "reports the name %s"),
        ("version", "reports version %s"),
        ("framework", "is served by %s"),
    ):
        if answer.get(key):
            yield ("identified" if key == "service" else key), text % answer[key]
    if answer.get("database"):
        yield "database", "reports its database"
    if service and (wanted or answer.get("service")):
        yield ("wanted", "is the wanted service") if wanted else (None, "is not the wanted service")
    if answer["unanswered"]:
        yield "slow", "slow: %s did not answer in time" % ", ".join(answer["unanswered"][:3])
    elif answer["answer_s"] > SLOW_S:
        yield "slow", "slow: answered after %.1f s" % answer["answer_s"]


def _silence(candidate, listening, answer):
    """Why a candidate that gives no HTTP answer does not."""
    error = answer["error"]
    if not listening and not candidate.host and error in ("refused", "unreachable", "nothing listens"):
        return "nothing listens"
    if error == "timeout":
        return "does not answer in time"
    return "gives no HTTP answer (%s)" % error


def _illness(answer):
    if answer.get("login"):
        return "%s is a login page" % answer["health_url"]
    if answer["error"]:
        return "%s starts to answer %d, but the answer is incomplete (%s)" % (
            answer["health_url"],
            answer["status"],
            answer["error"],
        )
    said = ' and says "%s"' % answer["says"] if answer.get("says") else ""
    return "%s answers %d%s" % (answer["health_url"], answer["status"], said)


def step(candidate, listening, answer, service=None):
    """The rung of the ladder that a candidate reaches. What was only discovered must speak HTTP to count at all."""
    if answer["speaks"] and answer.get("service") and (not service or same_name(answer["service"], service)):
        return "identified"
    if answer["healthy"]:
        return "healthy"
    return "listening" if answer["speaks"] or (listening and not candidate.discovered) else "none"


def key(candidate, rating, order):
    """Sort key, best first: the wanted service, then what the user named and listens, then by rung, score and order
    of the candidates.
    """
    claim = 0 if rating.wanted else 1 if candidate.named and rating.step != "none" else 2
    return claim, STEPS.index(rating.step), -rating.score, order
