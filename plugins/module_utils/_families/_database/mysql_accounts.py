# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Accounts of MySQL and MariaDB that have the same user name: whose is a session? Private to magsasa.chaos.

An account is user@host, and of those that match, the server takes the one whose host is most specific (MySQL manual,
"Specifying Account Names" and "Access Control, Stage 1").
"""

from __future__ import annotations

import ipaddress
import re

MOST = 32  # accounts of one name that are looked at


def client_host(text):
    """Where a session comes from, as the process list shows it: "name:port", or "localhost" by the Unix socket."""
    host, colon, port = text.rpartition(":")
    return (host if colon and port.isdigit() else text).strip("[]").lower()


def owner(client, hosts):
    """Of ``hosts``, which accounts of one user name have, the one that a session from ``client`` belongs to, or None."""
    found = [(_specific(host, client), host) for host in hosts]
    best = max((rank for rank, _host in found if rank), default=None)
    return next((host for rank, host in found if rank == best), None) if best else None


def _specific(host, client):
    """How specific an account's host is for this client, as something to compare; None where it does not match."""
    pattern = host.lower()
    if pattern == client or {pattern, client} <= {"localhost", "127.0.0.1", "::1"}:
        return (3, pattern == client)
    if "/" in pattern:
        try:
            network = ipaddress.ip_network(pattern)
            return (2, network.prefixlen) if ipaddress.ip_address(client) in network else None
        except ValueError:
            return None
    first = min((pattern.index(each) for each in "%_" if each in pattern), default=None)
    if pattern and first is None:
        return None
    shape = "".join({"%": ".*", "_": "."}.get(each) or re.escape(each) for each in pattern or "%")
    return (1, first or 0) if re.fullmatch(shape, client, re.DOTALL) else None
