# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names by lines of our own in /etc/hosts. Private to magsasa.chaos.

/etc/hosts comes before the name servers (nsswitch.conf), for every program that asks the C library. Programs that ask a
name
server themselves are not reached: whether it bites is measured by asking as a program would.
"""

from __future__ import annotations

from ... import _cmd
from ..._errors import MissingTool, Refused
from ..._plan import plan, step, undo
from ..._host import hosts_file

# No host can have these, and a connect(2) to either fails at once: broadcast and multicast addresses have no stream
# sockets.
NOWHERE = ("255.255.255.255", "ff0e::1")


def planned(options, facts, claims):
    """One step; see Dns.plan."""
    names, path = options["names"], facts["path"]
    if not facts["writable"]:
        raise Refused("permission", "%s cannot be written to by this user" % path, remedy="use become: true")
    if facts["mount"]:
        why = (
            "%s is a mount of its own and cannot be replaced atomically; a kill during a change could not be reverted"
            % path
        )
        raise Refused("hosts file", why, remedy="use via: queries, or magsasa.chaos.network_fault for the addresses")
    if not facts["getent"]:
        raise MissingTool("getent", "resolve names as programs do")
    requested = {"names": names, "addresses": options["addresses"]}
    where = "an unreachable address" if options["action"] == "block" else options["addresses"][0]
    says = "make %s resolve to %s, in %s" % (", ".join(names), where, path)
    args = {"path": path, "names": names, "addresses": options["addresses"], "fault": "$ID"}
    undone = undo("hosts.remove", path=path, fault="$ID", before=facts["before"])
    return plan("dns", options["action"], "hosts file", requested, [step("lines", says, args, [undone])], claims, [])


def lines(ctx, args):
    """Ours come first; the end of the file stays as it is, with or without a line end."""
    ours = b"".join(hosts_file.line(address, name, ctx.id) for name in args["names"] for address in args["addresses"])
    hosts_file.change(args["path"], ctx.id, lambda data: ours + hosts_file.without(data, ctx.id))


def measure(ctx):
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
    shown = {
        "as_asked": len(answers) - len(wrong),
        "of": len(args["names"]),
        "answers": dict(list(answers.items())[:5]),
    }
    return {
        "effect": "mismatch" if wrong else "confirmed",
        "measured": shown,
        "note": "%s resolves to another address" % wrong[0] if wrong else "",
    }


def resolve(name):
    """Addresses that the C library finds now (a new process: it reads everything again); raises HostError after 3 s."""
    said = _cmd.run(["getent", "ahosts", name], timeout=3, check=False).stdout
    return sorted({row.split()[0] for row in said.splitlines() if row.strip()})
