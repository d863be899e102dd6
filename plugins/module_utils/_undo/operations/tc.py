# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Undo of traffic control: our root on an interface, our filters for what comes in, our ifb device. Private to
magsasa.chaos.
"""

from __future__ import annotations


from ... import _cmd, _wait
from ..._errors import HostError
from ..._host.packets import tc

DRAIN = 1.0  # seconds that what is still held gets to leave; the effect itself is over by then
LOOK_EVERY = 0.02


def _roots(fault):
    """Roots of ours, wherever they are: an interface may have been given another name."""
    handle = tc.major(fault) + ":"
    return [row for row in tc.qdiscs() if row.get("root") and row.get("handle") == handle and row["kind"] in tc.KINDS]


class RemoveRoot:
    """``{"fault": id, "dev": name, "qlen": its length before}``: delete the root that carries our handle; the
    kernel puts its default back.
    """

    ARGS = {"fault": "id", "dev": "text", "qlen": "count"}

    @staticmethod
    def undo(args):
        for row in _roots(args["fault"]):
            if not row["dev"].startswith("ch" + args["fault"]):  # the ifb goes as a whole
                _remove(row["dev"], row["handle"])
                _length(row["dev"], args["qlen"] if row["dev"] == args["dev"] else None)

    @staticmethod
    def left(args):
        return [
            "qdisc %s %s on %s still exists" % (row["kind"], row["handle"], row["dev"]) for row in _roots(args["fault"])
        ]

    @staticmethod
    def state(args):
        """What sends the interface's packets, and the length of its queue; what comes in has an operation of its
        own.
        """
        return {"sending on %s" % args["dev"]: tc.described(args["dev"])}


def _remove(dev, handle):
    """Packets pass at once, those that are held may leave, then the root goes."""
    _cmd.run([tc.program(), "filter", "del", "dev", dev, "parent", handle], check=False)
    _wait.until(lambda: not _holds_packets(dev, handle), DRAIN, LOOK_EVERY)
    done = _cmd.run([tc.program(), "qdisc", "del", "dev", dev, "root", "handle", handle], check=False)
    if done.rc and any(row.get("handle") == handle for row in tc.qdiscs()):
        raise HostError("qdisc %s on %s could not be deleted: %s" % (handle, dev, done.stderr.strip()[:200]))


def _holds_packets(dev, handle):
    return any(row.get("qlen") for row in tc.qdiscs(dev, counters=True) if row.get("parent", "").startswith(handle))


def _length(dev, before):
    """The kernel gives an interface without a queue's length one when it gets a root."""
    if before == 0:
        _cmd.run([tc.program("ip"), "link", "set", "dev", dev, "txqueuelen", "0"], check=False)


def _ours(dev, fault, ifb):
    """(our filters, those of others) for what comes in."""
    found, flow = tc.filters(dev, "ingress"), "ffff:" + tc.major(fault)
    ours = [each for each in found if each["device"] == ifb or (each["flow"] == flow and each["device"] is None)]
    return ours, [each for each in found if each not in ours]


def _ingress(dev):
    return any(row["kind"] == "ingress" and row["dev"] == dev for row in tc.qdiscs())


class RemoveIngress:
    """``{"fault": id, "dev": name, "ifb": name}``: delete our filters, and the ingress that we made unless somebody
    else uses it by now.
    """

    ARGS = {"fault": "id", "dev": "text", "ifb": "ifb"}

    @staticmethod
    def undo(args):
        if not _ingress(args["dev"]):
            return
        ours, others = _ours(args["dev"], args["fault"], args["ifb"])
        if not others:
            _cmd.run([tc.program(), "qdisc", "del", "dev", args["dev"], "ingress"])
            return
        for each in ours:
            words = ["pref", str(each["pref"]), "protocol", each["protocol"], "handle", each["fh"], "u32"]
            _cmd.run([tc.program(), "filter", "del", "dev", args["dev"], "ingress"] + words)

    @staticmethod
    def left(args):
        if not _ingress(args["dev"]):
            return []
        ours, others = _ours(args["dev"], args["fault"], args["ifb"])
        if not ours and others:
            return []
        return ["the ingress qdisc of %s with %d filters of the fault still exists" % (args["dev"], len(ours))]


class RemoveIfb:
    """``{"name": device}``: delete a device of ours."""

    ARGS = {"name": "ifb"}

    @staticmethod
    def undo(args):
        if tc.is_ifb(args["name"]):
            done = _cmd.run([tc.program("ip"), "link", "del", "dev", args["name"]], check=False)
            if done.rc and tc.is_ifb(args["name"]):
                raise HostError("device %s could not be deleted: %s" % (args["name"], done.stderr.strip()[:200]))

    @staticmethod
    def left(args):
        return ["device %s still exists" % args["name"]] if tc.is_ifb(args["name"]) else []
