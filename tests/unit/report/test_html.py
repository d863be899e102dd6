# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The HTML report: what is read first stands first, and each figure is that of report.json. A parser that is not
ours reads the page.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import (
    compare,
    history,
    html,
    svg,
    text,
    upgrade,
    view,
)

from support import pages, reports, run_of_18
from support.modules import ROOT

MOST_SCRIPT = 8000
DIGEST = "ab" * 32


@pytest.fixture(scope="module")
def report():
    """A run of all 18 scenarios as read back from its file."""
    return json.loads(json.dumps(run_of_18.report()))


@pytest.fixture(scope="module")
def tree(report):
    return pages.check(html.render(report, DIGEST), report)


def figures(value):
    """All numbers within a part of a report."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return {found for each in value for found in figures(each)}
    return {float(value)} if isinstance(value, (int, float)) and not isinstance(value, bool) else set()


def cells(node):
    return [[pages.words(cell) for cell in row.css("th, td")] for row in node.css("tbody tr")]


def card(tree, report, number):
    record = report["experiments"][number]
    anchor = view.cards(report)[number]["anchor"]
    return record, tree.css_first("#" + anchor)


def test_the_order_in_which_it_is_read(tree):
    headings = [pages.words(node) for node in tree.css("h1, h2")]
    wanted = [
        "Failed",
        "What failed",
        "The whole run",
        "What to change",
        "Experiments",
        "What did not run, and why",
        "About this run",
    ]
    assert headings == wanted


def test_what_failed_by_how_much_and_whether_all_is_put_back(tree, report):
    rows = cells(tree.css_first("#missed"))
    failed = [record for record in report["experiments"] if record["verdict"] == "failed"]
    assert [row[0] for row in rows] == [record["scenario"] for record in failed]
    for row, record in zip(rows, failed):
        for each in record["objectives"]:
            if each["met"] is False:
                assert view.says(each) in row[1] and view.excess(each) in row[1]
        assert row[2].startswith(html.clock(record["window"]["injected"]))
        assert row[3] == "took effect" and row[4] == record["put_back"]["says"]


@pytest.mark.parametrize(
    "name, objective, measured, unit, words",
    [
        ("recovery_time", 10.0, 12.4, "s", "2.4 s over, 1.24 times the limit"),
        ("recovery_time", 10.0, None, "s", "did not recover while it was watched"),
        ("error_rate", 5.0, 10.0, "%", "5 points over"),
        ("availability in hold", 95.0, 91.9, "%", "3.1 points short"),
        ("p95", 500.0, None, "ms", "there was no answer to measure"),
        ("p95", 500.0, 505.0, "ms", "5 ms over"),
    ],
)
def test_by_how_much(name, objective, measured, unit, words):
    each = {"name": name, "objective": objective, "measured": measured, "unit": unit, "met": False}
    assert view.excess(each) == words
    assert view.excess(dict(each, met=True)) == ""


def test_every_exact_figure_is_one_of_the_report(tree, report):
    """Each <data> says the figure of report.json and shows it rounded; those of a card are that experiment's."""
    seen = 0
    for found in view.detailed(view.cards(report)):
        record = found["record"]
        known = figures(record) | {phase["to"] - phase["from"] for phase in record["phases"].values()}
        for node in tree.css("#%s data" % found["anchor"]):
            value = float(node.attributes["value"])
            assert value in known, (record["scenario"], value)
            shown = re.match(r"-?[0-9.]+", pages.words(node)).group()
            assert abs(float(shown) - value) <= max(0.005, 0.006 * abs(value)), (shown, value)
            seen += 1
    assert seen > 100


def test_the_table_of_phases(tree, report):
    for number in (0, 9, 17):
        record, node = card(tree, report, number)
        rows = cells(node.css_first("table.phases")) if node else []
        assert len(rows) == len(record["phases"])
        for row, phase in zip(rows, record["phases"].values()):
            assert row[2:4] == [str(phase["sent"]), str(phase["failed"])]
            assert row[4:] == [text.number(phase["error_rate_pct"], "%")] + [
                text.number(phase[key], "ms") for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")
            ]


def test_the_tables_behind_the_charts_hold_every_bucket_and_point(tree, report):
    drawn = 0
    for found in view.detailed(view.cards(report)):
        record, line = found["record"], found["record"]["timeline"]
        tables = tree.css("#%s table.grid" % found["anchor"])
        columns = [
            line["sent"],
            line["failed"],
            *line["failed_by"].values(),
            line["p50_ms"],
            line["p95_ms"],
            line["max_ms"],
        ]
        rows = cells(tables[0])
        assert len(rows) == len(line["sent"])
        for at, row in enumerate(rows):
            assert float(row[0]) == pytest.approx(line["from_s"] + at * line["bucket_s"])
            assert [None if cell == "" else float(cell) for cell in row[1:]] == [column[at] for column in columns]
        series = (record["fault"] or {}).get("series")
        assert len(tables) == 1 + bool(series)
        if series:
            drawn += 1
            rows = cells(tables[1])
            assert [[float(row[0])] + [None if cell == "" else float(cell) for cell in row[1:]] for row in rows] == [
                [at] + [each["values"][number] for each in series["lines"]] for number, at in enumerate(series["at_s"])
            ]
    assert drawn == sum(bool((record["fault"] or {}).get("series")) for record in report["experiments"])


def test_a_chart_shows_what_its_table_holds(tree, report):
    """The points of the p95 line, undone from their places, are the figures; the band lies from the injection to
    the revert.
    """
    record, node = card(tree, report, 2)
    line = record["timeline"]
    chart = node.css_first("svg.time")
    height = svg.fitting(line["p50_ms"] + line["p95_ms"] + line["max_ms"], 132)
    steps = list(map(float, re.findall(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)", chart.css_first("path.p95").attributes["d"])))
    points = list(zip(itertools.accumulate(steps[::2]), itertools.accumulate(steps[1::2])))
    assert len(points) == len(line["p95_ms"]) and not height.log
    for number, (_x, y) in enumerate(points):
        assert (132 - y) / 132 * height.high == pytest.approx(line["p95_ms"][number], abs=height.high / 132 * 0.06)
    start, end = float(node.css_first(".charts").attributes["data-from"]), float(
        node.css_first(".charts").attributes["data-to"]
    )
    band = chart.css_first("rect.band").attributes
    marks = {mark["kind"]: mark["at_s"] for mark in line["marks"]}
    assert start + float(band["x"].rstrip("%")) / 100 * (end - start) == pytest.approx(marks["injected"], abs=0.05)
    assert float(band["width"].rstrip("%")) / 100 * (end - start) == pytest.approx(
        marks["reverted"] - marks["injected"], abs=0.05
    )


def test_the_policy_names_the_one_script_and_the_one_style(tree):
    policy = tree.css_first("meta[http-equiv]").attributes["content"]
    assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    for node in (tree.css_first("script"), tree.css_first("style")):
        digest = base64.b64encode(hashlib.sha256(node.text().encode()).digest()).decode()
        assert "'sha256-%s'" % digest in policy
    assert len(tree.css_first("script").text().encode()) <= MOST_SCRIPT


def test_a_run_of_all_scenarios_is_a_small_file(report):
    """Also with a run before and a history."""
    line = history.line(report)
    report = dict(
        report,
        comparison=compare.compare(report, report),
        history=[dict(line, id="run %d" % number) for number in range(20)],
    )
    assert len(html.render(report, DIGEST).encode("utf-8")) < 400_000


def test_about_the_run(tree, report):
    about = pages.words(tree.css_first("dl.about"))
    for key in ("purpose", "owner", "approved_by", "retest_of", "id", "seed", "command"):
        assert report["run"][key] in about
    assert DIGEST in about and DIGEST in pages.words(tree.css_first("footer"))


def test_every_kind_of_end():
    """One of each: failed, broken, halted, left behind, skipped, refused, planned."""
    report = reports.report()
    tree = pages.check(html.render(report), report)
    words = {pages.words(node.css_first(".word")) for node in tree.css("details.card")}
    assert words == {"Failed", "Passed", "Unknown", "Not carried out", "Planned"}
    rows = cells(tree.css_first("section[aria-labelledby=h-left]"))
    assert [row[1] for row in rows] == ["Skipped", "Refused"]
    assert rows[0][2] == "the network fault family is not built yet"
    assert "/var/tmp/ballast" in pages.words(tree.css_first("#e-disk-io-light-web1"))
    assert "no space left on device" in pages.words(tree.css_first("#missed"))


def test_a_run_that_passed_says_so_and_invents_nothing():
    report = reports.report([each for each in reports.records() if each["verdict"] == "passed"])
    tree = pages.check(html.render(report), report)
    assert [pages.words(node) for node in tree.css("h1, h2")][:2] == ["Passed", "No objective was missed"]
    assert not tree.css("#missed") and DIGEST not in html.render(report)


def test_a_dry_run_and_an_empty_one():
    planned = reports.report([each for each in reports.records() if each["status"] == "planned"], dry_run=True)
    tree = pages.check(html.render(planned), planned)
    assert pages.words(tree.css_first("h1")) == "Dry run" and not tree.css("#missed")
    assert "keep two cores half busy" in pages.words(tree.css_first("details.card"))
    nothing = reports.report([])
    assert "No experiment ran." in pages.words(pages.check(html.render(nothing), nothing).body)


def test_a_report_of_the_first_form_is_drawn():
    report = upgrade.upgraded(
        json.loads((ROOT / "tests" / "unit" / "report" / "schema_1.json").read_text(encoding="utf-8"))
    )
    tree = pages.check(html.render(report), report)
    assert tree.css("svg.time rect.band") and not tree.css("path.p95")


def test_several_hosts_have_a_map_with_the_worst_first(monkeypatch):
    """Of more experiments than can be shown in full the worst are; the map and its table hold all."""
    monkeypatch.setattr(view, "DETAILS", 6)
    monkeypatch.setattr(view, "WORST", 2)
    report = reports.report(
        [record for number in range(12) for record in reports.records("web%d" % number)[number % 3 :]]
    )
    tree = pages.check(html.render(report), report)
    assert len(tree.css("details.card")) == view.WORST
    table = tree.css_first("section[aria-labelledby=h-fleet] details table")
    rows = cells(table)
    assert len(rows) == 12 and len(rows[0]) == 11
    kinds = {(record["host"], record["scenario"]): view.kind(record) for record in report["experiments"]}
    heads = [pages.words(node) for node in table.css("thead th")]
    for row in rows:
        assert row[1:] == [kinds.get((row[0], scenario), "-") for scenario in heads[1:]]
    failed = [row.count("failed") for row in rows]
    assert failed == sorted(failed, reverse=True)


@pytest.mark.parametrize(
    "values, log",
    [([1.0, 2.0, 3.0], False), ([3.0, 3.0, 3.0, 2000.0], True), ([0.0], False), ([None], False), ([-5.0, 5.0], False)],
)
def test_an_axis_holds_its_values(values, log):
    axis = svg.fitting(values, 100)
    assert axis.log is log
    assert all(0.0 <= float(axis.y(value)) <= 100.0 for value in values if value is not None)
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks())


def test_the_run_before_and_the_runs_before_that():
    """Each figure of the comparison with its interval and word; the history with a line an experiment."""
    chosen = [each for each in run_of_18.catalogue() if each["id"] in ("cpu-heavy", "database-outage-extended")]
    before, report = (
        run_of_18.report(scenarios=chosen, seed=seed, id="2026110%dT220001Z-11aa22" % seed) for seed in (7, 1)
    )
    report["comparison"] = compare.compare(before, report)
    for number, word in enumerate(("better", "worse")):
        report["comparison"]["experiments"][number]["figures"][1]["word"] = word
    report["history"] = [history.line(before), history.line(report)]
    tree = pages.check(html.render(report), report)
    section = tree.css_first("section[aria-labelledby=h-before]")
    assert report["comparison"]["sentence"] in pages.words(section)
    figures = [(each["scenario"], figure) for each in report["comparison"]["experiments"] for figure in each["figures"]]
    assert cells(section.css_first("table.compared")) == [[scenario, figure["says"]] for scenario, figure in figures]
    changed = [(scenario, figure) for scenario, figure in figures if figure["word"] in ("worse", "better")]
    rows = cells(section.css("table")[0])
    assert len(rows) == len(changed) > 1
    for row in rows:
        figure = next(figure for scenario, figure in changed if [scenario, figure["label"]] == row[:2])
        assert (
            row[2:5] == [text.number(figure[key], figure["unit"]) for key in ("before", "now", "change")]
            and row[6] == figure["word"]
        )
    assert [row[0] for row in cells(section.css("table")[2])] == [before["run"]["id"], report["run"]["id"]]
    now = {record["scenario"]: record["metrics"]["p95_ms"] for record in report["experiments"]}
    for row in cells(section.css("table")[3]):
        assert row[5] == text.number(now[row[0].split()[0]], "ms")
