# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Durations, sizes, percentages and names as users write them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity as quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption

MIB = 1024**2
ODD = [
    None,
    True,
    False,
    [],
    {},
    "",
    " ",
    "s",
    "five",
    "-1",
    "1e3",
    "inf",
    "nan",
    "0x10",
    "1,5",
    "1_000",
    "١٢",
    "9" * 65,
    "1 2",
    "30s\n5",
    "5\u2003m",
    b"30s",
]


@pytest.mark.parametrize(
    "text, seconds",
    [
        ("30s", 30.0),
        ("200ms", 0.2),
        ("1500us", 0.0015),
        ("5m", 300.0),
        ("1m30s", 90.0),
        ("1h 30m", 5400.0),
        ("1d", 86400.0),
        (".5s", 0.5),
        ("2.5", 2.5),
        ("30", 30.0),
        (" 30s ", 30.0),
        (30, 30.0),
        (0.25, 0.25),
        ("0", 0.0),
    ],
)
def test_durations(text, seconds):
    assert quantity.duration(text) == pytest.approx(seconds, rel=1e-12)


@pytest.mark.parametrize(
    "text", ODD + ["30 parsecs", "30S", "5M", "s30", "30ss", "30s!", "1h-5m", float("inf"), float("nan"), -5]
)
def test_what_is_no_duration(text):
    with pytest.raises(BadOption, match=r"^hold: .* is not a duration; write a number with a unit"):
        quantity.duration(text, option="hold")


@pytest.mark.parametrize(
    "text, count",
    [
        ("256MB", 256 * MIB),
        ("256M", 256 * MIB),
        ("256MiB", 256 * MIB),
        ("256m", 256 * MIB),
        ("1G", 1024**3),
        ("1.5k", 1536),
        ("2TiB", 2 * 1024**4),
        ("4096", 4096),
        ("4096B", 4096),
        (4096, 4096),
        ("10 MB", 10 * MIB),
        ("0", 0),
    ],
)
def test_sizes(text, count):
    assert quantity.size(text) == count


@pytest.mark.parametrize("text", ODD + ["256X", "M", "256MBB", "256 M B", "-256M", -1])
def test_what_is_no_size(text):
    with pytest.raises(BadOption, match=r"^size: .* is not a size; "):
        quantity.size(text)


@pytest.mark.parametrize(
    "text, number", [("50%", 50.0), ("50", 50.0), (50, 50.0), ("0.5%", 0.5), ("100 %", 100.0), ("0%", 0.0)]
)
def test_percentages(text, number):
    assert quantity.percent(text) == number


@pytest.mark.parametrize("text", ODD + ["%", "50%%", "%50", "50 percent", "-5%", -5])
def test_what_is_no_percentage(text):
    with pytest.raises(BadOption, match=r"^load: .* is not a percentage; write a number from 0 to 100"):
        quantity.percent(text, option="load")


@pytest.mark.parametrize(
    "text, bits",
    [
        ("10mbit", 10e6),
        ("10 Mbit", 10e6),
        ("1.5Gbit/s", 1.5e9),
        ("512kbit", 512e3),
        ("8000bit", 8000.0),
        ("10mbitps", 10e6),
    ],
)
def test_rates(text, bits):
    assert quantity.rate(text) == bits


@pytest.mark.parametrize("text", ODD + ["10", 10, "10mb", "10Mbps", "10 megabit", "mbit", "10mibit", "10mbit;"])
def test_what_is_no_rate(text):
    with pytest.raises(BadOption, match=r"^rate: .* is not a rate; write a number with a unit"):
        quantity.rate(text)


@pytest.mark.parametrize("bits, text", [(10e6, "10mbit"), (1.5e9, "1.5gbit"), (8000, "8kbit"), (900, "900bit")])
def test_shown_rates(bits, text):
    assert quantity.show_rate(bits) == text


@pytest.mark.parametrize(
    "parse, value, bounds, words",
    [
        (quantity.duration, "16m", {"high": 900}, "'16m' is above the maximum of 15m; use 15m or less"),
        (quantity.duration, "10ms", {"low": 1}, "'10ms' is below the minimum of 1s; use 1s or more"),
        (quantity.size, "2G", {"high": 1024**3}, "'2G' is above the maximum of 1GiB; use 1GiB or less"),
        (quantity.size, "1k", {"low": MIB}, "'1k' is below the minimum of 1MiB; use 1MiB or more"),
        (quantity.percent, "200%", {}, "'200%' is above the maximum of 100%; use 100% or less"),
        (quantity.percent, "1", {"low": 5}, "'1' is below the minimum of 5%; use 5% or more"),
    ],
)
def test_bounds_are_named(parse, value, bounds, words):
    with pytest.raises(BadOption) as caught:
        parse(value, option="x", **bounds)
    assert str(caught.value) == "x: " + words


def test_bounds_are_inclusive():
    assert quantity.duration("15m", low=900, high=900) == 900
    assert quantity.size("1M", low=MIB, high=MIB) == MIB
    assert quantity.percent("100%") == 100


@pytest.mark.parametrize("text, answer", [("50%", True), (" 50 % ", True), ("50", False), (50, False), (None, False)])
def test_is_percent(text, answer):
    assert quantity.is_percent(text) is answer


@pytest.mark.parametrize("text", ["a", "slow-db", "A.b_c-9", "9", "x" * 63])
def test_names(text):
    assert quantity.name(text) == text


@pytest.mark.parametrize(
    "text", ["", ".hidden", "-x", "_x", "a/b", "../x", "a b", "a\n", "x" * 64, "é", None, 5, ["a"]]
)
def test_what_is_no_name(text):
    with pytest.raises(BadOption, match="^name: .* is not a valid name; "):
        quantity.name(text)


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "0s"),
        (0.2, "200ms"),
        (0.0015, "1.5ms"),
        (1, "1s"),
        (30, "30s"),
        (2.5, "2.5s"),
        (60, "1m"),
        (90, "1m30s"),
        (900, "15m"),
        (3600, "1h"),
        (5405, "1h30m5s"),
    ],
)
def test_shown_durations(seconds, text):
    assert quantity.show_duration(seconds) == text
    assert quantity.duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "count, text",
    [(0, "0B"), (1023, "1023B"), (1024, "1KiB"), (256 * MIB, "256MiB"), (1536 * MIB, "1.5GiB"), (1024**4, "1TiB")],
)
def test_shown_sizes(count, text):
    assert quantity.show_size(count) == text
    assert quantity.size(text) == count


# Whatever is typed: a usable value or one sentence, never another exception.
ANYTHING = st.one_of(
    st.text(),
    st.text(alphabet="0123456789.smhdukMGTiB% -+e", max_size=12),
    st.integers(),
    st.floats(),
    st.none(),
    st.booleans(),
    st.binary(),
    st.lists(st.integers()),
    st.dictionaries(st.text(), st.integers()),
)


@given(ANYTHING)
def test_parsers_give_a_number_or_a_sentence(value):
    for parse in (quantity.duration, quantity.size, quantity.percent):
        try:
            number = parse(value, option="x")
        except BadOption as error:
            text = str(error)
            assert text.startswith("x: ") and text.isprintable() and len(text) < 300
        else:
            assert math.isfinite(number) and number >= 0


@given(ANYTHING)
def test_a_name_is_safe_as_a_file_name_or_a_sentence(value):
    try:
        name = quantity.name(value)
    except BadOption as error:
        assert str(error).isprintable()
    else:
        assert name == value and "/" not in name and not name.startswith((".", "-")) and len(name) <= 63


@given(st.floats(min_value=0, max_value=1e6, allow_nan=False))
def test_a_shown_duration_reads_back(seconds):
    """Within the milliseconds and seconds that it is rounded to."""
    assert quantity.duration(quantity.show_duration(seconds)) == pytest.approx(seconds, abs=0.51)


@pytest.mark.parametrize("value", [0, -1, 1.5, (1 << 64) - 1])
def test_what_is_a_number(value):
    assert quantity.is_number(value)


@pytest.mark.parametrize(
    "value", [None, True, "1", [], float("nan"), float("inf"), -float("inf"), 1 << 64, 10**400, -(10**400)]
)
def test_what_is_no_number(value):
    assert quantity.is_number(value) is False
