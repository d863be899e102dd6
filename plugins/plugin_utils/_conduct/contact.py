# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first contact of a run with a host: its turn, the service that runs there, and what it can carry out. Private
to magsasa.chaos.
"""

from __future__ import annotations

from ansible.errors import AnsibleError
from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._endpoint import candidates
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption, ChaosError

from .. import _catalogue, _fault_action, _names, _peers

DETECTION_S = "3s"


def detection(given):
    """Arguments of _endpoint.detect.detect from options of the module endpoint_info. Raises BadOption."""
    ports = given.get("ports") or ()
    return {
        "url": given.get("url") or None,
        "ports": (
            [each.strip() for each in ports.split(",")]
            if isinstance(ports, str)
            else list(ports) if isinstance(ports, (list, tuple)) else [ports]
        ),
        "addresses": [candidates.address(each) for each in given.get("addresses") or ()],
        "paths": [candidates.health_path(each) for each in given.get("health_paths") or ()],
        "service": given.get("service") or None,
        "timeout_s": _quantity.duration(given.get("timeout") or DETECTION_S, "timeout", low=0.2, high=60.0),
        "discover": bool(given.get("discover")),
        "headers": {str(key): str(value) for key, value in (given.get("headers") or {}).items()},
    }


def fill(entries, endpoint, database_path, database_port):
    """The scenarios for a host with this service."""
    return [_catalogue.fill(entry, endpoint, database_path, database_port) for entry in entries]


def early(runner, host, entries):
    """What of the scenarios is the same whatever service the host turns out to have: ``{id: question}``. Asked with
    the first question, which saves most hosts a second one.
    """
    try:
        variables = runner.opened(host)[1]
    except AnsibleError:  # told when the host is asked
        return {}
    asked = {}
    for entry in fill(entries, {"planned": True}, None, None):
        try:
            if not entry.get("skipped"):
                asked[entry["id"]] = _question(entry, variables, host)
        except ChaosError:
            continue  # told below
    return asked


def able(runner, host, filled, seconds, first=None):
    """What of the filled-in scenarios a host can carry out: ``{"scenarios": {id: {can, why, ...}}, "host":
    facts}``, as preflight_info tells it; within so many seconds. ``first``: (what was asked early, what was answered).
    """
    told, asked = {}, {}
    variables = runner.opened(host)[1]
    for entry in filled:
        try:
            if entry.get("skipped"):
                raise ChaosError(str(entry["skipped"]))
            asked[entry["id"]] = _question(entry, variables, host)
        except ChaosError as error:
            told[entry["id"]] = {"can": False, "why": str(error), "packages": {}}
    known, facts = _known(asked, first)
    rest = {name: question for name, question in asked.items() if name not in known}
    if rest or facts is None:
        answer = runner.ask_within(host, "assess", {"scenarios": rest}, seconds)
        if answer.get("failed") or answer.get("unreachable"):
            return answer
        facts = answer.get("host")
        found = answer.get("scenarios") if isinstance(answer.get("scenarios"), dict) else {}
        known.update({name: found[name] for name in rest if _is_told(found.get(name))})
    for name in asked:
        told[name] = known.get(name) or {
            "can": False,
            "why": "the host did not report whether it can run",
            "packages": {},
        }
    return {
        "scenarios": {entry["id"]: told[entry["id"]] for entry in filled},
        "host": facts if isinstance(facts, dict) else {},
    }


def _known(asked, first):
    """(answers, facts) of what was asked early in the same words; facts are None where nothing was answered."""
    questions, answer = first or ({}, None)
    if not isinstance(answer, dict) or not isinstance(answer.get("scenarios"), dict):
        return {}, None
    found = answer["scenarios"]
    same = {name for name, question in asked.items() if questions.get(name) == question and _is_told(found.get(name))}
    return {name: found[name] for name in same}, answer.get("host") or {}


def _question(entry, variables, host):
    family = entry.get("family")
    if family not in _names.FAMILIES:
        raise BadOption("family", family, "is not a fault family", "use one of %s" % ", ".join(_names.FAMILIES))
    options = dict(entry.get("options") or {})
    if family == "network":
        options = _peers.translate(options, variables, host)[0]
    params, _secrets = _fault_action.complete("magsasa.chaos.%s_fault" % family, dict(options, name="assessed"))
    return {"family": family, "params": params, "force": bool(params.get("force"))}


def _is_told(found):
    return (
        isinstance(found, dict)
        and isinstance(found.get("can"), bool)
        and (found["can"] or isinstance(found.get("why"), str))
    )
