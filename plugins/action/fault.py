# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of every fault module: inventory guards first, then the module. ``meta/runtime.yml`` names it for each of them."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible_collections.magsasa.chaos.plugins.plugin_utils._fault_action import FaultAction
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import FAMILIES


class ActionModule(FaultAction):
    """See FaultAction."""

    def _module(self):
        # ansible-core 2.16 resolves the module to this action, so the name of the module is the one that the task was written with.
        for name in (self._task.resolved_action, self._task.action):
            module = (name or "").rpartition(".")[2]
            if module in ["%s_fault" % family for family in FAMILIES]:
                return "magsasa.chaos." + module, self._task.args
        raise AnsibleActionFail(
            "'%s' is no module; use that of a fault family, such as magsasa.chaos.cpu_fault" % self._task.action
        )
