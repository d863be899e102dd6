# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ports for services that a test stops and starts: below those that the kernel gives to others meanwhile."""

from __future__ import annotations

import random
import socket

# Linux gives out 32768 and up (ip_local_port_range) to whoever asks for any port, and to every outgoing connection.
LOWEST, HIGHEST = 15000, 30000


def free_ports(count):
    """So many different ports of 127.0.0.1 that nothing listens on now (list of int)."""
    draw, found = random.SystemRandom(), []
    while len(found) < count:
        port = draw.randint(LOWEST, HIGHEST)
        with socket.socket() as trial:
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


def free_port():
    """One of them."""
    return free_ports(1)[0]
