# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Markdown report: verdict first, every figure with its objective, and nothing that a text could break."""

from __future__ import annotations

import re

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import markdown
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support import reports

HEADINGS = ["Chaos report: failed", "Experiments", "Not run", "Was everything put back?", "What to change"]


def lines(report):
    return markdown.render(report).splitlines()


def row(shown, name, heading="## Experiments"):
    """Cells of the first row of a section's table whose first cell is ``name``."""
    found = shown[shown.index(heading) :]
    return next(re.split(r"(?<!\\)\|", line)[1:-1] for line in found if line.startswith("| %s |" % name))


def test_verdict_first_then_the_experiments():
    shown = lines(reports.report())
    assert [line.lstrip("# ") for line in shown if line.startswith("#")][:5] == HEADINGS
    # objectives met of those measured: 4 of 4, 2 of 5, 1 of 5, 4 of 4
    assert (
        shown[2]
        == "1 passed, 3 failed, 1 unknown, 2 not carried out, 1 skipped, 1 refused, 1 planned; 7 of 10 ran; score 50"
        " over 18 of 46 objectives; 1 thing(s) LEFT BEHIND."
    )


def test_figures_stand_beside_their_objectives():
    shown = lines(reports.report())
    verdict, figures, bite = row(shown, "database-outage-brief")[2:5]
    assert verdict.strip() == "**FAILED**"
    assert (
        "availability 43.07 % (at least 95 %) MISSED" in figures
        and "errors 95 % (at most 5 %) MISSED" in figures
        and "recovery 2 s (at most 10 s) " in figures
    )
    assert "MTTR 11.5 s (at most 10 s) MISSED" in figures
    assert bite.strip() == "asked load 50 %; measured load 50.2 %: confirmed"
    assert "recovery never (at most 10 s) MISSED" in row(shown, "app-crash")[3]
    assert "mismatch (the host was busy)" in row(shown, "memory-light")[4]
    assert row(shown, "cpu-light")[2].strip() == "**passed**" and "MTTR not measured" in row(shown, "cpu-light")[3]


def test_what_was_not_run_says_why():
    shown = lines(reports.report())
    assert row(shown, "network-delay-light", "## Not run")[2:4] == [
        " skipped ",
        " the network fault family is not built yet ",
    ]
    assert row(shown, "app-restart", "## Not run")[2].strip() == "refused"


def test_put_back():
    shown = markdown.render(reports.report())
    assert "**NO.**" in shown and "| disk-io-light | web1 | NO: /var/tmp/ballast |" in shown
    clean = [each for each in reports.records() if each["scenario"] in ("cpu-light", "app-crash")]
    assert "Yes: 2 fault(s) injected, each undone and checked, nothing left." in markdown.render(reports.report(clean))
    clean[0]["fault"]["reverted_at"] = None
    assert "**Not known of every fault.**" in markdown.render(reports.report(clean))
    assert "Nothing was injected." in markdown.render(reports.report(reports.records()[6:]))


def test_what_was_touched_is_told_for_who_was_not_there():
    shown = lines(reports.report())
    assert [cell.strip() for cell in row(shown, "cpu-light", "## What was touched")[2:]] == [
        "keep two cores half busy",
        "end the fault's workers",
        "yes (at its end)",
    ]
    assert row(shown, "disk-io-light", "## What was touched")[4].strip() == "NO: /var/tmp/ballast"
    assert "cpu-medium" not in "".join(
        shown[shown.index("## What was touched") : shown.index("## The run")]
    )  # that was only planned


def test_the_run_says_on_whose_behalf():
    given = {
        "purpose": "Why",
        "owner": "Team",
        "approved_by": "A. B.",
        "retest_of": "20261101T220001Z-11aa22",
        "where": "AWX job 42",
    }
    shown = markdown.render(reports.report(**given), "0" * 64)
    for line in (
        "purpose | Why",
        "owner | Team",
        "approved by | A. B.",
        "re-test of run | 20261101T220001Z-11aa22",
        "job | AWX job 42",
        "SHA-256 of report.json | " + "0" * 64,
    ):
        assert "| %s |" % line in shown
    assert "| recovery-time objective | 10 s at most: met by 3, missed by 1, not measured in 6; longest 2 s |" in shown


def test_recommendations_have_their_figure():
    cells = row(lines(reports.report()), "database-outage-brief", "## What to change")
    assert (
        "fails slowly" in cells[2]
        and "190 of 200 probes failed (230 x timed out)" in cells[3]
        and "circuit breaker" in cells[4]
    )


def test_a_dry_run_shows_the_plan():
    shown = markdown.render(reports.report([reports.records()[-1]], dry_run=True))
    assert shown.startswith("# Chaos report: dry run\n\ndry run: 1 planned; nothing was touched.\n")
    assert "| keep two cores half busy | end the fault's workers | - |" in shown


def test_a_score_of_nothing_is_shown():
    bad = [
        reports.judge(
            {
                "scenario": reports.scenario(objectives={"error_rate": "5%"}),
                "samples": reports.DOWN,
                "fault": reports.fault(),
            },
            "h",
        )
    ]
    shown = markdown.render(reports.report(bad))
    assert "| score | score 0 |" in shown and "score 0;" in shown and "| dry run |" not in shown


def test_gaps_are_told():
    quiet = reports.records()[:1]
    shown = markdown.render(reports.report(quiet, interrupted=True, unreachable=["web2"]))
    assert (
        shown.startswith("# Chaos report: unknown")
        and "interrupted" in shown
        and "**Not reached in the end: web2.**" in shown
    )
    assert markdown.render(reports.report(quiet)).startswith("# Chaos report: passed")


@settings(max_examples=60)
@given(st.text(st.characters(), max_size=60))
@example("<img src=x onerror=alert(1)>|**b**\n\n# h\n\x1b[31m\u202e```\\")
@example("# heading")
@example("---|---")
@example("http://u:hunter2@h/")
def test_no_text_breaks_it(value):
    shown = markdown.render(reports.report(reports.hostile(value), command=value, seed=value))
    assert "\x1b" not in shown and shown.replace("\n", "").isprintable()
    assert "<" not in shown and "hunter2" not in shown
    assert not re.search(r"&(?!amp;|lt;|gt;)", shown)
    widths = 0
    known = (
        "# Chaos report: ",
        "## Experiments",
        "## Not run",
        "## Was everything put back?",
        "## What to change",
        "## What was touched",
        "## The run",
    )
    for line in shown.splitlines():
        if line.startswith("|"):
            cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1
            assert widths in (0, cells) and line.endswith("|"), line
            widths = cells
        else:
            widths = 0
            assert not line.startswith("#") or line.startswith(known) or " on " in line, line
            assert not re.match(r"\s|[-+=]|[0-9]+[.)]", line), line
