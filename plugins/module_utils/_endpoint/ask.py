# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask one candidate what it is, within a time that is never exceeded. Private to magsasa.chaos."""
from __future__ import annotations

import time

from .._probe.http import fetch
from . import identify

HEALTH_PATHS = ("/health", "/healthz", "/ready", "/live", "/actuator/health", "/")
MOST_BYTES = 65536
LEAST = 0.05  # seconds below which another request makes no sense


def hosts(candidate, listeners):
    """Addresses to ask: the url's host, or where the port is listened on."""
    if candidate.host:
        return [candidate.host]
    found = []
    for each in listeners:
        if each.port == candidate.port:
            for address in {"0.0.0.0": ["127.0.0.1"], "::": ["127.0.0.1", "::1"]}.get(each.address, [each.address]):
                if address not in found:
                    found.append(address)
    return found[:3]


def base_url(scheme, host, port):
    """http://HOST:PORT with brackets around an IPv6 address."""
    return "%s://%s:%d" % (scheme, "[%s]" % host if ":" in host else host, port)


def ask(candidate, addresses, paths, deadline):
    """What the candidate says: ``{speaks, scheme, address, url, health_url, status, slow_s, error, redirect, ...}``.

    ``deadline``: monotonic second by which this returns. Never raises for what a service does.
    """
    found = {"speaks": False, "error": "nobody listens" if not addresses else None}
    for address in addresses:
        for scheme in [candidate.scheme] if candidate.scheme else ["http", "https"]:
            found = _ask_address(candidate, scheme, address, paths, deadline)
            if found["speaks"] or found["error"] in ("timeout", "refused"):
                break
        if found["speaks"] or deadline - time.monotonic() < LEAST:
            break
    return found


def _ask_address(candidate, scheme, address, paths, deadline):
    base = base_url(scheme, address, candidate.port)
    best = {"speaks": False, "error": None, "scheme": scheme, "address": address, "url": base}
    for path in [candidate.path] if candidate.path else paths:
        left = deadline - time.monotonic()
        if left < LEAST:
            best["error"] = best["error"] or "timeout"
            break
        began = time.monotonic()
        response = fetch(base + path, timeout=left, max_bytes=MOST_BYTES, verify_tls=False)
        took = time.monotonic() - began
        if response.error:
            best["error"] = response.error_kind if not best["speaks"] else best["error"]
            if response.error_kind == "garbage" and scheme == "http" and response.status is None:
                break  # perhaps TLS
            if not best["speaks"]:
                break
            continue
        best.update(speaks=True, error=None)
        if response.status == 400 and scheme == "http" and b"HTTPS" in response.body[:2000].upper():
            best.update(speaks=False, error="tls wanted")
            break
        said = dict(identify.describe(response), status=response.status, health_url=base + path, answer_s=round(took, 3))
        if 300 <= response.status < 400:
            best.setdefault("redirect", str(response.headers.get("location", ""))[:200])
        if said["healthy"] or (response.status == 503 and path != "/" and said["service"]):
            best.update(said)
            break
        if "status" not in best:
            best.update(said)
    return best
