# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module on any host of the inventory from within one action. Private to magsasa.chaos.

Ansible gives an action the connection of one host. An action that looks after many hosts at once, so that no fork of the
controller is held for the length of a hold, opens the others itself, with the same steps as Ansible's own task executor.
"""
from __future__ import annotations

import os

from ansible import constants as C
from ansible.errors import AnsibleActionFail
from ansible.executor.task_executor import TaskExecutor
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes


class _Runner(ActionBase):
    """An action that only lends its ``_execute_module``."""

    def run(self, tmp=None, task_vars=None):
        """Never called."""
        raise NotImplementedError("this action only lends its connection")


class _Opener(TaskExecutor):
    """Only lends how Ansible opens a connection; has a task without being run for one."""

    _task = None  # a property of the base class in newer versions

    def __init__(self, action, variables, templar):
        self._task = action._task
        self._job_vars = variables
        self._loader = action._loader
        self._shared_loader_obj = action._shared_loader_obj
        self._new_stdin = None
        self._play_context = action._play_context.set_task_and_variable_override(task=action._task, variables=variables, templar=templar)
        kind = templar.template(variables.get("ansible_connection", C.DEFAULT_TRANSPORT))
        self._connection = self._get_connection(variables, templar, "ssh" if kind == "smart" else kind)
        self._set_connection_options(variables, templar)


def _parent():
    """Pid of the ansible-playbook that forked us; None when it is gone already and somebody else is our parent now.

    A forked worker has its parent's command line. (The parent may be process 1 of a container, so 1 alone says nothing.)
    """
    pid = os.getppid()
    return pid if processes.argv(pid) == processes.argv(os.getpid()) else None


class HostRunner:
    """Runs modules on hosts by inventory name, keeping one connection a host."""

    def __init__(self, action, task_vars):
        self._action = action
        self._vars = task_vars
        self._runners = {}
        self._main = _parent()  # an action runs in a worker, a child of ansible-playbook

    def run(self, host, module, arguments):
        """Result (dict) of ``module`` on ``host``; ``unreachable`` or ``failed`` is in the result, nothing is raised for a host.

        A worker has a session of its own and outlives an ansible-playbook that was killed. It must not go on renewing leases then.
        """
        if self._main is None or os.getppid() != self._main:
            raise AnsibleActionFail("ansible-playbook is gone, so nothing more is done for this run")
        try:
            runner, variables = self._runner(host)
            return runner._execute_module(module_name=module, module_args=arguments, task_vars=variables)
        except Exception as error:  # a host that cannot be reached must not end the watch over the others
            return {"failed": True, "unreachable": True, "msg": str(error)}

    def _runner(self, host):
        if host not in self._runners:
            if host == self._vars["inventory_hostname"] and not self._action._task.delegate_to:
                self._runners[host] = (self._action, self._vars)
            else:
                self._runners[host] = self._connect(host)
        return self._runners[host]

    def _connect(self, host):
        action = self._action
        variables = dict(self._vars)
        variables.update(self._vars["hostvars"][host])
        variables.setdefault("inventory_hostname", host)
        templar = action._templar.copy_with_new_env(available_variables=variables)
        opened = _Opener(action, variables, templar)
        runner = _Runner(
            task=action._task,
            connection=opened._connection,
            play_context=opened._play_context,
            loader=action._loader,
            templar=templar,
            shared_loader_obj=action._shared_loader_obj,
        )
        return runner, variables
