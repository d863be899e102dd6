# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""URLs as users write them: taken apart, checked, and shown without their secrets. Private to magsasa.chaos."""

from __future__ import annotations

import base64
import re
from collections import namedtuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from .._errors import BadOption, printable

# host: name or address without brackets; target: path and query as sent; host_header: as sent; auth: value of a Basic Authorization header or None
Url = namedtuple("Url", "scheme host port target host_header auth")
_SECRET_NAME = re.compile(r"(?i)(?:.*[_-])?(?:passw(or)?d|passphrase|pwd|secret|\w*token|\w*key|auth|authorization|credentials?|session(?:id)?|sig|signature)")
SHORTEST = 8  # characters of a secret in a query: whatever is hidden is hidden in the whole result, and "1" is in every one
_PORTS = {"http": 80, "https": 443}
_CREDENTIALS = re.compile(r"(?<=://)[^/?#\s]*@")
_SAFE_PATH = "/%:@!$&'()*+,;=~-._"
LONGEST = 4096


def redact(url):
    """The URL for a message: without user and password, without the values of its query, on one line, bounded."""
    text = _CREDENTIALS.sub("", str(url))
    if _split(text) is None:  # whatever is before the last @ may be a password with a character that belongs in no URL
        scheme, mark, rest = text.partition("://")
        text = scheme + mark + rest.rpartition("@")[2]
    address, mark, query = text.partition("?")
    if mark:
        query = "&".join(pair.partition("=")[0] + ("=..." if "=" in pair else "") for pair in query.partition("#")[0].split("&"))
    return printable(address + mark + query, 200)


def _split(url):
    """The URL taken apart, or None where it is none."""
    try:
        parts = urlsplit(str(url))
        return parts if parts.port is None or parts.port else None
    except ValueError:
        return None


def secrets_of(url):
    """Secrets written into a URL, as written and decoded, for whoever hides them (list of texts).

    The password, or the user of an http URL without one: many services take a key as the user. The values of a query whose names say so, unless they are short.
    Where it is no URL, whatever is in front of the last @.
    """
    text = str(url)
    parts = _split(text)
    if parts is None:
        before = text.partition("://")[2].rpartition("@")[0]
        found = [before.partition(":")[2] or before]
    else:
        found = [parts.password or (parts.username if parts.scheme in _PORTS else "") or ""]
        pairs = [pair.partition("=") for pair in parts.query.split("&")]
        found += [value for name, _mark, value in pairs if _SECRET_NAME.fullmatch(name) and len(value) >= SHORTEST]
    return sorted({each for secret in found for each in (secret, unquote(secret)) if each})


def parse(url, option="url"):
    """Take an http or https URL apart; raises BadOption that names ``option`` and never shows credentials."""

    def bad(problem, remedy="write a URL such as http://localhost:5000/health"):
        return BadOption(option, redact(url), problem, remedy)

    if not isinstance(url, str) or not url.strip():
        raise bad("is not a URL")
    url = url.strip()
    if len(url) > LONGEST:
        raise bad("is longer than %d characters" % LONGEST)
    if any(ord(c) < 33 or ord(c) == 127 for c in url):
        raise bad("holds spaces or control characters")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise bad("is not a URL")
    scheme = parts.scheme.lower()
    if scheme not in _PORTS:
        raise bad("is not an http or https URL")
    if not parts.hostname:
        raise bad("names no host")
    try:
        port = parts.port if parts.port is not None else _PORTS[scheme]
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise bad("has no usable port", "use a port from 1 to 65535")
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
