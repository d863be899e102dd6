# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which of the steps that few runs take any host needs. A task that all hosts skip costs a worker for each of them.
Private to magsasa.chaos.

An answer may say that a step is needed where it is not, which costs time; never the other way round.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils._judge import outcome

PROTECTED = "chaos_protected is true"
MOST_TOLD = 100  # hosts of which a line is said before the run


def _dict(value):
    return value if isinstance(value, dict) else {}


def _protected(values):
    told = (_dict(values.get("__preflight_checked")).get("refused"), values.get("chaos_refused"))
    return any(PROTECTED in str(each) for each in told if each)


def _probes(values):
    return bool(_dict(values.get("__preflight_checked")).get("probes"))


def _sample(values):
    contacted = _dict(values.get("__preflight_contacted"))
    closed = _dict(values.get("__preflight_checked")).get("refused")
    return (
        not closed
        and "found" in contacted
        and not contacted.get("lost")
        and not _dict(contacted["found"]).get("endpoint")
    )


def _turn(values):
    taken = values.get("chaos_turn") and "suite_released" not in values
    closed = (
        values.get("chaos_refused") or _dict(values.get("chaos_contact")).get("refused") or values.get("chaos_unfit")
    )
    return not taken and not closed


def _settle(values):
    kept = all(name in values for name in ("chaos_refused", "chaos_unfit", "chaos_turn", "chaos_contact"))
    told = _dict(values.get("chaos_contact")).get("refused")
    return not kept or bool(told) or _turn(values) or _protected(values)


def _release(values):
    return bool(values.get("chaos_turn") or _dict(values.get("chaos_contact")).get("lost"))


def _complaint(values):
    records = values.get("chaos_experiments") or []
    return bool(records) and bool(outcome.complaint(records, "no success"))


STEPS = {
    "protected": _protected,
    "probes": _probes,
    "sample": _sample,
    "turn": _turn,
    "settle": _settle,
    "release": _release,
    "complaint": _complaint,
}


def of(hostvars, hosts):
    """``{step: whether any of these hosts needs it}``."""
    needed = dict.fromkeys(STEPS, False)
    for host in hosts:
        values = hostvars[host]
        for step, needs in STEPS.items():
            needed[step] = needed[step] or bool(needs(values))
    return needed


def told(hostvars, hosts):
    """What the first contact told of these hosts: all lines, of many hosts those of the first and how many more."""
    lines = [_dict(hostvars[host].get("__preflight_contacted")).get("told") or [] for host in hosts]
    lines = [each for each in lines if each]
    more = ["and %d more hosts" % (len(lines) - MOST_TOLD)] if len(lines) > MOST_TOLD else []
    return [line for each in lines[:MOST_TOLD] for line in each] + more
