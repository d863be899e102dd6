# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run before on this host, where it could not report its end itself: a job that was cancelled, a controller that
was lost. The host knows what was in, who ended it and when. Private to magsasa.chaos.
"""

from __future__ import annotations

from .._errors import printable
from . import turn

LOOK_AT = 40  # past faults; those of the run before are the newest
MOST_NAMED = 5
OF_ITS_RUN = " of its run"  # in the words of who halts, where that is the run itself
# Ends that the run itself did not bring about, and so may never have seen.
ENDED = {
    "lease": "reverted by its lease",
    "orphaned": "reverted by the next contact",
    "supervisor_died": "reverted by its guardian",
    "terminated": "reverted when its processes were terminated",
}


def cut_off(ledger, identity):
    """What the latest other run had in on this host when it was cut off (one sentence), or "". ``identity``: of the
    run that asks.
    """
    past = [each for each in ledger.past(LOOK_AT) if _of_experiment(each)]
    if not past or past[0]["run"].get("id") == identity:
        return ""
    theirs = [each for each in past if each["run"].get("id") == past[0]["run"].get("id")]
    cut = [each for each in theirs if each.get("revert_cause") in ENDED or _halted_by_others(each)]
    if not cut:
        return ""
    left = sum(len(each.get("residue") or []) for each in theirs)
    return "the run before on this host (%s) was cut off: %s; %s" % (
        turn.whose(past[0]),
        "; ".join(map(_one, cut[:MOST_NAMED]))
        + ("; and %d more" % (len(cut) - MOST_NAMED) if cut[MOST_NAMED:] else ""),
        "%d thing(s) LEFT BEHIND" % left if left else "nothing left behind",
    )


def _halted_by_others(record):
    """A run that halts its own fault (its halt limit, one Ctrl-C) waits for that and reports it."""
    return record.get("revert_cause") == "halt" and OF_ITS_RUN not in str(record.get("halted_by"))


def _of_experiment(record):
    run = record.get("run")
    return isinstance(run, dict) and bool(run.get("experiment")) and isinstance(run.get("id"), str)


def _one(record):
    name = "fault '%s' was in, " % printable(record["name"], 63)
    at = turn.moment((record.get("reverted_at") or {}).get("wall"))
    if record["revert_cause"] == "halt":
        return name + printable(record.get("halted_by") or "halted at %s" % at, 200)
    return name + "%s at %s" % (ENDED[record["revert_cause"]], at)
