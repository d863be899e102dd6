# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names that several rooms must make alike. Private to magsasa.chaos."""

from __future__ import annotations

import hashlib
import ipaddress
import re
from urllib.parse import urlsplit

from ansible_collections.magsasa.chaos.plugins.module_utils._errors import BadOption

LONGEST = 63
# Variables of the environment by which the callback tells its workers the id of the run, and where its reports go
# unless a variable says otherwise.
RUN = "MAGSASA_CHAOS_RUN"
REPORTS = "MAGSASA_CHAOS_REPORTS"

FAMILIES = (
    "cpu",
    "memory",
    "disk",
    "network",
    "dns",
    "http",
    "process",
    "service",
    "container",
    "database",
    "file",
    "limit",
    "clock",
    "host",
)


def probe(experiment, host, observer=None):
    """Name of the probe of an experiment on ``host``: the experiment's, or one of its own on an observer that may watch
    several hosts.

    >>> probe("cpu-light", "web1")
    'cpu-light'
    >>> probe("cpu-light", "web1", "watcher")
    'cpu-light.web1'
    """
    if not observer or observer == host:
        return experiment
    name = "%s.%s" % (experiment, re.sub("[^A-Za-z0-9._-]", "-", host))
    if len(name) <= LONGEST and name.endswith("." + host):
        return name
    # Two hosts must not become one by what was cut off or replaced.
    return "%s-%s" % (name[: LONGEST - 9], hashlib.sha256(host.encode("utf-8")).hexdigest()[:8])


def seen_from(url, observer, host, address):
    """``url`` as ``observer`` reaches it: a loopback address becomes the host's own, for everybody but the host
    itself. Raises BadOption.
    """
    if observer == host:
        return url
    try:
        parts = urlsplit(str(url))
        port = ":%d" % parts.port if parts.port else ""
    except ValueError:
        raise BadOption("url", str(url)[:100], "is not a URL", "write one such as http://192.0.2.7:5000/health")
    if not _is_loopback(parts.hostname or ""):
        return url
    shown = "[%s]" % address if ":" in str(address) else str(address)
    login = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc="%s%s%s" % (login + "@" if login else "", shown, port)).geturl()


def _is_loopback(name):
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
