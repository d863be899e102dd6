# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU: what options mean and what the plan says."""

from __future__ import annotations

import os
from types import SimpleNamespace

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._families import cpu
from ansible_collections.magsasa.chaos.plugins.module_utils._families.cpu import FAMILY, Shared, busy_pct
from ansible_collections.magsasa.chaos.plugins.module_utils._host import cpu_quota

GIVEN = {"load": "50%", "cores": None, "core_ids": None, "per_core": False, "of": "host", "ramp": "0s"}
FACTS = {"cores": [0, 1, 5], "root": True}


def planned(facts=None, **change):
    return FAMILY.plan(FAMILY.parse(dict(GIVEN, **change)), dict(FACTS, **(facts or {})))


@pytest.mark.parametrize("load, pct", [("50%", 50.0), ("50", 50.0), ("1%", 1.0), ("100%", 100.0), ("12.5%", 12.5)])
def test_load(load, pct):
    assert FAMILY.parse(dict(GIVEN, load=load))["load_pct"] == pct


@pytest.mark.parametrize(
    "change", [{"load": None}, {"load": "0.5"}, {"load": "101%"}, {"load": "x"}, {"cores": 0}, {"ramp": "soon"}]
)
def test_bad_options(change):
    with pytest.raises(BadOption) as caught:
        FAMILY.parse(dict(GIVEN, **change))
    assert caught.value.details["option"] == list(change)[0]


@pytest.mark.parametrize("cores, chosen", [(None, [0, 1, 5]), (1, [0]), (3, [0, 1, 5])])
def test_plan_has_one_worker_a_core(cores, chosen):
    found = planned(cores=cores)
    (step,) = found["steps"]
    assert step["args"]["cores"] == chosen and found["requested"]["cores"] == len(chosen)
    assert step["undo"] == [{"op": "workers.end", "args": {"fault": "$ID"}}] and found["claims"] == ["cpu"]


def test_more_cores_than_there_are():
    with pytest.raises(BadOption, match="cores: '4' is more than the 3 cores"):
        planned(cores=4)


@pytest.mark.parametrize("of, root, notes", [("host", False, 0), ("added", True, 0), ("added", False, 1)])
def test_what_cannot_be_forced_without_root_is_said(of, root, notes):
    assert len(planned({"root": root}, of=of)["notes"]) == notes


QUOTA = {"cores": 0.25, "file": "/sys/fs/cgroup/cpu.max", "figure": "25000 of 100000 us"}


@pytest.mark.parametrize("load, told", [("50%", True), ("9%", True), ("8%", False)])
def test_a_quota_that_keeps_the_load_down_is_in_the_plan(load, told):
    notes = planned({"quota": QUOTA}, load=load)["notes"]
    assert bool(notes) is told
    if told:
        assert (
            "0.25 core(s) (/sys/fs/cgroup/cpu.max: 25000 of 100000 us), which is 8.33 % of 3 core(s)" in notes[0]
            and load.replace("%", " %") in notes[0]
        )


def _files(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text + "\n")


@pytest.mark.parametrize(
    "files, groups, cores",
    [
        (
            {"": {"cgroup__controllers": "cpu", "cpu__max": "max 100000"}, "a/b": {"cpu__max": "25000 100000"}},
            [["", "/a/b"]],
            0.25,
        ),
        (
            {"": {"cgroup__controllers": "cpu"}, "a": {"cpu__max": "50000 100000"}, "a/b": {"cpu__max": "max 100000"}},
            [["", "/a/b"]],
            0.5,
        ),
        ({"": {"cgroup__controllers": "cpu", "cpu__max": "150000 100000"}}, [["", "/../x"]], 1.5),  # of a container
        ({"": {"cgroup__controllers": "cpu", "cpu__max": "what is this"}}, [["", "/"]], None),
        (
            {"cpu,cpuacct/x": {"cpu__cfs_quota_us": "20000", "cpu__cfs_period_us": "100000"}},
            [["cpu,cpuacct", "/x"], ["memory", "/x"]],
            0.2,
        ),
        ({"cpu/x": {"cpu__cfs_quota_us": "-1", "cpu__cfs_period_us": "100000"}}, [["cpu", "/x"]], None),
        ({}, [["", "/"]], None),
    ],
)
def test_the_tightest_quota_counts(tmp_path, files, groups, cores):
    for folder, content in files.items():
        _files(tmp_path / folder, **content)
    found = cpu_quota.of_groups(groups, str(tmp_path))
    assert (found and found["cores"]) == cores


@pytest.mark.parametrize(
    "before, after, pct",
    [
        ({0: (10, 100)}, {0: (60, 200)}, 50.0),
        ({0: (0, 0), 1: (0, 0)}, {0: (100, 100), 1: (0, 100)}, 50.0),
        ({0: (5, 10)}, {0: (5, 10)}, None),
    ],
)
def test_busy_pct(before, after, pct):
    assert busy_pct(before, after) == pct


def test_shared_figures_do_not_overlap():
    shared = Shared(2)
    for index in range(2):
        shared.set_share(index, index + 0.25)
        shared.set_burnt(index, index + 0.5)
    assert [(shared.share(index), shared.burnt(index)) for index in range(2)] == [(0.25, 0.5), (1.25, 1.5)]


@pytest.mark.parametrize(
    "change",
    [{"core_ids": []}, {"core_ids": [1, 1]}, {"core_ids": [-1]}, {"core_ids": [0], "cores": 1}, {"core_ids": [0, 2]}],
)
def test_what_is_no_list_of_cores(change):
    with pytest.raises(BadOption, match="core"):
        planned(**change)


def test_named_cores_are_the_ones():
    found = planned(core_ids=[5, 0], per_core=True)
    assert found["steps"][0]["args"]["cores"] == [0, 5] and found["steps"][0]["args"]["per_core"] is True
    assert (
        found["requested"] == {"load_pct": 50.0, "cores": 2, "of": "host", "core_ids": [0, 5]}
        and "busy each" in found["steps"][0]["says"]
    )


@pytest.fixture
def insisted(tmp_path, monkeypatch):
    """``insisted(own share, uid)``: {what got a nice value: which} when the load is to be 50 %."""

    def found(own_share, uid=0):
        told, place = {}, tmp_path / "autogroup"
        monkeypatch.setattr(os, "geteuid", lambda: uid)
        monkeypatch.setattr(os, "setpriority", lambda which, pid, nice: told.update({pid: nice}))
        monkeypatch.setattr(
            cpu, "open", lambda path, mode: open({"/proc/self/autogroup": str(place)}[path], mode), raising=False
        )
        memory = {"nice": 0, "since_nice": 0.0}
        FAMILY._insist(SimpleNamespace(memory=memory, workers=[11, 12]), own_share, 0.5, 10.0)
        if place.exists():
            told["session"] = int(place.read_text())
        assert set(told.values()) <= {memory["nice"]}
        return told

    return found


def test_root_insists_on_its_share_in_its_session_too(insisted):
    """Where the kernel groups tasks by session, a nice value of a worker counts among ours only."""
    told = insisted(0.4)
    assert set(told) == {11, 12, "session"} and set(told.values()) == {-cpu.NICE_STEP}


@pytest.mark.parametrize("own_share, uid", [(0.49, 0), (0.6, 0), (0.1, 1000)])
def test_who_has_its_share_or_no_right_to_more_insists_on_nothing(insisted, own_share, uid):
    assert insisted(own_share, uid) == {}
