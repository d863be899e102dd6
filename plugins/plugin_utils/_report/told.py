# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a record says in words, put into the report beside its figures, so that every form of the report says the
same. Pure. Private to magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge.summary import put_back
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import phrases, rows, series


def experiment(record):
    """The record as the report holds it."""
    fault = record.get("fault")
    failed = rows.failures(record.get("metrics"))
    return dict(
        record,
        timeline=record.get("timeline"),
        window=record.get("window"),
        fault=_fault(fault) if fault else None,
        put_back={"state": put_back(fault), "says": rows.put_back(record), "touched": _touched(fault)},
        failures_says="" if failed == "none" else failed,
        objectives=[
            dict(each, label=rows.label(each["name"]), says=rows.objective(each))
            for each in record.get("objectives") or []
        ],
    )


def _fault(fault):
    said = phrases.of(fault)
    lines, note = series.of(fault)
    return dict(fault, asked=said.asked, found=said.found, sentence=said.sentence, series=lines, series_note=note)


def _touched(fault):
    """What the plan of a fault touches, and what undoes it."""
    steps = [step for step in (fault or {}).get("plan") or [] if isinstance(step, dict)]
    return [
        {"what": str(step.get("says") or ""), "undone_by": [phrases.undo(each) for each in step.get("undo") or []]}
        for step in steps
    ]
