# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a DNS fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, listed, number, share

FAILURES = {
    "nxdomain": "name does not exist",
    "servfail": "server failure",
    "refused": "refused",
    "timeout": "no answer",
    "noerror": "no records",
}


def _names(names):
    return "all names" if not names or names == "all" else listed(names if isinstance(names, list) else [names])


def asked(fault):
    """ "db.example.org answered with 'name does not exist'"."""
    wanted, action = fault["requested"], fault["action"]
    names = _names(wanted.get("names"))
    if action == "block":
        return "%s leading nowhere" % names
    if action == "redirect":
        return "%s leading to %s" % (names, listed(wanted["addresses"]))
    if action == "delay":
        return "answers for %s late by %s" % (names, number(wanted["delay_ms"], "ms"))
    if wanted["failure"] == "timeout":
        return "questions for %s without an answer" % names
    return "questions for %s answered with '%s'" % (names, FAILURES.get(wanted["failure"], wanted["failure"]))


def found(fault):
    """ "a question of our own: name does not exist; 12 of 20 questions of programs met"."""
    seen = fault["measured"]
    if "as_asked" in seen:
        return "%d of %s as asked" % (seen["as_asked"], count(seen["of"], "name"))
    if "check" not in seen:
        return ""
    own = "a question of our own: %s" % FAILURES.get(seen["check"], seen["check"])
    if "check_ms" in seen:
        own += " after %s" % number(seen["check_ms"], "ms")
    if seen.get("queries_matched"):
        own += "; %s met" % share(seen["queries_hit"], seen["queries_matched"], "question")
    if "delay_ms" in seen:
        own += ", held for %s on average" % number(seen["delay_ms"], "ms")
    return own


def lines(fault):
    """The series; a change of /etc/hosts counts nothing."""
    if fault.get("backend") == "hosts file":
        return {}
    return {
        "queries_per_s": ("questions to name servers", "a second", None),
        "hit_per_s": ("questions that the fault met", "a second", None),
    }
