# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""When a fault is undone early: ``{error_rate: 50%, latency: 2s, for: 5s}``. Pure. Private to magsasa.chaos.

A condition with a misspelt key would halt nothing, so it is refused.
"""

from __future__ import annotations

import difflib

import yaml

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption

KEYS = ("error_rate", "latency", "for")
REMEDY = "write a mapping such as {error_rate: 50%, for: 5s}"


def parse(value, option="halt_on"):
    """``{error_rate_pct, latency_ms, for_s}`` of a mapping or of its text; the first two are None where nothing is
    said. Raises BadOption.
    """
    given = value
    if isinstance(value, str):
        try:
            given = yaml.safe_load(value)
        except yaml.YAMLError:
            raise BadOption(option, value, "is not a mapping", REMEDY)
    given = given or {}
    if not isinstance(given, dict):
        raise BadOption(option, value, "is not a mapping", REMEDY)
    for key in given:
        if key not in KEYS:
            near = difflib.get_close_matches(str(key), KEYS, 1)
            raise BadOption(
                option,
                key,
                "is not a condition",
                "did you mean %s?" % near[0] if near else "use one of %s" % ", ".join(KEYS),
            )
    if given and not {"error_rate", "latency"} & set(given):
        raise BadOption(option, value, "has no condition", "give error_rate, latency or both")
    return {
        "error_rate_pct": (
            _quantity.percent(given["error_rate"], option + ".error_rate") if given.get("error_rate") else None
        ),
        "latency_ms": (
            _quantity.duration(given["latency"], option + ".latency") * 1000.0 if given.get("latency") else None
        ),
        "for_s": _quantity.duration(given.get("for", "5s"), option + ".for", low=0.5),
    }
