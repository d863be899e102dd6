# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever a host says of its fault: the report is a report, draws nothing but itself, and has no text that a terminal
or a browser would obey.

What the Markdown and the HTML come to is asked of parsers that are not ours.
"""

from __future__ import annotations

import json
import random
import re
from collections import Counter

import jsonschema
import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _experiment
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import (
    html,
    journal,
    junit,
    markdown,
    openmetrics,
    terminal,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from support import exchange, pages, reports
from support.modules import ROOT
from support.samples import fault

from .factor import FACTOR, NIGHTLY

PIECES = [
    "\x1b[2J", "\x1b]0;owned\x07", "\x1b]8;;http://evil.example\x07", "\x9b31m", "\x00", "\x7f", "\r\n", "\n\n", "\u2028", "\x0b", "\u202e", "\u2066", "\u200b",
    "\ufeff", "\ud800", "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<!--", "-->", "<![CDATA[", "</td></tr></table>", "<a@b.example>",
    "<http://evil.example>", "&lt;", "&#60;script&#62;", "|", "||", "\\|", "\\\\|", "\\", "---|---", "| --- |",
    "# ", "## The run", "===", "---", "- ", "* ", "1. ", "> ",
    "    ", "\t", "```", "~~~", "`", "``", "*", "**", "__", "_", "~~", "![x](http://evil.example/x.png)",
    "[x](javascript:alert(1))", "[x]: http://evil.example",
    "[^1]", "$x$", "$$", "::: note", "x" * 3000, "|" * 700, "\\" * 601, "<" * 700, "*" * 900, "word", " ", "\U0001f4a5", "%s", "{0}", "{{ 7 * 7 }}",
]  # fmt: skip
TEXT = st.lists(st.sampled_from(PIECES), max_size=6).map("".join) | st.text(st.characters(), max_size=60)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.just(10**400),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEYS = sorted(fault()) + ["differences", "undo_problems", "halted_by", "error", "note"]
TELLS = st.one_of(
    st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4),
    st.dictionaries(st.sampled_from(["notes", "residue", "differences"]), st.lists(TEXT, max_size=3), max_size=3),
    st.dictionaries(
        st.sampled_from(["requested", "measured"]), st.dictionaries(TEXT, TEXT | st.integers(), max_size=3), max_size=2
    ),
)
SCENARIO = st.fixed_dictionaries(
    {"id": TEXT.filter(bool)},
    optional={"title": TEXT, "hypothesis": TEXT, "family": TEXT, "intensity": TEXT, "hold": TEXT},
)
ENDS = st.fixed_dictionaries(
    {}, optional={"skipped": TEXT, "refused": TEXT, "failed": TEXT, "halted": TEXT, "observer": TEXT, "probe": JSON}
)
RECORD = st.tuples(SCENARIO, TELLS, ENDS, TEXT.filter(bool))
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8")))
PARSER = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
# What the report itself is made of. Nothing else may appear: no HTML, link, picture, code, list, quote or rule.
DRAWN = set(
    "paragraph_open paragraph_close inline heading_open heading_close text text_special strong_open strong_close".split()
) | {"%s_%s" % (part, end) for part in "table thead tbody tr th td".split() for end in ("open", "close")}
HEADINGS = {
    "Experiments",
    "Not run",
    "Was everything put back?",
    "What to change",
    "What was touched",
    "Compared with an earlier run",
    "The run",
}


def judged(found):
    """The records of what was drawn, without those that slo_check answers with a sentence."""
    for scenario, tells, ends, host in found:
        try:
            yield _experiment.judge(
                dict({"scenario": scenario, "samples": reports.DOWN, "fault": fault(**tells)}, **ends), host
            )
        except ChaosError as error:
            assert "\n" not in str(error) and "\x1b" not in str(error)


def check(report):
    """Every property that a report must have, whatever is in it."""
    assert [error.message[:300] for error in SCHEMA.iter_errors(json.loads(json.dumps(report, allow_nan=False)))] == []
    json.dumps(report, ensure_ascii=False).encode("utf-8")
    shown = markdown.render(report)
    assert shown.replace("\n", "").isprintable()
    check_markdown(shown, report)
    pages.check(html.render(report, "ab" * 32), report)
    exchange.check_junit(junit.render(report))
    exchange.check_openmetrics(openmetrics.render(report))
    assert journal.render(report).isascii()
    screen = terminal.render(report, "reports/latest/report.html")
    assert len(screen) <= terminal.HEIGHT and all(line.isprintable() and len(line) <= terminal.WIDTH for line in screen)


def check_markdown(shown, report):
    """What the parser makes of it: our headings, paragraphs, and tables whose rows are whole."""
    tokens = PARSER.parse(shown)
    inner = [child for token in tokens for child in token.children or ()]
    assert {token.type for token in tokens + inner} <= DRAWN, Counter(token.type for token in tokens + inner)
    titles = [after.content for token, after in zip(tokens, tokens[1:]) if token.type == "heading_open"]
    details = [title for title in titles[1:] if title not in HEADINGS]
    assert titles[0].startswith("Chaos report: ") and all(" on " in " %s " % title for title in details)
    assert len(details) == sum(bool(each["phases"]) or each["status"] == "planned" for each in report["experiments"])
    written = sum(len(re.findall(r"^\|", line)) for line in shown.splitlines())
    rows = Counter(token.type for token in tokens)
    assert rows["tr_open"] + rows["thead_open"] == written, "a row of a table is none"
    widths = {}
    for line in shown.splitlines():
        cells = len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) if line.startswith("|") else 0
        assert not cells or widths.setdefault("now", cells) == cells, line[:300]
        if not cells:
            widths.clear()


@settings(max_examples=60 * FACTOR, deadline=None)
@given(st.lists(RECORD, max_size=3), TEXT, st.lists(TEXT, max_size=2))
def test_no_host_draws_anything_of_its_own(found, said, gone):
    check(reports.report(list(judged(found)), command=said, seed=said, unreachable=gone))


@pytest.mark.parametrize("piece", PIECES, ids=lambda piece: ascii(piece[:20]))
def test_each_piece_everywhere(piece):
    """The same text in every place at once, alone and repeated."""
    for text in (piece, "a" + piece * 2) + ((piece * 3, piece + "a") if NIGHTLY else ()):
        check(reports.report(reports.hostile(text), command=text, seed=text, unreachable=[text]))


def test_many_at_random():
    """Long mixtures, which a generator of small examples does not reach."""
    draw = random.Random("report")
    for _each in range(20 * FACTOR):
        check(reports.report(reports.hostile("".join(draw.choices(PIECES, k=draw.randrange(1, 40))))))


def test_a_raw_text_would_be_found():
    """The checks see what they are there for."""
    report = reports.report()
    for raw in ("<b>x</b>", "[x](http://evil.example)", "> x", "## mine", "| a | b |", "```"):
        with pytest.raises(AssertionError):
            check_markdown(markdown.render(report) + "\n" + raw + "\n", report)
