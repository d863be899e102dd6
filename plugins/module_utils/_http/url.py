# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs as users write them: taken apart and checked. Private to magsasa.chaos."""

from __future__ import annotations

import base64
import re
from collections import namedtuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from .. import _redact
from .._errors import BadOption

# host: name or address without brackets; target: path and query as sent; host_header: as sent; auth: value of a Basic
# Authorization header or None
Url = namedtuple("Url", "scheme host port target host_header auth")
_PORTS = {"http": 80, "https": 443}
_SAFE_PATH = "/%:@!$&'()*+,;=~-._"
LONGEST = 4096


def parse(url, option="url"):
    """Take an http or https URL apart; raises BadOption that names ``option`` and never shows credentials."""

    def bad(problem, remedy="write a URL such as http://localhost:5000/health"):
        return BadOption(option, _redact.url(url), problem, remedy)

    if not isinstance(url, str) or not url.strip():
        raise bad("is not a URL")
    url = url.strip()
    if len(url) > LONGEST:
        raise bad("is longer than %d characters" % LONGEST)
    if any(ord(c) < 33 or ord(c) == 127 for c in url):
        raise bad("contains spaces or control characters")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise bad("is not a URL")
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise bad("is not an http or https URL")
    if not parts.hostname:
        raise bad("does not name a host")
    try:
        port = parts.port if parts.port is not None else _PORTS[scheme]
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise bad("has no valid port", "use a port from 1 to 65535")
    host = _ascii_host(parts.hostname)
    if host is None:
        raise bad("names a host that cannot exist")
    target = quote(parts.path or "/", safe=_SAFE_PATH)
    if parts.query:
        target += "?" + quote(parts.query, safe=_SAFE_PATH + "?[]")
    shown = "[%s]" % host.partition("%")[0] if ":" in host else host
    if port != _PORTS[scheme]:
        shown += ":%d" % port
    return Url(scheme, host, port, target, shown, _basic(parts))


def _ascii_host(host):
    """The host as it goes to the resolver, or None."""
    if not host.isascii():
        try:
            host = host.encode("idna").decode("ascii")
        except UnicodeError:
            return None
    return host if len(host) <= 253 and re.fullmatch(r"[A-Za-z0-9._:%-]+", host) else None


def _basic(parts):
    """Basic credentials (RFC 7617) of a URL, or None."""
    if parts.username is None:
        return None
    pair = "%s:%s" % (unquote(parts.username), unquote(parts.password or ""))
    return "Basic " + base64.b64encode(pair.encode("utf-8")).decode("ascii")


def followed(url, parsed, location):
    """Where a redirect of ``url`` leads: ``(url, same_origin)``, or None when it leaves the host or is no URL."""
    try:
        there = urljoin(url, location.strip())
        leads = parse(there)
    except (ValueError, BadOption):
        return None
    if leads.host.lower() != parsed.host.lower():
        return None
    return there, (leads.scheme, leads.port) == (parsed.scheme, parsed.port)
