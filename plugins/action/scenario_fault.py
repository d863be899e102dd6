# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the fault that a scenario describes as data."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible_collections.magsasa.chaos.plugins.plugin_utils._fault_action import FaultAction
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES


class ActionModule(FaultAction):
    """``family`` chooses the module, ``options`` are its options."""

    _VALID_ARGS = frozenset(("family", "options", "state", "name", "experiment"))

    def _experiment(self):
        return self._task.args.get("experiment")

    def _module(self):
        arguments = self._task.args
        family = arguments.get("family")
        if family not in FAMILIES:
            raise AnsibleActionFail("family: '%s' is not a fault family; use one of %s" % (family, ", ".join(FAMILIES)))
        options = arguments.get("options") or {}
        if not isinstance(options, dict):
            raise AnsibleActionFail("options: must be a dictionary of the options of magsasa.chaos.%s_fault" % family)
        chosen = dict(options, name=arguments.get("name"), state=arguments.get("state", "present"))
        return "magsasa.chaos.%s_fault" % family, chosen
