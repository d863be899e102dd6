# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a run keeps of the first contact with a host, and what it tells of it. Pure. Private to magsasa.chaos.

Ansible compiles every template of a role for each host again, so what follows from one result is worked out here.
"""

from __future__ import annotations

from .. import _experiment

SAMPLE = (
    "no service was found on this host, so a run tests the sample application; name yours with chaos_target_url"
    " (--target URL)"
)
ROOT = (
    "more of them run as root: use sudo ./run_chaos_tests.sh with the same options, or -e ansible_become=true in a"
    " playbook or for other hosts"
)


def _dict(value):
    """A host may say anything."""
    return value if isinstance(value, dict) else {}


def of(result, first=None, planned=None, probed=False):
    """What is kept (dict) of a contact, or of a second one that followed ``first`` as the sample application was
    started. ``planned``: the service of a dry run; ``probed``: whether the run says what is probed, and so what is well.
    """
    begun = first or result
    seen = _dict(begun.get("found"))
    endpoint = (_dict(_dict(result.get("found")).get("endpoint")) if first else {}) or _dict(seen.get("endpoint"))
    not_well = "" if probed else endpoint.get("not_well") or ""
    lost = begun.get("lost") or ""
    return {
        "endpoint": endpoint or planned or {},
        "unfit": lost or (not_well if endpoint or planned else seen.get("refusal") or ""),
        "unable": unable(_dict(result.get("able")).get("scenarios") or {}),
        "turn": bool(result.get("held")),
        "contact": {
            "again": result.get("again"),
            "refused": result.get("refused") or "",
            "lost": result.get("lost") or "",
            "machine": begun.get("machine") or "",
            "earlier": begun.get("earlier") or result.get("earlier") or "",
        },
    }


def unable(assessed):
    """``{id: why}`` of the scenarios that a host lacks something for; what a guard says may be another thing when the
    scenario's turn comes.
    """
    return {
        name: found["why"]
        for name, found in assessed.items()
        if not found["can"] and _experiment.is_lacking(found["why"])
    }


def told(host, kept, result, first=None, number=0):
    """Lines about a host: what is tested and why, what the run before left, and what of ``number`` scenarios cannot
    run here.
    """
    able, seen = _dict(result.get("able")), _dict((first or result).get("found"))
    tested = "testing %s" % seen.get("sentence", "")
    if first:
        tested = "testing the sample application at %s: %s" % (kept["endpoint"].get("url", ""), SAMPLE)
    lines = ["%s: %s" % (host, kept["unfit"] or tested)]
    if kept["contact"]["earlier"]:
        lines.append("%s: %s" % (host, kept["contact"]["earlier"]))
    skipped = {name: found["why"] for name, found in (able.get("scenarios") or {}).items() if not found["can"]}
    if skipped and not kept["unfit"]:
        lines.append("%s: %d of %d scenarios cannot run here" % (host, len(skipped), number))
        lines += ["%s: %s" % (name, why) for name, why in skipped.items()]
        lines += [] if _dict(able.get("host")).get("root") else [ROOT]
    return lines
