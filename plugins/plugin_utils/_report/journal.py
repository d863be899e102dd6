# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The run as a journal in Chaos Toolkit's shape, for tools that read such journals. Pure. Private to magsasa.chaos.

Each fault is an action of the method, its revert a rollback, its objectives the steady state. Source of the shape: the
journal that
``chaos run`` writes (Chaos Toolkit 1.19). Of a fleet it holds the worst experiments, and says how the others ended.
"""

from __future__ import annotations

import json
import time
from collections import Counter

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import view

STATUS = {"completed": "succeeded", "halted": "aborted", "failed": "failed"}


def render(report, digest=None):
    """The whole file."""
    run, records = report["run"], report["experiments"]
    everything = [card for card in view.cards(report) if card["record"]["status"] in STATUS]
    shown, left_out = everything, []
    if len(everything) > view.DETAILS:
        worst = sorted(everything, key=view.badness)
        shown, left_out = sorted(worst[: view.WORST], key=lambda card: card["number"]), worst[view.WORST :]
    ran = [card["record"] for card in shown]
    faults = [record for record in ran if (record.get("fault") or {}).get("injected_at")]
    met = {phase: _is_met((card["record"] for card in everything), phase) for phase in ("baseline", "hold", "recovery")}
    return json.dumps(
        {
            "chaoslib-version": "magsasa.chaos %s" % (run.get("versions") or {}).get("magsasa.chaos", "unknown"),
            "platform": "ansible",
            "experiment": {
                "version": "1.0.0",
                "title": "Chaos run %s" % run["id"],
                "description": run.get("purpose") or report["summary"]["sentence"],
                "tags": [tag for tag in (run.get("intensity"),) if tag],
                "steady-state-hypothesis": {"title": "The objectives are met", "probes": []},
                "method": [_activity(record) for record in ran],
                "rollbacks": [_rollback(record) for record in faults],
            },
            "start": run["started"].rstrip("Z"),
            "end": run["finished"].rstrip("Z"),
            "status": "interrupted" if run.get("interrupted") else "failed" if report["summary"]["verdict"] == "failed" else "completed",
            "deviated": any(record["verdict"] == "failed" for record in records),
            "steady_states": {
                "before": _state(ran, "baseline", met), "during": [_state(ran, "hold", met)], "after": _state(ran, "recovery", met),
            },
            "run": [_carried_out(record) for record in ran],
            "rollbacks": [_rolled_back(record) for record in faults],
            "extensions": {"magsasa.chaos": {
                "run": run["id"], "report_sha256": digest, "verdict": report["summary"]["verdict"], "left_out": _left_out(left_out),
            }},
        },
        indent=1,
        allow_nan=False,
    ) + "\n"  # fmt: skip


def _left_out(cards):
    """How the experiments ended that are not in this file, and where they are; None where all are."""
    if not cards:
        return None
    counts = Counter(card["kind"] for card in cards)
    ended = {word.lower(): counts[kind] for kind, word in view.KINDS.items() if counts[kind]}
    return {"experiments": len(cards), "ended": ended, "where": "report.json, in the same folder"}


def _name(record):
    return "%s on %s" % (record["scenario"], record["host"])


def _activity(record):
    provider = {
        "type": "process",
        "path": "ansible-playbook",
        "arguments": {"scenario": record["scenario"], "host": record["host"]},
    }
    return {"type": "action", "name": _name(record), "provider": provider}


def _rollback(record):
    return dict(_activity(record), name="put back %s" % _name(record))


def _carried_out(record):
    return dict(
        _times(record, "injected", "to"),
        activity=_activity(record),
        status=STATUS[record["status"]],
        output=_output(record),
    )


def _times(record, begin, end):
    window = record.get("window") or {}
    stamps = {
        key: None if window.get(edge) is None else _stamp(window[edge])
        for key, edge in (("start", begin), ("end", end))
    }
    known = window.get(begin) is not None and window.get(end) is not None
    return dict(stamps, duration=round(window[end] - window[begin], 3) if known else None)


def _stamp(seconds):
    try:
        return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    except (OverflowError, OSError, ValueError):
        return None


def _output(record):
    objectives = [
        {key: each[key] for key in ("name", "objective", "measured", "unit", "met")} for each in record["objectives"]
    ]
    return {
        "verdict": record["verdict"],
        "reason": record["reason"],
        "fault": (record.get("fault") or {}).get("sentence"),
        "objectives": objectives,
    }


def _rolled_back(record):
    state, said = view.back(record)
    return dict(
        _times(record, "reverted", "reverted"),
        activity=_rollback(record),
        status="succeeded" if state == "yes" else "failed",
        output=said,
    )


def _is_met(records, phase):
    """Whether no probe failed in this phase of any experiment."""
    phases = [record["phases"][phase] for record in records if phase in (record.get("phases") or {})]
    return bool(phases) and not any(figures["failed"] for figures in phases)


def _state(records, phase, met):
    """What the probes saw in one phase of each experiment."""
    seen = [(record, record["phases"][phase]) for record in records if phase in (record.get("phases") or {})]
    probes = [
        {"activity": dict(_activity(record), type="probe"), "output": figures, "status": "succeeded"}
        for record, figures in seen
    ]
    return {"steady_state_met": met[phase], "probes": probes}
