# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over groups of hosts that are to be cut off from each other."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _topology


def partition_topology(hosts, topology, one=None, seed=None):
    """Who refuses whom."""
    try:
        return _topology.partition(list(hosts), topology, one, seed)
    except ChaosError as error:
        raise AnsibleFilterError(str(error))


class FilterModule:
    """Filters of the collection over groups of hosts."""

    def filters(self):
        """Name to function."""
        return {"partition_topology": partition_topology}
