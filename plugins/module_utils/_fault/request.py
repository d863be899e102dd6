# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a fault is asked for, as data: options that every fault has, and how a request is carried out. Private to
magsasa.chaos.

The same code answers a fault module and, without Ansible, an entry of the runtime archive.
"""

from __future__ import annotations

import os

from .. import _quantity
from .._errors import BadOption, ChaosError
from .._life import turn
from .._ledger.ledger import Ledger
from . import absence

ENVELOPE = {
    "name": {"type": "str", "required": True},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "duration": {"type": "str"},
    "max_duration": {"type": "str", "default": "15m"},
    "lease": {"type": "str"},
    "halt_on": {
        "type": "dict",
        "options": {
            "probe": {"type": "str", "required": True},
            "error_rate": {"type": "str"},
            "latency": {"type": "str"},
            "for": {"type": "str", "default": "5s"},
        },
    },
    "force": {"type": "bool", "default": False},
    "run": {"type": "dict"},
}
SHORTEST = 0.5  # seconds; below it nothing can be measured


def envelope(params):
    """Shared options as figures: ``{name, duration_s, max_duration_s, lease_s, halt_on, force}``. Raises BadOption."""
    parsed = {"name": _quantity.name(params["name"]), "force": params["force"], "run": turn.parse(params.get("run"))}
    if params["state"] == "absent":
        return parsed
    if params["duration"] is None:
        raise BadOption("duration", "", "is missing", "give the duration of the fault, such as 30s")
    parsed["duration_s"] = _quantity.duration(params["duration"], "duration", low=SHORTEST)
    parsed["max_duration_s"] = _quantity.duration(params["max_duration"], "max_duration", low=SHORTEST, high=86400.0)
    parsed["lease_s"] = _quantity.duration(params["lease"], "lease", low=1.0) if params["lease"] is not None else None
    parsed["halt_on"] = _halt_on(params["halt_on"])
    return parsed


def _halt_on(given):
    if given is None:
        return None
    if given["error_rate"] is None and given["latency"] is None:
        raise BadOption("halt_on", given["probe"], "has no condition", "give error_rate, latency or both")
    return {
        "probe": _quantity.name(given["probe"], "halt_on.probe"),
        "error_rate_pct": (
            None if given["error_rate"] is None else _quantity.percent(given["error_rate"], "halt_on.error_rate")
        ),
        "latency_ms": (
            None if given["latency"] is None else _quantity.duration(given["latency"], "halt_on.latency") * 1000.0
        ),
        "for_s": _quantity.duration(given["for"], "halt_on.for", low=0.5),
    }


class Nobody:
    """Stands for the family of a fault that is only ended: that needs its name alone."""

    name = "the module"
    options = {}


def here(family, params):
    """Options with paths as Ansible would have them, by the user and the environment of this host."""
    paths = [
        name
        for name, spec in family.options.items()
        if spec.get("type") == "path" and isinstance(params.get(name), str)
    ]
    return dict(params, **{name: os.path.expanduser(os.path.expandvars(params[name])) for name in paths})


def add_diff(result, state, wanted):
    """Put what ``--diff`` shows into the result of a module."""
    fault = result["fault"]
    if wanted and fault and result["changed"]:
        steps = fault["plan"] if state == "present" else []
        result["diff"] = {"before": "", "after": "".join("%s\n" % step["says"] for step in steps)}


def carry_out(family, params, check_mode=False):
    """Carry out what the checked options ``params`` of a fault module ask for.

    Returns the module's result (dict), with ``warnings`` and, when it did not succeed, ``failed`` and ``msg``: one
    sentence. Raises nothing.
    """
    try:
        shared = envelope(params)
        if params["state"] == "absent":
            result = absence.absent(shared["name"], check_mode, shared["run"])
        else:
            from . import engine  # only here: what ends a fault, or finds none, needs nothing of it

            result = engine.present(family, shared, dict(family.parse(params), force=shared["force"]), check_mode)
    except ChaosError as error:
        return dict({"changed": False}, failed=True, msg=str(error), **error.details)
    except OSError as error:
        return {"failed": True, "changed": False, "msg": "operation failed on the host: %s" % error}
    except Exception as error:  # a defect of ours: still one sentence, with what a report of it needs
        import traceback  # seldom needed

        return {
            "failed": True,
            "changed": False,
            "msg": (
                "%s ended in an internal error (%s: %s); please report it" % (family.name, type(error).__name__, error)
            ),
            "internal": traceback.format_exc(limit=6).splitlines()[-6:],
        }
    return dict(result, warnings=_warnings(result))


def _warnings(result):
    said = []
    if result["swept"]:
        said.append(
            "reverted %d fault(s) that no process held any more: %s"
            % (len(result["swept"]), ", ".join(r["name"] for r in result["swept"]))
        )
    said += Ledger().unreadable()
    fault = result["fault"]
    if fault and fault.get("differences") and result["changed"]:
        said.append(
            "fault '%s' is reverted, but the state differs from before: %s"
            % (fault["name"], "; ".join(fault["differences"]))
        )
    return said
