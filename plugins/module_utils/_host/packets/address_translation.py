# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whether this host leads connections elsewhere (DNAT, redirect), as container engines do for published ports. Private
to magsasa.chaos.

Found: ``{"ports": [[low, high]], "all": bool}``; ``all`` says that a translation names no port that can be read. None
without any.
"""

from __future__ import annotations

import re

from ... import _cmd
from ..._errors import ChaosError
from . import iptables, nft

HOOKS = ("prerouting", "output")
TARGETS = ("DNAT", "REDIRECT")
_PORTS = re.compile(r"--(?:dport|dports|ctorigdstport) ([0-9:,]+)")
MOST_PORTS = 64


def inspect(with_nft):
    """What the rules of this host say, in the words of nft where it can be had, else of iptables. What cannot be
    read is not there for us.
    """
    try:
        found = _by_nft() if with_nft else None
        return found or _by_iptables()
    except ChaosError:
        return None


def _by_nft():
    rows = nft.rows(["list", "chains"])
    chains = [row["chain"] for row in rows if isinstance(row.get("chain"), dict)]
    tables = sorted(
        {(each["family"], each["table"]) for each in chains if each.get("type") == "nat" and each.get("hook") in HOOKS}
    )
    rules = []
    for family, table in tables:
        rules += [
            row["rule"] for row in nft.rows(["list", "table", family, table]) if isinstance(row.get("rule"), dict)
        ]
    return of_rules(rules)


def of_rules(rules):
    """From rules as ``nft -j`` gives them. Pure."""
    found = []
    for rule in rules:
        parts = [part for part in rule.get("expr") or () if isinstance(part, dict)]
        if any("dnat" in part or "redirect" in part or _is_target(part.get("xt")) for part in parts):
            found.append(_ports_of(parts))
    return _summed(found)


def _is_target(part):
    return isinstance(part, dict) and part.get("name") in TARGETS


def _ports_of(parts):
    """Port ranges that a rule is about; None where it names none that can be read."""
    for part in parts:
        match = part.get("match") or {}
        payload = (match.get("left") or {}).get("payload") if isinstance(match.get("left"), dict) else None
        if isinstance(payload, dict) and payload.get("field") == "dport" and match.get("op") in ("==", "in"):
            right = match.get("right")
            values = right.get("set", [right]) if isinstance(right, dict) and "range" not in right else [right]
            ranges = [each.get("range") if isinstance(each, dict) else [each, each] for each in values]
            if all(
                isinstance(each, list) and len(each) == 2 and all(isinstance(port, int) for port in each)
                for each in ranges
            ):
                return ranges
            return None
    return None


def _by_iptables():
    found = []
    for version, program in iptables.PROGRAMS.items():
        save = program + "-save"
        if _cmd.which(save) and "nat" in _tables(version):
            found += of_text(_cmd.run([save, "-t", "nat"], timeout=5.0).stdout)
    return _summed(found)


def _tables(version):
    """Tables of iptables that the kernel has; asking for one would make it."""
    try:
        with open("/proc/net/ip%s_tables_names" % ("6" if version == 6 else "")) as source:
            return source.read().split()
    except OSError:
        return []


def of_text(text):
    """``[ranges or None]`` of the rules that translate, from the text of ``iptables-save``. Pure."""
    found = []
    for line in text.splitlines():
        if any(" -j %s" % target in line for target in TARGETS):
            ports = _PORTS.search(line)
            ranges = [(each.split(":") * 2)[:2] for each in ports.group(1).split(",")] if ports else None
            found.append([[int(low or 0), int(high or 65535)] for low, high in ranges] if ranges else None)
    return found


def _summed(found):
    if not found:
        return None
    ranges = sorted({tuple(each) for ranges in found if ranges for each in ranges})
    return {"ports": [list(each) for each in ranges[:MOST_PORTS]], "all": None in found or len(ranges) > MOST_PORTS}


def meet(found, ports):
    """Whether a translation is about one of ``ports`` (ranges; none: all of them)."""
    if not found:
        return False
    if found["all"] or not ports:
        return True
    return any(low <= end and begin <= high for low, high in found["ports"] for begin, end in ports)
