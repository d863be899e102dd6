# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports of a fleet: their size does not follow the number of hosts, and what they leave out they say."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import journal, markdown, view, write

from support import reports

MOST_KB = {"report.md": 300, "journal.json": 200}
RENDER = {"report.md": markdown.render, "journal.json": journal.render}


def fleet(hosts):
    """A report of ten experiments on each host, the worst in the middle: one host on which a fault was left behind."""
    report = json.loads(json.dumps(reports.report()))
    named = []
    for number in range(hosts):
        for each in report["experiments"]:
            named.append(dict(each, host="web%04d" % number, id="%s@web%04d" % (each["scenario"], number)))
    worst = next(each for each in named[len(named) // 2 :] if each["verdict"] == "passed")
    worst.update(host="the-worst", verdict="failed", status="failed", reason="left behind: a table")
    worst["fault"] = dict(worst["fault"], residue=["a table"])
    return dict(report, experiments=named)


@pytest.fixture(scope="module")
def reported():
    return {hosts: fleet(hosts) for hosts in (100, 200)}


@pytest.mark.parametrize("name", sorted(RENDER))
def test_the_size_is_bounded(reported, name):
    small, large = (len(RENDER[name](report, "ab" * 32)) for report in reported.values())
    assert large < 1.1 * small and large < MOST_KB[name] * 1000, (small, large)


def test_markdown_says_how_all_ended_and_where_the_rest_is(reported):
    report = reported[200]
    shown = markdown.render(report)
    ends = Counter(view.kind(each) for each in report["experiments"])
    line = next(line for line in shown.splitlines() if re.match(r"\d+ more are in report.json: ", line))
    more = Counter({kind: int(count) for count, kind in re.findall(r"(\d+) ([a-z ]+)", line.partition(": ")[2])})
    rows = [
        row.split(" | ")
        for row in shown.partition("## Experiments")[2].partition("\n##")[0].splitlines()
        if row[:2] == "| "
    ]
    assert len(rows) == 1 + markdown.MOST_ROWS
    did_not_run = ends["skipped"] + ends["refused"]
    assert sum(more.values()) + markdown.MOST_ROWS + did_not_run == len(report["experiments"]) == 2000
    assert more["passed"] == ends["passed"]  # the worst have rows
    per_scenario = shown.partition("## Scenarios over 201 hosts")[2].partition("\n## ")[0]
    assert "| cpu-light |" in per_scenario and "the-worst" in shown
    assert "the worst 20 of 2000 experiments" in shown and shown.count("\n## ") < 20 + 12
    assert "## app-crash on web" in shown  # in full


def test_what_was_left_behind_comes_first(reported):
    section = markdown.render(reported[200]).partition("## Was everything put back?")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    left = [line for line in rows if "NO: " in line]
    assert rows[: len(left)] == left and len(rows) == markdown.MOST_ROWS and "more row(s) are in report.json" in section


def test_the_journal_judges_by_all_and_holds_the_worst(reported):
    report = reported[200]
    found = json.loads(journal.render(report, "ab" * 32))
    left_out = found["extensions"]["magsasa.chaos"]["left_out"]
    ran = [each for each in report["experiments"] if each["status"] in journal.STATUS]
    assert len(found["run"]) == len(found["experiment"]["method"]) == view.WORST
    assert left_out["experiments"] == sum(left_out["ended"].values()) == len(ran) - view.WORST
    assert "report.json" in left_out["where"] and found["deviated"] is True
    small = dict(report, experiments=report["experiments"][:10])
    assert json.loads(journal.render(small))["extensions"]["magsasa.chaos"]["left_out"] is None


def test_one_failed_probe_among_many_is_no_steady_state(reported):
    """Also where it is on a host that the file does not show."""
    quiet = [each for each in reported[100]["experiments"] if each["verdict"] == "passed" and each["phases"]]
    quiet = [dict(each, phases={"baseline": dict(each["phases"]["baseline"], failed=0)}) for each in quiet] * 3
    assert len(quiet) > view.DETAILS
    quiet[-1] = dict(quiet[-1], phases={"baseline": dict(quiet[-1]["phases"]["baseline"], failed=1)})
    found = json.loads(journal.render(dict(reported[100], experiments=quiet)))
    assert found["steady_states"]["before"]["steady_state_met"] is False
    assert set(write.ON_REQUEST) == {"journal.json"}
