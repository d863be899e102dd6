# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs beside one another: worse is said of what is worse, and not of what chance explains; which run is taken;
the history.
"""

from __future__ import annotations

import json
import os
import random

import jsonschema
import pytest
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import spread
from ansible_collections.magsasa.chaos.plugins.module_utils._probe.samples import Sample, pack
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import (
    choose,
    compare,
    history,
    html,
    markdown,
    model,
    publish,
    terminal,
)

from support import reports
from support.modules import ROOT
from support.samples import OUTAGE, fault

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))
FIRST, SECOND, THIRD = "20261101T220001Z-aaaaaa", "20261108T220001Z-bbbbbb", "20261115T220001Z-cccccc"


def samples(seed, median_ms=5.0, failing=0.0, outage=(0, 0), hold=30.0):
    """20 a second: 10 s before the fault, the hold, 10 s after it."""
    draw, found = random.Random(seed), []
    for number in range(int(20 * (20 + hold))):
        due = 100.0 + number / 20.0
        held = 110.0 <= due < 110.0 + hold
        latency = round(draw.lognormvariate(0, 0.3) * (median_ms if held else 4.0), 3)
        sample = Sample(due, 0.1, latency, True, 200, "")
        if (held and draw.random() < failing) or outage[0] <= due - 110.0 < outage[1]:
            sample = sample._replace(**OUTAGE)
        found.append(sample)
    return found


def run(seed, run_id=SECOND, name="cpu-light", objectives=None, url=None, **more):
    given = {
        "target": {"url": url, "probed": url} if url else None,
        "scenario": reports.scenario(name, objectives=objectives or {"error_rate": "50%"}),
        "samples": pack(samples(seed, **more)),
    }
    return model.build(dict(reports.RUN, id=run_id), [reports.judge(dict(given, fault=fault(reverted=140.0)), "web1")])


def word(before, now, name):
    (experiment,) = compare.compare(before, now)["experiments"]
    return next(each for each in experiment["figures"] if each["name"] == name)["word"]


@pytest.mark.parametrize(
    "more, name, expected",
    [
        ({}, "p95_ms", "same"),
        ({}, "error_rate_pct", "same"),
        ({"median_ms": 8.0}, "p95_ms", "worse"),
        ({"median_ms": 8.0}, "p50_ms", "worse"),
        ({"median_ms": 3.0}, "p50_ms", "better"),
        ({"median_ms": 5.05}, "p50_ms", "same"),
        ({"failing": 0.05}, "error_rate_pct", "worse"),
        ({"outage": (5, 12)}, "error_rate_pct", "worse"),
        ({"median_ms": 8.0}, "baseline_p50_ms", "same"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_words(seed, more, name, expected):
    assert word(run(seed), run(seed + 100, **more), name) == expected


def test_chance_is_rarely_called_a_change():
    """20 pairs of runs that are alike, with failures that come alone: of 60 intervals at 95 % about three lie
    beside nought, and small changes count as none.
    """
    pairs = [(run(2 * number, failing=0.04), run(2 * number + 1, failing=0.04)) for number in range(20)]
    wrong = [word(*pair, name) != "same" for pair in pairs for name in ("error_rate_pct", "p95_ms", "p50_ms")]
    assert sum(wrong) <= 6, sum(wrong)


def test_an_outage_counts_as_few_probes():
    """Forty failures in a row are one event, and forty alone are forty."""
    row = samples(1, outage=(5, 7))[200:800]
    alone = [
        sample._replace(**OUTAGE) if number % 15 == 0 else sample for number, sample in enumerate(samples(1)[200:800])
    ]
    worth = [spread.effective(each, [not sample.ok for sample in each]) for each in (row, alone)]
    assert worth[0] < 60 and worth[1] > 400, worth
    widths = [found[-1] - found[0] for found in (spread.of(each, [])["error_rate_pct"] for each in (row, alone))]
    assert widths[0] > 2.5 * widths[1]


def test_of_few_probes_nothing_is_kept():
    assert spread.of(samples(1)[::10][:19], []) == {} and spread.of(samples(1)[:80], []) == {}  # 19 probes; 4 s of them
    assert set(spread.of(samples(1)[:100], samples(1))) == {"p50_ms", "p95_ms", "baseline_p50_ms", "error_rate_pct"}


def test_the_experiment_and_the_sentence():
    before, now = run(1, FIRST), run(2, median_ms=9.0)
    found = compare.compare(before, now)
    assert (found["worse"], found["better"], found["experiments"][0]["word"]) == (1, 0, "worse")
    assert found["sentence"].startswith(
        "compared with run %s (passed): 1 of 1 worse, 0 better (cpu-light on web1: p95 " % FIRST
    )
    assert found["sentence"].endswith(" ms: worse)")
    earlier, later = now, before
    back = compare.compare(earlier, later)
    assert (back["worse"], back["better"]) == (0, 1)
    other = compare.compare(before, run(3, name="memory-light"))
    assert (other["only_before"], other["only_now"], other["experiments"]) == (
        ["cpu-light@web1"],
        ["memory-light@web1"],
        [],
    )
    assert other["sentence"].endswith("no experiment is in both")


def test_a_verdict_that_fell_is_worse_and_recovery_counts_by_its_objective():
    wanted = {"recovery_time": "2s"}
    early, late = run(1, objectives=wanted, outage=(29, 31)), run(1, objectives=wanted, outage=(29, 35))
    assert [early["summary"]["verdict"], late["summary"]["verdict"]] == ["passed", "failed"]
    (experiment,) = compare.compare(early, late)["experiments"]
    recovery = next(each for each in experiment["figures"] if each["name"] == "recovery_time_s")
    assert experiment["word"] == "worse" and recovery["word"] == "worse" and recovery["interval"] is None
    assert word(early, run(1, objectives=wanted, outage=(29, 31.5)), "recovery_time_s") == "unknown"


def test_a_report_without_its_spread_says_nothing_of_change():
    before = run(1)
    del before["experiments"][0]["metrics"]["spread"]
    assert word(before, run(2, median_ms=50.0), "p95_ms") == "unknown"
    before["experiments"][0]["metrics"]["spread"] = {"p95_ms": ["x"] * 21}
    assert word(before, run(2, median_ms=50.0), "p95_ms") == "unknown"


def test_it_is_told_and_has_the_published_form(tmp_path):
    folder = str(tmp_path)
    publish.publish(dict(reports.RUN, id=FIRST), run(1)["experiments"], folder)
    path, report = publish.publish(dict(reports.RUN, id=SECOND), run(2, median_ms=9.0)["experiments"], folder)
    assert [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(report)] == []
    assert json.load(open(os.path.join(path, "report.json"), encoding="utf-8")) == report
    assert report["comparison"]["with"]["id"] == FIRST and [each["id"] for each in report["history"]] == [FIRST, SECOND]
    assert (
        report["history"][1]["scenarios"]["cpu-light@web1"]["p95_ms"] == report["experiments"][0]["metrics"]["p95_ms"]
    )
    assert "## Compared with an earlier run" in markdown.render(
        report
    ) and "| cpu-light | web1 | worse | " in markdown.render(report)
    assert any("1 of 1 worse" in line for line in terminal.render(report))


def test_a_run_that_writes_twice_is_one_line_and_is_not_compared_with_itself(tmp_path):
    folder = str(tmp_path)
    publish.publish(dict(reports.RUN, id=FIRST), run(1)["experiments"], folder)
    _path, report = publish.publish(dict(reports.RUN, id=FIRST), run(1, name="memory-light")["experiments"], folder)
    assert len(report["experiments"]) == 2 and report["comparison"] is None
    (line,) = history.read(folder)
    assert set(line["scenarios"]) == {"cpu-light@web1", "memory-light@web1"}


def test_a_dry_run_is_no_history(tmp_path):
    publish.publish(dict(reports.RUN, id=FIRST, dry_run=True), [reports.records()[-1]], str(tmp_path))
    assert history.read(str(tmp_path)) == []


def test_which_run_is_taken(tmp_path):
    folder = str(tmp_path)
    publish.publish(dict(reports.RUN, id=FIRST), run(1)["experiments"], folder)
    publish.publish(
        dict(reports.RUN, id=SECOND), run(1, objectives={"error_rate": "1%"}, failing=0.2)["experiments"], folder
    )

    def taken(wanted, name="cpu-light"):
        found = choose.earlier(folder, wanted, THIRD, run(1, name=name)["experiments"])
        return found and found["run"]["id"]

    assert [taken(None), taken("latest"), taken("latest-passed"), taken("none")] == [SECOND, SECOND, FIRST, None]
    assert [taken(FIRST), taken(os.path.join(folder, FIRST)), taken(os.path.join(folder, FIRST, "report.json"))] == [
        FIRST
    ] * 3
    assert taken(None, "other") is None
    (tmp_path / SECOND / "report.json").unlink()
    assert taken(None) == FIRST
    assert taken(str(ROOT / "tests" / "unit" / "report" / "schema_1.json")) == "20261124T220501Z-3fa9c1"
    (tmp_path / "text").write_text("no JSON")
    for wanted in (THIRD, str(tmp_path / "text"), str(tmp_path / "nowhere"), str(ROOT / "docs" / "report.schema.json")):
        with pytest.raises(ValueError) as caught:
            taken(wanted)
        assert "\n" not in str(caught.value)


def test_a_history_that_others_wrote_into(tmp_path):
    (tmp_path / "history.jsonl").write_bytes(
        b'{"id": 5}\nno JSON\n\xff\xfe\n[]\n{"id": "x", "finished": "y", "verdict": "fine", "scenarios": {}}\n'
    )
    assert history.read(str(tmp_path)) == [] and choose.earlier(str(tmp_path), None) is None
    publish.publish(dict(reports.RUN, id=FIRST), run(1)["experiments"], str(tmp_path))
    assert [each["id"] for each in history.read(str(tmp_path))] == [FIRST]


def test_another_service_is_no_run_to_compare_with(tmp_path):
    """The same scenario on the same host against another address: slower, and not worse."""
    folder, shop, cart = str(tmp_path), "http://web1:8001/health", "http://web1:8002/health"

    def publish_of(run_id, url, compare_with=None, **more):
        told = dict(reports.RUN, id=run_id, finished="2026-11-0%dT22:00:00Z" % (1 + len(history.read(folder))))
        return publish.publish(told, run(1, url=url, **more)["experiments"], folder, compare_with)[1]

    publish_of(FIRST, shop)
    alone = publish_of(SECOND, cart, median_ms=9.0)
    assert [error.message for error in jsonschema.Draft202012Validator(SCHEMA).iter_errors(alone)] == []
    found = alone["comparison"]
    assert (found["worse"], found["experiments"], found["other_service"]) == (0, [], ["cpu-light@web1"])
    said = "not compared with run %s (passed): it tested another service (cpu-light on web1: %s then, %s now)"
    assert found["sentence"] == said % (FIRST, shop, cart)
    for told in (" ".join(terminal.render(alone)), markdown.render(alone), html.render(alone)):
        assert "not compared with run" in " ".join(told.split())
    assert "No figure is worse" not in html.render(alone)
    assert [set(each["scenarios"]) for each in alone["history"]] == [set(), {"cpu-light@web1"}]

    again = publish_of(THIRD, shop, median_ms=9.0)  # passes over the newer run of the other service
    assert (again["comparison"]["with"]["id"], again["comparison"]["worse"]) == (FIRST, 1)
    named = publish_of("20261122T220001Z-dddddd", shop, SECOND)
    assert named["comparison"]["experiments"] == [] and named["comparison"]["other_service"] == ["cpu-light@web1"]


def test_what_tested_another_service_is_counted_beside_what_is_compared():
    def both(other):
        report = run(1, url="http://web1/a")
        report["experiments"] += run(1, name="memory-light", url=other)["experiments"]
        return report

    found = compare.compare(both("http://web1/b"), both("http://web1/c"))
    assert found["other_service"] == ["memory-light@web1"] and len(found["experiments"]) == 1
    assert found["sentence"].endswith("0 of 1 worse, 0 better; 1 not compared, as another service was tested")
    assert compare.compare(run(1), run(1, url="http://web1/a"))["other_service"] == []  # one does not say it


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/stdin"])
def test_a_device_is_no_report_to_compare_with(tmp_path, device):
    """It would be read without end."""
    with pytest.raises(ValueError, match="^chaos_compare: '%s' (is not a file|cannot be read)" % device):
        choose.earlier(str(tmp_path), device)


@pytest.mark.parametrize(
    "early, late, same",
    [
        (("shop 1.2.0", "http://127.0.0.1:5001/health"), ("shop 1.3.0-rc1", "http://127.0.0.1:41525/health"), True),
        (("shop 1.2.0", "http://h:5001/health"), ("cart 1.2.0", "http://h:5001/health"), False),
        (("shop", "http://h:5001/health"), ("shop", "http://h:5001/orders"), False),
        (("shop", "http://h/orders"), ("shop", "POST http://h/orders"), False),
        (("shop 1.2.0", "http://h:1/"), (None, "http://h:1/"), True),
        (("shop 1.2.0", "http://h:1/"), (None, "http://h:2/"), False),
        ((None, None), ("shop", "http://h:2/"), True),
    ],
)
def test_what_is_the_same_service(early, late, same):
    """The kind: a service that picks its port at its start is the same one after the next start."""
    tested = [compare.tested({"target": {"service": name, "probed": probed}}) for name, probed in (early, late)]
    assert compare.is_same_service(*tested) is compare.is_same_service(*reversed(tested)) is same
