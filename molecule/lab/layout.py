# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab consists of: names, addresses, groups, inventory. Pure: nothing here looks at the machine, or changes
it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from .errors import LabError

MOST_HOSTS = 50
BRIDGE_HOST = 254  # last byte of the address that the bridge has: hosts see SSH connections come from there


@dataclass(frozen=True)
class Host:
    """One machine of a lab; ``number`` is the last byte of its address."""

    name: str
    number: int
    group: str
    protected: bool = False


@dataclass(frozen=True)
class Lab:
    """A lab: its name, the third byte of its addresses (10.213.SUBNET.0/24), and its hosts."""

    name: str
    subnet: int
    hosts: tuple

    @property
    def tag(self):
        """Prefix of everything this lab makes on the machine (namespaces, control groups)."""
        return "mcl-" + self.name

    def address(self, host):
        """IPv4 address of a host."""
        return "10.213.%d.%d" % (self.subnet, host.number)

    @property
    def bridge_address(self):
        """IPv4 address of the bridge."""
        return "10.213.%d.%d" % (self.subnet, BRIDGE_HOST)

    def namespace(self, host=None):
        """Name of a host's network namespace, or of the one that holds the bridge."""
        return self.tag if host is None else "%s-%s" % (self.tag, host.name)

    def find(self, name):
        """The host of this name. Raises LabError when there is none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise LabError(
            "the lab %s has no host '%s'; it has %s"
            % (self.name, name[:40], ", ".join(host.name for host in self.hosts))
        )

    def to_json(self):
        """Text that ``from_json`` reads."""
        return json.dumps({"name": self.name, "subnet": self.subnet, "hosts": [vars(host) for host in self.hosts]})

    @classmethod
    def from_json(cls, text):
        """A lab as ``to_json`` wrote it."""
        values = json.loads(text)
        return cls(values["name"], values["subnet"], tuple(Host(**host) for host in values["hosts"]))


def check_name(name):
    """The name, when it can be part of the names of namespaces and control groups."""
    if not re.fullmatch("[a-z][a-z0-9]{0,11}", name):
        raise LabError("'%s' is not a name for a lab; use 1 to 12 small letters and digits, a letter first" % name[:40])
    return name


def plan_hosts(apps, db=False, observer=False, protected=0):
    """Hosts of a lab: ``apps`` application hosts, of which the last ``protected`` may not be touched, a database,
    an observer.
    """
    total = apps + db + observer
    if apps < 1 or total > MOST_HOSTS:
        raise LabError(
            "a lab of %d application hosts and %d hosts altogether is not possible; use 1 to %d hosts"
            % (apps, total, MOST_HOSTS)
        )
    if not 0 <= protected <= apps:
        raise LabError("%d of %d application hosts cannot be protected; use 0 to %d" % (protected, apps, apps))
    rows = [("app%d" % number, "app", number > apps - protected) for number in range(1, apps + 1)]
    rows += [("db1", "db", False)] if db else []
    rows += [("observer1", "observer", False)] if observer else []
    return tuple(Host(name, number, group, is_protected) for number, (name, group, is_protected) in enumerate(rows, 1))


def inventory(lab, ssh_arguments, key):
    """Inventory (YAML text; JSON is YAML): application hosts and db may be touched, a protected one says so, the
    observer may not.

    ``chaos_targets`` are the application hosts: db is only touched by who names it.
    """
    groups = {}
    for host in lab.hosts:
        values = {"ansible_host": lab.address(host)}
        if host.group in ("app", "db"):
            values["chaos_allowed"] = True
        if host.protected:
            values["chaos_protected"] = True
        groups.setdefault(host.group, {"hosts": {}})["hosts"][host.name] = values
    everywhere = {
        "ansible_user": "root",
        "ansible_python_interpreter": "/usr/bin/python3",
        "ansible_ssh_private_key_file": key,
        "ansible_ssh_common_args": ssh_arguments,
    }
    groups["chaos_targets"] = {"children": {"app": {}}}
    return json.dumps({"all": {"vars": everywhere, "children": groups}}, indent=2) + "\n"
