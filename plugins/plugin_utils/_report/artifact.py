# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What remains of a run where its files do not: the artifact ``chaos`` of a job of AWX, set as Ansible's module
set_stats does. Bounded. Pure. Private to magsasa.chaos.

AWX shows it with the job and hands it to the next job of a workflow as an extra variable; nobody reads that one.
"""

from __future__ import annotations

import json
import re

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows, text

NAME = "chaos"
MOST_BYTES = 50_000  # as JSON
LONGEST = 300  # characters of a reason
_TEMPLATE = re.compile(r"\{(?=[{%#])")  # where Jinja begins
MOST_SENTENCES = 20  # of hosts that were not reached, and of runs before this one
RANKS = {"FAILED": 0, "BROKEN": 0, "unknown": 1, "refused": 1, "planned": 2, "passed": 3, "skipped": 4}
UNJUDGED = "the run ended before an experiment was judged; the output of the job shows the task that failed"


def begun(run_id, intensity):
    """The artifact of a run whose end nothing else could tell."""
    return build({"id": run_id, "intensity": intensity}, summary([]), [], reason=UNJUDGED)


def build(run, found, records, reason="", report=None):
    """``run``: as in a report; ``found``: its summary; ``reason``: why nothing was judged; ``report``: see ``place``."""
    made = dict(found, run=run["id"], intensity=run.get("intensity"), report=report or place(None, None, False))
    if reason and not records:
        made.update(verdict="unknown", sentence="nothing was tested: %s" % text.plain(reason, 1000))
    for key in ("unreachable", "earlier"):
        said = list(run.get(key) or ())
        made[key] = [text.plain(each, LONGEST) for each in said[:MOST_SENTENCES]]
        made[key] += ["and %d more" % (len(said) - MOST_SENTENCES)] if said[MOST_SENTENCES:] else []
    made = _inert(made)
    return dict(made, **_bounded(records, MOST_BYTES - len(json.dumps(made)) - 100))


def place(path, sent, goes_away):
    """Where the report is. ``sent``: where it was sent, without secrets; ``goes_away``: the folder does, with the
    container of the job.
    """
    says = "no report was written"
    if path:
        says = "the report is in %s" % path
        if goes_away:
            says += ", which is gone with the container of the job"
        if sent:
            says += "; it was sent to %s" % sent
        elif goes_away:
            says += "; chaos_report_to sends it elsewhere"
    return {"folder": path, "sent": sent, "says": text.plain(says, 1000)}


def as_stats(made):
    """What a task returns so that Ansible keeps it, as its module set_stats does."""
    return {"data": {NAME: made}, "per_host": False, "aggregate": False}


def _inert(value):
    """The same without a text that is a template: reasons quote what services say, and the next job gets the artifact
    as an extra variable, which is a template to Ansible.
    """
    if isinstance(value, dict):
        return {key: _inert(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_inert(each) for each in value]
    return _TEMPLATE.sub("{ ", value) if isinstance(value, str) else value


def scenarios(records, most_bytes=MOST_BYTES):
    """``(rows, how many were left out)``: the worst hosts first, those of one host in the order of the run."""
    found = _bounded(records, most_bytes)
    return found["scenarios"], found["scenarios_left_out"]


def _bounded(records, most_bytes):
    worst = {}
    for record in records:
        rank = RANKS.get(rows.word(record), 1)
        worst[record["host"]] = min(rank, worst.get(record["host"], 9))
    kept, size = [], 0
    for record in sorted(records, key=lambda each: (worst[each["host"]], str(each["host"]))):
        row = {
            "scenario": text.plain(record["scenario"], 100),
            "host": text.plain(record["host"], 100),
            "status": text.plain(record["status"], 30),
            "verdict": text.plain(record["verdict"], 30),
            "reason": text.plain(record.get("reason"), LONGEST),
        }
        row = _inert(row)
        size += len(json.dumps(row)) + 2
        if size > most_bytes:
            break
        kept.append(row)
    told = {row["host"] for row in kept}
    return {
        "scenarios": kept,
        "scenarios_left_out": len(records) - len(kept),
        "hosts_left_out": sum(1 for host in worst if _inert(text.plain(host, 100)) not in told),
    }
