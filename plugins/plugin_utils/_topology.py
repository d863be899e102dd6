# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Partitions of a group of hosts, as data: who refuses whom. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import random

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption

LEAST = {
    "isolate": 2,
    "halves": 2,
    "majority": 3,
    "bridge": 3,
    "ring": 4,
}  # hosts; with fewer nobody is cut off from anybody


def partition(hosts, topology, one=None, seed=None):
    """``{host: [hosts that it refuses]}``, the same from both sides, in the order of ``hosts``. Raises BadOption.

    isolate: ``one`` (the first when left out) is cut off from all others. halves: two parts, the first the larger one.
    majority: a minority of as
    many hosts as can be is cut off. bridge: two halves that only ``one`` reaches. ring: each reaches its two neighbours
    only. ``seed`` shuffles
    the hosts first, the same way each time.

    >>> partition(["a", "b", "c"], "isolate")
    {'a': ['b', 'c'], 'b': ['a'], 'c': ['a']}
    """
    if topology not in LEAST:
        raise BadOption("topology", topology, "is not a topology", "use one of %s" % ", ".join(LEAST))
    if (
        not isinstance(hosts, (list, tuple))
        or not all(isinstance(host, str) for host in hosts)
        or len(set(hosts)) != len(hosts)
    ):
        raise BadOption(
            "hosts", hosts, "is not a list of different hosts", "give the names of a group, such as groups['db']"
        )
    if len(hosts) < LEAST[topology]:
        raise BadOption(
            "hosts", ", ".join(hosts), "are too few for %s" % topology, "give at least %d" % LEAST[topology]
        )
    if one is not None and topology not in ("isolate", "bridge"):
        raise BadOption("one", one, "has no effect with %s" % topology, "leave it out")
    if one is not None and one not in hosts:
        raise BadOption("one", one, "is not one of the hosts", "use one of %s" % ", ".join(hosts))
    order = list(hosts)
    if seed is not None:
        random.Random(str(seed)).shuffle(order)
    if one is not None:
        order.remove(one)
        order.insert(0, one)
    cut = _PAIRS[topology](order)
    return {host: [other for other in hosts if frozenset((host, other)) in cut] for host in hosts}


def _between(left, right):
    return {frozenset((one, other)) for one in left for other in right}


def _ring(order):
    neighbours = {frozenset((order[index - 1], order[index])) for index in range(len(order))}
    return _between(order, order) - neighbours - {frozenset((host,)) for host in order}


_PAIRS = {
    "isolate": lambda order: _between(order[:1], order[1:]),
    "halves": lambda order: _between(order[: (len(order) + 1) // 2], order[(len(order) + 1) // 2 :]),
    "majority": lambda order: _between(order[: len(order) // 2 + 1], order[len(order) // 2 + 1 :]),
    "bridge": lambda order: _between(order[1 : 1 + len(order) // 2], order[1 + len(order) // 2 :]),
    "ring": _ring,
}
