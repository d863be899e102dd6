# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown: verdict first. Pure: record in, text out. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import details, model, rows, text

_m = text.markdown
NOT_RUN = ("skipped", "refused")
MOST_TOUCHED = 500  # lines; report.json has them all
RUN_KEYS = (
    ("purpose", "purpose"),
    ("owner", "owner"),
    ("approved_by", "approved by"),
    ("retest_of", "re-test of run"),
    ("id", "run"),
    ("where", "job"),
    ("started", "started"),
    ("finished", "finished"),
    ("intensity", "intensity"),
    ("dry_run", "dry run"),
    ("seed", "seed"),
    ("command", "command"),
)


def render(report, digest=None):
    """The whole Markdown text of a report (see model.build). ``digest``: SHA-256 of its report.json."""
    run, summary, experiments = report["run"], report["summary"], report["experiments"]
    title = "dry run" if run.get("dry_run") else summary["verdict"]
    lines = ["# Chaos report: %s" % _m(title), "", text.paragraph(summary["sentence"]) + ".", ""]
    for said in model.gaps(run):
        lines += ["**%s.**" % _m(said), ""]
    lines += _tested(experiments)
    lines += _experiments(experiments)
    lines += _not_run(experiments)
    lines += _put_back(experiments, summary)
    lines += _recommendations(experiments)
    for each in experiments:
        lines += details.of(each)
    lines += _compared(report.get("comparison"))
    lines += _touched(experiments)
    lines += _about(run, summary, digest)
    return "\n".join(lines).rstrip("\n") + "\n"


def _tested(experiments):
    """Which URL, which process, how it was detected and why."""
    body = [[_m(host), _m(words, 700)] for host, words in rows.tested(experiments)]
    return ["## What was tested", ""] + details.table(["host", "service"], body) if body else []


def _experiments(experiments):
    ran = [e for e in experiments if e["status"] not in NOT_RUN]
    if not ran:
        return []
    body = []
    for e in ran:
        reason = (
            None if e["verdict"] == "failed" and e["status"] == "completed" else e.get("reason")
        )  # the marks say it
        said = [part for part in (reason, rows.objectives(e)) if part]
        body.append(
            [
                _m(e["scenario"]),
                _m(e["host"]),
                "**%s**" % _m(rows.word(e)),
                _m("; ".join(said) or "-", 1000),
                _m(rows.fault(e)),
            ]
        )
    return ["## Experiments", ""] + details.table(
        ["scenario", "host", "verdict", "measured (objective)", "did the fault take effect?"], body
    )


def _not_run(experiments):
    left_out = [e for e in experiments if e["status"] in NOT_RUN]
    if not left_out:
        return []
    body = [[_m(e["scenario"]), _m(e["host"]), _m(e["status"]), _m(e.get("reason"))] for e in left_out]
    return ["## Not run", ""] + details.table(["scenario", "host", "", "why"], body)


def _put_back(experiments, summary):
    touched = [
        e for e in experiments if (e.get("fault") or {}).get("injected_at") or (e.get("fault") or {}).get("residue")
    ]
    lines = ["## Was everything put back?", ""]
    if not touched:
        return lines + ["Nothing was injected.", ""]
    doubtful = [e for e in touched if not rows.put_back(e).startswith("yes")]
    if not doubtful and not summary["residue"]:
        return lines + ["Yes: %d fault(s) injected, each undone and checked, nothing left." % len(touched), ""]
    different = any((e.get("fault") or {}).get("differences") for e in doubtful)
    lines += [
        (
            "**NO.**"
            if summary["residue"]
            else "**Not as it was before.**" if different else "**Not known of every fault.**"
        ),
        "",
    ]
    return lines + details.table(
        ["scenario", "host", "put back"], [[_m(e["scenario"]), _m(e["host"]), _m(rows.put_back(e))] for e in doubtful]
    )


def _recommendations(experiments):
    body = [
        [_m(e["scenario"]), _m(e["host"]), _m(said["finding"]), _m(said["figure"]), _m(said["advice"])]
        for e in experiments
        for said in e.get("recommendations") or []
    ]
    if not body:
        return []
    return ["## What to change", ""] + details.table(["scenario", "host", "finding", "figure", "advice"], body)


def _touched(experiments):
    """For who was not there: each thing that a fault touched, what undoes it, and whether it was put back."""
    body = [
        [
            _m(e["scenario"]),
            _m(e["host"]),
            _m(each["what"]),
            _m("; ".join(each["undone_by"]) or "nothing to undo"),
            _m(e["put_back"]["says"]),
        ]
        for e in experiments
        if e.get("put_back", {}).get("state") not in (None, "nothing")
        for each in e["put_back"]["touched"]
    ]
    return (
        ["## What was touched", ""]
        + details.table(["scenario", "host", "what", "undone by", "put back"], body[:MOST_TOUCHED])
        if body
        else []
    )


def _compared(found):
    """What changed since an earlier run; nothing without one."""
    if not found:
        return []
    changed = [
        [
            _m(each["scenario"]),
            _m(each["host"]),
            _m(each["word"]),
            _m("; ".join(figure["says"] for figure in each["figures"]), 1000),
        ]
        for each in found["experiments"]
        if each["word"] in ("worse", "better")
    ]
    lines = ["## Compared with an earlier run", "", text.paragraph(found["sentence"], 1000) + ".", ""]
    return lines + (details.table(["scenario", "host", "", "figures"], changed) if changed else [])


def _about(run, summary, digest):
    shown = [(name, run.get(key)) for key, name in RUN_KEYS]
    shown += sorted((run.get("versions") or {}).items())
    shown += [
        ("score", summary["score_over"]),
        ("MTTR", text.number(summary["mttr_s"], "s")),
        ("recovery-time objective", _recovery(summary["recovery"])),
    ]
    shown += [("SHA-256 of report.json", digest)]
    return ["## The run", ""] + details.table(
        ["", ""], [[_m(key), _m(value)] for key, value in shown if value not in (None, "") and value is not False]
    )


def _recovery(found):
    """ "10 s at most: met by 4, missed by 1, not measured in 2; longest 12.1 s"; None without one."""
    if found["objective_s"] is None:
        return None
    counts = [
        (found["met"], "met by %d"),
        (found["missed"], "missed by %d"),
        (found["unmeasured"], "not measured in %d"),
    ]
    counted = ", ".join(words % number for number, words in counts if number)
    worst = "; longest %s" % text.number(found["worst_s"], "s") if found["worst_s"] is not None else ""
    return "%s at most: %s%s" % (text.number(found["objective_s"], "s"), counted, worst)
