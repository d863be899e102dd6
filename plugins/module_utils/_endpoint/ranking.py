# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Score and reasons of a candidate, and the order among them. Pure. Private to magsasa.chaos."""
from __future__ import annotations

from .._errors import printable

# What each finding is worth. The table stands in the documentation of endpoint_info too.
POINTS = {"named": 100, "expected": 50, "listening": 10, "http": 20, "healthy": 30, "identified": 20, "version": 5, "database": 5, "slow": -5}
SLOW_S = 1.0
STEPS = ("identified", "healthy", "listening", "none")


def score(candidate, listening, answer, expected=None):
    """(score, reasons, step) of one candidate. ``answer``: what ask() returned; ``expected``: the service name that is wanted."""
    points = 0
    reasons = []

    def add(key, text):
        nonlocal points
        points += POINTS[key]
        reasons.append("%+d %s" % (POINTS[key], text))

    if candidate.named:
        add("named", "named by %s" % candidate.source)
    if listening:
        add("listening", "somebody listens")
    elif candidate.host is None:
        reasons.append("nobody listens")
    if answer.get("speaks"):
        add("http", "speaks %s" % answer["scheme"])
    elif answer.get("error") and (listening or candidate.host):
        reasons.append("no HTTP answer (%s)" % answer["error"])
    if answer.get("scheme") == "https" and answer.get("speaks"):
        reasons.append("TLS on the port; the certificate was not checked")
    if answer.get("redirect"):
        reasons.append("redirects to %s (not followed)" % printable(answer["redirect"]))
    if answer.get("healthy"):
        add("healthy", "%s answers %d" % (answer["health_url"].rpartition("/")[2] and answer["health_url"] or answer["url"], answer["status"]))
    elif answer.get("speaks") and answer.get("status"):
        reasons.append("answers %d" % answer["status"])
    if answer.get("service"):
        add("identified", "says it is %s" % answer["service"])
    if answer.get("version"):
        add("version", "version %s" % answer["version"])
    if answer.get("database"):
        add("database", "tells of its database")
    if expected and answer.get("service") == expected:
        add("expected", "is the service that is wanted")
    if (answer.get("answer_s") or 0.0) > SLOW_S:
        add("slow", "slow: answered after %.1f s" % answer["answer_s"])
    return points, reasons, step(listening, answer)


def step(listening, answer):
    """The rung of the ladder that a candidate reaches."""
    if answer.get("healthy") and answer.get("service"):
        return "identified"
    if answer.get("healthy"):
        return "healthy"
    return "listening" if listening or answer.get("speaks") else "none"


def order(rated):
    """Best first: rung, then score, then the order of the candidates. ``rated``: list of dicts with step, score, order."""
    return sorted(rated, key=lambda each: (STEPS.index(each["step"]), -each["score"], each["order"]))
