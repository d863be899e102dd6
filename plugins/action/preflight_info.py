# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of magsasa.chaos.preflight_info: names of peers become addresses, as they will when the fault goes in."""
from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _peers


class ActionModule(ActionBase):
    """A scenario whose peers have no addresses cannot run; the reason goes along with it."""

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        """Result of the module."""
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        if isinstance(arguments.get("scenarios"), (list, tuple)):
            arguments["scenarios"] = [self._filled(entry, task_vars) for entry in arguments["scenarios"]]
        result.update(self._execute_module(module_args=arguments, task_vars=task_vars))
        return result

    @staticmethod
    def _filled(entry, task_vars):
        if not isinstance(entry, dict) or entry.get("family") != "network" or not isinstance(entry.get("options"), dict):
            return entry
        try:
            return dict(entry, options=_peers.translate(entry["options"], task_vars)[0])
        except BadOption as error:
            return dict(entry, skipped=str(error))
