# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which host a task touches, and what the inventory says about that one. Private to magsasa.chaos.

With ``delegate_to`` (``local_action``, a role's or a block's, one of a loop) it is not the host that the task is for,
and with the
connection ``local`` it is the controller. Guards ask the variables of the host that is touched.
"""

from __future__ import annotations

import copy

from ansible.errors import AnsibleError
from ansible.module_utils.parsing.convert_bool import boolean
from ansible_collections.magsasa.chaos.plugins.plugin_utils._hosts import HostRunner

CONTROLLER = "localhost"
HERE = ("localhost", "127.0.0.1", "::1")
# Variables that decide which machine a connection reaches. Ansible reads those of a delegate with the names of the
# task's own host.
WAY = (
    "ansible_host",
    "ansible_ssh_host",
    "ansible_port",
    "ansible_ssh_port",
    "ansible_connection",
    "ansible_user",
    "ansible_ssh_user",
) + (
    "ansible_ssh_common_args",
    "ansible_ssh_extra_args",
    "ansible_ssh_private_key_file",
)


def protects(value):
    """Whether a value of chaos_protected protects: true, and everything that is neither true nor false, such as a
    misspelt true.
    """
    try:
        return boolean(value) if value not in (None, "") else False
    except TypeError:  # also for what is no text at all
        return True


class Touched:
    """``name``: of the host, as the inventory calls it; ``variables``: its own, not yet templated; ``instead_of``:
    whom the task is for, if another.
    """

    def __init__(self, action, task_vars):
        self._action = action
        self.task_vars = task_vars or {}
        own = str(self.task_vars.get("inventory_hostname", "this host"))
        self.name, self.variables, self._templar = own, self.task_vars, action._templar
        self.why = ""
        delegate = action._task.delegate_to
        if delegate:
            self.name = str(delegate)
            self.variables = dict(
                (self.task_vars.get("ansible_delegated_vars") or {}).get(delegate) or {}, inventory_hostname=self.name
            )
            self._templar = action._templar.copy_with_new_env(available_variables=self.variables)
        if self._reaches_controller():
            self.why = ", which the connection 'local' of this task reaches instead of %s" % self.name
            self.name = CONTROLLER
            self.variables = self._of_inventory(CONTROLLER)
            self._templar = action._templar.copy_with_new_env(available_variables=self.variables)

    def _reaches_controller(self):
        """Whether the play, the task or the command line says ``local`` where the host itself says nothing."""
        kind = getattr(self._action._connection, "_load_name", None) or getattr(
            self._action._connection, "transport", ""
        )
        # Not self.variables: Ansible puts the connection that it chose among those of the task's host.
        return (
            str(kind).rpartition(".")[2] == "local"
            and self.name not in HERE
            and self._of_inventory(self.name).get("ansible_connection") is None
        )

    def _of_inventory(self, host):
        """Variables of another host, not yet templated; none of one that the inventory does not know."""
        hostvars = self.task_vars.get("hostvars")
        found = hostvars.raw_get(host) if hasattr(hostvars, "raw_get") and host in hostvars else None
        return dict(found) if isinstance(found, dict) else {"inventory_hostname": host}

    def value(self, key):
        """One variable of the host, templated with its own variables."""
        found = self.variables.get(key)
        return self._templar.template(found) if isinstance(found, (str, list)) else found

    def values(self, keys):
        """Several of them (dict)."""
        return {key: self.value(key) for key in keys}

    def twin(self):
        """``(name, address)`` of a protected host of the inventory that is the same machine by its address, or None.

        Both are asked for ``ansible_host``, else their names count. What the addresses do not show the preflight sees
        on the machine itself.
        """
        hostvars = self.task_vars.get("hostvars")
        inventory = getattr(hostvars, "_inventory", None)
        if inventory is None or not hasattr(hostvars, "raw_get"):
            return None
        mine = _where(self.name, self.values(("ansible_host", "ansible_port")))
        for host in inventory.get_hosts("all", ignore_limits=True, ignore_restrictions=True):
            raw = host.vars.get("ansible_host", host.name)
            if (
                host.name == self.name
                or not isinstance(raw, str)
                or (raw.strip().lower() != mine[0] and "{{" not in raw)
            ):
                continue  # its variables are many, and cost time
            try:
                other = hostvars[host.name]
                where = _where(host.name, {key: other.get(key) for key in ("ansible_host", "ansible_port")})
                if where == mine and protects(other.get("chaos_protected")):
                    return host.name, mine[0]
            except AnsibleError:
                continue  # what cannot be read says nothing; the host itself is asked when it is touched
        return None

    def execute(self, module, arguments):
        """Result of a module on the host that is touched."""
        runner, variables = self._action, self.task_vars
        if self._led_astray():
            lender = copy.copy(
                self._action
            )  # its task as one for the delegate itself, so that every variable is the delegate's
            lender._task = self._action._task.copy()
            lender._task.delegate_to = None
            runner, variables = HostRunner(lender, self.task_vars).opened(self.name)
        return runner._execute_module(module_name=module, module_args=arguments, task_vars=variables)

    def _led_astray(self):
        """Whether Ansible's own connection leads elsewhere: it reads the delegate's ``{{ ips[inventory_hostname]
        }}`` with the name of the task's host.
        """
        if not self._action._task.delegate_to or self.name not in (self.task_vars.get("groups") or {}).get("all", ()):
            return False
        theirs = [key for key in WAY if "{{" in str(self.variables.get(key))]
        try:
            return any(self._action._templar.template(self.variables[key]) != self.value(key) for key in theirs)
        except AnsibleError:
            return True


def _where(name, values):
    """What tells one machine from another: address and port."""
    port = values.get("ansible_port")
    return str(values.get("ansible_host") or name).strip().lower(), str(port or 22)
