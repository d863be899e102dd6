# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Parts that are damaged, doubled, of other runs, or that say more than they have."""

from __future__ import annotations

import copy
import functools
import json

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _merge
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import model
from support.reports import RUN, records

JUNK = (None, 5, "x", [5], {"a": 5}, [{}], float("nan"))


of_every_kind = functools.lru_cache(records)  # nobody changes what it gives


def artifact(host, number=1, fleet=None, found=None, **run):
    known = dict(RUN, id="20261124T22050%dZ-3fa9c1" % number, **run)
    found = [of_every_kind(host)[0]] if found is None else found
    return json.loads(
        json.dumps(_merge.make(model.build(known, found), [host], fleet or {}, {"app": [host]}, "/there"))
    )


def part(*given, **more):
    return _merge.of_artifact("it", artifact(*given, **more))


@pytest.mark.parametrize("key", ["run", "hosts", "fleet", "groups", "where", "report"])
def test_whatever_stands_in_a_part_it_is_one_sentence_or_a_part_that_can_be_counted(key):
    for junk in JUNK:
        try:
            found = _merge.of_artifact("it", dict(artifact("app1"), **{key: junk}))
        except ChaosError as error:
            assert str(error).startswith("it ") and str(error).isprintable(), (key, junk)
        else:
            assert _merge.alike([found, part("app2", 2)]) is None
            _merge.lacking([found, part("app2", 2)], {}, 2)


def test_whatever_stands_in_a_report_it_is_one_sentence_or_can_be_merged():
    whole = model.build(RUN, of_every_kind("app1")[1:2])
    places = [("run", key) for key in whole["run"]] + [("experiments", key) for key in whole["experiments"][0]]
    for name, key in places:
        for junk in JUNK:
            spoilt = copy.deepcopy(whole)
            (spoilt["run"] if name == "run" else spoilt["experiments"][0])[key] = junk
            try:
                found = _merge.of_bytes("it", json.dumps(spoilt).encode())
            except ChaosError as error:
                assert str(error).startswith("it ") and str(error).isprintable(), (name, key, junk)
                continue
            _merge.alike([found, part("app2", 2)])
            _merge.lacking([found], {}, 2)
            run, records = _merge.merged([found], dict(RUN, id="20261124T220509Z-3fa9c1"))
            model.build(run, records)


def test_an_end_that_nobody_knows_is_no_success():
    spoilt = model.build(RUN, [dict(of_every_kind("app1")[1], status="well", verdict="fine")])
    with pytest.raises(ChaosError, match="^it is not a report of a run"):
        _merge.of_bytes("it", json.dumps(spoilt).encode())


def test_one_slice_that_came_twice_is_not_two_slices():
    again = _merge.of_bytes("report.json", json.dumps(model.build(RUN, [of_every_kind("app1")[0]])).encode())
    first = _merge.of_bytes("other.json", json.dumps(model.build(RUN, [of_every_kind("app1")[0]])).encode())
    assert _merge.lacking([first, again], {}, 2)[0] == ["1 of 2 slices"]


def test_the_names_of_a_large_fleet_are_too_many_for_a_part_and_its_size_is_not():
    names = ["host-%04d.example.org" % number for number in range(1000)]
    found = part(names[0], fleet={"app": names})
    assert _merge.lacking([found], {}, None)[0] == ["1 of 1000 hosts of the group app"]
    many = {"group-%04d" % number: 5 for number in range(2000)}
    found = part("app1", fleet=many)
    said = _merge.lacking([found], {}, None)[0]
    assert said == ["the groups of the fleet, too many for a part; name them with chaos_fleet"]
    assert _merge.lacking([found], {"app": ["app1"]}, None) == ([], [])


def test_a_host_of_a_part_without_a_record_is_missing():
    told = dict(artifact("app1"), hosts=["app1", "app9"])
    assert _merge.lacking([_merge.of_artifact("it", told)], {}, None) == (["no part has app9"], ["app9"])


def test_one_host_in_two_runs_is_refused():
    said = _merge.alike([part("app1"), part("app1", 2)])
    assert said == (
        "cpu-light on app1 is in the runs 20261124T220501Z-3fa9c1 and 20261124T220502Z-3fa9c1; merge the parts of one"
        " sliced run only"
    )


def test_a_host_that_every_part_knows_and_none_may_touch_is_in_all_of_them():
    closed = dict(
        of_every_kind("observer1")[7], reason="refused by the allowed guard: chaos_allowed is not true for observer1"
    )
    parts = [part("app%d" % number, number, found=[of_every_kind("app%d" % number)[0], closed]) for number in (1, 2)]
    assert _merge.alike(parts) is None and _merge.lacking(parts, {"app": ["app1", "app2"]}, 2) == ([], [])


def test_what_the_second_report_of_a_run_has_more_counts():
    """The artifact of the suite, and report.json after a task behind it had failed."""
    found = of_every_kind("app1")
    later = _merge.of_bytes("report.json", json.dumps(model.build(dict(RUN), found[:3])).encode())
    earlier = part("app1", found=found[:1])
    for parts in ([earlier, later], [later, earlier]):
        run, records = _merge.merged(parts, dict(RUN, id="20261124T220509Z-3fa9c1"))
        assert [each["id"] for each in records] == [each["id"] for each in found[:3]]
        assert model.build(run, records)["summary"]["verdict"] == "failed"
