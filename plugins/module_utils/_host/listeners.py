# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who listens on which TCP port, from /proc (proc(5): net/tcp, net/tcp6, PID/fd); needs no library. Private to
magsasa.chaos.
"""

from __future__ import annotations

import os
import socket
import struct
from collections import namedtuple

from . import processes

Listener = namedtuple("Listener", "address port inode pids")  # pids: those that this user may see, ascending
Connection = namedtuple("Connection", "local_port peer peer_port inode")
_LISTEN, _ESTABLISHED = "0A", "01"


def _address(text):
    """ "0100007F" or 32 hex digits, in the kernel's word order, as an address."""
    raw = bytes.fromhex(text)
    if len(raw) == 4:
        return socket.inet_ntop(socket.AF_INET, raw[::-1] if struct.pack("=H", 1) == struct.pack("<H", 1) else raw)
    words = [raw[i : i + 4] for i in range(0, 16, 4)]
    if struct.pack("=H", 1) == struct.pack("<H", 1):
        words = [word[::-1] for word in words]
    address = socket.inet_ntop(socket.AF_INET6, b"".join(words))
    return address[7:] if address.startswith("::ffff:") and "." in address else address


def _rows(state):
    """(local address, local port, peer, peer port, inode) of the sockets in one state."""
    for name in ("tcp", "tcp6"):
        try:
            with open("/proc/net/" + name) as source:
                lines = source.readlines()[1:]
        except OSError:
            continue
        for line in lines:
            fields = line.split()
            if len(fields) > 9 and fields[3] == state:
                local, peer = fields[1].split(":"), fields[2].split(":")
                yield _address(local[0]), int(local[1], 16), _address(peer[0]), int(peer[1], 16), int(fields[9])


def holders(inodes, among=None):
    """{inode: [pid, ...]} of the sockets in ``inodes``, as far as this user may look; ``among``: see listeners."""
    found = {}
    for pid in processes.pids() if among is None else among:
        for inode in sockets(pid) & inodes:
            found.setdefault(inode, []).append(pid)
    return {inode: sorted(pids) for inode, pids in found.items()}


def sockets(pid):
    """Inodes of the sockets that a process holds open; empty when it may not be looked at."""
    found = set()
    try:
        folder = os.open("/proc/%d/fd" % pid, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return found
    try:
        for name in os.listdir(folder):
            try:
                target = os.readlink(name, dir_fd=folder)  # relative: a crowded host has many of them
            except OSError:
                continue
            if target[:8] == "socket:[":
                found.add(int(target[8:-1]))
    except OSError:  # it has just ended
        pass
    finally:
        os.close(folder)
    return found


def listeners(among=None):
    """Every listening TCP socket of this network namespace, by port; with ``among`` only these pids are looked for."""
    rows = [(address, port, inode) for address, port, _peer, _peer_port, inode in _rows(_LISTEN)]
    pids = holders({inode for _address_, _port, inode in rows}, among)
    return sorted(
        (Listener(address, port, inode, pids.get(inode, [])) for address, port, inode in rows),
        key=lambda each: (each.port, each.address),
    )


def server(port):
    """Pid of the process that answers for a TCP port: of those that share it the one above the others, such as a
    server's master; None where nobody listens whom this user may see.

    Like ``top_of_tree`` of all its listeners, but the processes of the host are looked at in their order and no further
    than to that one: mostly what serves was there before what makes a host crowded.
    """
    inodes = {inode for _address_, number, _peer, _peer_port, inode in _rows(_LISTEN) if number == port}
    for pid in sorted(processes.pids()) if inodes else ():
        if sockets(pid) & inodes:
            above = processes.parent(pid)
            if not above or not sockets(above) & inodes:
                return pid
    return None


def connections(pids):
    """Established TCP connections of some processes."""
    mine = set()
    for pid in pids:
        mine |= sockets(pid)
    return [
        Connection(port, peer, peer_port, inode)
        for _local, port, peer, peer_port, inode in _rows(_ESTABLISHED)
        if inode in mine
    ]


def top_of_tree(pids):
    """Of processes that share a listening socket, the one that is the parent of the others (a server's master)."""
    chosen = set(pids)
    tops = [pid for pid in sorted(chosen) if processes.parent(pid) not in chosen]
    return tops[0] if tops else None
