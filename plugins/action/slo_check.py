# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Judge one experiment: samples and fault record in, the report's record out. Touches no host."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _experiment, _origin


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        "scenario samples probe clock_offset liveness fault others phases observer successes skipped refused failed"
        " halted wave target fail_on_breach".split()
    )

    def run(self, tmp=None, task_vars=None):
        """``experiment``: the record; failed only with ``fail_on_breach``."""
        result = super().run(tmp, task_vars)
        try:
            strict = self._flag("fail_on_breach")
            stated = _origin.layers("chaos_objectives", task_vars or {}, self._loader)
            stated = [(place, self._templar.template(value)) for place, value in stated]
            given = dict(self._task.args, run_hosts=len((task_vars or {}).get("ansible_play_hosts_all") or ()))
            record = _experiment.judge(given, (task_vars or {}).get("inventory_hostname", "localhost"), stated)
        except ChaosError as error:
            raise AnsibleActionFail(str(error))
        _events.ended(record)
        result.update(changed=False, experiment=record, status=record["status"], verdict=record["verdict"])
        result["msg"] = "%s: %s, %s%s" % (
            record["scenario"],
            record["status"],
            record["verdict"],
            " (%s)" % record["reason"] if record["reason"] else "",
        )
        if strict and record["verdict"] == "failed":
            result["failed"] = True
        return result

    def _flag(self, option):
        value = self._task.args.get(option, False)
        try:
            return boolean(value)
        except TypeError:
            raise BadOption(option, value, "is neither true nor false", "write true or false")
