# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controller side of magsasa.chaos.host_turn: who this run is, and how long it will take."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events
from ansible_collections.magsasa.chaos.plugins.plugin_utils._bounded_pool import BoundedPool
from ansible_collections.magsasa.chaos.plugins.plugin_utils._hosts import CONTACT, UNANSWERED, HostRunner
from ansible_collections.magsasa.chaos.plugins.plugin_utils._touched import Touched
from ansible_collections.magsasa.chaos.plugins.plugin_utils._turn import reason, run_lease_s, run_of

RELEASE_S = 30.0  # how long a host is waited for that gives its turn back
EXECUTE_S = 120.0  # the same where that takes the execution of a module, as its archive is not known


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(("state", "scenarios", "baseline", "lease", "wait", "force", "again", "required"))

    def run(self, tmp=None, task_vars=None):
        """Result of the module."""
        result = super().run(tmp, task_vars)
        given = self._task.args
        touched = Touched(self, task_vars)
        try:
            run = run_of(given, task_vars or {}, touched.name)
        except ChaosError as error:
            raise AnsibleActionFail(str(error))
        result.update(self._asked(touched, given.get("state", "present"), run, task_vars))
        if given.get("scenarios") and not result.get("failed"):
            _events.tell("run", lease_s=run_lease_s(given))
        if str(result.get("msg", "")).startswith("refused by"):
            result["refused"] = True
        if (
            result.get("failed")
            and self._task.args.get("required") in (False, "false", "no")
            and not result.get("unreachable")
        ):
            result.update(failed=False, held=False, reason=reason(result))
            for key in ("msg", "exception"):
                result.pop(key, None)
        return result

    def _asked(self, touched, state, run, task_vars):
        """What the host says. Who takes its turn will ask more: the runtime archive is left there for that, and
        answers the rest.
        """
        if state == "present":
            told = touched.execute(CONTACT, {"do": "begin", "options": {"turn": run}})
            holder = told.get("holder") if isinstance(told.get("holder"), dict) else None
            shown = {key: holder.get(key) for key in ("id", "by", "host", "since", "until")} if holder else None
            changed = not told.get("failed") and (shown or {}).get("id") != run["id"]
            kept = (
                "held",
                "machine",
                "earlier",
                "again",
                "failed",
                "unreachable",
                "msg",
                "warnings",
                "exception",
                "guard",
                "module_stdout",
                "module_stderr",
                "rc",
            )
            return dict({key: told[key] for key in kept if key in told}, changed=changed, holder=shown)
        again = self._task.args.get("again")
        if state == "absent" and again and not self._task.delegate_to and not self._task.check_mode:
            told = HostRunner(self, task_vars, {touched.name: again}).ask_within(
                touched.name, "finish", {"run": run, "release": True}, RELEASE_S
            )
            if told.get("unreachable"):  # a module would wait for it as well; the turn ends when its lease does
                return {"unreachable": True, "changed": False, "msg": str(told.get("msg"))}
            if not told.get("failed") and not told.get("unreachable"):
                return {"changed": bool(told.get("released")), "held": False, "holder": None, "machine": ""}
        return self._execute(touched, {"state": state, "run": run})

    def _execute(self, touched, given):
        """The module's result. A host that takes the question and never answers would else hold the whole run."""
        name = touched.name
        told = BoundedPool(1).map(lambda _: touched.execute(self._task.action, given), [name], EXECUTE_S)
        return told.get(name) or {"unreachable": True, "changed": False, "msg": UNANSWERED % EXECUTE_S}
