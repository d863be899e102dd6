# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report as Markdown: verdict first. Pure: record in, text out. Private to magsasa.chaos.

Of a fleet it holds counts for each scenario, the worst experiments, and what they have in common: its size is bounded,
whatever the number of hosts, and each section says how much is only in report.json.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import details, model, rows, text, view

_m = text.markdown
NOT_RUN = ("skipped", "refused")
MOST_ROWS = 100  # of one table; report.json has them all
LONGEST_CELL = 1000
MOST_TOUCHED = 500  # the same for things that were touched: many a fault touches several
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
    for said in model.notes(run):
        lines += ["**%s.**" % _m(said), ""]
    cards = view.cards(report)
    full = view.detailed(cards)
    lines += _bounds(cards, full)
    lines += _tested(experiments)
    lines += _scenarios(cards)
    lines += _experiments(cards)
    lines += _not_run(cards)
    lines += _put_back(experiments, summary)
    lines += _recommendations(cards)
    for card in full:
        lines += details.of(card["record"])
    lines += _compared(report.get("comparison"))
    lines += _touched(experiments)
    lines += _about(run, summary, digest)
    return "\n".join(lines).rstrip("\n") + "\n"


def _is_large(cards):
    """Whether there are too many experiments to tell all of each."""
    return len(cards) > view.DETAILS


def _bounds(cards, full):
    """What this file leaves out, and where that is."""
    if not _is_large(cards):
        return []
    said = "Details of the worst %d of %d experiments, and at most %d rows a table; all are in report.json."
    return ["*%s*" % _m(said % (len(full), len(cards), MOST_ROWS)), ""]


def _table(head, found, most=MOST_ROWS):
    """Lines of a table with at most ``most`` of these rows, and how many there are beyond. Cells are text yet."""
    more = len(found) - most
    lines = details.table(head, [[_m(cell, LONGEST_CELL) for cell in row] for row in found[:most]])
    return lines + (["%d more row(s) are in report.json." % more, ""] if more > 0 else [])


def _tested(experiments):
    """Which URL, which process, how it was detected and why."""
    body = rows.tested(experiments)
    return ["## What was tested", ""] + _table(["host", "service"], body) if body else []


def _scenarios(cards):
    """Of a fleet: how many experiments of each scenario ended how, and the worst of them."""
    fleet = view.fleet(cards) if _is_large(cards) else None
    if not fleet:
        return []
    kinds = [kind for kind in view.KINDS if any(line["counts"][kind] for line in fleet["rows"])]
    body = []
    for line in fleet["rows"]:
        worst = line["worst"]
        rate = worst and text.number(worst["record"]["metrics"]["error_rate_pct"], "%")
        said = "%s: errors %s" % (worst["record"]["host"], rate) if worst else "-"
        body.append([line["scenario"]] + [line["counts"][kind] for kind in kinds] + [said])
    head = ["scenario"] + [view.KINDS[kind].lower() for kind in kinds] + ["worst"]
    return ["## Scenarios over %d hosts" % len(fleet["hosts"]), ""] + _table(head, body)


def _experiments(cards):
    ran = [card for card in cards if card["record"]["status"] not in NOT_RUN]
    if not ran:
        return []
    if len(ran) > MOST_ROWS:
        ran.sort(key=view.badness)
    body = []
    for e in [card["record"] for card in ran[:MOST_ROWS]]:
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
    lines = ["## Experiments", ""] + details.table(
        ["scenario", "host", "verdict", "measured (objective)", "did the fault take effect?"], body
    )
    return lines + _others(ran[MOST_ROWS:])


def _others(cards):
    """How the experiments ended that have no row."""
    if not cards:
        return []
    ends = [card["kind"] for card in cards]
    counted = ", ".join("%d %s" % (ends.count(kind), word.lower()) for kind, word in view.KINDS.items() if kind in ends)
    return ["%d more are in report.json: %s." % (len(cards), _m(counted)), ""]


def _not_run(cards):
    left_out = [card["record"] for card in cards if card["record"]["status"] in NOT_RUN]
    if not left_out:
        return []
    if len(left_out) > MOST_ROWS:  # the same reason on several hosts is one row
        body = [[each["scenario"], each["hosts"], each["word"].lower(), each["reason"]] for each in view.not_run(cards)]
    else:
        body = [[e["scenario"], e["host"], e["status"], e.get("reason")] for e in left_out]
    return ["## Not run", ""] + _table(["scenario", "host", "", "why"], body)


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
    if len(doubtful) > MOST_ROWS:  # what is left behind comes before what is not known
        doubtful.sort(key=lambda e: not (e.get("fault") or {}).get("residue"))
    return lines + _table(
        ["scenario", "host", "put back"], [[e["scenario"], e["host"], rows.put_back(e)] for e in doubtful]
    )


def _recommendations(cards):
    body = [
        [e["scenario"], e["host"], said["finding"], said["figure"], said["advice"]]
        for e in (card["record"] for card in cards)
        for said in e.get("recommendations") or []
    ]
    if not body:
        return []
    if len(body) > MOST_ROWS:  # what several experiments say is said once
        body = []
        for each in view.advice(cards):
            records = [card["record"] for card, _figure in each["seen"]]
            scenarios, hosts = (list(dict.fromkeys(e[key] for e in records)) for key in ("scenario", "host"))
            first = each["seen"][0][1]
            body.append([view.names(scenarios), view.names(hosts), each["finding"], first, each["advice"]])
    return ["## What to change", ""] + _table(["scenario", "host", "finding", "figure", "advice"], body)


def _touched(experiments):
    """For who was not there: each thing that a fault touched, what undoes it, and whether it was put back."""
    body = [
        [
            e["scenario"],
            e["host"],
            each["what"],
            "; ".join(each["undone_by"]) or "nothing to undo",
            e["put_back"]["says"],
        ]
        for e in experiments
        if e.get("put_back", {}).get("state") not in (None, "nothing")
        for each in e["put_back"]["touched"]
    ]
    return (
        ["## What was touched", ""] + _table(["scenario", "host", "what", "undone by", "put back"], body, MOST_TOUCHED)
        if body
        else []
    )


def _compared(found):
    """What changed since an earlier run; nothing without one."""
    if not found:
        return []
    changed = [
        [
            each["scenario"],
            each["host"],
            each["word"],
            "; ".join(figure["says"] for figure in each["figures"]),
        ]
        for each in found["experiments"]
        if each["word"] in ("worse", "better")
    ]
    lines = ["## Compared with an earlier run", "", text.paragraph(found["sentence"], 1000) + ".", ""]
    return lines + (_table(["scenario", "host", "", "figures"], changed) if changed else [])


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
