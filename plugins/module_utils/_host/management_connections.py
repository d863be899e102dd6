# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Connections by which this host is managed: no fault may touch them. Private to magsasa.chaos."""

from __future__ import annotations

import ipaddress
import os

from . import listeners, processes

SERVERS = ("sshd", "dropbear")


def connections():
    """``[[peer address, port of this host]]``, each once, in order.

    The peer of SSH_CONNECTION, what any SSH server holds, and what the processes above this one hold (sudo takes the
    variable away, and another kind of server may have started us).
    """
    found = set()
    above = list(processes.above(os.getpid()))
    for text in [os.environ.get("SSH_CONNECTION", "")] + [_variable(pid) for pid in above]:
        words = text.split(" ")
        if len(words) == 4 and words[3].isdigit():
            found.add((words[0], int(words[3])))
    servers = [pid for pid in processes.pids() if _name(pid).startswith(SERVERS)]
    for each in listeners.connections(set(servers) | set(above)):
        found.add((each.peer, each.local_port))
    return sorted(
        [address, port]
        for address, port in {(_plain(peer), port) for peer, port in found}
        if address and 0 < port < 65536
    )


def ways_in():
    """Ports on which an SSH server of this host listens: somebody may come that way who is not here yet."""
    return sorted(
        {each.port for each in listeners.listeners() if any(_name(pid).startswith(SERVERS) for pid in each.pids)}
    )


def _plain(text):
    """An address as nft writes it, without an interface; None for what is none."""
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return str(getattr(address, "ipv4_mapped", None) or address)


def _variable(pid):
    try:
        with open("/proc/%d/environ" % pid, "rb") as source:
            values = source.read(1 << 20).split(b"\0")
    except OSError:
        return ""
    found = [value for value in values if value.startswith(b"SSH_CONNECTION=")]
    return found[0].partition(b"=")[2].decode("ascii", "replace") if found else ""


def _name(pid):
    try:
        with open("/proc/%d/comm" % pid) as source:
            return source.read().strip()
    except OSError:
        return ""
