# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Our own tree of queueing disciplines on an interface, as data and as commands of tc. Pure. Private to magsasa.chaos.

What leaves: a root of ours (``prio`` over netem, ``htb`` for a rate alone) whose first filters let pass what manages
the host; what is meant goes
to a band of its own, all else passes as before. What comes in: filters redirect what is meant to an ifb device of ours
and its queue. What the
host says to itself leaves and comes in at lo, whose tree has a band for each direction.

A tree is ``{"dev", "qlen", "way", "kind", "leaves": [leaf], "filters": [filter], "ifb": number or None}``; a leaf
``{"kind", "limit", ...figures of
effects}``; the leaf number n is band n + 1. For filters see packets.py.
"""

from __future__ import annotations

from . import u32_filters

LATE = ("delay_ms", "jitter_ms", "distribution", "reorder_pct")  # what counts once in a round trip
FIGURES = LATE + ("loss_pct", "gemodel", "duplicate_pct", "corrupt_pct", "rate_bps")
MOST_FILTERS = 1024  # of one interface; each packet is compared with one after the other
MOST_HELD = 65536  # packets
QUEUE_S = 0.3  # how long a packet may wait for its turn on a narrow link
PACKET = 1500  # bytes
LEAST_QUEUE = 100  # packets
LEAST_BYTES = 256 * 1024  # of a queue for a rate; four of the largest packets that TCP hands over
BURST_S = 0.01


def plan(kind, options, devices, control):
    """Trees for a fault. ``devices``: ``[{"dev", "loopback", "qlen"}]``."""
    found, number = [], 0
    for each in devices:
        for tree in (
            _loopback(kind, options, each, control) if each["loopback"] else _interface(kind, options, each, control)
        ):
            if tree["way"] == "in":
                tree["ifb"] = number
                number += 1
            found.append(tree)
    return found


def ways(options):
    """``{"out"|"in": figures}``: what happens in which direction. What makes packets late counts once in a round
    trip.
    """
    figures = {key: options[key] for key in FIGURES if key in options}
    if options["direction"] != "both":
        return {options["direction"]: figures}
    rest = {key: value for key, value in figures.items() if key not in LATE}
    return {"out": figures, "in": rest} if rest else {"out": figures}


def _interface(kind, options, device, control):
    for way, figures in ways(options).items():
        filters = u32_filters.exempt(options, way, control) + u32_filters.meant(options, way, 1)
        yield _tree(kind, device, way, [figures], filters)


def _loopback(kind, options, device, control):
    """Both directions are on their way out here. A service of a port is at the end that listens."""
    own = dict(options, port_of="host") if options["port_of"] == "either" else options
    found = ways(options)
    filters = u32_filters.exempt(own, "out", control) + u32_filters.exempt(own, "in", control)
    if found.get("in", found.get("out")) == found.get("out", found.get("in")):
        leaves = [list(found.values())[0]]
        filters += [each for way in ("out", "in") if way in found for each in u32_filters.meant(own, way, 1)]
    elif "duplicate_pct" in options:  # newer kernels have no second netem beside one that duplicates
        leaves = [found["out"]]
        filters += u32_filters.meant(own, "out", 1)
    else:
        leaves = [found["out"], found["in"]]
        filters += u32_filters.meant(own, "out", 1) + u32_filters.meant(own, "in", 2)
    yield _tree(kind, device, "out", leaves, filters)


def _tree(kind, device, way, leaves, filters):
    filters = [each for number, each in enumerate(filters) if each not in filters[:number]]
    leaves = [
        dict(figures, kind="netem" if kind == "prio" else "bfifo", limit=_limit(kind, figures)) for figures in leaves
    ]
    return {
        "dev": device["dev"],
        "qlen": device["qlen"],
        "way": way,
        "kind": kind,
        "leaves": leaves,
        "filters": filters,
        "ifb": None,
    }


def _limit(kind, figures):
    rate = figures.get("rate_bps")
    if kind == "htb":
        return int(max(LEAST_BYTES, rate * QUEUE_S / 8))
    if not rate:
        return MOST_HELD
    waits = QUEUE_S + figures.get("delay_ms", 0) / 1000.0
    return int(min(MOST_HELD, max(LEAST_QUEUE, rate * waits / 8 / PACKET)))


def commands(tree, major, ifb):
    """Lines for ``tc -batch`` that put a tree in; at no moment is a packet dropped that is not meant."""
    dev, leaves = tree["dev"], tree["leaves"]
    if tree["way"] == "in":
        lines = _root(ifb, tree, major, default=2) + _leaf(ifb, tree["leaves"][0], major, 2)
        return (
            lines
            + ["qdisc add dev %s ingress" % dev]
            + [_filter(dev, each, "ingress", major, ifb) for each in tree["filters"]]
        )
    lines = _root(dev, tree, major, default=0)
    for number, leaf in enumerate(leaves):
        lines += _leaf(dev, leaf, major, number + 2)
    return lines + [_filter(dev, each, "parent %s:" % major, major, None) for each in tree["filters"]]


def _root(dev, tree, major, default):
    """Without a filter a packet goes to the first band, or is not queued by htb at all; on an ifb all are meant."""
    if tree["kind"] == "htb":
        return ["qdisc add dev %s root handle %s: htb default %x" % (dev, major, default)]
    first = 1 if default else 0
    return [
        "qdisc add dev %s root handle %s: prio bands %d priomap %s"
        % (dev, major, len(tree["leaves"]) + 1, " ".join(["%d" % first] * 16))
    ]


def _leaf(dev, leaf, major, minor):
    place = "dev %s parent %s:" % (dev, major)
    if leaf["kind"] == "bfifo":
        rate = "%dbit" % leaf["rate_bps"]
        burst = int(max(leaf["rate_bps"] * BURST_S / 8, 2 * PACKET))
        words = "rate %s ceil %s burst %db cburst %db quantum 20000" % (rate, rate, burst, burst)
        return [
            "class add %s classid %s:%x htb %s" % (place, major, minor, words),
            "qdisc add %s%x bfifo limit %db" % (place, minor, leaf["limit"]),
        ]
    return ["qdisc add %s%x netem %s" % (place, minor, netem(leaf))]


def netem(leaf):
    """Words of netem for a leaf (tc-netem(8))."""
    words = ["limit %d" % leaf["limit"]]
    if "delay_ms" in leaf:
        words.append("delay %dus" % round(leaf["delay_ms"] * 1000))
        if leaf.get("jitter_ms"):
            words.append("%dus" % round(leaf["jitter_ms"] * 1000))
            if leaf["distribution"] != "uniform":  # what netem does without a table
                words.append("distribution " + leaf["distribution"])
    if "reorder_pct" in leaf:
        words.append("reorder %g%%" % leaf["reorder_pct"])
    if "loss_pct" in leaf:
        words.append("loss random %g%%" % leaf["loss_pct"])
    if "gemodel" in leaf:
        words.append(
            "loss gemodel " + " ".join("%g%%" % leaf["gemodel"][key] for key in ("p", "r", "loss_bad", "loss_good"))
        )
    words += ["%s %g%%" % (word, leaf[word + "_pct"]) for word in ("duplicate", "corrupt") if word + "_pct" in leaf]
    if "rate_bps" in leaf:
        words.append("rate %dbit" % leaf["rate_bps"])
    return " ".join(words)


def _filter(dev, each, parent, major, ifb):
    protocol, target, keys = each
    matches = " ".join("match u32 0x%08x 0x%08x at %d" % tuple(key) for key in keys)
    where = "filter add dev %s %s pref %d protocol %s u32 %s" % (dev, parent, pref(protocol, target), protocol, matches)
    if parent == "ingress":
        if target == u32_filters.PASS:
            return "%s flowid ffff:%s" % (where, major)
        return "%s action mirred egress redirect dev %s" % (where, ifb)
    return "%s flowid %s:%x" % (where, major, flow(target))


def flow(target):
    """Minor number of a band: where nothing is held that is 1, which htb has no class for and passes on."""
    return target + 1


def pref(protocol, target):
    """Lower ones are asked first: what passes, then what is meant; one protocol each."""
    return (1 if target == u32_filters.PASS else 3) + (protocol == "ipv6")


def difference(tree, major, ifb, rows, found):
    """What stands is not as planned: one sentence, or "". ``rows``: qdiscs of the interface that holds the queue;
    ``found``: see tc.filters.
    """
    holder = ifb if tree["way"] == "in" else tree["dev"]
    root = next((row for row in rows if row.get("root")), {})
    if (root.get("kind"), root.get("handle")) != (tree["kind"], major + ":"):
        return "another process removed the fault's root qdisc on %s" % holder
    for number, leaf in enumerate(tree["leaves"]):
        row = next((each for each in rows if each.get("parent") == "%s:%x" % (major, number + 2)), {})
        wrong = (
            "%s instead of %s" % (row.get("kind"), leaf["kind"])
            if row.get("kind") != leaf["kind"]
            else _unlike(leaf, row.get("options", {}))
        )
        if wrong:
            return "the queue on %s is not as planned: %s" % (holder, wrong)
    wanted = sorted(tree["filters"], key=lambda each: pref(each[0], each[1]))
    got = sorted(found, key=lambda each: each["pref"])
    if [_shape(each, tree, major, ifb) for each in wanted] != [
        (each["protocol"], each["flow"], each["device"], each.get("keys")) for each in got
    ]:
        return "%s has %d filters, which are not the %d planned ones in order" % (tree["dev"], len(got), len(wanted))
    return ""


def _shape(each, tree, major, ifb):
    protocol, target, keys = each
    if tree["way"] == "in":
        return (protocol, "ffff:" + major, None, keys) if target == u32_filters.PASS else (protocol, None, ifb, keys)
    return protocol, "%s:%x" % (major, flow(target)), None, keys


def _unlike(leaf, options):
    """netem as the kernel gives it back, beside what was asked for."""
    if leaf["kind"] != "netem":
        return ""
    model = options.get("loss-gemodel", {})
    found = {
        "delay_ms": options.get("delay", {}).get("delay", 0) * 1000,
        "jitter_ms": options.get("delay", {}).get("jitter", 0) * 1000,
        "loss_pct": options.get("loss-random", {}).get("loss", 0) * 100,
        "duplicate_pct": options.get("duplicate", {}).get("duplicate", 0) * 100,
        "corrupt_pct": options.get("corrupt", {}).get("corrupt", 0) * 100,
        "reorder_pct": options.get("reorder", {}).get("reorder", 0) * 100,
        "rate_bps": options.get("rate", {}).get("rate", 0) * 8,
        "p": model.get("p", 0) * 100,
        "r": model.get("r", 0) * 100,
        "loss_bad": model.get("1-h", 0) * 100,
        "loss_good": model.get("1-k", 0) * 100,
    }
    asked = dict(
        leaf.get("gemodel", {}), **{key: leaf.get(key, 0) for key in found if key.endswith(("_ms", "_pct", "_bps"))}
    )
    for key, value in sorted(asked.items()):
        if abs(found[key] - value) > 0.01 * value + 0.002:
            return "%s is %g instead of %g" % (key, found[key], value)
    return ""
