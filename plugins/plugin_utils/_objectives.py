# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Objectives of a system, stated for a run, a group or a host, and those of a scenario: which of them count. Pure.
Private to magsasa.chaos.

``chaos_objectives: {recovery_time: 5s, p95: 300ms}`` replaces the objectives of the shipped scenarios key by key, and
adds to them. A scenario that
states its own keeps those, unless the run says otherwise. What a shipped scenario exempts (the fault itself brings it
about) is never judged.
"""

from __future__ import annotations

import yaml

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption
from ansible_collections.magsasa.chaos.plugins.module_utils._judge import objectives
from ansible_collections.magsasa.chaos.plugins.plugin_utils._origin import PLAY, RUN

OPTION = "chaos_objectives"
REMEDY = "write NAME: LIMIT, such as recovery_time: 5s"
SHIPPED = "shipped"  # the scenario came with the collection
DEFAULT = "default"
OWN = "the scenario"


def stated(value, place=RUN, option=OPTION):
    """``{name: limit}`` of one value of chaos_objectives, checked: a mapping, JSON, YAML or
    ``name=limit,name=limit``. Raises BadOption.
    """
    option = option if place == RUN else "%s (%s)" % (option, place)
    if value in (None, ""):
        return {}
    given = _mapping(value, option) if isinstance(value, str) else value
    if not isinstance(given, dict):
        raise BadOption(option, value, "is not a mapping", REMEDY)
    given = {str(key): limit for key, limit in given.items()}
    for key, limit in given.items():
        _unit_given(key, limit.get("objective") if isinstance(limit, dict) else limit, option)
    objectives.parse(given, option)
    return given


def _mapping(text, option):
    """What a text says, such as the answer to a survey."""
    if "=" in text and not text.lstrip().startswith("{"):
        pairs = [each.partition("=") for each in text.split(",") if each.strip()]
        if all(equals and name.strip() and limit.strip() for name, equals, limit in pairs):
            return {name.strip(): limit.strip() for name, _equals, limit in pairs}
        raise BadOption(option, text, "is not a list of objectives", "write NAME=LIMIT, such as recovery_time=5s")
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise BadOption(option, text, "is not a mapping", REMEDY)


def _unit_given(key, limit, option):
    """A bare number is seconds elsewhere; of an objective that the report shows in milliseconds it is as likely
    meant to be those.
    """
    kind = objectives.KNOWN.get(key.partition(" in ")[0])
    text = str(limit).strip()
    if kind and kind.unit == "ms" and text.replace(".", "", 1).isdigit():
        raise BadOption("%s.%s" % (option, key), limit, "has no unit", "write %sms or %ss" % (text, text))


def apply(scenario, layers):
    """``(scenario, sources, exempted)``: the scenario with the objectives that count, ``{name: where from}``, and what
    was stated and is not judged.

    ``layers``: ``[(place, value)]`` of chaos_objectives, the weakest first. Raises BadOption.
    """
    own = scenario.get("objectives") or {}
    if not isinstance(own, dict):
        return scenario, {}, []  # told when it is judged
    shipped = scenario.get("origin") == SHIPPED or not own
    counted = dict(own or objectives.DEFAULTS)
    source = (scenario.get("origin") or OWN) if own else DEFAULT
    sources = dict.fromkeys(counted, "%s scenario" % SHIPPED if source == SHIPPED else source)
    left_out = scenario.get("exempt") or {}
    exempt = dict.fromkeys(left_out.get("objectives") or (), left_out.get("why"))
    if scenario.get("liveness") is not True and "liveness" not in own:
        exempt["liveness"] = "the scenario does not require that the service stays alive"
    exempted = {}
    for place, value in layers:
        for key, limit in stated(value, place).items():
            name = key.partition(" in ")[0]
            if name in exempt:
                exempted[key] = {"name": key, "from": place, "why": str(exempt[name])}
            elif shipped or place in (RUN, PLAY):
                counted[key], sources[key] = limit, place
    return dict(scenario, objectives=counted), sources, list(exempted.values())
