# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters over the scenario catalogue."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import ChaosError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _catalogue, _experiment, _scenario_form


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
    return {name: ("ready: %s" % found["backend"] if found["can"] else "cannot run: %s" % found["why"]) for name, found in assessed.items()}


def unable(assessed):
    """``{id: why}`` of the scenarios that this host lacks something for; what a guard says may be another thing when the scenario's turn comes."""
    return {name: found["why"] for name, found in assessed.items() if not found["can"] and _experiment.is_lacking(found["why"])}


class FilterModule:
    """Filters of the collection over scenarios."""

    def filters(self):
        """Name to function."""
        return {"select_scenarios": select_scenarios, "fill_scenario": fill_scenario, "ability": ability, "unable": unable}
