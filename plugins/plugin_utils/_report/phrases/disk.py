# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a disk fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, number, over

MODES = {"write": "writing", "read": "reading", "mixed": "reading and writing"}


def asked(fault):
    """ "2 workers writing blocks of 64 KiB, each synced" or "10240 MiB of the disk of /var/tmp taken"."""
    wanted = fault["requested"]
    if fault["action"] == "fill":
        if wanted.get("leave_free_mib") is not None:
            return "all but %s of the disk of %s taken (%s)" % (
                number(wanted["leave_free_mib"], "MiB"),
                wanted["path"],
                number(wanted["size_mib"], "MiB"),
            )
        return "%s of the disk of %s taken" % (number(wanted["size_mib"], "MiB"), wanted["path"])
    text = "%s %s blocks of %s" % (
        count(wanted["workers"], "worker"),
        MODES[wanted["mode"]],
        number(wanted["block_kib"], "KiB"),
    )
    text += ", each synced" if wanted.get("fsync") and wanted["mode"] != "read" else ""
    return text + (", at most %s" % number(wanted["rate_mib_s"], "MiB/s") if wanted.get("rate_mib_s") else "")


def found(fault):
    """ "31.4 MiB/s written and 480 syncs a second over 30.0 s; disk vda busy 91 % of the time"."""
    seen = fault["measured"]
    if fault["action"] == "fill":
        if "filled_mib" not in seen:
            return ""
        return "%s taken, %s left free" % (number(seen["filled_mib"], "MiB"), number(seen["free_mib"], "MiB"))
    if "over_s" not in seen:
        return ""
    done = [
        "%s %s" % (number(seen[key], "MiB/s"), word)
        for key, word in (("write_mib_s", "written"), ("read_mib_s", "read"))
        if seen.get(key)
    ]
    done += ["%s syncs a second" % number(seen["fsyncs_s"])] if seen.get("fsyncs_s") else []
    text = (" and ".join(done) or "nothing done") + over(seen)
    if "device_busy_pct" in seen:
        text += "; disk %s busy %s of the time" % (seen.get("device"), number(seen["device_busy_pct"], "%"))
    return text


def lines(fault):
    """The series."""
    wanted = fault["requested"]
    if fault["action"] == "fill":
        return {
            "filled_mib": ("disk space taken", "MiB", wanted.get("size_mib")),
            "free_mib": ("disk space free", "MiB", wanted.get("leave_free_mib")),
        }
    rate, mode = wanted.get("rate_mib_s"), wanted.get("mode")
    return {
        "write_mib_s": ("written by the fault", "MiB/s", rate if mode == "write" else None),
        "read_mib_s": ("read by the fault", "MiB/s", rate if mode == "read" else None),
        "fsyncs_s": ("syncs", "a second", None),
        "device_busy_pct": ("disk busy", "% of the time", None),
    }
