# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter that divides hosts into waves."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _blast_radius, _fleet


def blast_waves(hosts, groups, percent="50", seed="", unhealthy=(), fleet=None):
    """Waves of hosts that may be experimented on together. With ``fleet`` they are those of the whole groups."""
    try:
        share = _quantity.percent(percent, "chaos_max_percent", low=1.0, high=100.0)
    except ChaosError as error:
        raise AnsibleFilterError(str(error))
    named = {str(name): [str(member) for member in members] for name, members in groups.items()}
    hosts, idle = sorted(str(host) for host in hosts), sorted(str(host) for host in unhealthy)
    if fleet:  # what is out elsewhere the keeper knows
        found = dict(_fleet.waves(hosts, fleet, named, share, str(seed)), refused={})
    else:
        found = _blast_radius.plan(hosts, named, share, str(seed), idle)
        found.update(numbers=list(range(1, len(found["waves"]) + 1)), of=len(found["waves"]))
    return dict(found, idle=idle)


class FilterModule:
    """Filters of the collection over the hosts of a run."""

    def filters(self):
        """Name to function."""
        return {"blast_waves": blast_waves}
