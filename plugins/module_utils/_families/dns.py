# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS: names that lead nowhere, or somewhere else, on one host. Private to magsasa.chaos.

/etc/hosts comes before the name servers (nsswitch.conf), for every program that asks the C library. Programs that ask a name
server themselves are not reached: whether it bites is measured by asking as a program would.
"""
from __future__ import annotations

import ipaddress
import os
import re
import socket

from .. import _cmd
from .._errors import BadOption, HostError, MissingTool, Refused
from .._fault.plan import plan, step, undo
from .._host import hosts_file

ACTIONS = ("block", "redirect")
# No host can have these, and a connect(2) to either fails at once: broadcast and multicast addresses have no stream sockets.
NOWHERE = ("255.255.255.255", "ff0e::1")
MOST = 50
_NAME = re.compile(r"(?=.{1,253}$)([A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
OWN = re.compile(r"localhost|.*\.localhost|localhost[46]?\.localdomain[46]?|ip6-.*|broadcasthost")


def _host_name(text):
    name = text.strip().lower().rstrip(".") if isinstance(text, str) else ""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        if _NAME.fullmatch(name):
            return name
    else:
        raise BadOption("names", text, "is an address and not a name", "use magsasa.chaos.network_fault for addresses")
    remedy = "name every host, /etc/hosts knows no wildcards" if "*" in name else "write it in ASCII, such as api.example.org"
    raise BadOption("names", text, "is not the name of a host", remedy)


class Dns:
    """The dns family."""

    name = "dns"
    settle_s = 0.0
    options = {
        "action": {"type": "str", "choices": list(ACTIONS)},
        "names": {"type": "list", "elements": "str"},
        "address": {"type": "str"},
    }

    def parse(self, params):
        """Figures of the family's options."""
        action = params["action"]
        if not action:
            raise BadOption("action", "", "is missing", "use block or redirect")
        if not params["names"]:
            raise BadOption("names", "", "is missing", "name at least one host, such as api.example.org")
        if len(params["names"]) > MOST:
            raise BadOption("names", len(params["names"]), "are too many", "use at most %d" % MOST)
        if action == "block" and params["address"] is not None:
            raise BadOption("address", params["address"], "means nothing with action=block", "leave it out, or use action=redirect")
        addresses = list(NOWHERE)
        if action == "redirect":
            try:
                addresses = [str(ipaddress.ip_address((params["address"] or "").strip()))]
            except ValueError:
                raise BadOption("address", params["address"] or "", "is not an address", "give the IPv4 or IPv6 address that the names shall lead to")
        return {"action": action, "names": sorted({_host_name(each) for each in params["names"]}), "addresses": addresses}

    def claims(self, options):
        """What a fault of these options holds."""
        return ["name:%s" % each for each in options["names"]]

    def look(self, options):
        """/etc/hosts and the names of the host itself."""
        path = hosts_file.PATH
        try:
            data, before = hosts_file.read(path)
        except OSError as error:
            raise HostError("%s cannot be used (%s); a link in its place is not followed" % (path, error.strerror or "it is not there"))
        own = {socket.gethostname().lower(), os.uname().nodename.lower()}
        return {
            "path": path,
            "before": before,
            "defined": sorted(hosts_file.names(data)),
            "own": sorted(own | {each.partition(".")[0] for each in own}),
            "writable": os.access(os.path.dirname(path), os.W_OK) and os.access(path, os.W_OK),
            "getent": _cmd.which("getent") is not None,
            "mount": os.lstat(path).st_dev != os.lstat(os.path.dirname(path)).st_dev,
        }

    # -- planning

    def plan(self, options, facts):
        """One step; refuses the host's own names, and those that /etc/hosts defines already."""
        names, path = options["names"], facts["path"]
        for each in names:
            if OWN.fullmatch(each) or each in facts["own"] or each.partition(".")[0] in facts["own"]:
                raise Refused("protected name", "%s is a name of this host itself" % each)
            if each in facts["defined"]:
                raise Refused("name in use", "%s defines %s already, and that line would still hold" % (path, each), remedy="name another host")
        if not facts["writable"]:
            raise Refused("permission", "%s cannot be written to by this user" % path, remedy="use become: true")
        if facts["mount"]:
            why = "%s is a mount of its own, so it cannot be replaced at once, and a kill in the middle of a change would not be undone" % path
            raise Refused("hosts file", why, remedy="use magsasa.chaos.network_fault against the addresses")
        if not facts["getent"]:
            raise MissingTool("getent", {"Debian, Ubuntu": "libc-bin", "RHEL, Alma": "glibc-common", "SUSE": "glibc"}, "ask for a name as programs do")
        requested = {"names": names, "addresses": options["addresses"]}
        says = "let %s lead %s, in %s" % (", ".join(names), "nowhere" if options["action"] == "block" else "to " + options["addresses"][0], path)
        args = {"path": path, "names": names, "addresses": options["addresses"], "fault": "$ID"}
        undone = undo("hosts.remove", path=path, fault="$ID", before=facts["before"])
        return plan("dns", options["action"], "hosts file", requested, [step("lines", says, args, [undone])], self.claims(options), [])

    # -- doing

    def do_lines(self, ctx, args):
        """Ours come first; the end of the file stays as it is, with or without a line end."""
        ours = b"".join(hosts_file.line(address, name, ctx.id) for name in args["names"] for address in args["addresses"])
        hosts_file.change(args["path"], ctx.id, lambda data: ours + hosts_file.without(data, ctx.id))

    # -- measuring

    def measure(self, ctx):
        """Asked as programs ask: at first for every name, then for one at a time."""
        args = ctx.record["steps"][0]["args"]
        answers = ctx.memory.setdefault("answers", {})
        waiting = [each for each in args["names"] if each not in answers]
        if not waiting:
            ctx.memory["turn"] = turn = ctx.memory.get("turn", 0) + 1
            waiting = [args["names"][turn % len(args["names"])]]
        for each in waiting:
            answers[each] = resolve(each)
        wrong = [each for each, found in answers.items() if not found or not set(found) <= set(args["addresses"])]
        shown = {"as_asked": len(answers) - len(wrong), "of": len(args["names"]), "answers": dict(list(answers.items())[:5])}
        return {"effect": "mismatch" if wrong else "confirmed", "measured": shown, "note": "%s leads elsewhere" % wrong[0] if wrong else ""}


def resolve(name):
    """Addresses that the C library finds now (a new process: it reads everything again); raises HostError after 3 s."""
    said = _cmd.run(["getent", "ahosts", name], timeout=3, check=False).stdout
    return sorted({row.split()[0] for row in said.splitlines() if row.strip()})


FAMILY = Dns()
