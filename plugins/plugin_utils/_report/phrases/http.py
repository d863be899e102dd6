# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of an HTTP fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, listed, number, share


def asked(fault):
    """ "10 % of the requests to port 8000 (POST, of /api) answered with 503 after 200 ms"."""
    wanted = fault["requested"]
    limits = [listed(wanted["methods"])] if wanted.get("methods") else []
    limits += ["of %s" % listed(wanted["paths"])] if wanted.get("paths") else []
    which = "%s of the requests to port %d%s" % (
        number(wanted["requests_pct"], "%"),
        wanted["port"],
        " (%s)" % ", ".join(limits) if limits else "",
    )
    if fault["action"] == "delay":
        return "%s held for %s" % (which, number(wanted["delay_ms"], "ms"))
    after = " after %s" % number(wanted["delay_ms"], "ms") if wanted.get("delay_ms") else ""
    if fault["action"] == "abort":
        return "%s cut off by a reset%s" % (which, after)
    return "%s answered with %s%s" % (which, wanted["status"], after)


def found(fault):
    """ "20 of 201 requests (9.95 %), held for 200.4 ms on average"."""
    seen = fault["measured"]
    if "requests_matched" not in seen:
        return ""
    if not seen["requests_matched"]:
        return "no request that was meant came by"
    text = share(seen["requests_hit"], seen["requests_matched"], "request")
    if "delay_ms" in seen:
        text += ", held for %s on average" % number(seen["delay_ms"], "ms")
    if seen.get("connections_reset") is not None:
        text += "; %s that clients held reset" % count(seen["connections_reset"], "connection")
    for key, words in (
        ("connections_unread", "could not be read (TLS, HTTP/2)"),
        ("connections_unreachable", "did not reach the service"),
    ):
        if seen.get(key):
            text += "; %s %s" % (count(seen[key], "connection"), words)
    return text


def lines(fault):
    """The series."""
    return {
        "requests_per_s": ("requests that were meant", "a second", None),
        "hit_per_s": ("requests that the fault met", "a second", None),
    }
