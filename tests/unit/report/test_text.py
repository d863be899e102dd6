# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Untrusted text: one printable line, Markdown that renders as itself, JSON that is bounded."""

from __future__ import annotations

import json
import math

import pytest
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import text
from hypothesis import given
from hypothesis import strategies as st

ANY = st.text(st.characters(), max_size=200)
SPECIAL = "\\`*[]|~$<>"


def unescape(shown):
    """What a reader sees: escapes and entities resolved, as CommonMark 6.1 and 2.5 say."""
    out, position = [], 0
    entities = {"&amp;": "&", "&lt;": "<", "&gt;": ">"}
    while position < len(shown):
        entity = next((each for each in entities if shown.startswith(each, position)), None)
        if entity:
            out.append(entities[entity])
            position += len(entity)
        elif shown[position] == "\\":
            out.append(shown[position + 1])
            position += 2
        else:
            assert shown[position] not in SPECIAL + "&", shown
            out.append(shown[position])
            position += 1
    return "".join(out)


@given(ANY)
def test_plain_is_one_printable_line(value):
    shown = text.plain(value)
    assert shown.isprintable() and len(shown) <= text.LONGEST and shown == shown.strip()
    shown.encode("utf-8")


@given(ANY)
def test_markdown_renders_as_the_text_itself(value):
    assert unescape(text.markdown(value)) == text.plain(value)
    assert unescape(text.paragraph(value)) == text.plain(value)


@pytest.mark.parametrize(
    "value, shown",
    [
        ("a|b", "a\\|b"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("&lt;", "&amp;lt;"),
        ("**x** _y_ `z`", "\\*\\*x\\*\\* \\_y\\_ \\`z\\`"),
        ("load_pct 50", "load_pct 50"),
        ("![x](http://h)", "!\\[x\\](http://h)"),
        ("a\n\n# b", "a # b"),
        ("\x1b[31mred\x07", "\\[31mred"),
        ("\u202egnp.exe", "gnp.exe"),
        ("x\\", "x\\\\"),
        (None, ""),
        (5, "5"),
    ],
)
def test_markdown(value, shown):
    assert text.markdown(value) == shown


@pytest.mark.parametrize(
    "value, shown",
    [
        ("# x", "\\# x"),
        ("- x", "\\- x"),
        ("1. x", "1\\. x"),
        ("12) x", "12\\) x"),
        ("+ x", "\\+ x"),
        ("===", "\\==="),
        ("50 % of", "50 % of"),
    ],
)
def test_paragraph(value, shown):
    assert text.paragraph(value) == shown


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ANY | st.binary(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY, inner, max_size=4) | st.tuples(inner),
    max_leaves=20,
)


@given(VALUES)
def test_clean_is_json_whatever_comes_in(value):
    cleaned = text.clean(value)
    assert json.loads(json.dumps(cleaned, allow_nan=False)) == cleaned


def test_clean_bounds_and_hides():
    deep = []
    for _level in range(5000):
        deep = [deep]
    cleaned = text.clean(
        {
            "deep": deep,
            "long": list(range(5000)),
            "word": "x" * 9999,
            "huge": 10**5000,
            "nan": math.nan,
            "db_password": "hunter2",
            "token": 12345,
        }
    )
    assert json.dumps(cleaned["deep"]) == "[" * 11 + '"..."' + "]" * 11
    assert (len(cleaned["long"]), len(cleaned["word"]), cleaned["huge"], cleaned["nan"]) == (2000, 2000, None, None)
    assert (cleaned["db_password"], cleaned["token"]) == ("***", "***")


@pytest.mark.parametrize(
    "value, unit, shown",
    [
        (None, "ms", "-"),
        (4.213, "s", "4.21 s"),
        (0.0, "%", "0 %"),
        (99.96, "%", "99.96 %"),
        (100.0, "%", "100 %"),
        (1234.5, "ms", "1234 ms"),
        (-3.04, "ms", "-3.04 ms"),
        (12, "", "12"),
    ],
)
def test_number(value, unit, shown):
    assert text.number(value, unit) == shown


def test_how_a_fault_ended_is_told_in_words():
    """The kind: the sentence names something else than the cause ("put back: yes (event_over)")."""
    from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import rows

    def ended(cause):
        return rows.put_back(
            {"fault": {"injected_at": {"monotonic": 1.0}, "reverted_at": {"monotonic": 2.0}, "revert_cause": cause}}
        )

    assert ended("event_over") == "yes (the event was over)" and ended("deadline") == "yes (at its end)"
    assert all("_" not in words for words in rows.ENDS.values())
