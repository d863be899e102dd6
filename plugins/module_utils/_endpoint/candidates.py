# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which ports are worth asking, at which addresses, in which order, and why. Pure. Private to magsasa.chaos."""

from __future__ import annotations

import ipaddress
from collections import namedtuple

from .._errors import BadOption
from .._http import url as urls

DEFAULT_PORTS = (8000, 5000, 5001, 3000)
DEFAULT_ADDRESSES = ("127.0.0.1", "::1")
ENVIRONMENT = ("CHAOS_TARGET_PORT", "APP_PORT")
MOST = 64  # ports that are asked at once
# What is never a web service; a request for a page would only leave a complaint in its log.
NOT_HTTP_PORTS = {
    22,
    25,
    53,
    110,
    111,
    143,
    389,
    445,
    465,
    587,
    631,
    636,
    993,
    995,
    2049,
    3306,
    5432,
    6379,
    11211,
    27017,
}
NOT_HTTP_PROCESSES = {
    "sshd",
    "postgres",
    "mysqld",
    "mariadbd",
    "redis-server",
    "valkey-server",
    "memcached",
    "mongod",
    "named",
    "dnsmasq",
    "systemd-resolve",
    "master",
}
# What speaks HTTP and serves the host or its desktop: nobody's service under test unless its port is named.
OF_THE_HOST = {
    "avahi-daemon",
    "chrome",
    "chromium",
    "code",
    "containerd",
    "cupsd",
    "dockerd",
    "firefox",
    "kubelet",
    "node_exporter",
    "rpcbind",
    "snapd",
    "systemd",
    "tailscaled",
}
OURS = "chaos-"  # how the processes of faults and probes begin

# host, scheme, path, auth: of an explicit url, else None; headers: what only that url is asked with.
# named: the user said so. discovered: found only because it listens.
Candidate = namedtuple("Candidate", "port host scheme path auth named discovered source headers", defaults=(None,))
# addresses: to be asked one after the other until one answers. pids: those behind its listening sockets that may be
# seen.
Target = namedtuple("Target", "candidate addresses listening pids")


def port(value, option):
    """A port number; raises BadOption."""
    text = str(value).strip()
    if isinstance(value, bool) or not (text.isascii() and text.isdigit()) or len(text) > 5 or not 0 < int(text) < 65536:
        raise BadOption(option, value, "is not a port", "use a number from 1 to 65535")
    return int(text)


def address(value, option="addresses"):
    """An IP address in its usual form; raises BadOption."""
    try:
        return str(ipaddress.ip_address(str(value).strip().strip("[]")))
    except ValueError:
        raise BadOption(option, value, "is not an IP address", "write one such as 127.0.0.1 or ::1")


def health_path(value, option="health_paths"):
    """A path to ask; raises BadOption."""
    if (
        not value.startswith("/")
        or value.startswith("//")
        or len(value) > 200
        or not value.isprintable()
        or " " in value
    ):
        raise BadOption(option, value, "is not a path", "start it with one slash and write no spaces, such as /health")
    return value


def choose(url, ports, environ, discovered, headers=None):
    """Candidates in the order of their claim: the url alone, or CHAOS_TARGET_PORT, APP_PORT, ``ports`` (else the
    default ports), ``discovered``.

    ``environ``: mapping of the task's environment; ``discovered``: further ports; ``headers``: for the url and nobody
    else. Raises BadOption.
    """
    if url:
        parsed = urls.parse(url, "url")
        path = parsed.target if parsed.target != "/" else None
        return [
            Candidate(parsed.port, parsed.host, parsed.scheme, path, parsed.auth, True, False, "option url", headers)
        ]
    found = {}

    def add(number, named, source, only_listens=False):
        found.setdefault(number, Candidate(number, None, None, None, None, named, only_listens, source))

    for name in ENVIRONMENT:
        if environ.get(name):
            add(port(environ[name], name), True, "environment variable " + name)
    for value in ports or ():
        add(port(value, "ports"), True, "option ports")
    if len(found) > MOST:
        raise BadOption("ports", "%d ports" % len(found), "are too many", "name %d at most" % MOST)
    for number in () if ports else DEFAULT_PORTS:
        add(number, False, "default port")
    for number in discovered:
        add(number, False, "listening port", True)
    return list(found.values())


def may_be_http(number, names):
    """Whether a port that listens, held by processes with these names, is worth a request that nobody asked for."""
    if number in NOT_HTTP_PORTS or (NOT_HTTP_PROCESSES | OF_THE_HOST).intersection(names):
        return False
    return not any(str(name).startswith(OURS) for name in names)


def targets(candidate, listeners, addresses=()):
    """The Targets of one candidate: one for each group of processes that listen on its port, or one with no listener.

    ``listeners``: rows of _host.listeners of any port; ``addresses``: the only ones to ask, else loopback and what the
    port is bound to.
    """
    bound = {}  # address: (inode, pids); several sockets share an address with SO_REUSEPORT
    for each in listeners:
        if each.port == candidate.port:
            inode, pids = bound.get(each.address, (each.inode, ()))
            bound[each.address] = (inode, tuple(sorted(set(pids) | set(each.pids))))
    wanted = list(addresses) or list(DEFAULT_ADDRESSES) + [
        each for each in bound if each not in ("0.0.0.0", "::") + DEFAULT_ADDRESSES
    ]
    groups = {}
    for each in wanted:
        inode, pids = _behind(each, bound)
        groups.setdefault(pids or inode, (pids, []))[1].append(each)
    if not addresses and len(groups) > 1:
        groups.pop(None, None)  # the loopback addresses on which nobody listens
    return [Target(candidate, asked, key is not None, list(pids)) for key, (pids, asked) in groups.items()]


def _behind(wanted, bound):
    """(inode, pids) of the socket that gets connections to an address; (None, ()) when there is none."""
    wildcards = ["::"] if ":" in wanted else ["0.0.0.0", "::"]  # a socket bound to :: mostly takes IPv4, too
    return next((bound[each] for each in [wanted] + wildcards if each in bound), (None, ()))
