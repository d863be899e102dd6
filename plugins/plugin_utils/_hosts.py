# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run a module on any host of the inventory from within one action. Private to magsasa.chaos.

Ansible gives an action the connection of one host. An action that looks after many hosts at once, so that no fork of
the
controller is held for the length of a hold, opens the others itself, with the same steps as Ansible's own task
executor.
"""

from __future__ import annotations

import json
import os
import time

from ansible import constants as C
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible.executor.task_executor import TaskExecutor
from ansible.plugins.action import ActionBase
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable
from ansible_collections.magsasa.chaos.plugins.module_utils._host import processes
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _brought, _commands, _memory_limit
from ansible_collections.magsasa.chaos.plugins.plugin_utils._bounded_pool import BoundedPool

CONTACT = "magsasa.chaos.host_contact"
OF_ADDRESS = ("ansible_ssh_host", "ansible_port", "ansible_ssh_port")  # of a host, and of no other
FLOODED = "its answer is too long for the controller; this host is not polled again"
UNSENT = "Data could not be sent"  # how Ansible says that a command ended before it had read its input
NOT_STARTED = (126, 127)  # how a shell ends that could not start a program
UNANSWERED = "the host took the question, and gave no answer within %g s"


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
        self._play_context = action._play_context.set_task_and_variable_override(
            task=action._task, variables=variables, templar=templar
        )
        kind = templar.template(variables.get("ansible_connection", C.DEFAULT_TRANSPORT))
        self._connection = self._get_connection(variables, templar, "ssh" if kind == "smart" else kind)
        self._set_connection_options(variables, templar)


def _task_of_another(task):
    """The task with its ``environment`` as it was written: Ansible has filled it in with the variables of the
    task's own host.
    """
    own = (task.get_ds() or {}).get("environment")
    written = list(task._get_parent_attribute("environment", omit=True) or []) + (
        own if isinstance(own, list) else [own] if own else []
    )
    if not written:
        return task
    other = task.copy()
    other.environment = written
    return other


def _parent():
    """Pid of the ansible-playbook that forked us; None when it is gone already and somebody else is our parent now.

    A forked worker has its parent's command line. (The parent may be process 1 of a container, so 1 alone says
    nothing.)
    """
    pid = os.getppid()
    return pid if processes.argv(pid) == processes.argv(os.getpid()) else None


def _checked_argv(argv):
    """What a host told us to run on it, when it is the runtime archive and nothing else; it runs on that host only."""
    if (
        not isinstance(argv, list)
        or len(argv) != 7
        or not all(isinstance(word, str) and 0 < len(word) < 4096 and word.isprintable() for word in argv)
    ):
        return None
    python, archive = argv[0], argv[4]
    fixed = argv[1:4] == ["-I", "-S", "-B"] and argv[5:] == ["ask", "-"]
    return argv if fixed and python.startswith("/") and archive.startswith("/") and archive.endswith(".pyz") else None


def _told(result):
    """A module's result; where it gave none, with what the host said instead of it."""
    if result.get("failed") and not result.get("unreachable") and "module_stderr" in result:
        said = (str(result["module_stderr"]) or str(result.get("module_stdout"))).strip().splitlines()
        # A shell says first what it did not find, Python says last what went wrong.
        why = printable(said[0 if result.get("rc") in NOT_STARTED else -1], 200) if said else "it said nothing"
        msg = "the host could not run a module (exit code %s: %s)" % (result.get("rc"), why)
        if result.get("rc") in NOT_STARTED:
            msg += "; name a Python that works there with ansible_python_interpreter"
        result = {key: value for key, value in result.items() if key != "exception"}  # it only says: no JSON
        return dict(result, msg=msg)
    return result


class HostRunner:
    """Runs modules on hosts by inventory name, keeping one connection a host."""

    def __init__(self, action, task_vars, again=None):
        self._action = action
        self._vars = task_vars
        self._runners = {}
        self._again = {
            str(host): _checked_argv(argv) for host, argv in (again or {}).items()
        }  # of each host: what answers a step there
        self._adopted = {}  # hosts that the inventory does not have: name -> (like which host, address, port)
        self._by_module = set()  # hosts that gave no answer to a question that brings its code
        self._flooded = set()  # hosts whose answer did not fit; they are not asked again
        self._main = _parent()  # an action runs in a worker, a child of ansible-playbook

    def run(self, host, module, arguments):
        """Result (dict) of ``module`` on ``host``; ``unreachable`` or ``failed`` is in the result, nothing is raised
        for a host.

        A worker has a session of its own and outlives an ansible-playbook that was killed. It must not go on renewing
        leases then.
        """
        self._check_parent()
        if host in self._flooded:
            return {"failed": True, "unreachable": True, "msg": FLOODED}
        try:
            runner, variables = self._runner(host)
            return _told(runner._execute_module(module_name=module, module_args=arguments, task_vars=variables))
        except MemoryError:  # see _memory_limit
            self._flooded.add(host)
            return {"failed": True, "unreachable": True, "msg": FLOODED}
        except Exception as error:  # a host that cannot be reached must not end the watch over the others
            return {"failed": True, "unreachable": True, "msg": str(error)}

    def adopt(self, name, like, address, port=None):
        """Make a host known that is not in this inventory: reached as ``like`` is, at another address."""
        self._adopted[name] = (like, address, port)

    def opened(self, host):
        """``(action, variables)`` of a host: whose ``_execute_module`` runs a module there, by the host's own
        variables. Raises AnsibleError.
        """
        return self._runner(host)

    def prepare(self, hosts):
        """Make the connections of these hosts, which open when they are first used. Ansible's loaders are no place
        for two threads at once.
        """
        for host in hosts:
            try:
                self._runner(host)
            except Exception:  # told when the host is asked
                continue

    def ask(self, host, question, options):
        """Answer (dict) of ``host`` to a question (see module_utils/_entry/ask.py).

        The first time by a command that brings its code, after that through the runtime archive that is on the host
        while a run has its turn: the host loads nothing of Ansible. The module is the fallback.
        """
        self._check_parent()
        asked = {"do": question, "options": dict(options, data_limit=list(_memory_limit.LOWERED))}
        answer = self._ask_archive(host, asked)
        if answer is None:
            answer = self._ask_brought(host, asked) or self.run(host, CONTACT, asked)
            self._again[host] = _checked_argv(answer.get("again"))
        return answer

    def ask_within(self, host, question, options, seconds):
        """The same, for at most so many seconds: a host that keeps its connection and never answers would else hold a
        whole run. It counts as unreachable then.
        """
        told = BoundedPool(1).map(lambda name: self.ask(name, question, options), [host], seconds)
        return told.get(host) or {"failed": True, "unreachable": True, "msg": UNANSWERED % seconds}

    def _ask_archive(self, host, asked):
        """The answer of the host's runtime archive, or None when it gives none."""
        argv = self._again.get(host)
        if not argv or host in self._flooded or self._action._task.check_mode:
            return None
        try:
            runner = self._runner(host)[0]
            if not _commands.takes_input(runner):
                return None
            told = _commands.command(runner, argv, json.dumps(asked).encode("utf-8"))
            found = _commands.answered(told["stdout"])  # a complete answer counts, whatever came after it
            if found is None:
                self._again[host] = None  # what is wrong the module says, and whether there is an archive to ask again
                self._action._display.vvv(
                    "the host gave no answer (%s): %s" % (told["rc"], str(told.get("stderr"))[-2000:]), host=host
                )
            return found
        except MemoryError:
            self._flooded.add(host)
            return None
        except Exception as error:  # the module says what is wrong
            self._action._display.vvv("the host could not be polled: %s" % error, host=host)
            return None

    def _ask_brought(self, host, asked):
        """The answer to a question that brings the code for it, or None when it gives none."""
        if host in self._flooded or host in self._by_module:
            return None
        try:
            runner, variables = self._runner(host)
            found = _brought.contact(runner, variables, asked, self._action._task.check_mode)
        except MemoryError:  # see _memory_limit
            self._flooded.add(host)
            return None
        except Exception as error:
            if isinstance(error, AnsibleConnectionFailure) and not str(error).startswith(UNSENT):
                return {"failed": True, "unreachable": True, "msg": str(error)}
            self._action._display.vvv("the host could not be asked without a module: %s" % error, host=host)
            found = None
        if found is None:
            self._by_module.add(host)
        return found

    def again(self):
        """``{host: argv}`` of the hosts that answer without a module, for the next runner."""
        return {host: argv for host, argv in self._again.items() if argv}

    def clock(self, host):
        """One reading of a host's time of day: (asked, told, answered), seconds since the epoch; asked and answered
        by our own clock. None without one.
        """
        self._check_parent()
        try:
            runner = self._runner(host)[0]
            asked = time.time()
            told = _commands.command(runner, ["date", "+%s.%N"], b"\n")
            return asked, float(told["stdout"].strip()), time.time()
        except Exception:  # a host without GNU date, or one that cannot be reached
            return None

    def _check_parent(self):
        if self._main is None or os.getppid() != self._main:
            raise AnsibleActionFail("ansible-playbook has ended, so this run is not continued")

    def _runner(self, host):
        if host not in self._runners:
            if host == self._vars["inventory_hostname"] and not self._action._task.delegate_to:
                self._runners[host] = (self._action, self._vars)
            else:
                self._runners[host] = self._connect(host)
        return self._runners[host]

    def _connect(self, host):
        action = self._action
        variables = self._variables_of(host)
        templar = action._templar.copy_with_new_env(available_variables=variables)
        opened = _Opener(action, variables, templar)
        runner = _Runner(
            task=_task_of_another(action._task),
            connection=opened._connection,
            play_context=opened._play_context,
            loader=action._loader,
            templar=templar,
            shared_loader_obj=action._shared_loader_obj,
        )
        return runner, variables

    def _variables_of(self, host):
        """Variables as this task would have them on another host: what one host says must not become another's."""
        if host in self._adopted:
            like, address, port = self._adopted[host]
            kept = {key: value for key, value in self._variables_of(like).items() if key not in OF_ADDRESS}
            own = {"inventory_hostname": host, "ansible_host": address}
            return dict(kept, **own, **({"ansible_port": port} if port else {}))
        hostvars, task = self._vars["hostvars"], self._action._task
        manager, inventory = getattr(hostvars, "_variable_manager", None), getattr(hostvars, "_inventory", None)
        known = inventory.get_host(host) if inventory is not None else None
        if manager is not None and known is not None:
            return manager.get_vars(play=task.get_play(), host=known, task=task)
        raise AnsibleError("'%s' is not a host of the inventory; see ansible-inventory --graph" % printable(host))
