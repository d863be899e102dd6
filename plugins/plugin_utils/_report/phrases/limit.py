# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a limit fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, number

THINGS = {"descriptors": "file descriptor", "tasks": "task", "inodes": "inode"}
MIB = 1024.0 * 1024.0


def size(value):
    """ "256 MiB"; bytes where it is less than one."""
    return number(value / MIB, "MiB") if value >= MIB else number(value, "bytes")


def _things(action, number_of):
    return count(number_of, THINGS[action])


def asked(fault):
    """ "web.service limited to 20 % of a core and 256 MiB of memory", "all but 64 file descriptors of process 4242
    used up".
    """
    wanted, action = fault["requested"], fault["action"]
    if action == "unit":
        return "%s limited to %s" % (wanted["unit"], " and ".join(_limits(wanted)))
    where = (
        " of process %s" % wanted["pid"]
        if wanted.get("pid")
        else " of the file system of %s" % wanted["path"] if wanted.get("path") else " of the host"
    )
    return "all but %s%s used up" % (_things(action, wanted["leave_free"]), where)


def _limits(wanted):
    known = (
        ("cpu_pct", lambda value: "%s of a core" % number(value, "%")),
        ("memory_bytes", lambda value: "%s of memory" % size(value)),
        ("tasks", lambda value: count(value, "task")),
        ("io_read_bytes_s", lambda value: "%s read a second" % size(value)),
        ("io_write_bytes_s", lambda value: "%s written a second" % size(value)),
    )
    return [words(wanted[key]) for key, words in known if key in wanted]


def found(fault):
    """ "throttled for 12.3 s (410 times), 120 MiB of memory, 8 tasks", "64 free of what may be open"."""
    seen, action = fault["measured"], fault["action"]
    if action != "unit":
        if "free" not in seen:
            return ""
        used = (
            "%s taken, " % number(seen["taken"])
            if "taken" in seen
            else "limit %s, %s open, " % (number(seen["limit"]), number(seen["open"]))
        )
        return "%s%s free" % (used, number(seen["free"]))
    if not seen:
        return ""
    parts = []
    if "throttled_usec" in seen:
        parts.append(
            "throttled for %s (%s times)" % (number(seen["throttled_usec"] / 1e6, "s"), number(seen["nr_throttled"]))
        )
    if "memory_max_events" in seen:
        killed = ", %s killed" % count(seen["oom_kills"], "process", "processes") if seen.get("oom_kills") else ""
        parts.append("met the memory limit %s times%s" % (number(seen["memory_max_events"]), killed))
    if "tasks_refused" in seen:
        parts.append("%s refused" % count(seen["tasks_refused"], "new task"))
    if "read_bytes" in seen:
        parts.append("%s read and %s written" % (size(seen["read_bytes"]), size(seen["written_bytes"])))
    parts.append("it has %s of memory and %s" % (size(seen["memory_bytes"]), count(seen["tasks"], "task")))
    return ", ".join(parts)


def lines(fault):
    """The series."""
    wanted, action = fault["requested"], fault["action"]
    if action != "unit":
        return {
            "free": ("%ss free" % THINGS[action], "", wanted.get("leave_free")),
            "taken": ("%ss taken" % THINGS[action], "", None),
        }
    memory = wanted.get("memory_bytes")
    return {
        "cpu_pct": ("CPU used by the unit", "% of a core", wanted.get("cpu_pct")),
        "throttled_pct": ("unit throttled", "% of the time", None),
        "memory_mib": ("memory of the unit", "MiB", memory / MIB if isinstance(memory, (int, float)) else None),
        "tasks": ("tasks of the unit", "", wanted.get("tasks")),
        "read_mib_s": ("read by the unit", "MiB/s", _mib(wanted.get("io_read_bytes_s"))),
        "write_mib_s": ("written by the unit", "MiB/s", _mib(wanted.get("io_write_bytes_s"))),
    }


def _mib(value):
    return value / MIB if isinstance(value, (int, float)) else None
