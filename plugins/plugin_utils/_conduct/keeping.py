# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who keeps count of a fleet, and what of which group may be out, from options and variables. Private to
magsasa.chaos.
"""

from __future__ import annotations

import re

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption

from .. import _fleet, _runs

# Options of the action, and the variables that are their defaults, the first that is given
OPTIONS = {
    "keeper": ("chaos_keeper",),
    "keeper_wait": ("chaos_keeper_wait",),
    "fleet": ("chaos_fleet_members", "chaos_fleet"),
    "max_percent": ("chaos_max_percent",),
    "idle": (),
}
WAIT = "15m"
_ADDRESS = re.compile(r"(?:\[(?P<six>[0-9A-Fa-f:.]+)\]|(?P<name>[A-Za-z0-9._-]+))(?::(?P<port>[0-9]{1,5}))?")


def of(given, subjects, task_vars, runner):
    """What Shares wants to know, or None without a keeper. Raises BadOption."""
    fleet = _fleet.parse(given["fleet"])
    keeper = _fleet.keeper(fleet, given["keeper"])
    percent = _quantity.percent(given["max_percent"] or 50, "chaos_max_percent", low=1.0, high=100.0)
    if not keeper or percent >= 100.0 or not subjects:
        return None
    if fleet == _fleet.AWX:
        raise BadOption("chaos_fleet", fleet, "was not looked up", "use the role preflight before the experiment")
    groups = {str(name): [str(each) for each in members] for name, members in (task_vars.get("groups") or {}).items()}
    address = _known(keeper, subjects, task_vars, runner)
    idle = [str(host) for host in given["idle"] or ()]
    return {
        "host": keeper,
        "address": address,
        "by": _runs.who(task_vars),
        "wait_s": _quantity.duration(given["keeper_wait"] or WAIT, "chaos_keeper_wait", high=86400.0),
        "limits": _fleet.limits(list(subjects), fleet, groups, percent),
        "idle": _fleet.limits(idle, fleet, groups, percent),
    }


def _known(keeper, subjects, task_vars, runner):
    """A keeper that is not in the inventory is an address (returned), reached as the first of our own hosts is."""
    if keeper in (task_vars.get("hostvars") or {}):
        return None
    address, port = parse(keeper)
    runner.adopt(keeper, sorted(subjects)[0], address, port)
    return address


def observers(address, subjects, task_vars, runner):
    """Make observers known that are not in this inventory, by the address that the run gives. Raises BadOption."""
    for each in subjects.values() if address else ():
        if each.observer not in (task_vars.get("hostvars") or {}):
            runner.adopt(each.observer, each.host, *parse(str(address), "chaos_observer_address"))


def parse(keeper, option="chaos_keeper"):
    """``(address, port or None)``. Raises BadOption."""
    found = _ADDRESS.fullmatch(keeper) or (re.fullmatch(r"(?P<six>[0-9A-Fa-f]*:[0-9A-Fa-f:.]+)", keeper))
    port = int(found.groupdict().get("port") or 0) if found else 0
    if not found or port > 65535:
        raise BadOption(
            option,
            keeper,
            "is not a host of this inventory, nor an address",
            "write NAME, ADDRESS or ADDRESS:PORT",
        )
    return found.groupdict().get("six") or found.groupdict().get("name"), port or None
