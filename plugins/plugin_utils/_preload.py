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
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _shelves
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


def load(hosts=1):
    """Once; what cannot be loaded is met again by whoever needs it, and told then."""
    if LOADED:
        return
    LOADED.append(True)
    # Ansible keeps no byte code of a collection: each worker would compile the families whose options it checks.
    for family in FAMILIES if hosts >= MANY else ():
        _quietly(importlib.import_module, "%s.%s" % (_families.__name__, family))
    _quietly(_shelves.load)
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


def _quietly(function, *arguments, **options):
    try:
        return function(*arguments, **options)
    except Exception:  # a saving, never a reason to fail
        return None
