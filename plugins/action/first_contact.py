# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that a run wants to know of a host, by one question to it: its turn is taken, its service detected,
its abilities assessed.
"""

from __future__ import annotations

import os

from ansible.errors import AnsibleActionFail
from ansible.module_utils.common.parameters import remove_values
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity, _redact
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, printable
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _strategy
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import contact, kept
from ansible_collections.magsasa.chaos.plugins.plugin_utils._hosts import HostRunner
from ansible_collections.magsasa.chaos.plugins.plugin_utils._names import RUN
from ansible_collections.magsasa.chaos.plugins.plugin_utils._report import artifact
from ansible_collections.magsasa.chaos.plugins.plugin_utils._turn import reason, run_lease_s, run_of

CONTACT_S = 180.0  # how long a host may take for an answer, beside the wait for its turn


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        (
            "url ports service discover headers scenarios database_path database_port baseline lease wait force turn"
            " planned why closed probed first"
        ).split()
    )

    def run(self, tmp=None, task_vars=None):
        """``found``: the service; ``able``: what the host can carry out, null where no service was found; ``held``,
        ``again``, ``refused``, ``earlier``; ``lost``: why the host was not reached, which is no failure of the task;
        ``kept`` and ``told``: what follows from all that.
        """
        result = self._contacted(super().run(tmp, task_vars), task_vars)
        if result.get("failed"):
            return result
        given, first = self._task.args, self._task.args.get("first")
        probed = boolean(given.get("probed") or False)
        result["kept"] = kept.of(result, first, given.get("planned"), probed)
        number = len(given.get("scenarios") or [])
        host = task_vars["inventory_hostname"]
        result["told"] = [] if given.get("closed") else kept.told(host, result["kept"], result, first, number)
        return result

    def _contacted(self, result, task_vars):
        given = self._task.args
        host = task_vars["inventory_hostname"]
        result.update(changed=False, found=None, able=None, refused="", earlier="", lost="", held=False, again=None)
        if given.get("closed"):
            return result
        refusal = _strategy.refusal(self._task)
        if refusal:
            return dict(result, failed=True, changed=False, refused=True, msg=refusal)
        try:
            run = run_of(given, task_vars, host) if self._takes_turn() else None
            detection = contact.detection(given)
        except ChaosError as error:
            raise AnsibleActionFail(str(error))
        runner = HostRunner(self, task_vars)
        if run:
            _events.tell("run", lease_s=run_lease_s(given))
            result["ansible_stats"] = artifact.as_stats(artifact.begun(os.environ.get(RUN), self._intensity(task_vars)))
        if given.get("planned"):
            return self._assessed(result, runner, host, given["planned"])
        wait_s = CONTACT_S + _quantity.duration(given.get("wait") or "30s", "wait")
        families = sorted({str(each.get("family")) for each in given.get("scenarios") or [] if isinstance(each, dict)})
        early = contact.early(runner, host, given.get("scenarios") or [])
        asked = {"turn": run, "detect": detection, "families": families, "assess": {"scenarios": early}}
        told = runner.ask_within(host, "begin", asked, wait_s)
        found = told.get("detected")
        if told.get("unreachable"):
            return self._lost(result, host, told)
        if not isinstance(found, dict):
            kept = {
                key: told[key] for key in ("msg", "module_stdout", "module_stderr", "rc", "exception") if key in told
            }
            return dict(result, **dict({"failed": True, "msg": "the host did not report its service"}, **kept))
        secrets = set(_redact.secrets_of_url((detection["url"] or "").partition("?")[0])) | set(
            detection["headers"].values()
        )
        found = remove_values(found, secrets) if secrets else found
        result.update(
            changed=bool(told.get("held")),
            found=found,
            refused=reason(told) if told.get("failed") else "",
            held=bool(told.get("held")),
            machine=told.get("machine"),
            earlier=printable(told.get("earlier") or "", 1000),
        )
        if result["earlier"]:
            _events.tell("note", host=host, text=result["earlier"])
        if given.get("why") and isinstance(found.get("endpoint"), dict):
            found["endpoint"]["why"] = str(given["why"])
        if found.get("endpoint") and not result["refused"]:
            result = self._assessed(result, runner, host, found["endpoint"], (early, told.get("able")))
        elif result["held"]:
            runner.ask_within(host, "finish", {"run": run, "release": True}, CONTACT_S)  # nothing is to be done here
            result["held"] = False
        result["again"] = runner.again().get(host) if result["held"] else None
        return result

    def _intensity(self, task_vars):
        return self._templar.template(task_vars.get("chaos_intensity"))

    def _takes_turn(self):
        """A dry run takes nothing."""
        return not self._task.check_mode and boolean(self._task.args.get("turn", True))

    def _assessed(self, result, runner, host, endpoint, first=None):
        """The result with what the host can carry out, for a service that was found or, in a dry run, is planned.

        ``first``: what the first question asked of that, and its answer.
        """
        given = self._task.args
        filled = contact.fill(
            given.get("scenarios") or [], endpoint, given.get("database_path"), given.get("database_port")
        )
        able = contact.able(runner, host, filled, CONTACT_S, first)
        if able.get("unreachable"):
            return self._lost(result, host, able)
        if able.get("failed"):
            return dict(result, failed=True, msg=str(able.get("msg")))
        _events.detected(host, endpoint, able.get("scenarios"))
        return dict(result, able=able)

    @staticmethod
    def _lost(result, host, told):
        """A host that cannot be reached is one with a reason, so that the run goes on to its verdict."""
        why = printable(" ".join(str(told.get("msg") or "no reason given").split()), 500)
        lost = "%s was not reached: %s" % (host, why)
        _events.tell("host", host=host, reason=lost)
        return dict(result, lost=lost)
