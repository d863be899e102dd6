# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words and judgement of questions that are held, answered or lost. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from .message import CODES

PATIENCE = 1.0  # seconds for an answer to a question of our own
LATE_S = 0.05  # how late it may be


def requested(options):
    """Figures as the report prints them."""
    found = {"names": options["names"] or "all"}
    if options["failure"]:
        found["failure"] = options["failure"]
    if options["delay_s"]:
        found["delay_ms"] = round(options["delay_s"] * 1000, 3)
    if options["addresses"]:
        found["addresses"] = options["addresses"]
    return found


def describe(options):
    """Text for a person: "answer questions for db.example.org with nxdomain"."""
    names = ", ".join(options["names"]) or "all names"
    if options["action"] == "delay":
        return "hold queries for %s for %g ms" % (names, options["delay_s"] * 1000)
    if options["failure"] == "timeout":
        return "drop queries for %s" % names
    return "answer queries for %s with %s" % (names, options["failure"] or options["addresses"][0])


def notes(options):
    """What a user must know."""
    found = [
        (
            "affects UDP queries of this host to name servers, whichever program sends them; not queries over TCP, TLS"
            " or HTTPS, and not answers from a cache"
        ),
    ]
    if not options["names"]:
        found.append("names of this host, and of the addresses that manage it, are exempt")
    if options["action"] == "redirect":
        found.append("queries for other record types get an answer without records")
    return found


def judge(args, figures, asked, wrong):
    """``{"effect", "measured", "note"}``. ``asked``: (Answer or None, seconds) of a question of our own; ``wrong``:
    what of the rules is not as planned.
    """
    found, seconds = asked
    said = "no answer"
    if found is not None:
        said = next(
            (name for name, code in CODES.items() if code == found.code),
            "code %d" % found.code if found.code else "answer",
        )
    measured = {
        "queries": figures["queries"],
        "queries_matched": figures["matched"],
        "queries_hit": figures["hit"],
        "check": said,
    }
    if found is not None and found.addresses:
        measured["check_addresses"] = found.addresses[:5]
    if args["action"] == "delay":
        measured["check_ms"] = round(seconds * 1000, 2)
        if figures["held"]:
            measured["delay_ms"] = round(1000 * figures["held_s"] / figures["held"], 2)
    right = _as_asked(args, found, seconds, measured)
    note = "by a query of the fault's own to %s" % args["server"]
    if not figures["matched"]:
        note += "; no program of this host has queried a selected name"
    if not figures["checks"]:
        wrong = wrong or "a query of the fault's own to %s did not reach the worker" % args["server"]
    return {"effect": "mismatch" if wrong or not right else "confirmed", "measured": measured, "note": wrong or note}


def _as_asked(args, found, seconds, measured):
    if args["action"] == "delay":
        late = (measured.get("delay_ms", 0) / 1000.0 or args["delay_s"], seconds)
        return found is not None and all(
            -0.001 <= each - args["delay_s"] <= LATE_S + 0.05 * args["delay_s"] for each in late
        )
    if args["failure"] == "timeout":
        return found is None
    if args["failure"]:
        return found is not None and found.code == CODES[args["failure"]]
    return found is not None and not found.code and found.addresses == [args["address"]]
