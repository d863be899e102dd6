# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""By which interfaces the packets come and go that are meant, and whether traffic control may be put there. Private
to magsasa.chaos.
"""

from __future__ import annotations

import ipaddress

from ..._errors import NotHere
from ..._host.packets import tc
from . import scope as scopes, tree

MOST = 16  # interfaces: one digit in the names of our devices


def inspect(options):
    """``[{"dev", "loopback", "qlen", "root", "ingress"}]``: interfaces that the scope may mean.

    ``root``, ``ingress``: what an administrator, or another fault, has put there already, as text; "" where nothing
    stands in the way.
    """
    there = {row["ifname"]: row for row in tc.addresses()}
    if options["interfaces"]:
        names = [name for name in options["interfaces"] if name in there]
    else:
        names = _leading(options, there)
    return [_device(there[name]) for name in names]


def _device(row):
    name, rows = row["ifname"], tc.qdiscs(row["ifname"])
    configured = [each["kind"] for each in rows if each["kind"] not in tc.AUTOMATIC and each.get("handle") != "0:"]
    others = [each["kind"] for each in rows if each["kind"] in tc.AUTOMATIC]
    return {
        "dev": name,
        "loopback": "LOOPBACK" in row.get("flags", ()),
        "qlen": row.get("txqlen", 0),
        "root": tc.shown(name, configured[0]) if configured else _of_another_default(row, rows),
        "ingress": tc.shown(name, others[0]) if others else "",
    }


def _of_another_default(row, rows):
    """A queue that the kernel made when its default was another one (net.core.default_qdisc), as text, or "".

    Without the root of ours the kernel makes the default of that moment.
    """
    now = tc.default_kind()
    if not now or row.get("link_type") == "can":  # whose default is always the same
        return ""
    used = tc.transmit_queues(row["ifname"])
    for each in rows:
        queue = int(each.get("parent", ":0").rpartition(":")[2] or "0", 16)  # below mq
        spare = each["kind"] == tc.FIRST_DEFAULT and queue > used  # what a driver does not use never has another one
        if each["kind"] not in tc.AUTOMATIC + ("noqueue", "mq", now) and not spare:
            return "%s; net.core.default_qdisc is %s by now" % (tc.shown(row["ifname"], each["kind"]), now)
    return ""


def _leading(options, there):
    """Interfaces that lead to the peers; without peers, or for a network of peers, all that are up and have an
    address.
    """
    up = [
        name
        for name, row in sorted(there.items())
        if "UP" in row.get("flags", ()) and row.get("addr_info") and not tc.IFB.fullmatch(name)
    ]
    up = [name for name in up if scopes.own_meant(options) or "LOOPBACK" not in there[name]["flags"]]
    peers = [ipaddress.ip_network(text) for text in options["peers4"] + options["peers6"]]
    if not peers:
        return up
    found = {tc.way_to(str(each.network_address)) for each in peers if each.prefixlen == each.max_prefixlen}
    wide = [each for each in peers if each.prefixlen < each.max_prefixlen]
    if wide:
        found |= {name for name in up if "LOOPBACK" not in there[name]["flags"] or _own(there, wide)}
    return [name for name in up if name in found]


def _own(there, networks):
    """Whether an address of this host lies in a network: it reaches that one by its loopback."""
    own = [
        ipaddress.ip_address(each["local"])
        for row in there.values()
        for each in row.get("addr_info", ())
        if each.get("local")
    ]
    return any(address.version == network.version and address in network for address in own for network in networks)


def obstacle(options, devices):
    """An error that says why no tree can be put there, or None. Pure."""
    if not devices:
        return NotHere("no interface of this host leads to the peers", "check the peers with ip route get")
    if len(devices) > MOST:
        return NotHere(
            "%d interfaces lead to the peers, more than %d" % (len(devices), MOST), "name them with interface"
        )
    ways = tree.ways(options)
    for each in devices:
        if each["root"] and ("out" in ways or each["loopback"]):
            return _taken(each["dev"], each["root"])
        if each["ingress"] and "in" in ways and not each["loopback"]:
            return _taken(each["dev"], each["ingress"])
    return None


def _taken(dev, text):
    figure = "%s has a queueing discipline that is not the kernel's default (%s)" % (dev, text)
    return NotHere(
        figure, "it could not be restored exactly and is not touched; if it belongs to another fault, end that first"
    )
