# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole groups of a fleet of which a run sees only a part, as its user declared them. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, printable

from . import _blast_radius

AWX = "awx"  # ask its API
MOST = 100000  # hosts of a group
REMEDY = "map each group to the names of its hosts or to their number, or write awx"


def parse(given):
    """``{group: [name] or number}``, ``"awx"``, or ``{}`` where nothing is declared. Raises BadOption.

    A text, such as the answer to a survey, may be JSON or ``app=8, db=3``.
    """
    if given is None or given == "":
        return {}
    if isinstance(given, str):
        if given.strip() == AWX:
            return AWX
        given = _of_text(given.strip())
    if not isinstance(given, Mapping):
        raise BadOption("chaos_fleet", given, "is not a mapping of groups", REMEDY)
    for group in _blast_radius.EVERYBODY:
        if group in given:  # it would be counted nowhere, and the slices guard would be lifted
            raise BadOption(
                "chaos_fleet",
                group,
                "is no group of hosts that stand in for each other",
                "put them into a group of their own and declare that",
            )
    return {str(group): _members(group, members) for group, members in given.items()}


def _of_text(text):
    if text.startswith("{"):
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            raise BadOption("chaos_fleet", text, "is not valid JSON", REMEDY)
    found = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        group, _equals, number = part.partition("=")
        found[group.strip()] = number.strip()
    return found


def _members(group, members):
    if isinstance(members, (list, tuple)) and all(isinstance(each, str) and each for each in members):
        return sorted(set(members))
    try:
        number = int(members) if not isinstance(members, (bool, float)) else 0
    except (TypeError, ValueError):
        number = 0
    if not 1 <= number <= MOST:
        raise BadOption("chaos_fleet", "%s: %s" % (group, members), "is neither names nor a number of hosts", REMEDY)
    return number


def keeper(fleet, given):
    """The keeper that is named (text), "" where none is and none is needed. Raises BadOption.

    A fleet lifts the guard of slices, so a keeper must count for it. False, as YAML reads no, names nobody.
    """
    named = "" if given in (None, False) else str(given).strip()
    if fleet and not named:
        raise BadOption(
            "chaos_keeper",
            "" if given is None else given,
            "is missing beside chaos_fleet",
            "name the host that keeps count of all parts of the fleet",
        )
    return named


def problem(fleet, groups):
    """What of the groups that this run sees contradicts the fleet (a sentence), or None."""
    for group, members in sorted(fleet.items()):
        here = sorted(groups.get(group) or ())
        if isinstance(members, int):
            if len(here) > members:
                said = "says %d hosts, and this job alone has %d of the group" % (members, len(here))
                return str(BadOption("chaos_fleet", group, said, "declare the whole group"))
        else:
            unknown = [host for host in here if host not in members]
            if unknown:
                said = "does not name %s, which this job has in the group" % printable(", ".join(unknown[:5]), 200)
                return str(BadOption("chaos_fleet", group, said, "declare the whole group"))
    return None


def whole(fleet, groups):
    """``{group: [name]}``: the groups with all their hosts; hosts of which only the number is known have no name."""
    found = {group: sorted(members) for group, members in groups.items()}
    for group, members in fleet.items():
        here = found.get(group) or []
        if isinstance(members, int):
            found[group] = here + [""] * (members - len(here))
        else:
            found[group] = list(members)
    return found


def limits(hosts, fleet, groups, percent):
    """``{host: {group: how many of it may be out}}``. What nobody declared counts as what this run sees of it."""
    sizes = {
        group: len(members) for group, members in whole(fleet, groups).items() if group not in _blast_radius.EVERYBODY
    }
    return {
        host: {
            group: _blast_radius.limit(sizes[group], percent)
            for group, members in groups.items()
            if group in sizes and host in members
        }
        for host in hosts
    }


def waves(hosts, fleet, groups, percent, seed):
    """``{"waves": [[host]], "numbers": [int], "of": int}``: the hosts of this run by the waves of the whole fleet, which
    are the same in each of its parts; waves without a host of this run are left out.
    """
    entire = whole(fleet, groups)
    everybody = set(hosts) | {host for members in entire.values() for host in members if host}
    planned = _blast_radius.plan(sorted(everybody), entire, percent, seed)["waves"]
    own = [(number, [host for host in wave if host in set(hosts)]) for number, wave in enumerate(planned, 1)]
    own = [(number, wave) for number, wave in own if wave]
    return {"waves": [wave for _number, wave in own], "numbers": [number for number, _wave in own], "of": len(planned)}


def seed(fleet, variables):
    """A seed that all parts of a fleet have alike: of the sliced job of AWX, else of the fleet."""
    for head in ("awx", "tower"):
        job = variables.get(head + "_workflow_job_id")
        if job:
            return str(job)
    return str(zlib.crc32(json.dumps(fleet, sort_keys=True).encode("utf-8")))
