# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of every fault module: inventory guards first, then the module.

``meta/runtime.yml`` names this action for each of them. It is called like one of them because every action needs a
module page of its name.
"""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible_collections.magsasa.chaos.plugins.plugin_utils._fault_action import FaultAction
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES

OWN = "cpu_fault"


class ActionModule(FaultAction):
    """See FaultAction."""

    def _module(self):
        written, resolved = [
            (name or "").rpartition(".")[2] for name in (self._task.action, self._task.resolved_action)
        ]
        modules = ["%s_fault" % family for family in FAMILIES]
        if written in modules:
            return "magsasa.chaos." + written, self._task.args
        # By a name of somebody else's that leads here. ansible-core 2.16 resolves every fault module to this action, so
        # which one is meant cannot be told from its own name.
        if resolved in modules and resolved != OWN:
            return "magsasa.chaos." + resolved, self._task.args
        raise AnsibleActionFail(
            "'%s' does not tell which fault is meant; name the module itself, such as magsasa.chaos.cpu_fault"
            % self._task.action
        )
