# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What systemd says of a unit and those around it, and which units no fault may touch. Private to magsasa.chaos.

``systemctl show`` prints properties of org.freedesktop.systemd1(5); its monotonic time stamps are CLOCK_MONOTONIC in
microseconds.
"""

from __future__ import annotations

import os

from ..._errors import BadOption, Refused
from ..._host import processes
from ..._host.systemd import dependents, protected_units, services

PROPERTIES = (
    "Id,Names,LoadState,ActiveState,SubState,MainPID,Restart,Transient,RefuseManualStart,RefuseManualStop,InvocationID,"
    "ActiveEnterTimestampMonotonic,DropInPaths,TriggeredBy," + ",".join(dependents.ENDS_WITH)
)
MOST = 60  # triggers that are looked at


def inspect(name):
    """``{"unit", "triggers", "dependents", "carriers", "folder"}`` as systemd has them; raises Refused without
    systemd or root, MissingTool.
    """
    if not os.path.isdir(services.RUNNING):
        raise Refused("systemd", "systemd does not run this host", remedy="use magsasa.chaos.process_fault")
    if os.geteuid() != 0:
        raise Refused("permission", "controlling services needs root", remedy="use become: true")
    services.require("control services")
    unit = describe(name)
    return {
        "unit": unit,
        "triggers": [describe(each) for each in unit["triggers"][:MOST]],
        "dependents": [each for each in dependents.of(unit["dependents"]) if each["id"] != unit["id"]],
        "carriers": sorted(protected_units.carriers()),
        "folder": os.path.isdir(os.path.dirname(services.drop_in(unit["id"], ""))),
    }


def describe(name):
    """Facts of one unit (JSON-able); ``start`` belongs to ``pid``, ``since`` is a monotonic second."""
    return read(services.show(name, PROPERTIES), name)


def read(said, name):
    """The same from what systemctl said (dict of text)."""
    pid = _whole(said.get("MainPID"))
    return {
        "id": said.get("Id") or name,
        "names": sorted(set(said.get("Names", "").split()) | {name}),
        "load": said.get("LoadState", ""),
        "active": said.get("ActiveState", ""),
        "pid": pid,
        "start": (processes.start_time(pid) if pid else None) or 0,
        "restart": said.get("Restart", "no"),
        "transient": said.get("Transient") == "yes",
        "refuses": [
            verb
            for verb, key in (("start", "RefuseManualStart"), ("stop", "RefuseManualStop"))
            if said.get(key) == "yes"
        ],
        "invocation": said.get("InvocationID", ""),
        "since": _whole(said.get("ActiveEnterTimestampMonotonic")) / 1e6,
        "drop_ins": said.get("DropInPaths", "").split(),
        "triggers": said.get("TriggeredBy", "").split(),
        "dependents": dependents.named(said),
    }


def _whole(text):
    return int(text) if text and text.isascii() and text.isdigit() else 0


def held(unit):
    """Whether another fault holds it down. Then the engine says which one, and every other refusal would only
    mislead.
    """
    ours = services.DROP_IN.split("%", 1)[0]
    return any(os.path.basename(path).startswith(ours) for path in unit["drop_ins"])


def guard(action, facts):
    """Refuse a unit that is not there, that cannot be put back, or that the host cannot do without."""
    unit = facts["unit"]
    if unit["load"] == "not-found":
        raise BadOption(
            "unit",
            unit["id"],
            "is not known to systemd on this host",
            "use one shown by systemctl list-units --type=service",
        )
    why = dependents.why_protected(unit, facts["carriers"])
    if why:
        raise Refused("protected service", "%s is %s" % (unit["id"], why))
    if unit["load"] != "loaded":
        raise BadOption(
            "unit",
            unit["id"],
            "cannot be started by systemd (%s), so it could not be restored" % unit["load"],
            "repair or unmask it first",
        )
    if action == "mask" or held(unit):
        return
    if not dependents.is_active(unit):
        raise BadOption(
            "unit",
            unit["id"],
            "is not running (%s), so there is nothing to %s" % (unit["active"], action),
            "start it first",
        )
    if unit["transient"]:
        raise Refused(
            "revival",
            "%s is a transient unit, which ceases to exist when it ends" % unit["id"],
            remedy="install it with a unit file of its own",
        )
    if unit["refuses"]:
        raise Refused(
            "revival",
            "%s must not be %sed manually, according to its unit"
            % (unit["id"], unit["refuses"][0].replace("stop", "stopp")),
            remedy="name another service",
        )
    if action == "kill" and not unit["pid"]:
        raise BadOption("unit", unit["id"], "has no main process to kill", "use action=stop or action=restart")
    dependents.ending(unit["id"], facts)
