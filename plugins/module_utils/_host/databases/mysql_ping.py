# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a MySQL or MariaDB server whether it takes connections, without credentials: it speaks first. Private to
magsasa.chaos.

Packets: MariaDB documentation, "Connection Phase": three bytes of length, one of number, then 0x0a and the version, or
0xff and an error.
"""

from __future__ import annotations

from .. import listeners
from .first_answer import first_answer

_GREETING, _ERROR = 0x0A, 0xFF
_GOING_DOWN = 1053  # ER_SERVER_SHUTDOWN


def ping(address, port, timeout=1.0):
    """ "accepting", "refused" or "silent". ``address``: a host, or the path of its Unix socket.

    The socket is better: a server counts talks that were broken off, and closes itself to an address after a hundred
    (max_connect_errors);
    it counts neither the socket nor loopback.
    """
    said, failure = first_answer(address, port, timeout)
    if failure:
        return failure
    if len(said) > 4 and said[4] == _GREETING:
        return "accepting"
    if len(said) > 6 and said[4] == _ERROR:
        return "refused" if said[5] + 256 * said[6] == _GOING_DOWN else "accepting"
    return "refused"


def socket_path(pid):
    """Path of the Unix socket that a server listens on, or None (proc(5), /proc/net/unix)."""
    mine = listeners.sockets(pid)
    try:
        with open("/proc/net/unix", errors="replace") as source:
            rows = [line.split(None, 7) for line in source.read().splitlines()[1:]]
    except OSError:
        return None
    paths = [
        row[7]
        for row in rows
        if len(row) == 8
        and row[3] == "00010000"
        and row[6].isdigit()
        and int(row[6]) in mine
        and row[7].startswith("/")
    ]
    return (
        min(paths, key=lambda path: ("mysqlx" in path, path)) if paths else None
    )  # mysqlx.sock speaks another protocol
