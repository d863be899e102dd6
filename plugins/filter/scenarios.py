# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over the scenario catalogue."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _catalogue, _scenario_form
from ansible_collections.magsasa.chaos.plugins.plugin_utils._conduct import kept


def select_scenarios(entries, intensity, wanted=None):
    """Scenarios of an intensity, or those that are named."""
    try:
        return _catalogue.select(_scenario_form.check(list(entries)), intensity, wanted)
    except ChaosError as error:
        raise AnsibleFilterError(str(error))


def fill_scenario(entry, endpoint, database_path=None, database_port=None):
    """One scenario, filled in for one host."""
    try:
        return _catalogue.fill(entry, endpoint, database_path, database_port)
    except ChaosError as error:
        raise AnsibleFilterError(str(error))


def ability(assessed):
    """A line for each scenario: what it would use, or why it cannot run."""
    return {
        name: "ready: %s" % found["backend"] if found["can"] else "cannot run: %s" % found["why"]
        for name, found in assessed.items()
    }


def turns_of_hosts(hosts, waves):
    """``[{id, wave}]``: which scenario runs in which wave, one after the other, on any host at all.

    Hosts may have chosen other scenarios than others, as by their group.
    """
    turns = [{"id": name, "wave": wave} for name in _names(hosts) for wave in range(max(len(waves), 1))]
    return [each for each in turns if any(_members(hosts, each["id"], waves, each["wave"]))]


def scenario_of_hosts(hosts, name):
    """The scenario of that id, as the first host that has it says."""
    return next(found for found in (_named(own, name) for own in hosts.values()) if found)


def hosts_of_wave(hosts, name, waves, wave, refused=None):
    """``{host: options of its experiment}`` of a scenario in one wave; a host that is in no wave has its say in the
    first.

    Its turn goes back with its last experiment.
    ``hosts``: what the role says of each host, with the keys ``scenarios``, ``unable`` and ``own_probes`` for all
    scenarios; ``name``: the id of the scenario; ``refused``: ``{host: why}`` of the plan.
    """
    names, found = _names(hosts), {}
    later = names[names.index(name) + 1 :]
    for host, own in _members(hosts, name, waves, wave):
        asked = found[str(host)] = _of_scenario(own, _named(own, name))
        if refused and refused.get(host) and not own.get("refused"):
            asked["refused"] = refused[host]
        if not any(each["id"] in later for each in own["scenarios"]):
            asked["keep_turn"] = False
    return found


def _names(hosts):
    """Ids of the scenarios of all hosts, in their order: one that only a later host has comes before what it has next,
    else at the end.
    """
    found = []
    for own in hosts.values():
        ids = [each["id"] for each in own["scenarios"]]
        for number, name in enumerate(ids):
            if name not in found:
                found.insert(next((found.index(each) for each in ids[number:] if each in found), len(found)), name)
    return found


def _members(hosts, name, waves, wave):
    """``(host, what the role says of it)`` of those that have their say in that wave of a scenario."""
    planned = {host for each in waves for host in each}
    members = set(waves[wave]) if wave < len(waves) else set()
    for host, own in hosts.items():
        if (host in members or (wave == 0 and host not in planned)) and _named(own, name):
            yield host, own


def _named(own, name):
    return next((each for each in own["scenarios"] if each["id"] == name), None)


def _of_scenario(own, entry):
    scenario = dict(entry)
    lacks = own["unable"].get(scenario["id"])
    if lacks and not scenario.get("skipped"):
        scenario["skipped"] = lacks
    others = {key: value for key, value in own.items() if key not in ("scenarios", "unable", "own_probes")}
    return dict(
        others, scenario=scenario, own_probe=scenario.pop("probe", None) or own["own_probes"].get(scenario["id"]) or {}
    )


def experiments_of(results, host):
    """The records of one host among the results of the tasks ``magsasa.chaos.experiment``, in order."""
    found = [each["experiments"].get(host) for each in results if each.get("experiments")]
    return [each for each in found if each]


class FilterModule:
    """Filters of the collection over scenarios."""

    def filters(self):
        """Name to function."""
        return {
            "select_scenarios": select_scenarios,
            "fill_scenario": fill_scenario,
            "ability": ability,
            "unable": kept.unable,
            "turns_of_hosts": turns_of_hosts,
            "scenario_of_hosts": scenario_of_hosts,
            "hosts_of_wave": hosts_of_wave,
            "experiments_of": experiments_of,
        }
