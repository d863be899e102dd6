# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and judgement of a fault of HTTP: what is asked for, and whether the worker's counts agree. Pure. Private
to magsasa.chaos.
"""

from __future__ import annotations

from .. import _statistics

LATE_S = 0.01  # how late on average a request may go on


def requested(options):
    """Figures as the report prints them."""
    found = {"port": options["port"], "requests_pct": options["percent"]}
    if options["delay_s"]:
        found["delay_ms"] = round(options["delay_s"] * 1000, 3)
    if options["status"] is not None:
        found["status"] = options["status"]
    found.update({key: options[key] for key in ("paths", "methods") if options[key]})
    return found


def describe(options):
    """Text for a person: "answer 503 to 10 % of the requests to port 8000 (POST) of /api"."""
    after = " after %g ms" % (options["delay_s"] * 1000) if options["delay_s"] else ""
    verb = {
        "delay": "hold for %g ms" % (options["delay_s"] * 1000),
        "abort": "reset the connection%s at" % after,
        "status": "answer %s%s to" % (options["status"], after),
    }[options["action"]]
    which = " (%s)" % ", ".join(options["methods"]) if options["methods"] else ""
    where = " of %s" % ", ".join(options["paths"]) if options["paths"] else ""
    return "%s %g %% of the requests%s to port %d%s" % (verb, options["percent"], which, options["port"], where)


def notes(options, ipv6):
    """What a user must know. ``ipv6``: whether this host has ::1, where the worker takes connections of IPv6."""
    found = ["the service sees an address of this host as the peer of new connections, not that of the client"]
    if not options["reset_existing"]:
        found.append(
            "existing connections stay with the service, and requests on them are not affected (reset_existing ends"
            " them)"
        )
    if not ipv6:
        found.append("IPv6 connections are not affected, because this host has no ::1")
    found.append("TLS, HTTP/2 and other protocols than HTTP/1.1 pass unchanged")
    return found


def judge(options, figures, wrong):
    """``{"effect", "measured", "note"}`` from the counters; ``wrong``: what of the rules is not as planned, or ""."""
    measured = {
        "connections": figures["connections"],
        "requests": figures["requests"],
        "requests_matched": figures["matched"],
        "requests_hit": figures["hit"],
    }
    if figures["matched"]:
        measured["hit_pct"] = round(100.0 * figures["hit"] / figures["matched"], 2)
    if figures["held"]:
        measured["delay_ms"] = round(1000.0 * figures["held_s"] / figures["held"], 2)
    for name in ("unread", "unreachable"):
        if figures[name]:
            measured["connections_" + name] = figures[name]
    effect, note = _verdict(options, figures, measured)
    return {"effect": "mismatch" if wrong else effect, "measured": measured, "note": wrong or note}


def _verdict(options, figures, measured):
    if not figures["requests"] and figures["unread"]:
        return "mismatch", "the traffic is not HTTP/1.1 that can be parsed (TLS, HTTP/2 or another protocol)"
    if not figures["matched"]:
        return "inconclusive", "a connection of the fault's own reached the worker; no selected request has arrived"
    if not figures["hit"]:
        return "inconclusive", "%d selected requests arrived, and by chance none was hit" % figures["matched"]
    note = "by the worker: %d of %d requests" % (figures["hit"], figures["matched"])
    if _statistics.unlikely(options["percent"], figures["hit"], figures["matched"]):
        return "mismatch", note
    if options["delay_s"] and figures["held"]:
        note += ", held for %g ms on average" % measured["delay_ms"]
        if abs(measured["delay_ms"] / 1000.0 - options["delay_s"]) > LATE_S + 0.05 * options["delay_s"]:
            return "mismatch", note
    return "confirmed", note
