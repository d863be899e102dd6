# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as data: ``report.json`` is this, everything else is drawn from it. Pure. Private to magsasa.chaos.

The form is described by docs/report.schema.json.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import summary
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text

SCHEMA = "magsasa.chaos/report/1"


def build(run, records):
    """``run``: id, started, finished, intensity, dry_run, interrupted, unreachable, seed, versions, command; ``records``: in order.

    A run with a gap cannot have passed: its verdict is unknown at best.
    """
    found = summary(records)
    if gaps(run) and found["verdict"] == "passed":
        found["verdict"] = "unknown"
    cleaned = text.clean({"schema": SCHEMA, "run": run, "summary": found})
    return dict(cleaned, experiments=[text.clean(record) for record in records])


def gaps(run):
    """Sentences on what is missing from the report of a run."""
    said = []
    if run.get("interrupted"):
        said.append("The run was interrupted: experiments that were not judged by then are missing")
    if run.get("unreachable"):
        said.append("Not reached in the end: %s" % ", ".join(run["unreachable"][:20]))
    return said
