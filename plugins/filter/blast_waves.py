# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter that divides hosts into waves."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _blast_radius


def blast_waves(hosts, groups, percent="50", seed="", unhealthy=()):
    """Waves of hosts that may be experimented on together."""
    try:
        share = _quantity.percent(percent, "chaos_max_percent", low=1.0, high=100.0)
    except ChaosError as error:
        raise AnsibleFilterError(str(error))
    named = {str(name): [str(member) for member in members] for name, members in groups.items()}
    return _blast_radius.plan([str(host) for host in hosts], named, share, str(seed), [str(host) for host in unhealthy])


class FilterModule:
    """Filters of the collection over the hosts of a run."""

    def filters(self):
        """Name to function."""
        return {"blast_waves": blast_waves}
