# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a process, service, container or host fault in words: something ended, and came back. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, listed, number

SIGNALS = {1: "HUP", 2: "INT", 3: "QUIT", 6: "ABRT", 9: "KILL", 14: "ALRM", 15: "TERM", 10: "USR1", 12: "USR2"}


def signal(value):
    """ "SIGKILL" of 9 or "KILL"."""
    if isinstance(value, int):
        return "SIG%s" % SIGNALS[value] if value in SIGNALS else "signal %d" % value
    return "SIG%s" % value


def asked(fault):
    """What was to happen, by family and action."""
    return {"process": _process, "service": _service, "container": _container, "host": _host}[fault["family"]](
        fault["action"], fault["requested"]
    )


def _process(action, wanted):
    which = count(wanted["processes"], "process", "processes")
    if action == "pause":
        return "%s stopped (SIGSTOP)" % which
    return "%s %s" % (which, "restarted" if action == "restart" else "ended by %s" % signal(wanted["signal"]))


def _service(action, wanted):
    words = {"stop": "stopped and kept down", "mask": "kept from starting", "restart": "restarted"}
    if action == "kill":
        whom = "every process" if wanted.get("whom") == "all" else "the main process"
        return "%s of service %s ended by %s" % (whom, wanted["unit"], signal(wanted["signal"]))
    return "service %s %s" % (wanted["unit"], words[action])


def _container(action, wanted):
    which = "container%s %s" % ("s" if len(wanted["names"]) > 1 else "", listed(wanted["names"]))
    words = {"stop": "stopped and kept down", "pause": "paused", "restart": "restarted"}
    return "%s %s" % (which, "ended by %s" % signal(wanted["signal"]) if action == "kill" else words[action])


def _host(action, wanted):
    words = {
        "reboot": "the host rebooted",
        "shutdown": "the host shut down",
        "panic": "a kernel panic",
        "reset": "the host reset without a shutdown",
    }
    return "%s after %s" % (words[action], number(wanted["delay_s"], "s"))


def found(fault):
    """ "ended, back after 1.9 s (started by the host)", "3 of 3 stopped", "inactive and kept from starting"."""
    seen = fault["measured"]
    if not seen:
        return "the host went down" if fault["family"] == "host" and fault.get("effect") == "confirmed" else ""
    if "going_down" in seen:
        return "the host is going down" if seen["going_down"] else "the host is still up"
    if "ended" in seen:
        return _ended(seen)
    if "active_state" in seen:
        blocked = "kept from starting" if seen.get("blocked") else "free to start"
        took = ", stopped within %s" % number(seen["stopped_in_s"], "s") if "stopped_in_s" in seen else ""
        return "%s, %s%s" % (seen["active_state"], blocked, took)
    state = "paused" if "paused" in seen else "stopped"
    text = "%s of %s %s" % (number(seen[state]), number(seen["of"]), state)
    if seen.get("started_by_others"):
        text += "; started by others %s, and stopped again each time" % count(seen["started_by_others"], "time")
    return text


def _ended(seen):
    if not seen["ended"]:
        return "still running"
    if seen.get("containers", 1) > 1 and seen.get("back", 0) < seen["containers"]:
        return "ended, %d of %d back" % (seen.get("back", 0), seen["containers"])
    if seen.get("back_after_s") is None:
        return "ended, not back by itself"
    by = " (started by %s)" % seen["started_by"] if seen.get("started_by") else ""
    return "ended%s, back after %s%s" % (
        " by force" if seen.get("forced") else "",
        number(seen["back_after_s"], "s"),
        by,
    )


def lines(fault):
    """The series: how many are stopped at a time; an event has none."""
    if fault["action"] == "pause":
        what = "containers paused" if fault["family"] == "container" else "processes stopped"
        return {"stopped": (what, "", fault["requested"].get("processes") or fault["requested"].get("containers"))}
    return {}
