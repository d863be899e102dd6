# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partitions of groups: who refuses whom."""

from __future__ import annotations

import pytest

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils._topology import LEAST, partition


def parts(found):
    """Sets of hosts that reach each other, directly or by others."""
    groups = []
    for host in found:
        reached = [group for group in groups if any(host not in found[other] for other in group)]
        groups = [group for group in groups if group not in reached] + [{host}.union(*reached)]
    return sorted(map(sorted, groups))


@pytest.mark.parametrize(
    "hosts, topology, one, refused",
    [
        ("abc", "isolate", None, {"a": "bc", "b": "a", "c": "a"}),
        ("abc", "isolate", "b", {"a": "b", "b": "ac", "c": "b"}),
        ("abcd", "halves", None, {"a": "cd", "b": "cd", "c": "ab", "d": "ab"}),
        ("abc", "halves", None, {"a": "c", "b": "c", "c": "ab"}),
        ("abcde", "majority", None, {"a": "de", "b": "de", "c": "de", "d": "abc", "e": "abc"}),
        ("abcd", "majority", None, {"a": "d", "b": "d", "c": "d", "d": "abc"}),
        ("abcde", "bridge", None, {"a": "", "b": "de", "c": "de", "d": "bc", "e": "bc"}),
        ("abc", "bridge", "c", {"a": "b", "b": "a", "c": ""}),
        ("abcd", "ring", None, {"a": "c", "b": "d", "c": "a", "d": "b"}),
        ("abcde", "ring", None, {"a": "cd", "b": "de", "c": "ae", "d": "ab", "e": "bc"}),
    ],
)
def test_who_refuses_whom(hosts, topology, one, refused):
    assert partition(list(hosts), topology, one) == {host: list(others) for host, others in refused.items()}


@pytest.mark.parametrize("topology", sorted(LEAST))
@pytest.mark.parametrize("count", range(4, 9))
def test_it_is_the_same_from_both_sides_and_for_the_same_seed(topology, count):
    hosts = ["h%d" % number for number in range(count)]
    found = partition(hosts, topology, seed=7)
    assert found == partition(hosts, topology, seed="7") and list(found) == hosts
    assert all(host in found[other] for host, others in found.items() for other in others)
    assert any(partition(hosts, topology, seed=seed) != found for seed in range(20))
    assert len(parts(found)) == {"isolate": 2, "halves": 2, "majority": 2, "bridge": 1, "ring": 1}[topology]


def test_the_minority_never_has_a_majority():
    for count in range(3, 20):
        sizes = sorted(map(len, parts(partition(["h%d" % number for number in range(count)], "majority"))))
        assert sizes[0] < count / 2 < sizes[1]


@pytest.mark.parametrize(
    "hosts, topology, one, says",
    [
        (["a", "b"], "star", None, "topology: 'star' is not a topology; use one of isolate"),
        (["a"], "isolate", None, "hosts: 'a' are too few for isolate; give at least 2"),
        (["a", "b", "c"], "ring", None, "give at least 4"),
        (["a", "a"], "isolate", None, "different hosts"),
        (["a", 1], "isolate", None, "different hosts"),
        (["a", "b"], "isolate", "c", "one: 'c' is not one of the hosts"),
        (["a", "b"], "halves", "a", "one: 'a' has no effect with halves"),
    ],
)
def test_what_is_wrong_is_told(hosts, topology, one, says):
    with pytest.raises(BadOption) as caught:
        partition(hosts, topology, one)
    assert says in str(caught.value)
