# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of earlier versions in today's form, so that whoever draws one knows only that. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model

FIRST = "magsasa.chaos/report/1"  # without time lines, words and comparison
_RUN = ("id", "started", "finished")
_RECORD = ("id", "host", "scenario", "status", "verdict")


def upgraded(report):
    """The report (a dict, as read from report.json) in the form of model.SCHEMA. Raises ValueError, one sentence,
    for what is none.
    """
    if not isinstance(report, dict) or report.get("schema") not in (FIRST, model.SCHEMA):
        said = report.get("schema") if isinstance(report, dict) else None
        known = "its schema is %r, this version reads %s and %s" % (said, FIRST, model.SCHEMA)
        raise ValueError("this is not a report that can be read: %s" % known)
    run, records = report.get("run"), report.get("experiments")
    if not _has(run, _RUN) or not isinstance(records, list) or not all(_has(record, _RECORD) for record in records):
        raise ValueError(
            "this is not a whole report: its run or its experiments are damaged; take the report.json that the run"
            " wrote"
        )
    if report["schema"] == model.SCHEMA:
        return report
    return model.build(run, [_record(record) for record in records])


def _has(mapping, keys):
    return isinstance(mapping, dict) and all(isinstance(mapping.get(key), str) for key in keys)


def _record(record):
    fault = record.get("fault")
    return dict(record, fault=dict({"family": record.get("family")}, **fault) if isinstance(fault, dict) else None)
