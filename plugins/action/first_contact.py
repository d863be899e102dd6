# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a run wants to know of a host, in one module execution: its turn is taken, its service detected,
its abilities assessed.
"""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.parameters import remove_values
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils import _redact
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _strategy
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import contact
from ansible_collections.magsasa.chaos.plugins.plugin_utils._hosts import HostRunner
from ansible_collections.magsasa.chaos.plugins.plugin_utils._turn import reason, run_lease_s, run_of


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        "url ports service discover headers scenarios database_path database_port baseline lease wait force".split()
    )

    def run(self, tmp=None, task_vars=None):
        """``found``: the service; ``able``: what the host can carry out, null where no service was found; ``held``,
        ``again``, ``refused``.
        """
        result = super().run(tmp, task_vars)
        given = self._task.args
        host = task_vars["inventory_hostname"]
        refusal = _strategy.refusal(self._task)
        if refusal:
            return dict(result, failed=True, changed=False, refused=True, msg=refusal)
        try:
            run = run_of(given, task_vars, host)
            detection = contact.detection(given)
        except ChaosError as error:
            raise AnsibleActionFail(str(error))
        _events.tell("run", lease_s=run_lease_s(given))
        runner = HostRunner(self, task_vars)
        told = runner.ask(host, "begin", {"turn": run, "detect": detection})
        found = told.get("detected")
        if not isinstance(found, dict):
            kept = {
                key: told[key]
                for key in ("unreachable", "msg", "module_stdout", "module_stderr", "rc", "exception")
                if key in told
            }
            return dict(
                result, **dict({"failed": True, "changed": False, "msg": "the host did not report its service"}, **kept)
            )
        secrets = set(_redact.secrets_of_url((detection["url"] or "").partition("?")[0])) | set(
            detection["headers"].values()
        )
        found = remove_values(found, secrets) if secrets else found
        refused = reason(told) if told.get("failed") else ""
        result.update(
            changed=bool(told.get("held")),
            found=found,
            refused=refused,
            held=bool(told.get("held")),
            machine=told.get("machine"),
            able=None,
        )
        endpoint = found.get("endpoint")
        if endpoint and not refused:
            filled = contact.fill(
                given.get("scenarios") or [], endpoint, given.get("database_path"), given.get("database_port")
            )
            able = contact.able(runner, host, filled)
            if able.get("failed") or able.get("unreachable"):
                return dict(result, failed=True, msg=str(able.get("msg")), unreachable=bool(able.get("unreachable")))
            result["able"] = able
            _events.detected(host, endpoint, able.get("scenarios"))
        elif result["held"]:
            runner.ask(host, "finish", {"run": run, "release": True})  # nothing is to be done here
            result["held"] = False
        result["again"] = runner.again().get(host) if result["held"] else None
        return result
