# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One experiment in full, as a section of the Markdown report. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import phrases, rows, text

_m = text.markdown
COUNTS = ("sent", "failed", "answered")  # latencies are over those that were answered
LATENCIES = ("p50_ms", "p95_ms", "p99_ms", "max_ms")


def table(head, body):
    """Lines of a table; the cells are Markdown already."""
    return (
        ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
        + ["| " + " | ".join(row) + " |" for row in body]
        + [""]
    )


def of(record):
    """Lines about one experiment; none for one that neither ran nor was planned."""
    planned = record["status"] == "planned"
    if not record.get("phases") and not planned:
        return []
    lines = ["## %s on %s" % (_m(record["scenario"]), _m(record["host"])), ""]
    lines += [text.paragraph(record["hypothesis"]), ""] if record.get("hypothesis") else []
    return lines + (_plan(record) if planned else _figures(record))


def _plan(record):
    steps = [step for step in (record.get("fault") or {}).get("plan") or [] if isinstance(step, dict)]
    body = [
        [
            _m(step.get("says")),
            _m("; ".join(phrases.undo(each) for each in step.get("undo") or []) or "nothing to undo"),
            _m(step.get("tool") or "-"),
        ]
        for step in steps
    ]
    lines = table(["step", "undone by", "tool"], body) if body else ["No steps are planned.", ""]
    notes = (record.get("fault") or {}).get("notes") or []
    return lines + (table(["note"], [[_m(note)] for note in notes]) if notes else [])


def _figures(record):
    phases = [
        [name, text.number(phase["to"] - phase["from"])]
        + [str(phase[key]) for key in COUNTS]
        + [text.number(phase[key]) for key in LATENCIES]
        for name, phase in record["phases"].items()
    ]
    lines = table(["phase", "seconds", "probes", "failed", "answered", "p50 ms", "p95 ms", "p99 ms", "max ms"], phases)
    fault = record.get("fault") or {}
    shown = _metrics(record["metrics"]) + [("put back", rows.put_back(record)), ("backend", fault.get("backend"))]
    shown += [("note", note) for note in fault.get("notes") or []]
    return (
        lines
        + table(["", ""], [[_m(key), _m(value)] for key, value in shown if value not in (None, "")])
        + _objectives(record)
    )


def _objectives(record):
    """Each objective with where it was stated; then what was stated and is not judged here."""
    body = [[_m(rows.objective(each)), _m(each["from"])] for each in record.get("objectives") or [] if each.get("from")]
    body += [
        [_m("%s: not judged, as %s" % (rows.label(each["name"]), each["why"])), _m(each["from"])]
        for each in record.get("exempt") or []
    ]
    return table(["objective", "stated by"], body) if body else []


def _metrics(metrics):
    interval = metrics.get("latency_impact_ci_ms")
    impact = text.number(metrics["latency_impact_ms"], "ms")
    if interval:
        impact += " (95 %% interval %s to %s)" % tuple(text.number(edge, "ms") for edge in interval)
    lasting = [
        text.number(o["duration_s"], "s") if o["duration_s"] is not None else "not over"
        for o in metrics["outages"][:10]
    ]
    more = metrics["outages_seen"] - len(lasting)
    shown = [
        ("latency impact", impact),
        ("time to detect", text.number(metrics["time_to_detect_s"], "s")),
        (
            "recovery time",
            text.number(metrics["recovery_time_s"], "s") if metrics["recovered"] else _no_recovery(metrics),
        ),
        ("outages", ("; ".join(lasting) or "none") + ("; and %d more" % more if more > 0 else "")),
        ("errors", rows.failures(metrics)),
        ("observer late, p99", text.number(metrics["observer_late_p99_ms"], "ms")),
    ]
    if metrics.get("clock") == "wall":
        shown.append(("clocks", "fault and probe ran on two hosts; their times are matched over the time of day"))
    if metrics.get("clock") == "measured":
        error_ms = text.number(1000.0 * metrics["clock_error_s"], "ms")
        shown.append(
            ("clocks", "fault and probe ran on two hosts; how far their clocks are apart was measured to %s" % error_ms)
        )
    return shown


def _no_recovery(metrics):
    return (
        "did not recover by itself: the end of the fault brought it back"
        if metrics.get("revived_by_undo")
        else "did not recover"
    )
