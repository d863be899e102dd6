# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units that end with a service, and that nothing but the undo would start again. Private to magsasa.chaos.

systemd.unit(5): whoever stops a unit stops what requires it (Requires=, Requisite=), is bound to it (BindsTo=), is part
of it (PartOf=) or has its stop propagated (StopPropagatedFrom=, since systemd 249), too; one that ends by itself takes
along what is bound to it.
"""

from __future__ import annotations

from ..._errors import Refused
from ..._plan import undo
from . import protected_units, services

ENDS_WITH = ("RequiredBy", "RequisiteOf", "BoundBy", "ConsistsOf", "PropagatesStopTo")
MOST = 60  # units around one that are looked at


def named(said):
    """Names of the units that end with one, from what systemd says of it (dict of text)."""
    return sorted({unit for key in ENDS_WITH for unit in said.get(key, "").split()})


def of(names):
    """``[{"id", "names", "active"}]`` of the units with these names, and of what would end with those in turn."""
    found, waiting = {}, list(names)
    while waiting and len(found) < MOST:
        name = waiting.pop(0)
        if name not in found:
            said = services.show(name, "Id,Names,ActiveState," + ",".join(ENDS_WITH))
            found[name] = {
                "id": said.get("Id") or name,
                "names": sorted(set(said.get("Names", "").split()) | {name}),
                "active": said.get("ActiveState", ""),
            }
            waiting += named(said)
    return list(found.values())


def around(unit):
    """``{"dependents", "carriers"}``: what would end with a unit, and the services that carry this task; nothing for
    None.
    """
    if not unit:
        return {"dependents": [], "carriers": []}
    found = of(named(services.show(unit, ",".join(ENDS_WITH))))
    return {
        "dependents": [each for each in found if unit not in each["names"]],
        "carriers": sorted(protected_units.carriers()) if found else [],
    }


def is_active(unit):
    """Whether it runs, also while it reads its settings again."""
    return unit["active"] in ("active", "reloading")


def why_protected(unit, carriers):
    """What makes a unit untouchable (text), or None. An alias is as good as the name."""
    why = protected_units.why(unit["names"])
    if why:
        return why
    return "part of this task or its connection" if set(unit["names"]) & set(carriers) else None


def ending(unit, facts):
    """Names of the units that are active now and end with ``unit``; raises Refused where the host needs one of them."""
    names = []
    for each in facts["dependents"]:
        if not is_active(each):
            continue
        why = why_protected(each, facts["carriers"]) or (
            "a target of this host" if each["id"].endswith(".target") else None
        )
        if why:
            raise Refused("protected service", "%s ends with %s and is %s" % (each["id"], unit, why))
        if each["id"] not in names:
            names.append(each["id"])
    return names


def starts(names):
    """Undo that starts them again. An undo is carried out from its end: put it before that of what they need."""
    return [undo("service.start", unit=name) for name in names]


def notes(names):
    """The line of a plan about them, if there are any."""
    if not names:
        return []
    return ["what needs it may end with it and is started again afterwards: %s" % ", ".join(names)]


def claims(names):
    """What a fault holds that ends these services: no other may keep them from being started again."""
    return ["service:%s" % name for name in names]
