# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Plugins that each task of a run needs, and the scenarios that it chooses from, loaded once in ansible-playbook.
Private to magsasa.chaos.

Ansible forks a worker for each host and task, and what a worker loads goes with it. What ansible-playbook has loaded
its workers have for nothing: of the controller's CPU time for a host it is a third.
"""

from __future__ import annotations

import importlib
import pkgutil

from ansible.plugins import loader
from ansible_collections.magsasa.chaos.plugins import filter as own_filters
from ansible_collections.magsasa.chaos.plugins.module_utils import _families
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _catalogue, _shelves
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES

OWN = "magsasa.chaos"
ACTIONS = {
    OWN: "experiment fault first_contact host_turn preflight_check preflight_info report".split(),
    "ansible.builtin": "debug fail set_fact set_stats validate_argument_spec".split(),
}
FILTERS = "default bool combine dict2items difference extract flatten items2dict select zip".split()
TESTS = "defined equalto in search".split()
MANY = 10  # hosts from which on it is cheaper to load every family once than those of the run for each host
LOADED = []


def load(hosts=1, said=None):
    """Once; what cannot be loaded is met again by whoever needs it, and told then.

    ``said``: variables of the play as they are written, of which ``chosen`` reads some.
    """
    if LOADED:
        return
    LOADED.append(True)
    # Ansible keeps no byte code of a collection: each worker would compile the families whose options it checks, and of
    # one host that is the worker of each task.
    wanted = _quietly(chosen, said or {}, _quietly(_shelves.load) or [])
    for family in wanted if wanted is not None else FAMILIES if hosts >= MANY else ():
        _quietly(importlib.import_module, "%s.%s" % (_families.__name__, family))
    for info in pkgutil.iter_modules(own_filters.__path__):
        filters = _quietly(importlib.import_module, "%s.%s" % (own_filters.__name__, info.name))
        for name in filters.FilterModule().filters() if filters else ():
            _quietly(loader.filter_loader.get, "%s.%s" % (OWN, name))
    for name in FILTERS:
        _quietly(loader.filter_loader.get, name)
    for name in TESTS:
        _quietly(loader.test_loader.get, name)
    for collection, names in ACTIONS.items():
        for name in names:
            _quietly(loader.action_loader.get, "%s.%s" % (collection, name), class_only=True)
    _quietly(loader.lookup_loader.get, "ansible.builtin.env", class_only=True)
    for name in ("local", "ssh"):
        _quietly(loader.connection_loader.get, "ansible.builtin." + name, class_only=True)
    _quietly(loader.shell_loader.get, "sh", class_only=True)
    _quietly(loader.become_loader.get, "ansible.builtin.sudo", class_only=True)


def chosen(said, shelves):
    """Families of the scenarios that a run will choose, or None where its variables do not tell before they are filled
    in. ``shelves``: the shipped scenarios.
    """
    if said.get("chaos_scenario_files"):
        return None
    more = said.get("chaos_extra_scenarios") or []
    entries = [each for each in list(shelves) + list(more) if each["family"] in FAMILIES]
    found = _catalogue.select(entries, said.get("chaos_intensity") or "light", said.get("chaos_scenarios"))
    return sorted({each["family"] for each in found})


def _quietly(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except Exception:  # a saving, never a reason to fail
        return None
