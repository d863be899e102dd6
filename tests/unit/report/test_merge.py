# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts of a sliced run become one report, and what no part has is named."""

from __future__ import annotations

import copy
import json

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _merge
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model
from support.reports import RUN, records as of_every_kind

FLEET = {"app": ["app1", "app2", "app3"]}


def report(host, number=1, **run):
    """The report of a slice that had one host."""
    known = dict(RUN, id="20261124T22050%dZ-3fa9c1" % number, **run)
    return model.build(known, [of_every_kind(host)[0]])  # one that passed


def part(host, number=1, fleet=None, **run):
    """The same as its artifact, read again."""
    made = _merge.make(
        report(host, number, **run), [host], FLEET if fleet is None else fleet, {"app": [host]}, "/there"
    )
    return _merge.of_artifact("chaos_part_%d" % number, json.loads(json.dumps(made)))


def test_all_parts_are_one_run_and_the_same_twice_is_one():
    parts = [part("app%d" % number, number) for number in (1, 2, 3)]
    again = _merge.of_bytes("report.json", json.dumps(report("app1", 1)).encode())
    assert _merge.alike(parts) is None and _merge.lacking(parts, {}, 3) == ([], [])
    run, records = _merge.merged(parts + [again], dict(RUN, id="20261124T220509Z-3fa9c1"))
    assert [each["host"] for each in records] == ["app1", "app2", "app3"] and run["id"].startswith("20261124T220509Z")
    assert model.build(dict(run, parts={"merged": [], "missing": []}), records)["summary"]["verdict"] == "passed"


@pytest.mark.parametrize(
    "hosts, fleet, expected, said, lost",
    [
        (["app1", "app2"], FLEET, None, ["no part has app3"], ["app3"]),
        (["app1", "app2"], FLEET, 3, ["2 of 3 slices", "no part has app3"], ["app3"]),
        (["app1", "app2"], {"app": 3}, None, ["2 of 3 hosts of the group app"], []),
        (["app1"], {}, 2, ["1 of 2 slices"], []),
    ],
)
def test_what_is_missing_is_named_and_the_verdict_is_unknown(hosts, fleet, expected, said, lost):
    parts = [part(host, number, fleet) for number, host in enumerate(hosts)]
    assert _merge.lacking(parts, {}, expected) == (said, lost)
    run, records = _merge.merged(parts, RUN)
    assert model.build(dict(run, parts={"merged": [], "missing": said}), records)["summary"]["verdict"] == "unknown"


def test_a_report_that_is_too_large_for_an_artifact_says_where_it_is(monkeypatch):
    monkeypatch.setattr(_merge, "MOST_TEXT", 100)
    found = part("app1")
    assert found.report is None
    said, lost = _merge.lacking([found, part("app2", 2)], {}, None)
    assert "the report of chaos_part_1 is not in its part; its report is at /there" in said and "app1" in lost


@pytest.mark.parametrize("more", [{"seed": "8"}, {"intensity": "heavy"}, {"versions": {"magsasa.chaos": "0.1"}}])
def test_parts_of_two_runs_are_refused(more):
    said = _merge.alike([part("app1", 1), part("app2", 2, **more)])
    assert said.startswith("the parts differ in their ") and "merge the parts of one sliced run only" in said


@pytest.mark.parametrize("wrong", [b"{", b"[]", b"{}", b'{"schema": "magsasa.chaos/part/1", "report": "x"}', b"\xff"])
def test_what_is_no_part_is_one_sentence(wrong):
    with pytest.raises(ChaosError, match="^it "):
        _merge.of_bytes("it", wrong)


def test_a_part_without_its_curves_is_small():
    whole = report("app1")
    large = copy.deepcopy(whole)
    large["experiments"] *= 18
    assert len(_merge.make(large, ["app1"], FLEET, {}, None)["report"] or "") <= _merge.MOST_TEXT
