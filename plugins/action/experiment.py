# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one scenario on the hosts of a wave, from the baseline to the verdict. One action for all hosts; nothing
blocks on a host.
"""

from __future__ import annotations

import re

from ansible import constants as C
from ansible import context
from ansible.errors import AnsibleActionFail, AnsibleError
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError, Refused
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _events, _memory_limit, _origin, _strategy
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import keeping, records, wanted as options
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct.life import Life
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct.phase import SILENT
from ansible_collections.magsasa.chaos.plugins.plugin_utils._console.narrator import Narrator
from ansible_collections.magsasa.chaos.plugins.plugin_utils._hosts import HostRunner
from ansible_collections.magsasa.chaos.plugins.plugin_utils._say import say

# A host that another run has, or on which somebody has halted this one, is asked for nothing more: each try would wait.
ENDS = re.compile(r"refused by the (run|halt) guard: |halted by ")
MOST_SILENT = 2
SAME = "%s and %s in the inventory are the same machine, and this run already experiments on it as %s"
ONE_NAME = "name each machine once in chaos_hosts"
NOT_AGAIN = "the host never answered in %d scenarios in a row, so this run asks it for no more"


class Kept:
    """What the items of a loop share: they are carried out one after the other by one process."""

    def __init__(self):
        self.again = {}  # of each host: what answers questions there
        self.ended = {}  # of each host: why no more is tried on it
        self.stated = {}  # of each host: objectives that the inventory states
        self.names = {}  # of each machine: the host that experiments on it
        self.silent = {}  # of each host: how many scenarios in a row it has not answered


KEPT = Kept()


class ActionModule(ActionBase):
    """Options are described in the module of the same name."""

    TRANSFERS_FILES = False
    _VALID_ARGS = frozenset(
        options.OF_HOST
        + (
            "hosts",
            "wave",
            "baseline",
            "interval",
            "recovery_timeout",
            "successes",
            "lease",
            "wait",
            "force",
            "max_error_rate",
            "halt_on",
            "keeper",
            "keeper_wait",
            "fleet",
            "max_percent",
            "idle",
            "observer_address",
        )
    )

    def run(self, tmp=None, task_vars=None):
        """``experiments``: the record of each host. What a host cannot do, or is kept from, is in its record; no
        host fails the task.
        """
        result = super().run(tmp, task_vars)
        try:
            wanted = options.parse(self._task.args, task_vars["inventory_hostname"])
            subjects = wanted["subjects"]
            refusal = _strategy.refusal(self._task)
            for each in subjects.values():
                each.refused = each.refused or KEPT.ended.get(each.host) or refusal or ""
            self._refuse_other_names(subjects)
            if wanted["wave"] and not wanted["wave"].get("hosts"):
                wanted["wave"] = dict(wanted["wave"], hosts=[host for host, each in subjects.items() if each.runs])
            runner = HostRunner(
                self, task_vars, {**{host: each.again for host, each in subjects.items()}, **KEPT.again}
            )
            wanted["keeper"] = keeping.of(self._keeping(task_vars), subjects, task_vars, runner)
            address = self._task.args.get("observer_address") or self._templar.template(
                task_vars.get("chaos_observer_address")
            )
            keeping.observers(address, subjects, task_vars, runner)
            _events.narrate(Narrator(self._say))
            with _memory_limit.bounded(len(subjects)):
                Life(wanted, runner, self._say, self._at_once(), self._task.check_mode).run()
                KEPT.again = runner.again()
                run_hosts = (wanted["wave"] or {}).get("run_hosts") or len(subjects)
                found = {
                    host: records.of(each, _wave(wanted, each), self._stated(runner, each), run_hosts)
                    for host, each in subjects.items()
                }
        except ChaosError as error:
            raise AnsibleActionFail(str(error))
        self._count_silent(subjects)
        for record in found.values():
            _events.ended(record, run_hosts)
            if ENDS.match(str(record["reason"])):
                KEPT.ended[record["host"]] = record["reason"]
        changed = not self._task.check_mode and any(each.begun for each in subjects.values())
        result.update(
            changed=changed,
            experiments=found,
            ended={host: KEPT.ended[host] for host in subjects if host in KEPT.ended},
        )
        result["released"] = [host for host, each in subjects.items() if each.released]
        return result

    @staticmethod
    def _refuse_other_names(subjects):
        """Two names of one machine share a run's turn, unless they log in as different users: neither would know of
        the other's fault.
        """
        for each in subjects.values():
            if each.machine and each.runs:
                name = KEPT.names.setdefault(each.machine, each.host)
                if name != each.host:
                    each.refused = str(Refused("run", SAME % (each.host, name, name), remedy=ONE_NAME))

    def _keeping(self, task_vars):
        """What the task, else the run says of the keeper."""
        given = {key: self._task.args.get(key) for key in keeping.OPTIONS}
        for key, variables in keeping.OPTIONS.items():
            for name in variables:
                if given[key] in (None, "", {}):
                    given[key] = self._templar.template(task_vars.get(name))
        return given

    @staticmethod
    def _count_silent(subjects):
        """A host that keeps its connection and never answers costs each scenario a wait: two of them are enough."""
        for host, each in subjects.items():
            if each.begun:
                silent = SILENT in (each.failed, each.seen.get("error"))
                KEPT.silent[host] = KEPT.silent.get(host, 0) + 1 if silent else 0
                if KEPT.silent[host] >= MOST_SILENT:
                    KEPT.ended[host] = NOT_AGAIN % KEPT.silent[host]

    def _stated(self, runner, subject):
        """What the inventory states as objectives of a host; those of a host that it does not know are none."""
        if subject.host not in KEPT.stated:
            try:
                action, variables = runner.opened(subject.host)
            except AnsibleError:  # why is in its record
                return []
            layers = _origin.layers("chaos_objectives", variables, self._loader)
            KEPT.stated[subject.host] = [(place, action._templar.template(value)) for place, value in layers]
        return KEPT.stated[subject.host]

    def _at_once(self):
        """How many hosts may be asked at the same time: the forks of this run."""
        return int(context.CLIARGS.get("forks") or C.DEFAULT_FORKS)

    def _say(self, text):
        say(self._display, "  " + text)


def _wave(wanted, subject):
    """The wave of a record. With a keeper its hosts may run one after the other: those that ran together count."""
    return dict(wanted["wave"], hosts=subject.together) if wanted["wave"] and wanted["keeper"] else wanted["wave"]
