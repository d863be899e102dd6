# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Figures of a network fault in words. Pure. Private to magsasa.chaos."""

from __future__ import annotations

from ansible_collections.magsasa.chaos.plugins.plugin_utils._report.phrases.figures import count, number, share

BLOCKING = {"partition": "nothing let through", "reject": "everything rejected", "reset": "every connection reset"}
DISTRIBUTIONS = {"pareto": "pareto", "paretonormal": "pareto-normal", "uniform": "uniform"}


def bits(value):
    """ "10 Mbit/s"."""
    for power, unit in ((9, "Gbit/s"), (6, "Mbit/s"), (3, "kbit/s")):
        if value >= 10**power:
            return number(value / 10.0**power, unit)
    return number(value, "bit/s")


def asked(fault):
    """ "200 ms of delay give or take 20 ms and 5 % of packets lost, for tcp port 5432 in and out"."""
    wanted = fault["requested"]
    parts = [BLOCKING[fault["action"]]] if fault["action"] in BLOCKING else []
    if "delay_ms" in wanted:
        parts.append("%s of delay%s" % (number(wanted["delay_ms"], "ms"), _spread(wanted)))
    if "gemodel_p_pct" in wanted:
        rates = tuple(number(wanted["gemodel_%s_pct" % key], "%") for key in ("p", "r", "loss_bad", "loss_good"))
        parts.append("losses in bursts (%s of packets begin one, %s end it; %s lost within, %s outside)" % rates)
    for key, word in (
        ("loss_pct", "lost"),
        ("duplicate_pct", "sent twice"),
        ("corrupt_pct", "damaged"),
        ("reorder_pct", "sent ahead of the rest"),
    ):
        if key in wanted:
            parts.append("%s of packets %s" % (number(wanted[key], "%"), word))
    if "rate_bps" in wanted:
        parts.append("at most %s" % bits(wanted["rate_bps"]))
    return "%s, for %s" % (" and ".join(parts), wanted.get("scope") or "everything")


def _spread(wanted):
    if not wanted.get("jitter_ms"):
        return ""
    kind = DISTRIBUTIONS.get(wanted.get("distribution"))
    return " give or take %s%s" % (number(wanted["jitter_ms"], "ms"), " (%s)" % kind if kind else "")


def found(fault):
    """ "1204 packets held for 200.4 ms on average", "61 of 1204 packets lost (5.07 %)", "18 of 18 packets stopped"."""
    seen = fault["measured"]
    parts = []
    if "delay_ms" in seen:
        spread = (
            ", give or take %s" % number(seen["jitter_ms"], "ms")
            if seen.get("jitter_ms") and fault["requested"].get("jitter_ms")
            else ""
        )
        parts.append(
            "%s held for %s on average%s"
            % (count(seen["packets_held"], "packet"), number(seen["delay_ms"], "ms"), spread)
        )
    if "packets_passed" in seen:
        parts += _by_queues(fault["requested"], seen)
    total = seen.get("packets_seen")
    for key, word in (
        ("packets_lost", "lost"),
        ("packets_duplicated", "sent twice"),
        ("packets_damaged", "damaged"),
        ("packets_ahead", "sent ahead"),
    ):
        if key in seen and total:
            parts.append("%s %s" % (share(seen[key], total, "packet"), word))
    if "packets_hit" in seen:
        stopped = {"loss": "lost", "partition": "stopped", "reject": "rejected", "reset": "answered with a reset"}.get(
            fault["action"], "met"
        )
        parts.append(
            "%s %s" % (share(seen["packets_hit"], seen["packets_matched"], "packet"), stopped)
            if seen["packets_matched"]
            else "no packet came by"
        )
    if not parts and set(seen) & {"packets_held", "packets_seen", "packets_matched"}:
        parts.append(
            "no packet came by"
            if not seen.get("packets_matched")
            else "%s came by" % count(seen["packets_matched"], "packet")
        )
    return ", ".join(parts)


def _by_queues(wanted, seen):
    of = seen["packets_passed"] + seen["packets_dropped"] + seen["packets_waiting"]
    if not of:
        return ["no packet came by"]
    lost = bool({"loss_pct", "gemodel_p_pct", "rate_bps"} & set(wanted)) or seen["packets_dropped"]
    parts = [
        (
            "%s dropped" % share(seen["packets_dropped"], of, "packet")
            if lost
            else "%s came through it" % count(of, "packet")
        )
    ]
    return parts + (["%s while it was full" % bits(seen["rate_bps"])] if seen.get("rate_bps") else [])


def lines(fault):
    """The series."""
    stopped = {
        "partition": "packets stopped",
        "reject": "packets rejected",
        "reset": "packets answered with a reset",
    }.get(fault["action"], "packets lost")
    return {
        "packets_per_s": ("packets that the fault met", "a second", None),
        "hit_per_s": (stopped, "a second", None),
        "held_per_s": ("packets held", "a second", None),
        "packets_waiting": ("packets waiting", "", None),
        "rate_bps": ("throughput", "bit/s", fault["requested"].get("rate_bps")),
    }
