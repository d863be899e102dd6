# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is to happen to packets: options as figures, and the action that they add up to. Pure. Private to magsasa.chaos.

An *effect* is one thing that happens to packets that still travel; several compose in one fault (action ``degrade``).
The other
actions let nothing through.
"""

from __future__ import annotations

from ... import _quantity
from ..._errors import BadOption
from . import impairments

EFFECTS = ("delay", "loss", "duplicate", "corrupt", "reorder", "rate")
SEVERAL = "degrade"
BLOCKING = ("partition", "reject", "reset")
DISTRIBUTIONS = ("normal", "pareto", "paretonormal", "uniform")
LEAST_SHARE = 0.001  # percent
MOST_LOST = 99.9  # percent; beyond it next to nothing gets through
LONGEST_DELAY = 60.0  # seconds
LEAST_RATE, MOST_RATE = 8e3, 32e9  # bits per second; above it the kernel counts in other units
OPTIONS = {
    "action": {
        "type": "str",
        "choices": [
            "corrupt",
            "degrade",
            "delay",
            "duplicate",
            "loss",
            "partition",
            "rate",
            "reject",
            "reorder",
            "reset",
        ],
    },
    "delay": {"type": "str"},
    "jitter": {"type": "str"},
    "distribution": {"type": "str", "choices": list(DISTRIBUTIONS)},
    "loss": {"type": "str"},
    "gemodel": {
        "type": "dict",
        "options": {
            "p": {"type": "str", "required": True},
            "r": {"type": "str", "required": True},
            "loss_bad": {"type": "str", "default": "100%"},
            "loss_good": {"type": "str", "default": "0%"},
        },
    },
    "duplicate": {"type": "str"},
    "corrupt": {"type": "str"},
    "reorder": {"type": "str"},
    "rate": {"type": "str"},
}
SAYS = {
    "delay": "a time, such as 200ms",
    "loss": "a share of lost packets, such as 30%",
    "duplicate": "a share of duplicated packets, such as 1%",
    "corrupt": "a share of damaged packets, such as 1%",
    "reorder": "a share of packets sent ahead, such as 25%",
    "rate": "a rate, such as 10mbit",
}


def parse(params):
    """Options as data: ``{"action", "effects": [name], "delay_ms", "jitter_ms", "distribution", "loss_pct", "gemodel",
    ..., "rate_bps"}``.

    What is not asked for is not in it. ``gemodel`` is ``{"p", "r", "loss_bad", "loss_good"}`` in percent.
    """
    given = [name for name in EFFECTS if params[name] is not None or (name == "loss" and params["gemodel"] is not None)]
    action = params["action"] or _derived(given)
    _fits(params, action, given)
    found = {"action": action, "effects": given}
    if "delay" in given:
        found.update(_times(params))
    if params["gemodel"] is not None:
        found["gemodel"] = {
            key: _quantity.percent(value, "gemodel." + key) for key, value in sorted(params["gemodel"].items())
        }
    for name in ("loss", "duplicate", "corrupt", "reorder"):
        if params[name] is not None:
            found[name + "_pct"] = _quantity.percent(params[name], name, low=LEAST_SHARE)
    if "rate" in given:
        found["rate_bps"] = _quantity.rate(params["rate"], "rate", low=LEAST_RATE, high=MOST_RATE)
    return found


def lost_pct(options):
    """Percent of the packets that are of no use to whoever waits for them, in the long run: lost, or damaged."""
    bursts = 100.0 * impairments.lost_on_average(options)[0] if "gemodel" in options else 0.0
    return max(options.get("loss_pct", 0.0), options.get("corrupt_pct", 0.0), bursts)


def _derived(given):
    if not given:
        raise BadOption(
            "action", "", "is missing", "use partition, reject or reset, or set an effect: " + ", ".join(EFFECTS)
        )
    if given == ["delay", "reorder"]:
        return "reorder"
    return given[0] if len(given) == 1 else SEVERAL


def _fits(params, action, given):
    """Refuse options that are missing, or that mean nothing beside others."""
    wanted = {SEVERAL: EFFECTS, "reorder": ("delay", "reorder")}.get(action, () if action in BLOCKING else (action,))
    for name in given:
        if name not in wanted:
            option = "gemodel" if name == "loss" and params["loss"] is None else name
            raise _means_nothing(option, params[option] if option != "gemodel" else "...", action)
    if action == SEVERAL and not given:
        raise BadOption("action", action, "has no effect to combine", "set an effect: " + ", ".join(EFFECTS))
    if action in EFFECTS and action not in given:
        raise BadOption(action, "", "is missing", "say " + SAYS[action])
    if params["loss"] is not None and params["gemodel"] is not None:
        raise BadOption("loss", params["loss"], "and gemodel exclude each other", "leave one of them out")
    if "reorder" in given and "delay" not in given:
        raise BadOption(
            "reorder", params["reorder"], "needs a delay that those packets overtake", "set delay too, such as 20ms"
        )
    for option in ("jitter", "distribution"):
        if params[option] is not None and "delay" not in given:
            if action in BLOCKING or action in EFFECTS:
                raise _means_nothing(option, params[option], action)
            raise BadOption(option, params[option], "has no effect without a delay", "set delay too, or leave it out")
    if params["distribution"] is not None and params["jitter"] is None:
        raise BadOption(
            "distribution", params["distribution"], "has no effect without jitter", "set jitter too, or leave it out"
        )


def _means_nothing(option, value, action):
    remedy = (
        "leave it out, or leave action out to combine effects"
        if action in EFFECTS
        else "leave it out, or use another action"
    )
    return BadOption(option, value, "has no effect with action=%s" % action, remedy)


def _times(params):
    wait = _quantity.duration(params["delay"], "delay", low=0.001, high=LONGEST_DELAY)
    jitter = _quantity.duration(params["jitter"], "jitter", high=wait) if params["jitter"] is not None else 0.0
    found = {"delay_ms": round(wait * 1000, 3), "jitter_ms": round(jitter * 1000, 3)}
    return dict(found, distribution=params["distribution"] or "normal") if jitter else found


def requested(options):
    """Figures that were asked for, as the report prints them."""
    found = {
        key: options[key]
        for key in ("delay_ms", "jitter_ms", "loss_pct", "duplicate_pct", "corrupt_pct", "reorder_pct", "rate_bps")
        if key in options
    }
    if found.get("jitter_ms") and options["distribution"] != "normal":
        found["distribution"] = options["distribution"]
    found.update({"gemodel_%s_pct" % key: value for key, value in options.get("gemodel", {}).items()})
    return found


def verb(options):
    """What happens, for a sentence: "hold for 200 ms and lose 5 % of"."""
    words = []
    if "delay_ms" in options:
        words.append("hold for %g ms%s" % (options["delay_ms"], _spread(options)))
    if "gemodel" in options:
        words.append("lose in bursts (p %g %%, r %g %%)" % (options["gemodel"]["p"], options["gemodel"]["r"]))
    shares = [
        ("loss_pct", "lose"),
        ("duplicate_pct", "duplicate"),
        ("corrupt_pct", "damage"),
        ("reorder_pct", "send ahead"),
    ]
    words += ["%s %g %% of" % (word, options[key]) for key, word in shares if key in options]
    if "rate_bps" in options:
        words.append("limit to %s" % _quantity.show_rate(options["rate_bps"]))
    return " and ".join(words) or {"partition": "drop", "reject": "reject", "reset": "reset"}[options["action"]]


def _spread(options):
    if not options.get("jitter_ms"):
        return ""
    kind = "" if options["distribution"] == "normal" else options["distribution"] + ", "
    return " (%s%s %g ms)" % (
        kind,
        "give or take" if options["distribution"] == "uniform" else "standard deviation",
        options["jitter_ms"],
    )
