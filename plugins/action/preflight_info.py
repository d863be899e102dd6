# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of magsasa.chaos.preflight_info: names of peers become addresses, as they will when the fault
goes in.
"""

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _peers
from ansible_collections.magsasa.chaos.plugins.plugin_utils._touched import Touched


class ActionModule(ActionBase):
    """A scenario whose peers have no addresses cannot run; the reason goes along with it."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        """Result of the module."""
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        touched = Touched(self, task_vars)
        if isinstance(arguments.get("scenarios"), (list, tuple)):
            arguments["scenarios"] = [self._filled(entry, touched) for entry in arguments["scenarios"]]
        result.update(touched.execute(self._task.resolved_action or self._task.action, arguments))
        _events.detected(touched.name, (task_vars or {}).get("chaos_endpoint") or {}, result.get("scenarios"))
        return result

    @staticmethod
    def _filled(entry, touched):
        if (
            not isinstance(entry, dict)
            or entry.get("family") != "network"
            or not isinstance(entry.get("options"), dict)
        ):
            return entry
        try:
            return dict(entry, options=_peers.translate(entry["options"], touched.task_vars, touched.name)[0])
        except BadOption as error:
            return dict(entry, skipped=str(error))
