# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether a host's answer has the form that the conductor relies on: a host under test may say anything. Pure.
Private to magsasa.chaos.
"""

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
FORM.update(dict.fromkeys(("recovered", "collected", "released"), _is_flag))
FORM.update(dict.fromkeys(("fault", "probe", "samples", "summary", "also"), _is_object))
FIGURES = {
    "fault": ("seconds_left",),
    "probe": ("sent", "failed", "answered", "overdue", "error_rate_pct", "p50_ms", "p95_ms", "p99_ms", "max_ms"),
}


def usable(answer):
    """The answer, when it can be used; else ``{"failed": True, "msg": ...}``, as of a host that gave none."""
    if not isinstance(answer, dict):
        return _not_usable("it is not an object")
    if answer.get("failed") or answer.get("unreachable") or "clock" not in answer:
        return {"failed": True, "msg": printable(answer.get("msg") or "no reason was given", LONGEST_MESSAGE)}
    for key, good in FORM.items():
        if not good(answer.get(key)):
            return _not_usable("its %s has the wrong type" % key)
    for key, figures in FIGURES.items():
        found = answer.get(key) or {}
        for figure in figures:
            if not _is_figure(found.get(figure)):
                return _not_usable("its %s.%s is not a number" % (key, figure))
    probe = answer.get("probe")
    if probe and probe.get("sent") and probe.get("error_rate_pct") is None:
        return _not_usable("its probe has no error rate")
    return answer


def _not_usable(why):
    return {"failed": True, "msg": "the host gave an invalid answer: %s" % why}


def refused(answer):
    """Why a question came to nothing (a sentence), or None for an answer."""
    if not isinstance(answer, dict):
        return "the answer of the host is not an object"
    if answer.get("failed") or answer.get("unreachable") or not isinstance(answer.get("clock"), dict):
        return printable(answer.get("msg") or "no reason was given", LONGEST_MESSAGE * 4)
    return None


def probe_age_s(answer, most):
    """How long the youngest probe of an answer to ``begin`` had been running by then; 0 where the host does not
    tell, and never more than ``most``.
    """
    probes = answer.get("probes")
    now = answer["clock"].get("monotonic")
    ages = []
    for probe in probes if isinstance(probes, list) else ():
        then = probe.get("started_at") if isinstance(probe, dict) else None
        then = then.get("monotonic") if isinstance(then, dict) else None
        if _is_number(then) and _is_number(now):
            ages.append(min(max(now - then, 0.0), most))
    return min(ages, default=0.0)


def _is_number(value):
    return value is not None and _is_figure(value)


def collected(told):
    """``{samples, summary, died}`` of a probe as a host handed it over; {} for what is none."""
    if not isinstance(told, dict) or not _is_object(told.get("samples")) or not _is_object(told.get("summary")):
        return {}
    return {key: told.get(key) for key in ("samples", "summary", "died")}
