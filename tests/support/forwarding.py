# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A client, a host that publishes ports as container engines do (DNAT, redirect), and a container behind it: three
network namespaces.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys

from support.waiting import wait_for

HOME, CLIENT, BOX, BEHIND = "10.77.1.1", "10.77.1.2", "10.77.2.2", "10.77.2.1"
PUBLISHED, REDIRECTED, OWN = 8090, 8091, 9001
NAT = """
table ip nat {
  chain pre {
    type nat hook prerouting priority -100;
    tcp dport %(published)d dnat to %(box)s:80
    tcp dport %(redirected)d redirect to :%(own)d
  }
  chain out {
    type nat hook output priority -100;
    tcp dport %(published)d ip daddr %(home)s dnat to %(box)s:80
  }
}
""" % {"published": PUBLISHED, "redirected": REDIRECTED, "own": OWN, "home": HOME, "box": BOX}
SERVE = """
import socketserver, sys
class Answer(socketserver.BaseRequestHandler):
    def handle(self):
        self.request.sendall(self.request.recv(64))
class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address, daemon_threads = True, True
Server(("", int(sys.argv[1])), Answer).serve_forever()
"""
ASK = """
import socket, sys, time
start = time.monotonic()
try:
    with socket.create_connection((sys.argv[1], int(sys.argv[2])), 2) as peer:
        peer.settimeout(2)
        peer.sendall(b"x")
        said = "answer" if peer.recv(1) else "closed"
except OSError as error:
    said = type(error).__name__
print(said, time.monotonic() - start)
"""


class Net:
    """The three namespaces, by name."""

    def __init__(self, head):
        self.client, self.host, self.box = (head + each for each in ("c", "h", "b"))

    def run(self, where, *argv, **more):
        """A program in one of them; its output."""
        done = subprocess.run(
            ["ip", "netns", "exec", where, *map(str, argv)],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            **more,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def ask(self, port, where=None):
        """("answer" or the kind of error, seconds) of a connection to the host's port, as a client sees it."""
        said, seconds = self.run(where or self.client, sys.executable, "-c", ASK, HOME, port).split()
        return said, float(seconds)


@contextlib.contextmanager
def published():
    """A Net whose ports answer; nothing of it is left."""
    net = Net("chf%d" % os.getpid())
    servers = []
    try:
        for name in (net.client, net.host, net.box):
            subprocess.run(["ip", "netns", "add", name], check=True)
            net.run(name, "ip", "link", "set", "lo", "up")
        for other, inside, outside, theirs, ours in (
            (net.client, "c0", "h1", CLIENT, HOME),
            (net.box, "b0", "h2", BOX, BEHIND),
        ):
            subprocess.run(
                [
                    "ip",
                    "link",
                    "add",
                    inside,
                    "netns",
                    other,
                    "type",
                    "veth",
                    "peer",
                    "name",
                    outside,
                    "netns",
                    net.host,
                ],
                check=True,
            )
            for where, device, address in ((other, inside, theirs), (net.host, outside, ours)):
                net.run(where, "ip", "addr", "add", address + "/24", "dev", device)
                net.run(where, "ip", "link", "set", device, "up")
            net.run(other, "ip", "route", "add", "default", "via", ours)
        net.run(net.host, "sh", "-c", "echo 1 > /proc/sys/net/ipv4/ip_forward")
        net.run(net.host, "nft", "-f", "-", input=NAT)
        for where, port in ((net.box, 80), (net.host, OWN)):
            servers.append(subprocess.Popen(["ip", "netns", "exec", where, sys.executable, "-c", SERVE, str(port)]))
        assert wait_for(lambda: all(net.ask(port)[0] == "answer" for port in (PUBLISHED, REDIRECTED)))
        yield net
    finally:
        for server in servers:
            server.kill()
            server.wait(20)
        for name in (net.client, net.host, net.box):
            subprocess.run(["ip", "netns", "del", name], check=False)
