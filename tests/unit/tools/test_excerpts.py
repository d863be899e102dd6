# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The excerpts of the README are taken from a run as a whole, and a sentence that no run prints is found."""

from __future__ import annotations

import excerpts
import pytest

STDOUT = """Installing ...
14:06:33  chaos light: 2 scenarios on localhost, about 90 s
14:06:51  tested: http://127.0.0.1:38803 (shop 1.0.0, gunicorn, process python3.11 28523): identified; because nothing else is there
14:06:51  1/2 cpu-light begins: baseline 10 s, hold 30 s
14:07:11  1/2 cpu-light hold, 20 s left, errors 0.0 %
14:07:33  1/2 cpu-light passed: errors 0 % (at most 5 %)
14:07:34  2/2 app-restart begins: baseline 10 s
14:07:50  2/2 app-restart passed: recovery 2.02 s (at most 10 s)
CHAOS PASSED: 2 passed, 0 failed; score 100; nothing left behind
report: reports/20261129T123042Z-b594e0/report.html
"""
TABLE = """| scenario | measured |
|---|---|
| cpu-light | errors 0 % (at most 5 %); asked 50 % of 2 cores |
| memory-light | errors 0 % (at most 5 %); asked 256 MiB |
| disk-io-light | errors 0 % |
| app-restart | recovery 2.02 s (at most 10 s) |"""
RUN = excerpts.Run(STDOUT, "# Report\n\n## Experiments\n\n%s\n\n## Not run\n" % TABLE)
EMPTY = "".join("<!-- excerpt %s: begin -->\n<!-- excerpt %s: end -->\n" % (name, name) for name in excerpts.EXCERPTS)
OTHER = excerpts.Run(
    STDOUT.replace("2.02 s", "10.5 s").replace("38803", "5000").replace("python3.11 28523", "gunicorn 7"),
    RUN.markdown.replace(" 0 %", " 1.25 %"),
)


def test_a_run_becomes_the_excerpts_and_renewing_again_changes_nothing():
    page = excerpts.renewed("head\n%stail\n" % EMPTY, RUN)
    made = excerpts.blocks(page)
    assert made["terminal"].splitlines()[1:-1] == [
        line for line in STDOUT.splitlines()[1:] if "begins" not in line and "left," not in line
    ]
    assert made["report"] == TABLE
    assert excerpts.renewed(page, RUN) == page and page.startswith("head\n") and page.endswith("tail\n")


def test_figures_addresses_and_processes_may_differ():
    assert excerpts.strange(excerpts.renewed(EMPTY, RUN), OTHER) == []


@pytest.mark.parametrize(
    "before, after, told",
    [
        ("asked 50 % of 2 cores", "load_pct 50.0", "load_pct N"),
        ("nothing left behind", "all is well", "all is well"),
        ("because nothing else is there", "as no other is there", "as no other is there"),
    ],
)
def test_a_sentence_that_no_run_prints_is_found(before, after, told):
    page = excerpts.renewed(EMPTY, RUN).replace(before, after)
    assert excerpts.strange(page, OTHER) == [told]
    assert excerpts.strange(page, OTHER, left_out=[after]) == []


@pytest.mark.parametrize("run", [RUN._replace(stdout="no summary"), RUN._replace(markdown="no table")])
def test_a_run_without_what_is_wanted_is_an_error(run):
    with pytest.raises(excerpts.Missing):
        excerpts.renewed(EMPTY, run)


def test_a_page_with_other_excerpts_is_an_error():
    with pytest.raises(excerpts.Missing, match="terminal"):
        excerpts.renewed(EMPTY.replace("report", "another"), RUN)


def test_the_readme_has_every_excerpt_and_none_is_empty():
    made = excerpts.blocks(excerpts.PAGE.read_text(encoding="utf-8"))
    assert set(made) == set(excerpts.EXCERPTS) and all(len(text) > 100 for text in made.values())
