# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One screen: at most 24 lines of 80 columns, the worst first, no escapes."""

from __future__ import annotations

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import terminal
from hypothesis import example, given, settings
from hypothesis import strategies as st

from support import reports


def test_the_screen_of_a_bad_run():
    shown = terminal.render(reports.report(), "reports/latest/report.md")
    assert shown[0].startswith("CHAOS FAILED: 1 passed, 3 failed")
    body = [line for line in shown if line.startswith("  ") and not line.startswith(("  >", "    "))]
    words = [line.split()[0] for line in body if line.split()[0] in terminal.ORDER]
    assert words == ["FAILED"] * 3 + ["BROKEN"] * 2 + ["refused", "unknown", "passed", "planned", "skipped"]
    assert any("  > database-outage-brief: Without its database" in line for line in shown)
    assert shown[-1] == "report: reports/latest/report.md"


@pytest.mark.parametrize("hosts", [1, 2, 30])
@pytest.mark.parametrize("width", [80, 120])
def test_it_fits(hosts, width):
    found = [each for number in range(hosts) for each in reports.records("web%d" % number)]
    shown = terminal.render(reports.report(found), "reports/latest/report.md", width)
    assert len(shown) <= terminal.HEIGHT and max(map(len, shown)) <= width
    assert shown[-1].startswith("report: ") and any(line.startswith("  > ") for line in shown)
    if hosts > 1:
        assert any(" web0 " in line for line in shown) and any("more" in line for line in shown)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ("web-eu-central-01.example.internal", "web-eu-central-02.example.internal"),
            ("...eu-central-01", "...eu-central-02"),
        ),
        (("web1.example.org", "db1.example.org"), ("web1", "db1")),
        (("web1.a.example.org", "web1.b.example.org"), ("web1.a", "web1.b")),
        (("10.0.0.1", "10.1.0.1"), ("10.0.0.1", "10.1.0.1")),
        (("org", "web.org"), ("org", "web.org")),
    ],
)
def test_hosts_of_one_domain_can_be_told_apart(names, expected):
    found = [each for name in names for each in reports.records(name)[1:2]]
    shown = terminal.render(reports.report(found), None, 200)
    for name in expected:
        assert sum(" %s " % name in line for line in shown) == 1, shown


def test_hosts_that_were_not_reached_are_counted():
    names = ["web%02d" % number for number in range(1, 31)]
    earlier = ["%s: the run before on this host was cut off" % name for name in names]
    shown = terminal.render(reports.report(reports.records()[:1], unreachable=names, earlier=earlier), None)
    assert "  Not reached in the end: web01, web02, web03 and 27 more" in shown, shown
    assert any(line.startswith("  web01: the run before on this host") for line in shown), shown  # not Web01
    assert "  ... and 27 more that the run before left open" in shown and len(shown) <= terminal.HEIGHT, shown


def test_figures_of_one_experiment():
    shown = terminal.render(reports.report(reports.records()[:1]), None, 120)
    assert shown[0] == "CHAOS PASSED: 1 passed, 0 failed; score 100; nothing left behind"
    assert shown[1].startswith("  passed  cpu-light availability 100 % (at least 95 %); errors 0 % (at most 5 %)")
    assert len(shown) == 2


def test_the_same_advice_is_given_once():
    found = [each for number in range(3) for each in reports.records("web%d" % number)[1:2]]
    shown = terminal.render(reports.report(found), None)
    assert sum("Without its database" in line for line in shown) == 1


def test_dry_run_and_gaps():
    shown = terminal.render(reports.report([reports.records()[-1]], dry_run=True), None)
    assert shown[0] == "CHAOS dry run: 1 planned; nothing was touched" and "asked load 50 %; not injected" in shown[1]
    shown = terminal.render(reports.report(reports.records()[:1], interrupted=True), None)
    assert shown[0].startswith("CHAOS UNKNOWN") and "interrupted" in shown[1], shown
    assert terminal.render(reports.report([]), None) == ["CHAOS UNKNOWN: 0 passed, 0 failed; nothing left behind"]


@settings(max_examples=60)
@given(st.text(st.characters(), max_size=60), st.text(st.characters(), max_size=300))
@example("\x1b]0;owned\x07", "\x1b[2J\r\n")
def test_no_text_escapes_it(value, path):
    shown = terminal.render(reports.report(reports.hostile(value), command=value), path)
    assert len(shown) <= terminal.HEIGHT and all(line.isprintable() for line in shown)
    assert all(len(line) <= terminal.WIDTH for line in shown if not line.startswith("report: "))


def test_lines_are_whole_where_nobody_has_a_terminal(monkeypatch):
    """ansible-runner, and so AWX, gives Ansible a terminal that nobody sees."""
    monkeypatch.setenv("AWX_ISOLATED_DATA_DIR", "/runner/artifacts/1")
    width = terminal.width_here()
    long = "app4 refused by the protected guard: " + "a long reason, " * 50 + "the end"
    lines = terminal.render(
        reports.report([dict(reports.records()[0], status="refused", verdict="unknown", reason=long)]), None, width
    )
    assert [line for line in lines if line.rstrip().endswith("the end")]
    assert any(len(line) > 120 for line in lines)
