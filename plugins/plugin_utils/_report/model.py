# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data: ``report.json`` is this, everything else is drawn from it. Pure. Private to magsasa.chaos.

The form is described by docs/report.schema.json.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary
from ansible_collections.magsasa.chaos.plugins.module_utils._judge.timeline import MANY_HOSTS
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import told, text

SCHEMA = "magsasa.chaos/report/2"
RUN_TEXTS = ("purpose", "owner", "approved_by", "retest_of", "where")  # who reads a report and was not there
MOST_NAMED = 20  # hosts of a fleet in a sentence
WORST_HOSTS = 20  # that keep their time lines where there are more than MANY_HOSTS
_BADNESS = {"failed": 0, "unknown": 1, "passed": 2}


def build(run, records, comparison=None, history=()):
    """``run``: id, started, finished, intensity, dry_run, interrupted, unreachable, seed, versions, command, and
    RUN_TEXTS where they are known;
    ``records``: in order; ``comparison``: see compare.py; ``history``: lines of history.jsonl, oldest first.

    A run with a gap cannot have passed: its verdict is unknown at best.
    """
    found = summary(records)
    if gaps(run) and found["verdict"] == "passed":
        found["verdict"] = "unknown"
    kept, left_out = _bounded(records)
    found["timelines_left_out"] = left_out
    run = dict({key: None for key in RUN_TEXTS}, **run)
    cleaned = text.clean({"schema": SCHEMA, "run": run, "summary": found})
    experiments = [text.clean(told.experiment(record)) for record in kept]
    return dict(
        cleaned,
        experiments=experiments,
        comparison=text.clean(comparison),
        history=[text.clean(line) for line in history],
    )


def _bounded(records):
    """(records, how many lost their time line): of a large fleet only the worst hosts keep theirs."""
    hosts = {}
    for record in records:
        worst = min(_BADNESS.get(record["verdict"], 1), hosts.get(record.get("host"), 9))
        hosts[record.get("host")] = worst
    if len(hosts) <= MANY_HOSTS:
        return list(records), 0
    keep = set(sorted(hosts, key=lambda host: (hosts[host], str(host)))[:WORST_HOSTS])
    kept = [record if record.get("host") in keep else without_line(record) for record in records]
    return kept, sum(1 for before, after in zip(records, kept) if before.get("timeline") and not after.get("timeline"))


def without_line(record):
    """A record without what only its curves need."""
    fault = record.get("fault")
    return dict(record, timeline=None, fault=dict(fault, series=None) if fault else fault)


def notes(run, most=MOST_NAMED):
    """Sentences that a reader of the report must see first: what is missing, and what the run before left open. Of a
    fleet they name ``most`` hosts and count the others.
    """
    earlier = run.get("earlier") or []
    said = list(earlier[:most])  # each begins with the name of its host, which stays as it is
    if len(earlier) > most:
        said.append("... and %d more that the run before left open" % (len(earlier) - most))
    return gaps(run, most) + said


def gaps(run, most=MOST_NAMED):
    """Sentences on what is missing from the report of a run."""
    said = []
    if run.get("interrupted"):
        said.append("The run was interrupted: experiments that were not judged by then are missing")
    said += [
        "Missing from the parts that were merged: %s" % each for each in (run.get("parts") or {}).get("missing") or ()
    ]
    if run.get("unreachable"):
        names = run["unreachable"]
        more = " and %d more" % (len(names) - most) if len(names) > most else ""
        said.append("Not reached in the end: %s%s" % (", ".join(names[:most]), more))
    return said
