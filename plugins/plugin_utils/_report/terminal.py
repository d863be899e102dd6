# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on one screen of a terminal. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model, rows, text

WIDTH = 80
WHOLE = 100_000  # columns where there is no terminal
ROOM = 160  # columns for the figures of what passed
HEIGHT = 24
MOST_TESTED = 2
HOST_ROOM = 16  # columns for the name of a host
MOST_NAMED = 3  # hosts of a fleet in a sentence
ADVICE_LINES = 8  # kept for recommendations when there are more experiments than lines
ORDER = {"FAILED": 0, "BROKEN": 1, "refused": 2, "unknown": 3, "passed": 4, "planned": 5, "skipped": 6}


def width_here(pid=None):
    """Columns for a report on the terminal of a process (``pid``, or this one); elsewhere lines are whole, so that a
    log can be searched for them.
    """
    return min(max(shutil.get_terminal_size().columns, WIDTH), 120) if _on_terminal(pid) else WHOLE


def _on_terminal(pid):
    """Whether somebody sees it: ansible-runner, and so AWX, gives Ansible a terminal that nobody has."""
    if os.environ.get("AWX_ISOLATED_DATA_DIR"):
        return False
    try:
        shown = os.readlink("/proc/%s/fd/1" % (pid or "self"))
    except OSError:  # no Linux
        return bool(sys.__stdout__ and sys.__stdout__.isatty())
    return shown.startswith(("/dev/pts/", "/dev/tty", "/dev/console"))


def render(report, path=None, width=WIDTH):
    """At most HEIGHT lines of plain text, none wider than ``width`` but the path of the report. The worst comes
    first.
    """
    lines = _head(report, width) + _tested(report["experiments"], width)
    ordered = sorted(report["experiments"], key=lambda e: ORDER[rows.word(e)])
    advice = [_advice(e, said, width) for e, said in _different(ordered)]
    room = HEIGHT - len(lines) - 1
    most = max(1, room - min(sum(map(len, advice)), ADVICE_LINES))
    lines += _experiments(ordered, most, width)
    lines += _whole(advice, HEIGHT - len(lines) - 1)
    return lines + _where(path)


def brief(report, path=None, width=WIDTH):
    """The same for somebody who has seen each result when it came: verdict, what is missing, recommendations, path."""
    ordered = sorted(report["experiments"], key=lambda e: ORDER[rows.word(e)])
    advice = [_advice(e, said, width) for e, said in _different(ordered)]
    return _head(report, width) + _whole(advice, ADVICE_LINES) + _where(path)


def _head(report, width):
    run, summary = report["run"], report["summary"]
    title = "dry run" if run.get("dry_run") else summary["verdict"].upper()
    sentence = summary["sentence"].split(": ", 1)[-1] if run.get("dry_run") else summary["sentence"]
    compared = report.get("comparison")
    told = compared and (compared["worse"] or compared.get("other_service") and not compared["experiments"])
    lines = _wrapped("CHAOS %s: " % title, sentence, width) + (
        _wrapped("  ", compared["sentence"], width, "    ")[:3] if told else []
    )
    return lines + [line for said in model.notes(run, MOST_NAMED) for line in _wrapped("  ", said, width, "    ")[:4]]


def _where(path):
    return ["report: %s" % text.plain(path, 4000)] if path else []


def _experiments(ordered, most, width):
    several = len({e["host"] for e in ordered}) > 1
    ids = min(26, max(len(text.plain(e["scenario"], 26)) for e in ordered)) if ordered else 0
    names = _short_names({text.plain(e["host"], 255) for e in ordered})
    hosts = max(map(len, names.values())) if several else 0
    shown = []
    for e in ordered:
        parts = ["  %-7s" % rows.word(e), "%-*s" % (ids, text.plain(e["scenario"], 26))] + (
            ["%-*s" % (hosts, names[text.plain(e["host"], 255)])] if several else []
        )
        head = " ".join(parts)
        shown.append(_wrapped(head + " ", _tail(e, width - len(head) - 1), width, indent="    ") or [head.rstrip()])
    # What went well gives its further lines up first.
    for number in reversed(range(len(shown))):
        if sum(map(len, shown)) > most and len(shown[number]) > 1:
            shown[number] = [_shortened(shown[number][0], width)]
    return _first([line for block in shown for line in block], most, "  ... and %d more" % (len(shown) - most + 1))


def _short_names(names):
    """``{name: as it is shown}``: without the domain that all have, and without the begin of what is longer than
    HOST_ROOM, as hosts differ at the end.

    >>> _short_names({"web1.example.org", "web2.example.org"})
    {'web1.example.org': 'web1', 'web2.example.org': 'web2'}
    """
    parts = [name.split(".")[::-1] for name in names]
    shared = 0
    numeric = any(each[0].isdigit() for each in parts)  # addresses have no domain
    while (
        not numeric
        and len(parts) > 1
        and all(len(each) > shared + 1 and each[shared] == parts[0][shared] for each in parts)
    ):
        shared += 1
    short = {name: ".".join(name.split(".")[: name.count(".") + 1 - shared]) for name in sorted(names)}
    return {name: each if len(each) <= HOST_ROOM else "..." + each[3 - HOST_ROOM :] for name, each in short.items()}


def _tail(e, room):
    """What stands behind the name of an experiment: every figure that was missed; of one that passed whole figures,
    as many as fit on the line.
    """
    if e["verdict"] == "failed":
        missed = [rows.objective(each) for each in e.get("objectives") or [] if each["met"] is False]
        return "; ".join(missed) or str(e.get("reason") or rows.fault(e))
    if e["verdict"] != "passed":
        return str(e.get("reason") or rows.fault(e))
    figures = [rows.objective(each) for each in e.get("objectives") or []]
    for number in range(len(figures), 0, -1):
        left = len(figures) - number
        said = "; ".join(figures[:number]) + ("; %d more" % left if left else "")
        if len(said) <= min(room, ROOM):
            return said
    return figures[0] if figures else rows.fault(e)


def _tested(experiments, width):
    """What was tested, a line or two for each of the first services."""
    said = rows.tested(experiments)
    lines = [
        line
        for host, what in said[:MOST_TESTED]
        for line in _wrapped("  tested on %s: " % text.plain(host, 26), what, width, indent="    ")[:3]
    ]
    return lines + (
        ["  ... and %d more services in the report" % (len(said) - MOST_TESTED)] if len(said) > MOST_TESTED else []
    )


def _whole(blocks, most):
    """Blocks of lines as far as they fit; none is cut in the middle."""
    lines = []
    for number, block in enumerate(blocks):
        last = number == len(blocks) - 1
        if len(lines) + len(block) + (0 if last else 1) > most:
            return lines + ["  > %d more in the report" % (len(blocks) - number)][: max(0, most - len(lines))]
        lines += block
    return lines


def _shortened(line, width):
    """A line whose further ones are left out, and says so."""
    return line + " ..." if len(line) + 4 <= width else _cut(line + "....", width)


def _different(ordered):
    """(record, recommendation) without those that say to do the same as one before."""
    seen = {}
    for e in ordered:
        for said in e.get("recommendations") or []:
            seen.setdefault((said["finding"], said["advice"]), (e, said))
    return list(seen.values())


def _advice(record, said, width):
    head = "  > %s: " % text.plain(record["scenario"], 26)
    body = "%s (%s) %s" % (text.plain(said["finding"]), text.plain(said["figure"]), text.plain(said["advice"]))
    return _wrapped(head, body, width, indent="    ")


def _wrapped(head, body, width, indent="  "):
    return textwrap.wrap(head + text.plain(body, 1000), width, subsequent_indent=indent, break_on_hyphens=False)


def _first(lines, most, last):
    return lines if len(lines) <= most else lines[: max(0, most - 1)] + [last][:most]


def _cut(line, width):
    return line if len(line) <= width else line[: width - 3] + "..."
