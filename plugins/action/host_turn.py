# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of magsasa.chaos.host_turn: who this run is, and how long it will take."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _runs
from ansible_collections.magsasa.chaos.plugins.plugin_utils._touched import Touched

AROUND_S = 5.0  # what an experiment takes beside its baseline and its hold


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("state", "scenarios", "baseline", "lease", "wait", "force"))

    def run(self, tmp=None, task_vars=None):
        """Result of the module."""
        result = super().run(tmp, task_vars)
        given = self._task.args
        touched = Touched(self, task_vars)
        try:
            arguments = {"state": given.get("state", "present"), "run": self._run_of(given, task_vars or {}, touched.name)}
        except ChaosError as error:
            raise AnsibleActionFail(str(error))
        result.update(touched.execute(self._task.action, arguments))
        if given.get("scenarios") and not result.get("failed"):
            _events.tell("run", lease_s=_quantity.duration(given["lease"], "lease") if given.get("lease") else None)
        if str(result.get("msg", "")).startswith("refused by"):
            result["refused"] = True
        return result

    @staticmethod
    def _run_of(given, task_vars, host):
        try:
            force = boolean(given.get("force") or False)
        except TypeError:
            raise BadOption("chaos_run_force", given["force"], "is neither true nor false", "write true or false")
        baseline = _quantity.duration(given.get("baseline") or "10s", "chaos_baseline")
        holds = [_quantity.duration(each.get("hold") or "0s", "hold") for each in given.get("scenarios") or () if isinstance(each, dict)]
        expected = "%gs" % min(sum(each + baseline + AROUND_S for each in holds), 86400.0)
        return _runs.run(task_vars, host, True, force=force, lease=given.get("lease"), wait=given.get("wait"), expected=expected)
