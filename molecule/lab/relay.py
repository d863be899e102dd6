# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""ProxyCommand of ssh, run inside a lab's network namespace: stdin and stdout to HOST PORT, until either side ends.

A program of its own (python -I -S relay.py HOST PORT): it starts once for each connection, so it imports little.
"""

import os
import select
import socket
import sys

CHUNK = 65536


def write_all(descriptor, data):
    """All of it, however little the descriptor takes at once."""
    while data:
        data = data[os.write(descriptor, data) :]


def relay(connection):
    """Copy both ways. The end of stdin is passed on; the end of the connection ends everything."""
    sources = [connection, 0]
    while True:
        ready, _writable, _odd = select.select(sources, [], [])
        if connection in ready:
            data = connection.recv(CHUNK)
            if not data:
                return
            write_all(1, data)
        if 0 in ready:
            data = os.read(0, CHUNK)
            if data:
                connection.sendall(data)
            else:
                sources.remove(0)
                connection.shutdown(socket.SHUT_WR)


def main(host, port):
    """Connect and copy; 0 when it came to an orderly end."""
    try:
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.settimeout(None)
            relay(connection)
    except OSError as error:
        sys.stderr.write("relay to %s port %s: %s\n" % (host, port, error.strerror or error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
