# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One table of our own that hands new connections to a port of this host to the worker. Pure. Private to magsasa.chaos.

``tproxy`` gives a connection to the worker's socket on loopback and leaves its addresses as they are, so the worker
reads from the socket
where it was to go. No address is translated: what is under way when the table is deleted goes on. When no worker
listens any more the rule
does nothing, and connections reach the service as before. Connections that the service holds already stay its own.
"""

from __future__ import annotations

PRIORITY = -155  # just before mangle: before others translate addresses
MARK = 0x4D  # on packets of the worker's own connections to the service
HOMES = {4: "127.0.0.1", 6: "::1"}


def plan(port):
    """``[[label, text]]`` in order; WORKER4 and WORKER6 stand for the worker's ports. The label is the rule's
    comment.
    """
    meant = "tcp dport %d fib daddr type local meta nfproto " % port
    return [
        ["exempt worker", "meta mark %#x tcp dport %d counter accept" % (MARK, port)],
        ["hit ipv4", meant + "ipv4 tproxy ip to %s:WORKER4 counter accept" % HOMES[4]],
        ["hit ipv6", meant + "ipv6 tproxy ip6 to [%s]:WORKER6 counter accept" % HOMES[6]],
    ]


def numbered(planned, ports):
    """The rules with the worker's ports (``{4: port, 6: port}``; a family that is not there is left out)."""
    found = []
    for label, text in planned:
        for version in HOMES:
            text = text.replace("WORKER%d" % version, "%d" % ports[version]) if version in ports else text
        if "WORKER" not in text:
            found.append([label, text])
    return found


def text(table, planned):
    """One transaction for ``nft -f``: a new table with its chain and rules."""
    lines = ["create table inet %s" % table]  # create, not add: one that is there already is not ours to change
    lines.append(
        "add chain inet %s prerouting { type filter hook prerouting priority %d; policy accept; }" % (table, PRIORITY)
    )
    lines += ['add rule inet %s prerouting %s comment "%s"' % (table, rule, label) for label, rule in planned]
    return "\n".join(lines) + "\n"


def difference(planned, found):
    """What of the rules read back (see nft.read) is not as planned: one sentence, or ""."""
    got = [(rule.get("comment", ""), any("tproxy" in part for part in rule.get("expr", ()))) for rule in found]
    wanted = [(label, "tproxy" in rule) for label, rule in planned]
    return (
        ""
        if got == wanted
        else "the table contains %d rules, which are not the %d planned ones in order" % (len(got), len(wanted))
    )
