# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts answer on their SSH port, asked inside a lab's network: python -I -S answers.py SECONDS ADDRESS...

Prints the addresses that answered within that time, as soon as all did.
"""

import socket
import sys
import time


def answers(address):
    """Whether an SSH server says its name there."""
    try:
        with socket.create_connection((address, 22), timeout=1) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def main(seconds, addresses):
    """Ask until all have answered or the time is over."""
    limit = time.monotonic() + seconds
    waiting = list(addresses)
    while True:
        waiting = [address for address in waiting if not answers(address)]
        if not waiting or time.monotonic() >= limit:
            break
        time.sleep(0.1)
    print(" ".join(address for address in addresses if address not in waiting))


if __name__ == "__main__":
    main(float(sys.argv[1]), sys.argv[2:])
