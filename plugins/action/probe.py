# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of magsasa.chaos.probe: it runs on the host that is named, and belongs to the run that starts it."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _runs, _strategy
from ansible_collections.magsasa.chaos.plugins.plugin_utils._touched import Touched


class ActionModule(ActionBase):
    """``experiment`` is a part of the role experiment: what it starts nobody else may collect, and the host's turn
    is taken.
    """

    TRANSFERS_FILES = False

    def run(self, tmp=None, task_vars=None):
        """Result of the module."""
        result = super().run(tmp, task_vars)
        arguments = dict(self._task.args)
        experiment = arguments.pop("experiment", None)
        if experiment is not None and not isinstance(experiment, dict):
            raise AnsibleActionFail(
                str(
                    BadOption(
                        "experiment", experiment, "is not a value that the role experiment passes", "leave it out"
                    )
                )
            )
        if experiment is not None:
            refusal = _strategy.refusal(self._task)
            if refusal:
                return dict(result, failed=True, changed=False, refused=True, msg=refusal)
        touched = Touched(self, task_vars)
        target = experiment is not None and not (
            self._task.delegate_to and touched.name != (task_vars or {}).get("inventory_hostname")
        )
        arguments["run"] = _runs.run(
            task_vars or {}, touched.name, experiment is not None, turn=target, **(experiment or {})
        )
        result.update(touched.execute(self._task.action, arguments))
        if str(result.get("msg", "")).startswith("refused by"):
            result["refused"] = True
        return result
