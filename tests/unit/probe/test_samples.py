# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Samples: text and packed form, nothing trusted on the way back; percentiles as of a plain sort."""

from __future__ import annotations

import base64
import random
import tracemalloc
import zlib

import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._probe import live, samples
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample

ROWS = [
    Sample(10.05, 0.1, 3.25, True, 200, ""),
    Sample(10.0, 0.2, 2000.5, False, None, "timeout"),
    Sample(10.1, 5.0, 5.0, False, None, "dropped"),
]


def packed(text, count, **more):
    data = base64.b64encode(zlib.compress(text.encode())).decode()
    return dict({"encoding": "zlib+base64", "count": count, "columns": list(samples.COLUMNS), "data": data}, **more)


def test_there_and_back_in_the_order_of_intent():
    assert samples.unpack(samples.pack(ROWS)) == sorted(ROWS)
    assert samples.unpack(samples.pack([])) == []


def test_lines():
    assert samples.line(ROWS[1]) == "10.000000\t0.200\t2000.500\t0\t\ttimeout\n"
    assert samples.parse("1.5\t0\t2\t1\t-9\t") == Sample(1.5, 0.0, 2.0, True, -9, "")


GOOD = samples.line(ROWS[0])


@pytest.mark.parametrize(
    "line",
    ["", "x", "1\t2\t3\t1\t200", "1\t2\t3\t2\t200\t", "nan\t2\t3\t1\t200\t", "1\tinf\t3\t1\t200\t", "1\t2\t-3\t1\t200\t", "1\t2\t3\t1\tabc\t",
     "1\t2\t3\t1\t200\t<script>", "1\t2\t3\t1\t200\t" + "a" * 17, "1\t2\t3\t1\t" + "9" * 11 + "\t", "1" * 200 + "\t2\t3\t1\t200\t"],
)  # fmt: skip
def test_lines_that_are_no_samples(line):
    assert samples.parse(line) is None
    with pytest.raises(samples.BadSamples):
        samples.unpack(packed(line + "\n" + GOOD, 2))


@pytest.mark.parametrize(
    "given",
    [
        None,
        [],
        "text",
        {},
        packed(GOOD, 2),
        packed(GOOD * 2, 1),
        packed(GOOD, True),
        packed(GOOD, -1),
        packed(GOOD, 10**9),
        packed(GOOD, 1, encoding="raw"),
        packed(GOOD, 1, columns=["a"]),
        packed(GOOD, 1, data="!!"),
        packed(GOOD, 1, data="AAAA"),
        packed(GOOD, 1, data=5),
        packed(GOOD, 1, data=samples.pack(ROWS)["data"][:40]),
    ],
)
def test_packed_forms_that_are_refused(given):
    with pytest.raises(samples.BadSamples) as caught:
        samples.unpack(given)
    assert str(caught.value).startswith("samples: ")


def test_a_bomb_is_not_inflated():
    bomb = packed(" " * 50_000_000, 1)
    tracemalloc.start()
    try:
        with pytest.raises(samples.BadSamples):
            samples.unpack(bomb)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


def test_read_passes_torn_lines_over(tmp_path):
    path = tmp_path / "samples.tsv"
    path.write_text(samples.line(ROWS[0]) + "torn\n" + samples.line(ROWS[1]) + samples.line(ROWS[2])[:-3])
    assert samples.read(str(path)) == [ROWS[1], ROWS[0]]
    assert samples.read(str(tmp_path / "none")) == []


@pytest.mark.parametrize("count", [1, 2, 3, 10, 99, 100, 101, 1000])
def test_percentiles_are_those_of_a_plain_sort(count):
    chance = random.Random(count)
    rows = [Sample(float(i), 0.0, chance.uniform(0.1, 500), True, 200, "") for i in range(count)]
    plain = sorted(row.latency_ms for row in rows)
    shown = samples.figures(rows)
    for key, share in (("p50_ms", 50), ("p95_ms", 95), ("p99_ms", 99), ("max_ms", 100)):
        below = [value for value in plain if value <= shown[key]]
        assert shown[key] in plain
        assert (
            len(below) * 100 >= share * count > (len(below) - 1) * 100
        )  # nearest rank: the first that covers the share


def test_figures():
    shown = samples.figures(ROWS)
    assert (shown["sent"], shown["failed"], shown["error_rate_pct"]) == (3, 2, 66.667)
    assert (shown["answered"], shown["dropped"]) == (1, 1)
    assert shown["max_ms"] == shown["p50_ms"] == 3.25  # what was not answered has no latency
    assert samples.figures([])["error_rate_pct"] is None and samples.figures([])["p95_ms"] is None


def test_live_window_counts_what_ended_in_it(tmp_path):
    path = tmp_path / "samples.tsv"
    rows = [Sample(i / 100.0, 0.0, 10.0, i % 10 != 0, 200, "" if i % 10 else "status") for i in range(20000)]
    rows.append(Sample(198.0, 0.0, 1995.0, False, None, "timeout"))  # due before the window, ended in it
    path.write_text("".join(samples.line(row) for row in rows))
    now = 200.005
    shown = live.window(str(path), 1.0, now)
    expected = [row for row in rows if now - 1.0 <= row.intended_s + row.latency_ms / 1000.0 <= now]
    assert shown["sent"] == len(expected) == 101
    assert shown["failed"] == sum(not row.ok for row in expected)
    assert shown["p50_ms"] == 10.0 and shown["max_ms"] == 10.0 and shown["last_error"] == "timeout"


def test_live_window_reads_the_end_only(tmp_path, monkeypatch):
    path = tmp_path / "samples.tsv"
    path.write_text("".join(samples.line(Sample(i / 100.0, 0.0, 10.0, True, 200, "")) for i in range(50000)))
    parsed = []
    real = samples.parse
    monkeypatch.setattr(samples, "parse", lambda text: parsed.append(1) or real(text))
    assert live.window(str(path), 1.0, 500.005)["sent"] == 100
    assert len(parsed) < 5000


def test_live_window_of_nothing(tmp_path):
    path = tmp_path / "samples.tsv"
    assert live.window(str(path), 5.0) is None
    path.write_text("")
    assert live.window(str(path), 5.0) == {
        "sent": 0, "failed": 0, "answered": 0, "timed_out": 0, "dropped": 0, "error_rate_pct": None,
        "p50_ms": None, "p95_ms": None, "p99_ms": None, "max_ms": None, "last_error": None, "errors": {},
    }  # fmt: skip


@pytest.mark.parametrize(
    "error, status, is_answer",
    [
        ("", 200, True), ("status", 503, True), ("assertion", 200, True), ("said_ill", 200, True), ("assertion", None, True), ("status", 3, True),
        ("refused", None, False), ("reset", None, False), ("reset", 200, False), ("timeout", None, False), ("timeout", 200, False), ("garbage", None, False),
        ("garbage", 200, False), ("too_large", 200, False), ("tls", None, False), ("dns", None, False), ("unreachable", None, False), ("dropped", None, False),
        ("internal", None, False),
    ],
)  # fmt: skip
def test_what_is_an_answer(error, status, is_answer):
    """The kind: a latency objective is met by requests that nobody answered. Half an answer is none, a quick
    refusal is one.
    """
    sample = Sample(1.0, 0.0, 0.4, not error, status, error)
    assert samples.answered(sample) is is_answer
    assert samples.figures([sample])["p95_ms"] == (0.4 if is_answer else None)
