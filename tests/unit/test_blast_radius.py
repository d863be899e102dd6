# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The share of a group that is out at once."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.filter.blast_waves import blast_waves
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _blast_radius
from hypothesis import given
from hypothesis import strategies as st

WEB = ["web%d" % number for number in range(6)]
GROUPS = {"all": WEB + ["db1", "lone"], "ungrouped": ["lone"], "web": WEB, "db": ["db1"]}


@pytest.mark.parametrize(
    "percent, sizes", [("50%", [3, 3]), ("50", [3, 3]), (34, [2, 2, 2]), ("1", [1] * 6), ("100%", [6]), ("99", [5, 1])]
)
def test_the_share_of_a_group(percent, sizes):
    waves = blast_waves(WEB, GROUPS, percent, "seed")["waves"]
    assert sorted(map(len, waves), reverse=True) == sizes and sorted(sum(waves, [])) == WEB


def test_hosts_without_a_group_or_alone_in_it_are_not_held_back():
    assert blast_waves(["lone", "db1"], GROUPS)["waves"] == [["db1", "lone"]]


def test_the_seed_decides_who_is_with_whom():
    plans = [blast_waves(WEB, GROUPS, "50", str(seed))["waves"] for seed in range(20)]
    assert blast_waves(reversed(WEB), GROUPS, "50", "7")["waves"] == plans[7]
    assert len({str(plan) for plan in plans}) > 5


def test_hosts_that_are_out_already_count():
    assert sorted(map(len, blast_waves(WEB[:5], GROUPS, "50", "s", ["web5"])["waves"])) == [1, 2, 2]
    told = blast_waves(WEB[:2], GROUPS, "50", "s", WEB[2:5])
    assert told["waves"] == [] and sorted(told["refused"]) == WEB[:2]
    assert told["refused"]["web0"].startswith(
        "refused by the blast radius guard: 3 of 6 hosts of the group web are not healthy, and at most 3 may"
    )
    assert "chaos_max_percent" in told["refused"]["web0"]
    assert blast_waves(WEB[:2], GROUPS, "100", "s", WEB[2:5])["waves"] == [WEB[:2]]


@pytest.mark.parametrize("wrong", ["0", "101%", "many", "", True])
def test_bad_input_is_one_sentence(wrong):
    with pytest.raises(AnsibleFilterError, match="^chaos_max_percent: "):
        blast_waves(WEB, GROUPS, wrong)


@given(
    st.lists(st.sets(st.integers(0, 11), min_size=1), min_size=1, max_size=5),
    st.floats(1, 100),
    st.sets(st.integers(0, 11)),
    st.integers(),
)
def test_no_wave_is_ever_too_large(sets, percent, out, seed):
    groups = {"g%d" % number: [str(each) for each in members] for number, members in enumerate(sets)}
    hosts = [str(host) for host in range(12) if host not in out]
    told = _blast_radius.plan(hosts, groups, percent, seed, [str(each) for each in out])
    assert sorted(sum(told["waves"], []) + list(told["refused"])) == sorted(hosts)
    for wave in told["waves"]:
        for members in groups.values():
            busy = len(set(wave) & set(members)) + len({str(each) for each in out} & set(members))
            assert not set(wave) & set(members) or busy <= _blast_radius.limit(len(members), percent)
            assert percent >= 100 or len(members) == 1 or not set(wave) & set(members) or busy < len(members)
