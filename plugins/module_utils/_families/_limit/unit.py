# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Less CPU, memory, tasks or disk for a systemd unit. Private to magsasa.chaos.

Source of the figures: Documentation/admin-guide/cgroup-v2.rst (cpu.max, cpu.stat, memory.max, memory.events, pids.max,
io.max, io.stat).
"""

from __future__ import annotations

import mmap
import os
import re
import stat

from ... import _clock, _quantity
from ..._errors import BadOption, NotHere, Refused
from ..._plan import plan, step, undo
from ..._host import processes
from ..._host.systemd import protected_units, services, unit_limits

MIB = 1024.0 * 1024.0
OPTIONS = ("unit", "cpu", "memory", "tasks", "io_read", "io_write", "path")
PROPERTY = {
    "cpu": "CPUQuota",
    "memory": "MemoryMax",
    "tasks": "TasksMax",
    "io_read": "IOReadBandwidthMax",
    "io_write": "IOWriteBandwidthMax",
}
CONTROLLER = {"cpu": "cpu", "memory": "memory", "tasks": "pids", "io_read": "io", "io_write": "io"}
IO_KEY = {"io_read": "rbps", "io_write": "wbps"}
ROOTS = ("-.slice", "system.slice", "user.slice", "machine.slice", "init.scope")
LEAST_MEMORY = 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9:_.\\@-]{1,200}")
_KIND = re.compile(r".*\.(service|slice|scope)")
_OTHER_KIND = re.compile(r".*\.(socket|target|timer|path|mount|automount|swap|device)")


def parse(params):
    """``{unit, limits: {option: figure}, path}``; figures: percent of one core, bytes, tasks, bytes a second."""
    name = (params["unit"] or "").strip()
    if not name:
        raise BadOption("unit", "", "is missing", "name a unit of systemd, such as nginx.service")
    if (
        not _NAME.fullmatch(name)
        or _OTHER_KIND.fullmatch(name)
        or name.startswith("-")
        and name != "-.slice"
        or name.endswith(("@", "@.service"))
    ):
        raise BadOption("unit", name, "is not the name of a service, slice or scope", "use one shown by systemd-cgls")
    limits = {}
    if params["cpu"] is not None:
        limits["cpu"] = _quantity.percent(params["cpu"], "cpu", low=1.0, high=100000.0)
    if params["memory"] is not None:
        limits["memory"] = _quantity.size(params["memory"], "memory", low=LEAST_MEMORY) // mmap.PAGESIZE * mmap.PAGESIZE
    if params["tasks"] is not None:
        if params["tasks"] < 1:
            raise BadOption("tasks", params["tasks"], "is not a number of tasks", "use 1 or more")
        limits["tasks"] = params["tasks"]
    for option in ("io_read", "io_write"):
        if params[option] is not None:
            limits[option] = _quantity.size(params[option], option, low=4096)
    if not limits:
        raise BadOption(
            "unit", name, "has no limit to set", "give one or more of cpu, memory, tasks, io_read and io_write"
        )
    disk = "io_read" in limits or "io_write" in limits
    if params["path"] is not None and not disk:
        raise BadOption("path", params["path"], "has no effect without io_read or io_write", "leave it out")
    return {
        "unit": name if _KIND.fullmatch(name) else name + ".service",
        "limits": limits,
        "path": (params["path"] or "/") if disk else None,
    }


def disk_of(path):
    """``"major:minor", "/dev/name"`` of the whole disk under a path: the kernel limits disks, not partitions.
    Raises BadOption, NotHere.
    """
    try:
        found = os.stat(path)
    except (OSError, ValueError) as error:
        raise BadOption(
            "path",
            path,
            "cannot be used (%s)" % (getattr(error, "strerror", None) or error),
            "name a device or a folder on it",
        )
    number = found.st_rdev if stat.S_ISBLK(found.st_mode) else found.st_dev
    real = os.path.realpath("/sys/dev/block/%d:%d" % (os.major(number), os.minor(number)))
    if not os.path.isdir(real):
        raise NotHere(
            "%s is not on a block device that the kernel can limit" % path,
            "name a device, or a folder on one, with path",
        )
    if os.path.exists(os.path.join(real, "partition")):
        real = os.path.dirname(real)
    return unit_limits.read(os.path.join(real, "dev")), "/dev/" + os.path.basename(real).replace("!", "/")


def inspect(options):
    """The unit, its control group with the present figures, its limits and the files that hold them."""
    if not os.path.isdir(services.RUNNING):
        raise NotHere("limits of units need systemd, which does not run this host", "use another host")
    if os.geteuid() != 0:
        raise NotHere("setting limits of units needs root", "use become: true")
    services.require("set the limits of a unit")
    unit = options["unit"]
    said = services.show(unit, "Id,Names,LoadState,ActiveState,ControlGroup")
    unit = said.get("Id") or unit
    group = said.get("ControlGroup", "")
    folder = os.path.join(unit_limits.CGROUPS, group.strip("/")) if group.strip("/") else ""
    files = {}
    names = [PROPERTY[each] for each in sorted(options["limits"])]
    for name in names:
        files[name] = unit_limits.kept(unit_limits.path(unit, name))
    control = os.path.dirname(unit_limits.path(unit, "x"))
    return {
        "id": unit,
        "names": sorted(set(said.get("Names", "").split()) | {unit, options["unit"]}),
        "load": said.get("LoadState", ""),
        "active": said.get("ActiveState", ""),
        "group": folder,
        "above_us": sorted(_ours(folder)) if folder else [],
        "inside": _inside(folder),
        "controllers": sorted(unit_limits.controllers()),
        "memory": _whole(os.path.join(folder, "memory.current")),
        "tasks": _whole(os.path.join(folder, "pids.current")),
        "shown": {name: unit_limits.live(unit)[name] for name in names},
        "files": files,
        "folder": os.path.isdir(control),
        "root": os.path.isdir(os.path.dirname(control)),
        "boot_id": _clock.boot_id(),
        "device": disk_of(options["path"]) if options["path"] else None,
    }


def _whole(name):
    text = unit_limits.read(name)
    return int(text) if text.isdigit() else 0


def _ours(folder):
    """Pids that run this very task or carry its connection and are in the control group or below it."""
    for pid in processes.above(os.getpid()):
        for line in unit_limits.read("/proc/%d/cgroup" % pid).splitlines():
            here = os.path.join(unit_limits.CGROUPS, line.rpartition(":")[2].strip("/"))
            if line.startswith("0::") and (here == folder or here.startswith(folder + "/")):
                yield pid


def _inside(folder):
    """Names of units below it that are untouchable."""
    found = set()
    for _here, folders, _files in os.walk(folder) if folder else ():
        found.update(name for name in folders if protected_units.why([name]))
    return sorted(found)


def claims(options):
    """Each property of the unit; an alias is told apart from the name by the plan."""
    return ["limit of %s: %s" % (options["unit"], PROPERTY[each]) for each in sorted(options["limits"])]


def _guard(options, facts):
    unit, limits = facts["id"], options["limits"]
    if facts["load"] == "not-found":
        raise BadOption("unit", unit, "is not known to systemd on this host", "use one shown by systemctl list-units")
    why = protected_units.why(facts["names"]) or ("a slice that contains the host itself" if unit in ROOTS else None)
    why = why or ("part of this task or its connection" if facts["above_us"] else None)
    if why:
        raise Refused("protected unit", "%s is %s" % (unit, why))
    if facts["inside"]:
        raise Refused("protected unit", "%s contains %s, which the host needs" % (unit, ", ".join(facts["inside"][:3])))
    for each in sorted(limits):
        if CONTROLLER[each] not in facts["controllers"]:
            has = (
                ", ".join(facts["controllers"])
                or "none: it is not the only hierarchy of the host, or it is not writable"
            )
            figure = "limiting %s needs the cgroup v2 controller %s, and /sys/fs/cgroup offers %s" % (
                each,
                CONTROLLER[each],
                has,
            )
            raise NotHere(figure, "use a host with cgroup v2")
    if facts["active"] not in ("active", "reloading") or not facts["group"]:
        raise BadOption(
            "unit", unit, "is not running (%s), so there is nothing to limit" % facts["active"], "start it first"
        )
    if "memory" in limits and limits["memory"] < facts["memory"] and not options.get("force"):
        now, asked = _quantity.show_size(facts["memory"]), _quantity.show_size(limits["memory"])
        raise Refused(
            "memory", "%s uses %s and would get %s: the kernel would kill part of it" % (unit, now, asked), "force"
        )


def assignment(option, figure, device):
    """What systemctl set-property takes for one limit."""
    if option == "cpu":
        return "CPUQuota=%.2f%%" % figure
    if option in IO_KEY:
        return "%s=%s %d" % (PROPERTY[option], device, figure)
    return "%s=%d" % (PROPERTY[option], figure)


def _bound(option, figure):
    """As unit_limits.figure has it."""
    return round(figure * 100) * 100 if option == "cpu" else figure


def make_plan(options, facts):
    """All limits at once."""
    _guard(options, facts)
    unit, limits = facts["id"], options["limits"]
    number, device = facts["device"] or (None, None)
    former = {
        PROPERTY[each]: {"shown": facts["shown"][PROPERTY[each]], "file": facts["files"][PROPERTY[each]]}
        for each in limits
    }
    settings = [assignment(each, limits[each], device) for each in sorted(limits)]
    back = undo(
        "limits.unit",
        unit=unit,
        former=former,
        device=device,
        bound={PROPERTY[each]: _bound(each, limits[each]) for each in limits},
        folder=facts["folder"],
        root=facts["root"],
        boot_id=facts["boot_id"],
    )
    requested = {"unit": unit}
    for each, key in (
        ("cpu", "cpu_pct"),
        ("memory", "memory_bytes"),
        ("tasks", "tasks"),
        ("io_read", "io_read_bytes_s"),
        ("io_write", "io_write_bytes_s"),
    ):
        if each in limits:
            requested[key] = limits[each]
    notes = []
    if "tasks" in limits and limits["tasks"] < facts["tasks"]:
        notes.append("%s already has %d tasks; they keep running, and no more can start" % (unit, facts["tasks"]))
    if "io_write" in limits:
        notes.append(
            "without cgroup writeback (on other file systems than ext4, xfs, btrfs) delayed writes are not limited,"
            " only direct and synchronous ones"
        )
    args = {"unit": unit, "limits": limits, "settings": settings, "group": facts["group"], "number": number}
    says = "limit %s (%s) until the end of the fault" % (unit, ", ".join(settings))
    claimed = claims(dict(options, unit=unit)) + (claims(options) if unit != options["unit"] else [])
    return plan(
        "limit",
        "unit",
        "systemctl set-property",
        requested,
        [step("unit", says, args, [back], tool="systemctl")],
        claimed,
        notes,
    )


def start(ctx, args):
    """Set them, and keep the kernel's counters of now."""
    ctx.memory.update(args=args, first=counters(args))
    unit_limits.assign(args["unit"], args["settings"])


def counters(args):
    """What the kernel has counted so far: ``{name: number}``."""
    group, limits = args["group"], args["limits"]
    found = {}
    if "cpu" in limits:
        said = unit_limits.figures(os.path.join(group, "cpu.stat"))
        found.update({key: said.get(key, 0) for key in ("nr_throttled", "throttled_usec", "usage_usec")})
    if "memory" in limits:
        said = unit_limits.figures(os.path.join(group, "memory.events"))
        found.update(memory_max_events=said.get("max", 0), oom_kills=said.get("oom_kill", 0))
    if "tasks" in limits:
        found["tasks_refused"] = unit_limits.figures(os.path.join(group, "pids.events")).get("max", 0)
    if args["number"]:
        said = unit_limits.device_figures(os.path.join(group, "io.stat"), args["number"])
        found.update(
            {key: int(said.get(short, 0)) for key, short in (("read_bytes", "rbytes"), ("written_bytes", "wbytes"))}
        )
    return found


def held(option, figure, group, number):
    """Whether the control group's own file has the limit, and what it says."""
    if option == "cpu":
        said = unit_limits.read(os.path.join(group, "cpu.max"))
        quota, _space, period = said.partition(" ")
        return quota.isdigit() and period.isdigit() and abs(100.0 * int(quota) / int(period) - figure) < 0.5, said
    if option in IO_KEY:
        said = unit_limits.device_figures(os.path.join(group, "io.max"), number).get(IO_KEY[option], "")
    else:
        said = unit_limits.read(os.path.join(group, {"memory": "memory.max", "tasks": "pids.max"}[option]))
    return said == str(figure), said


def trace(measured):
    """CPU, throttling and bytes so far (since the limit was set), and the memory and the tasks of now."""
    scales = (
        ("cpu_pct", "usage_usec", 1e4),  # microseconds a second as percent of a core
        ("throttled_pct", "throttled_usec", 1e4),
        ("read_mib_s", "read_bytes", MIB),
        ("write_mib_s", "written_bytes", MIB),
    )
    total = {key: measured[name] / scale for key, name, scale in scales if name in measured}
    return {
        "now": (
            {"memory_mib": measured["memory_bytes"] / MIB, "tasks": measured["tasks"]} if "tasks" in measured else {}
        ),
        "total": total,
    }


def measure(ctx):
    """The limits as the kernel has them, and what it counted since: throttled time, refused tasks, bytes."""
    args = ctx.memory["args"]
    if not os.path.isdir(args["group"]):
        return {"effect": "inconclusive", "measured": {}, "note": "the unit is not running any more"}
    now = counters(args)
    shown = {key: now[key] - ctx.memory["first"][key] for key in now}
    shown["memory_bytes"] = _whole(os.path.join(args["group"], "memory.current"))
    shown["tasks"] = _whole(os.path.join(args["group"], "pids.current"))
    missing = []
    for option, figure in sorted(args["limits"].items()):
        right, said = held(option, figure, args["group"], args["number"])
        shown[option + "_limit"] = said
        if not right:
            missing.append(option)
    if missing:
        return {
            "effect": "mismatch",
            "measured": shown,
            "note": "the kernel did not apply the limit of %s" % ", ".join(missing),
        }
    return {"effect": "confirmed", "measured": shown, "note": ""}
