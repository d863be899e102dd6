# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Packets that iptables drops or rejects, on a host without nft. Private to magsasa.chaos."""

from __future__ import annotations

from ..._errors import HostError, NotHere
from ..._plan import plan, step, undo
from ..._host.packets import iptables
from . import effects, nftables, scope as scopes, xtables


class Iptables:
    """Backend: chains of our own in the table filter, one set for IPv4 and one for IPv6."""

    name = "iptables"
    does = "chains"

    def cannot(self, options):
        """Why it can never do this, or "". Pure."""
        if options["effects"] not in ([], ["loss"]) or "gemodel" in options:
            return "iptables can only lose, drop, reject and reset"
        if any(name.endswith("+") for name in options["interfaces"]):
            return "iptables treats a + at the end of an interface name as a wildcard"
        return ""

    def obstacle(self, options, facts):
        """The error that says why it cannot be had on this host, or None. Pure."""
        seen = facts.get("iptables") or {}
        wanted = _wanted(options, seen)
        if not any(str(version) in seen.get("programs", ()) for version in wanted):
            return nftables.obstacle(facts)  # nothing is as good as the one that is wanted
        for version in wanted:
            why = seen["obstacles"].get(str(version), "")
            if str(version) not in seen["programs"]:
                return NotHere(
                    "%s is not installed on this host, and nft is missing" % iptables.PROGRAMS[version],
                    "install nftables or iptables",
                )
            if why:
                return NotHere(
                    "packet rules cannot be set with %s (%s)" % (iptables.PROGRAMS[version], why),
                    "needs CAP_NET_ADMIN and a kernel with iptables",
                )
            if xtables.too_many(_rules(options, facts, version)):
                return NotHere(
                    "so many peers and ports need more than %d iptables rules" % xtables.MOST_RULES,
                    "name networks and ranges, or install nftables",
                )
        return None

    def plan(self, options, facts):
        """Chains of our own."""
        meant = scopes.describe(options)
        wanted = _wanted(options, facts["iptables"])
        args = {"fault": "$ID", "rules": {str(version): _rules(options, facts, version) for version in wanted}}
        undone = [undo("iptables.remove_chains", fault="$ID", version=version) for version in wanted]
        made = step("chains", "%s %s" % (effects.verb(options), meant), args, undone, tool="iptables")
        notes = nftables.notes(options)
        fresh = [iptables.PROGRAMS[version] for version in wanted if str(version) in facts["iptables"]["fresh"]]
        if fresh:
            notes.append("the table filter of %s, which is empty now, stays there empty" % " and ".join(fresh))
        return plan(
            "network",
            options["action"],
            self.name,
            dict(effects.requested(options), scope=meant),
            [made],
            ["network " + meant],
            notes,
        )

    def carry_out(self, ctx, args):
        """The chains of each IP version at once, then the proof that the kernel holds them as planned, and first."""
        for version, planned in sorted(args["rules"].items()):
            iptables.load(args["fault"], int(version), planned)
            wrong = xtables.difference(planned, iptables.read(args["fault"], int(version)))
            if wrong or not iptables.first(args["fault"], int(version), planned):
                raise HostError("the rules are not as planned: %s" % (wrong or "they do not precede those of the host"))

    def measure(self, ctx):
        """Whether the rules stand, and what they counted."""
        args = ctx.record["steps"][0]["args"]
        matched = hit = 0
        wrong = ""
        for version, planned in sorted(args["rules"].items()):
            found = iptables.read(args["fault"], int(version))
            wrong = wrong or xtables.difference(planned, found) or iptables.unused(args["fault"], int(version), planned)
            matched += xtables.packets(planned, found, "match")
            hit += xtables.packets(planned, found, "hit")
        return nftables.measurement(ctx.record, matched, hit, wrong)


def _rules(options, facts, version):
    return xtables.plan(options["action"], options.get("loss_pct"), options, facts["control"], version)


def _wanted(options, seen):
    """IP versions that are meant and that this host has."""
    return [version for version in xtables.versions(options) if version == 4 or seen.get("ipv6")]
