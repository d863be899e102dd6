# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a variable was set: on the command line, in a play, for a host, for a group. Private to magsasa.chaos.

Ansible hands an action the variables as one mapping in which the strongest place has won; this asks its parts again.
"""

from __future__ import annotations

from ansible.inventory.helpers import sort_groups
from ansible.utils.vars import load_extra_vars
from ansible.vars.plugins import get_vars_from_inventory_sources, get_vars_from_path

RUN = "the run"
PLAY = "the play"


def extra_variables(loader):
    """Variables of ``-e``, of a survey or of a launch; Ansible has read them already."""
    return load_extra_vars(loader=loader)


def layers(name, task_vars, loader):
    """``[(place, raw value)]`` of a variable, the weakest first: groups from the outermost in, the host, the play, the
    run.

    ``group_vars`` and ``host_vars`` count beside the inventory and beside the playbook, as they do for Ansible.
    """
    if name not in task_vars:
        return []
    inventory = task_vars["hostvars"]._inventory
    host = inventory.get_host(task_vars["inventory_hostname"])
    found = []
    groups = sort_groups(host.get_groups()) if host else []
    for place, entity in [("group %s" % group.name, group) for group in groups] + (
        [("host %s" % host.name, host)] if host else []
    ):
        value = _of_entity(name, entity, inventory, loader)
        found += [] if value is None else [(place, value)]
    given = extra_variables(loader)
    strongest = task_vars[name]
    if name in given:
        return found + [(RUN, given[name])]
    return found if any(value == strongest for _place, value in found) else found + [(PLAY, strongest)]


def _of_entity(name, entity, inventory, loader):
    """The raw value that an inventory states for one group or host, or None."""
    own = entity.vars
    found = own.get(name)
    beside = [get_vars_from_inventory_sources(loader, inventory._sources, [entity], "task")]
    beside += [get_vars_from_path(loader, loader.get_basedir(), [entity], "task")]
    for variables in beside:
        found = variables.get(name, found)
    return found
