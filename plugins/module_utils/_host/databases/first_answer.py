# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server says first to a new connection. Private to magsasa.chaos."""

from __future__ import annotations

import socket


def first_answer(address, port, timeout, hello=b""):
    """``(bytes, None)``, or ``(b"", word)``: "silent" within ``timeout`` seconds, or "refused". ``address``: a
    host, or the path of a Unix socket.
    """
    try:
        if address.startswith("/"):
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(timeout)
            connection.connect(address)
        else:
            connection = socket.create_connection((address, port), timeout)
        with connection:
            connection.settimeout(timeout)
            connection.sendall(hello)
            answer = connection.recv(2048)
    except socket.timeout:
        return b"", "silent"
    except OSError:
        return b"", "refused"
    return answer, None if answer else "refused"
