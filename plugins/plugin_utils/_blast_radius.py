# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts may be experimented on at the same time: a share of every group, and never its last healthy member.
Pure. Private to magsasa.chaos.
"""

from __future__ import annotations

import math
import random

EVERYBODY = ("all", "ungrouped")  # Ansible's own groups say nothing about who stands in for whom


def limit(size, percent):
    """How many of a group of ``size`` hosts may be out at once. One of a group of one: there is nobody who could stand
    in for it.

    >>> [limit(size, 50.0) for size in (1, 2, 3, 10)], limit(10, 99.0), limit(10, 100.0)
    ([1, 1, 1, 5], 9, 10)
    """
    if percent >= 100.0 or size <= 1:
        return size
    return max(1, min(size - 1, math.floor(size * percent / 100.0)))


def plan(hosts, groups, percent, seed, unhealthy=()):
    """``{"waves": [[host]], "refused": {host: sentence}}``: hosts of one wave may run together, the waves one after the
    other.

    ``groups``: ``{group: [host]}`` of the inventory; ``unhealthy``: hosts that are out already, which count against
    their groups. Which host is in
    which wave is random; the same ``seed`` gives the same waves.
    """
    hosts, unhealthy = sorted(set(hosts)), set(unhealthy)
    room = {
        name: limit(len(members), percent) - len(unhealthy & set(members))
        for name, members in groups.items()
        if name not in EVERYBODY
    }
    of_host = {host: [name for name in room if host in groups[name]] for host in hosts}
    refused = {}
    for host in hosts:
        full = next((name for name in sorted(of_host[host]) if room[name] < 1), None)
        if full is not None:
            refused[host] = _refusal(full, groups[full], percent, len(unhealthy & set(groups[full])))
    waiting = [host for host in hosts if host not in refused]
    random.Random(str(seed)).shuffle(waiting)
    waves = []
    for host in waiting:
        wave = next(
            (
                each
                for each in waves
                if all(sum(name in of_host[other] for other in each) < room[name] for name in of_host[host])
            ),
            None,
        )
        if wave is None:
            waves.append([host])
        else:
            wave.append(host)
    return {"waves": [sorted(wave) for wave in waves], "refused": refused}


def _refusal(group, members, percent, out):
    return (
        "refused by the blast radius guard: %d of %d hosts of the group %s are not healthy, and at most %d may be "
        "unavailable at the same time (chaos_max_percent %g); raise chaos_max_percent to lift this guard"
        % (out, len(members), group, limit(len(members), percent), percent)
    )
