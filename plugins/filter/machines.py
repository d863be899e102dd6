# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filter that finds hosts of the inventory that are one machine."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable
from ansible_collections.magsasa.chaos.plugins.plugin_utils._fault_action import TWINS

PROTECTED = "chaos_protected is true"


def same_machines(hostvars, names):
    """``{host: why it is refused}`` of the hosts that are, by what they said of themselves, a machine that another
    name protects.
    """
    machines, protected = {}, {}
    for host in names:
        values = hostvars[host]
        machine = (values.get("suite_machine") or {}).get("machine")
        if isinstance(machine, str) and machine.strip("/"):
            machines[str(host)] = machine
            if PROTECTED in str(values.get("chaos_refused") or ""):
                protected.setdefault(machine, str(host))
    found = {host: protected[machine] for host, machine in machines.items() if protected.get(machine, host) != host}
    return {
        host: TWINS % (host, twin, "both report %s" % printable(machines[host], 60), twin)
        for host, twin in found.items()
    }


class FilterModule:
    """Filters of the collection over the machines of a run."""

    def filters(self):
        """Name to function."""
        return {"same_machines": same_machines}
