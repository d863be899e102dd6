# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host's answer to a look has the form that ``watch`` relies on: a host under test may say anything. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.module_utils import _quantity
from ansible_collections.magsasa.chaos.plugins.module_utils._errors import printable

LONGEST_MESSAGE = 500


def _is_figure(value):
    return value is None or _quantity.is_number(value, below=1 << 53)


def _is_object(value):
    return value is None or isinstance(value, dict)


def _is_flag(value):
    return value is None or isinstance(value, bool)


FORM = {"active": lambda value: isinstance(value, bool)}
FORM["stopped"] = lambda value: value is None or (isinstance(value, str) and len(value) <= LONGEST_MESSAGE)
FORM.update(dict.fromkeys(("recovered", "collected"), _is_flag))
FORM.update(dict.fromkeys(("fault", "probe", "samples", "summary"), _is_object))
FIGURES = {"fault": ("seconds_left",), "probe": ("sent", "failed", "answered", "overdue", "error_rate_pct", "p50_ms", "p95_ms", "p99_ms", "max_ms")}


def usable(answer):
    """The answer, when it can be used; else ``{"failed": True, "msg": ...}``, as of a host that gave none."""
    if not isinstance(answer, dict):
        return _not_usable("it is no object")
    if answer.get("failed") or answer.get("unreachable") or "clock" not in answer:
        return {"failed": True, "msg": printable(answer.get("msg") or "no reason was given", LONGEST_MESSAGE)}
    for key, good in FORM.items():
        if not good(answer.get(key)):
            return _not_usable("its %s is none of that kind" % key)
    for key, figures in FIGURES.items():
        found = answer.get(key) or {}
        for figure in figures:
            if not _is_figure(found.get(figure)):
                return _not_usable("its %s.%s is no figure" % (key, figure))
    probe = answer.get("probe")
    if probe and probe.get("sent") and probe.get("error_rate_pct") is None:
        return _not_usable("its probe has no error rate")
    return answer


def _not_usable(why):
    return {"failed": True, "msg": "the host's answer is not that of a look: %s" % why}
