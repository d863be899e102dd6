# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer tells about the service behind it. Everything in it is untrusted text. Pure. Private to magsasa.chaos."""
from __future__ import annotations

import json
import re

from .._errors import printable

LONGEST = 80
NAME_KEYS = ("service", "name", "app", "application")
VERSION_KEYS = ("version", "release", "build")
STATUS_KEYS = ("status", "state", "health")
WELL = {"ok", "up", "healthy", "pass", "passing", "alive", "ready", "green", "available", "true"}
ILL = {"down", "fail", "failed", "failing", "error", "unhealthy", "degraded", "critical", "red", "false", "unavailable"}
FRAMEWORKS = (
    ("gunicorn", "gunicorn"),
    ("werkzeug", "Flask development server"),
    ("uvicorn", "uvicorn"),
    ("hypercorn", "hypercorn"),
    ("waitress", "waitress"),
    ("express", "Express"),
    ("kestrel", "ASP.NET Kestrel"),
    ("nginx", "nginx"),
    ("apache", "Apache httpd"),
    ("caddy", "Caddy"),
    ("jetty", "Jetty"),
    ("tomcat", "Tomcat"),
    ("cowboy", "Cowboy"),
    ("puma", "Puma"),
    ("basehttp", "Python http.server"),
    ("simplehttp", "Python http.server"),
)


def _short(value):
    return printable(value, LONGEST) if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip() else None


def _first(document, keys):
    for key in keys:
        found = _short(document.get(key))
        if found:
            return found
    return None


def document(body):
    """The JSON object of a body (bytes), or {}."""
    try:
        found = json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def well(found, status):
    """Whether a health answer says that the service is well: status code 2xx, and no status word that says otherwise."""
    said = str(found.get("status", found.get("state", ""))).strip().lower()
    return 200 <= status < 300 and said not in ILL


def framework(headers):
    """A name for what serves, from the Server and X-Powered-By headers; None when they do not tell."""
    text = " ".join(str(headers.get(key, "")) for key in ("server", "x-powered-by")).lower()
    return next((name for word, name in FRAMEWORKS if word in text), _short(headers.get("server")))


def database(found):
    """``{status, backend, path, host, port}`` that a health document tells of its database, or None."""
    checks = found.get("checks") if isinstance(found.get("checks"), dict) else found
    entry = next((checks[key] for key in ("database", "db", "postgres", "postgresql", "sqlite") if key in checks), None)
    if entry is None:
        return None
    if not isinstance(entry, dict):
        return {"status": _short(entry), "backend": None, "path": None, "host": None, "port": None}
    number = entry.get("port")
    return {
        "status": _short(entry.get("status")),
        "backend": backend(entry.get("backend") or entry.get("type") or entry.get("engine")),
        "path": printable(entry["path"], 4096) if isinstance(entry.get("path"), str) else None,
        "host": _short(entry.get("host")),
        "port": number if isinstance(number, int) and 0 < number < 65536 else None,
    }


def backend(value):
    """ "sqlite", "postgresql" or "mysql" of a name as services write it, or None."""
    text = str(value or "").lower()
    for word, name in (("sqlite", "sqlite"), ("postgres", "postgresql"), ("mysql", "mysql"), ("mariadb", "mysql")):
        if word in text:
            return name
    return None


def describe(response):
    """``{service, version, framework, healthy, status, database}`` of one answer."""
    found = document(response.body)
    return {
        "service": _first(found, NAME_KEYS),
        "version": _first(found, VERSION_KEYS),
        "framework": framework(response.headers),
        "healthy": well(found, response.status),
        "says": _first(found, STATUS_KEYS),
        "database": database(found),
        "title": _title(response.body),
    }


def _title(body):
    match = re.search(rb"<title[^>]{0,200}>([^<]{1,200})", body[:16384], re.I)
    return printable(match.group(1).decode("utf-8", "replace").strip(), LONGEST) if match else None
