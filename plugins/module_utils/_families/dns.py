# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS: names that lead nowhere, somewhere else, to an error, or late, on one host. Private to magsasa.chaos."""

from __future__ import annotations

import ipaddress
import os
import re
import socket

from .. import _cmd, _quantity
from .._errors import BadOption, HostError, MissingTool, NotHere, Refused
from .._plan import plan, step, undo
from .._host import hosts_file, management_connections
from .._host.packets import nft
from ._dns import hosts, judge, message, queries

ACTIONS = ("block", "redirect", "fail", "delay")
FAILURES = tuple(sorted(message.CODES)) + ("timeout",)
LONGEST_DELAY = 30.0  # seconds
MOST = 50
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(r"(?=.{1,253}$)(%s\.)*%s" % (_LABEL, _LABEL))
OWN = re.compile(r"localhost|.*\.localhost|localhost[46]?\.localdomain[46]?|ip6-.*|broadcasthost")
RESOLVERS = "/etc/resolv.conf"


def _host_name(text, wildcards):
    name = text.strip().lower().rstrip(".") if isinstance(text, str) else ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if _NAME.fullmatch(name[2:] if wildcards and name.startswith("*.") else name):
            return name
    else:
        raise BadOption("names", text, "is an address, not a name", "use magsasa.chaos.network_fault for addresses")
    remedy = "write it in ASCII, such as api.example.org"
    if "*" in name:
        remedy = (
            "write *.example.org for all names below one"
            if wildcards
            else "name every host; /etc/hosts does not support wildcards"
        )
    raise BadOption("names", text, "is not the name of a host", remedy)


class Dns:
    """The dns family."""

    name = "dns"
    traced = {"total": {"queries_per_s": "queries", "hit_per_s": "queries_hit"}}
    settle_s = 0.0
    options = {
        "action": {"type": "str", "choices": list(ACTIONS)},
        "names": {"type": "list", "elements": "str"},
        "address": {"type": "str"},
        "failure": {"type": "str", "choices": list(FAILURES)},
        "delay": {"type": "str"},
        "via": {"type": "str", "choices": ["hosts_file", "queries"]},
    }

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"]
        if not action:
            raise BadOption("action", "", "is missing", "use block, redirect, fail or delay")
        via = _via(action, params["via"])
        return {
            "action": action,
            "names": _names(params["names"], via),
            "addresses": _addresses(action, params["address"]),
            "failure": (
                (params["failure"] or "nxdomain") if action == "fail" else _nothing("failure", params, action, "fail")
            ),
            "delay_s": _delay(params) if action == "delay" else _nothing("delay", params, action, "delay"),
            "via": via,
        }

    def claims(self, options):
        """What a fault of these options holds."""
        return ["name:%s" % each for each in options["names"]] + (
            ["DNS queries"] if options["via"] == "queries" else []
        )

    def inspect(self, options):
        """/etc/hosts, the names of the host itself, and what there is to do it with."""
        path = hosts_file.PATH
        try:
            data, before = hosts_file.read(path)
        except OSError as error:
            if options["via"] != "queries":
                raise HostError(
                    "%s cannot be used (%s); a symbolic link is not followed"
                    % (path, error.strerror or "it does not exist")
                )
            data, before = b"", None
        own = {socket.gethostname().lower(), os.uname().nodename.lower()}
        found = {
            "path": path,
            "before": before,
            "defined": sorted(hosts_file.names(data)),
            "own": sorted(own | {each.partition(".")[0] for each in own}),
        }
        return dict(found, **(_look_queries() if options["via"] == "queries" else _look_hosts(path)))

    # -- planning

    def plan(self, options, facts):
        """One step; refuses the host's own names, and those that /etc/hosts defines already."""
        for each in options["names"]:
            if OWN.fullmatch(each) or each in facts["own"] or each.partition(".")[0] in facts["own"]:
                raise Refused("protected name", "%s is a name of this host itself" % each)
            if each in facts["defined"]:
                why = "%s already defines %s, and that line would still apply" % (facts["path"], each)
                raise Refused("name in use", why, remedy="name another host")
        if options["via"] == "hosts_file":
            return hosts.planned(options, facts, self.claims(options))
        if not facts["nft"]:
            raise MissingTool("nft", "pass DNS queries to a worker")
        if facts["uid"]:
            raise NotHere("packet rules need root, and this task does not run as root", "use become: true")
        if facts["obstacle"]:
            raise NotHere(
                "packet rules cannot be set (%s)" % facts["obstacle"], "needs CAP_NET_ADMIN and a kernel with nf_tables"
            )
        table = "magsasa_chaos_$ID"
        args = {key: options[key] for key in ("action", "names", "failure", "delay_s")}
        args.update(
            table=table,
            exempt=facts["own"] + facts["managers"],
            address=(options["addresses"] or [None])[0],
            server=facts["server"],
        )
        undone = [
            undo("nft.remove_table", table=table),
            undo("workers.end", fault="$ID"),
            undo("workers.finish", fault="$ID", within_s=1.0),
        ]  # from the last
        made = step("queries", judge.describe(options), args, undone, tool="nft")
        return plan(
            "dns",
            options["action"],
            "NFQUEUE and a worker",
            judge.requested(options),
            [made],
            self.claims(options),
            judge.notes(options),
        )

    # -- doing

    def do_lines(self, ctx, args):
        """By /etc/hosts."""
        hosts.lines(ctx, args)

    def do_queries(self, ctx, args):
        """By a worker that sees every question."""
        queries.start(ctx, args)

    # -- measuring

    def measure(self, ctx):
        """By asking; later, of a worker, by what it counts."""
        if ctx.record["steps"][0]["do"] == "lines":
            return hosts.measure(ctx)
        args = ctx.record["steps"][0]["args"]
        if not nft.there(args["table"]):
            return {"effect": "mismatch", "measured": {}, "note": "another process removed the table"}
        if "asked" not in ctx.memory:
            version = ipaddress.ip_address(args["address"]).version if args["address"] else 4
            ctx.memory["asked"] = queries.ask(
                args["server"], queries.CHECK % ctx.id, version, (args["delay_s"] or 0) + judge.PATIENCE
            )
        return judge.judge(
            args, ctx.memory["counts"].figures(), ctx.memory["asked"], queries.difference(nft.read(args["table"]))
        )


def _via(action, given):
    if action in ("fail", "delay"):
        if given == "hosts_file":
            raise BadOption("via", given, "cannot do action=%s" % action, "leave it out")
        return "queries"
    if action == "block" and given == "queries":
        raise BadOption("via", given, "cannot do action=block", "leave it out, or use action=fail")
    return given or "hosts_file"


def _names(given, via):
    if given is None and via == "queries":
        return []
    if not given:
        raise BadOption("names", "", "is missing", "name at least one host, such as api.example.org")
    if len(given) > MOST:
        raise BadOption("names", len(given), "are too many", "use at most %d" % MOST)
    return sorted({_host_name(each, via == "queries") for each in given})


def _addresses(action, given):
    if action != "redirect":
        if given is not None:
            raise BadOption(
                "address", given, "has no effect with action=%s" % action, "leave it out, or use action=redirect"
            )
        return list(hosts.NOWHERE) if action == "block" else []
    try:
        return [str(ipaddress.ip_address((given or "").strip()))]
    except ValueError:
        raise BadOption(
            "address", given or "", "is not an address", "give the IPv4 or IPv6 address that the names resolve to"
        )


def _delay(params):
    if params["delay"] is None:
        raise BadOption("delay", "", "is missing", "give a time, such as 200ms")
    return _quantity.duration(params["delay"], "delay", low=0.001, high=LONGEST_DELAY)


def _nothing(option, params, action, meant):
    if params[option] is not None:
        raise BadOption(
            option, params[option], "has no effect with action=%s" % action, "leave it out, or use action=%s" % meant
        )
    return None


def _look_hosts(path):
    return {
        "writable": os.access(os.path.dirname(path), os.W_OK) and os.access(path, os.W_OK),
        "getent": _cmd.which("getent") is not None,
        "mount": os.lstat(path).st_dev != os.lstat(os.path.dirname(path)).st_dev,
    }


def _look_queries():
    there, uid = _cmd.which("nft") is not None, os.geteuid()
    peers = {peer for peer, _port in management_connections.connections()}
    return {
        "nft": there,
        "uid": uid,
        "obstacle": nft.obstacle() if there and not uid else "",
        "server": _server(),
        "managers": sorted(
            ipaddress.ip_address(peer).reverse_pointer for peer in peers
        ),  # an SSH server may look up who comes
    }


def _server():
    """The name server that this host asks first (resolv.conf(5); without one the C library asks this host)."""
    try:
        with open(RESOLVERS, errors="replace") as source:
            rows = source.read(65536).splitlines()
    except OSError:
        rows = []
    for row in rows:
        words = row.split()
        if len(words) > 1 and words[0] == "nameserver":
            try:
                return str(ipaddress.ip_address(words[1]))
            except ValueError:
                continue  # one with an interface, which Python before 3.9 does not read
    return "127.0.0.1"


FAMILY = Dns()
