# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for a probe that runs on another host than its target."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ansible.errors import AnsibleFilterError
from ansible_collections.magsasa.chaos.plugins.plugin_utils import _names


def probe_name(experiment, host, observer=None):
    """Name of the probe of an experiment."""
    return _names.probe(str(experiment), str(host), str(observer) if observer else None)


def seen_from(url, observer, host, address):
    """``url`` as ``observer`` reaches it: a loopback address becomes the host's own, for everybody but the host itself."""
    if observer == host:
        return url
    try:
        parts = urlsplit(str(url))
        port = ":%d" % parts.port if parts.port else ""
    except ValueError:
        raise AnsibleFilterError("seen_from: '%s' is not a URL; write one such as http://192.0.2.7:5000/health" % str(url)[:100])
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


class FilterModule:
    """Filters of the collection over observers."""

    def filters(self):
        """Name to function."""
        return {"probe_name": probe_name, "seen_from": seen_from}
