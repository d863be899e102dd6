# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown: verdict first. Pure: record in, text out. Private to magsasa.chaos."""
from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows, text

_m = text.markdown


def render(report):
    """The whole Markdown text of a report (see model.build)."""
    run, summary, experiments = report["run"], report["summary"], report["experiments"]
    lines = ["# Chaos report: %s" % _m(summary["verdict"]), "", _m(summary["sentence"]) + ".", ""]
    lines += _head(run)
    lines += _experiments(experiments)
    lines += _skipped(experiments)
    lines += _put_back(experiments, summary)
    lines += _recommendations(experiments)
    lines += _details(experiments)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(head, body):
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)] + ["| " + " | ".join(row) + " |" for row in body] + [""]


def _head(run):
    shown = [(key, run.get(key)) for key in ("id", "started", "finished", "intensity", "dry_run", "seed", "command")]
    shown += sorted((run.get("versions") or {}).items())
    return _table(["run", ""], [[_m(key), _m(value)] for key, value in shown if value not in (None, "")])


def _experiments(experiments):
    ran = [e for e in experiments if e["status"] not in ("skipped", "refused")]
    if not ran:
        return []
    body = []
    for e in ran:
        figures = "; ".join(rows.objective(each) for each in e.get("objectives") or []) or e.get("reason") or "-"
        body.append([_m(e["scenario"]), _m(e["host"]), "**%s**" % _m(rows.word(e)), _m(figures), _m(rows.fault(e))])
    return ["## Experiments", ""] + _table(["scenario", "host", "verdict", "measured (objective)", "did the fault bite?"], body)


def _skipped(experiments):
    left_out = [e for e in experiments if e["status"] in ("skipped", "refused")]
    if not left_out:
        return []
    body = [[_m(e["scenario"]), _m(e["host"]), _m(e["status"]), _m(e.get("reason"))] for e in left_out]
    return ["## Not run", ""] + _table(["scenario", "host", "", "why"], body)


def _put_back(experiments, summary):
    touched = [e for e in experiments if (e.get("fault") or {}).get("injected_at")]
    if not touched:
        return ["## Was everything put back?", "", "Nothing was injected.", ""]
    if not summary["residue"]:
        return ["## Was everything put back?", "", "Yes: %d fault(s) injected, %d undone and checked, nothing left." % (len(touched), len(touched)), ""]
    body = [[_m(e["scenario"]), _m(e["host"]), _m(rows.put_back(e))] for e in touched]
    return ["## Was everything put back?", "", "**NO.**", ""] + _table(["scenario", "host", "put back"], body)


def _recommendations(experiments):
    body = [
        [_m(e["scenario"]), _m(e["host"]), _m(r["finding"]), _m(r["figure"]), _m(r["advice"])]
        for e in experiments
        for r in e.get("recommendations") or []
    ]
    if not body:
        return []
    return ["## What to change", ""] + _table(["scenario", "host", "finding", "figure", "advice"], body)


def _details(experiments):
    lines = []
    for e in experiments:
        if not e.get("phases"):
            continue
        lines += ["## %s on %s" % (_m(e["scenario"]), _m(e["host"])), "", _m(e.get("hypothesis")), ""]
        if e.get("reason"):
            lines += [_m(e["reason"]), ""]
        lines += _table(
            ["phase", "seconds", "probes", "failed", "p50 ms", "p95 ms", "p99 ms", "max ms"],
            [
                [name, text.number(phase["to"] - phase["from"]), str(phase["sent"]), str(phase["failed"])]
                + [text.number(phase[key]) for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")]
                for name, phase in e["phases"].items()
            ],
        )
        metrics = e["metrics"]
        interval = metrics.get("latency_impact_ci_ms")
        shown = [
            ("latency impact", text.number(metrics["latency_impact_ms"], "ms") + (" (95 %% interval %s to %s)" % tuple(map(text.number, interval)) if interval else "")),
            ("time to detect", text.number(metrics["time_to_detect_s"], "s")),
            ("recovery time", text.number(metrics["recovery_time_s"], "s") if metrics["recovered"] else "did not recover"),
            ("outages", "; ".join(text.number(o["duration_s"], "s") if o["duration_s"] is not None else "not over" for o in metrics["outages"]) or "none"),
            ("errors", ", ".join("%s %d" % pair for pair in metrics["errors"].items()) or "none"),
            ("observer late, p99", text.number(metrics["observer_late_p99_ms"], "ms")),
            ("put back", rows.put_back(e)),
            ("backend", (e.get("fault") or {}).get("backend")),
        ]
        shown += [("note", note) for note in (e.get("fault") or {}).get("notes") or []]
        lines += _table(["", ""], [[_m(key), _m(value)] for key, value in shown])
    return lines
