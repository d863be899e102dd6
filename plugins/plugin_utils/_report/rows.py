# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One experiment in the words that Markdown and terminal share. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.objectives import label
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import put_back as put_back_state
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import phrases, text

ENDS = {  # how a fault ended, in words
    "deadline": "at its end",
    "absent": "when asked to",
    "event_over": "the event was over",
    "halt": "halted",
    "halt_condition": "halted by its own condition",
    "lease": "nobody renewed its lease",
    "worker_died": "a worker of it had died",
    "guardian_died": "its guardian had died",
    "supervisor_died": "its supervisor had died",
    "orphaned": "nobody held it any more",
    "failed": "it had failed",
    "terminated": "it was terminated",
}
MORE_IS_BETTER = ("availability", "liveness")


def word(record):
    """The word that stands for an experiment: its verdict, or why there is none."""
    if record["verdict"] in ("passed", "failed"):
        return record["verdict"].upper() if record["verdict"] == "failed" else "passed"
    if record["status"] == "failed":
        return "BROKEN"
    return record["status"] if record["status"] in ("skipped", "refused", "planned") else "unknown"


def objective(each):
    """ "recovery 1.2 s (at most 10 s)", with a mark when it was missed."""
    name = each["name"].partition(" in ")[0]
    at = "at least" if name in MORE_IS_BETTER else "at most"
    limit = text.number(each["objective"], each["unit"])
    if each["measured"] is not None:
        measured = text.number(each["measured"], each["unit"])
        if measured == limit and each["met"] is False:
            measured = "%.7g %s" % (each["measured"], each["unit"])
    else:
        measured = "never" if each["met"] is False else "not measured"
    mark = " MISSED" if each["met"] is False else ""
    return "%s %s (%s %s)%s" % (label(each["name"]), measured, at, limit, mark)


def objectives(record):
    """All objectives of a record in one line, the missed ones first."""
    given = record.get("objectives") or []
    return "; ".join(objective(each) for each in sorted(given, key=lambda each: each["met"] is not False))


def failures(metrics):
    """ "202 x HTTP 503, 3 x timed out"; "none" where no probe failed."""
    told = (metrics or {}).get("failures") or []
    return ", ".join("%d x %s" % (each["count"], each["why"]) for each in told) or "none"


def fault(record):
    """ "asked 50 % of 2 cores; measured 50.1 % over 30.0 s: confirmed"."""
    found = record.get("fault") or {}
    if not found:
        return "-"
    said = phrases.of(found)
    if not found.get("injected_at"):
        return said.sentence
    note = (
        " (%s)" % found["note"] if found.get("note") and found.get("effect") != "confirmed" else ""
    )  # else it says the figures again
    return "%s: %s%s" % (said.sentence, found.get("effect") or "-", note)


def tested(experiments):
    """[(host, words)] of what was tested, one for each service: URL, process, step of detection, why."""
    found = {}
    for record in experiments:
        target = record.get("target")
        if target:
            found.setdefault((record["host"], target.get("probed"), target.get("step")), _target(target))
    return [(key[0], words) for key, words in found.items()]


def _target(target):
    process = target.get("process") or {}
    if target.get("step") == "none" and not process:
        return "%s: %s" % (target.get("probed"), target.get("why") or "nothing was found there")
    who = [target.get("service"), target.get("framework")]
    who.append("process %s %s" % (process.get("name"), process.get("pid")) if process else "its process is not known")
    who.append("unit %s" % process["unit"] if process.get("unit") else None)
    return "%s (%s): %s; %s" % (
        target.get("probed"),
        ", ".join(str(each) for each in who if each),
        target.get("step") or "given",
        target.get("why") or "given",
    )


def end(cause):
    """How a fault ended, in words; "it is not over" without a cause."""
    return ENDS.get(str(cause), str(cause).replace("_", " ")) if cause else "it is not over"


def put_back(record):
    """Whether everything of the fault is gone, and how it ended."""
    found = record.get("fault") or {}
    state = put_back_state(found)
    if state == "left":
        return "NO: " + "; ".join(str(each) for each in found["residue"])
    if state == "different":
        return "not as before: " + "; ".join(str(each) for each in found["differences"])
    words = {"nothing": "not injected", "unknown": "not known"}
    return words.get(state) or "yes (%s)" % end(found["revert_cause"])
