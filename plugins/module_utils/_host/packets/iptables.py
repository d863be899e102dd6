# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains of iptables and ip6tables that are ours, in the table filter: made in one go, read, removed one by one.
Private to magsasa.chaos.

Both kinds of iptables (legacy, and the one over nf_tables) take the same words. No chain and no rule of others is ever
flushed, moved or written again.
"""

from __future__ import annotations

import os
import re

from ... import _cmd
from ..._errors import HostError, printable

PROGRAMS = {4: "iptables", 6: "ip6tables"}
HOOKS = {"in": "INPUT", "out": "OUTPUT"}
NAMES = {4: "/proc/net/ip_tables_names", 6: "/proc/net/ip6_tables_names"}  # tables that the legacy kind has already
CHAINS = ("in", "out", "act")  # in the order in which they can be taken away
WAIT = ["-w", "5"]  # seconds for the lock that all users of iptables share
MOST_JUMPS = 64  # that are taken away; somebody may have copied ours
_OURS = re.compile(r"magsasa_[0-9a-f]{12}_(?:in|out|act)")
_ID = re.compile(r"[0-9a-f]{12}")


def inspect():
    """``{"programs": {"4", "6": path}, "ipv6", "obstacles": {version: why}, "fresh": [version]}``; changes nothing, not
    even by looking.

    ``fresh``: versions whose table filter is not there yet. The legacy kind makes it at the first look, so it is not
    looked at.
    """
    programs = {str(version): _cmd.which(name) for version, name in PROGRAMS.items()}
    programs = {
        version: path for version, path in programs.items() if path and _cmd.which(PROGRAMS[int(version)] + "-restore")
    }
    found = {"programs": programs, "ipv6": os.path.exists("/proc/net/if_inet6"), "obstacles": {}, "fresh": []}
    for version, path in sorted(programs.items()):
        legacy = "nf_tables" not in _cmd.run([path, "--version"], check=False).stdout
        if legacy and "filter" not in _names(int(version)):
            found["fresh"].append(version)
            continue
        done = _cmd.run([path] + WAIT + ["-S", "INPUT"], check=False)
        found["obstacles"][version] = (
            "" if not done.rc else printable((done.stderr.strip().splitlines() or ["it failed"])[-1], 200)
        )
        if (
            not legacy
            and not done.rc
            and "*filter" not in _cmd.run([path + "-save", "-t", "filter"], check=False).stdout.splitlines()
        ):
            found["fresh"].append(version)
    return found


def filtering(version):
    """Whether there can be chains of ours: a look by the legacy kind would make a table that is not there."""
    path = _cmd.which(PROGRAMS[version])
    return path is not None and (
        "filter" in _names(version) or "nf_tables" in _cmd.run([path, "--version"], check=False).stdout
    )


def _names(version):
    try:
        with open(NAMES[version]) as source:
            return source.read().split()
    except OSError:
        return []


def _program(version, more=""):
    found = _cmd.which(PROGRAMS[version] + more)
    if found is None:
        raise HostError("%s does not exist (any more)" % (PROGRAMS[version] + more))
    return found


def name(fault, chain):
    """The name of one of our chains."""
    if not _ID.fullmatch(fault):
        raise HostError("'%s' is not the id of a fault" % printable(fault))
    return "magsasa_%s_%s" % (fault, chain)


def text(fault, planned):
    """One transaction for iptables-restore. Chains of planned rules: those of xtables.py."""
    chains = [chain for chain in CHAINS if any(where == chain for where, _label, _words in planned)]
    lines = ["*filter"] + [":%s - [0:0]" % name(fault, chain) for chain in chains]
    for chain, _label, words in planned:
        lines.append("-A %s %s" % (name(fault, chain), re.sub("-g act$", "-g " + name(fault, "act"), words)))
    lines += ["-I %s 1 -j %s" % (HOOKS[chain], name(fault, chain)) for chain in chains if chain in HOOKS]
    return "\n".join(lines + ["COMMIT", ""])


def load(fault, version, planned):
    """Make the chains and the jumps to them: wholly or not at all."""
    if _there(fault, version):
        raise HostError("the chains of this fault already exist")
    _cmd.run([_program(version, "-restore")] + WAIT + ["--noflush"], stdin=text(fault, planned))


def read(fault, version):
    """``{chain: [(target, packets)]}`` of our chains that are there, in the order of their rules."""
    found = {}
    for chain in _there(fault, version):
        said = _cmd.run([_program(version)] + WAIT + ["-v", "-S", name(fault, chain)]).stdout
        found[chain] = [_rule(line.split()) for line in said.splitlines() if line.startswith("-A ")]
    return found


def _rule(words):
    def after(flag):
        return words[words.index(flag) + 1] if flag in words[:-1] else ""

    target, count = after("-j") or after("-g"), after("-c")
    return target.rpartition("_")[2] if _OURS.fullmatch(target) else target, int(count) if count.isdigit() else 0


def _there(fault, version):
    """Chains of this fault that exist."""
    rows = _cmd.run([_program(version)] + WAIT + ["-S"], timeout=10.0).stdout.splitlines()  # chains come first
    return [chain for chain in CHAINS if "-N " + name(fault, chain) in rows]


def _jumps(version, hook):
    return [
        line.split()[-1]
        for line in _cmd.run([_program(version)] + WAIT + ["-S", hook]).stdout.splitlines()
        if line.startswith("-A ")
    ]


def first(fault, version, planned):
    """Whether the host's chains begin with our jumps."""
    return all(
        _jumps(version, HOOKS[chain])[:1] == [name(fault, chain)]
        for chain in HOOKS
        if any(where == chain for where, _label, _words in planned)
    )


def unused(fault, version, planned):
    """A sentence when a chain of ours is jumped to no more, else ""."""
    for chain in HOOKS:
        if any(where == chain for where, _label, _words in planned) and name(fault, chain) not in _jumps(
            version, HOOKS[chain]
        ):
            return "another process removed the jump from %s" % HOOKS[chain]
    return ""


def remove(fault, version):
    """Take away the jumps and the chains of a fault; what is gone is no error."""
    chains = _there(fault, version)
    program = [_program(version)] + WAIT
    for chain in chains:
        if chain in HOOKS:
            jump = [HOOKS[chain], "-j", name(fault, chain)]
            for _again in range(MOST_JUMPS):
                if _cmd.run(program + ["-C"] + jump, check=False).rc:
                    break
                _cmd.run(program + ["-D"] + jump)
    for chain in chains:  # from what nothing leads to any more
        _cmd.run(program + ["-F", name(fault, chain)])
        _cmd.run(program + ["-X", name(fault, chain)])


def left(fault, version):
    """Sentences about chains of a fault that are still there."""
    return ["chain %s of %s still exists" % (name(fault, chain), PROGRAMS[version]) for chain in _there(fault, version)]


def of_others(version):
    """{table: lines} of all that is not ours, without counters; a table that holds nothing is as good as none."""
    said = _cmd.run([_program(version, "-save")], timeout=10.0).stdout
    if len(said) >= _cmd.OUTPUT_LIMIT:
        raise HostError("there are too many rules to compare")
    found, lines = {}, []
    for line in said.splitlines():
        if line.startswith("*"):
            lines = found.setdefault("%s %s" % (PROGRAMS[version], line[1:]), [])
        elif line.startswith((":", "-")) and not _OURS.search(line):
            lines.append(re.sub(r" \[[0-9]+:[0-9]+\]$", "", line) if line.startswith(":") else line)
    return {
        table: rows for table, rows in found.items() if any(not re.fullmatch(":[A-Z]+ ACCEPT", row) for row in rows)
    }
