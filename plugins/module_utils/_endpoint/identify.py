# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an answer tells about the service behind it. Everything in it is untrusted text. Pure. Private to
magsasa.chaos.
"""

from __future__ import annotations

import os
import re

from .._errors import printable
from .._check import wellness

LONGEST = 80
NAME_KEYS = ("service", "name", "app", "application")
VERSION_KEYS = ("version", "release", "build")
STATUS_KEYS = ("status", "state", "health")
FRAMEWORKS = (  # word of a header or a program: what it is
    ("gunicorn", "gunicorn"),
    ("werkzeug", "Flask development server"),
    ("uvicorn", "uvicorn"),
    ("hypercorn", "hypercorn"),
    ("waitress", "waitress"),
    ("express", "Express"),
    ("kestrel", "ASP.NET Kestrel"),
    ("nginx", "nginx"),
    ("apache", "Apache httpd"),
    ("httpd", "Apache httpd"),
    ("caddy", "Caddy"),
    ("envoy", "Envoy"),
    ("jetty", "Jetty"),
    ("tomcat", "Tomcat"),
    ("cowboy", "Cowboy"),
    ("puma", "Puma"),
    ("basehttp", "Python http.server"),
    ("simplehttp", "Python http.server"),
)
PROGRAMS = FRAMEWORKS + (
    ("flask", "Flask development server"),
    ("node", "Node.js"),
    ("java", "Java"),
    ("dotnet", ".NET"),
    ("php", "PHP"),
    ("ruby", "Ruby"),
)
BACKENDS = (("sqlite", "sqlite"), ("postgres", "postgresql"), ("mysql", "mysql"), ("mariadb", "mysql"))


def _short(value):
    """A bounded text of a scalar, or None."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float)) or not str(value).strip():
        return None
    return printable(str(value).strip(), LONGEST)


def _first(found, keys):
    return next((text for text in (_short(found.get(key)) for key in keys) if text), None)


def document(response):
    """The JSON object of an answer, or {}."""
    found = wellness.read(response.body, response.headers).document
    return found if isinstance(found, dict) else {}


def verdict(response):
    """What an answer says: "well", "ill", or None when this was no health endpoint. A service may answer 200 and
    still say that it is down.
    """
    if 200 <= response.status < 300:
        return "ill" if wellness.complaints(response.status, response.body, response.headers) else "well"
    return "ill" if response.status >= 500 and response.status != 501 else None


def framework(headers):
    """A name for what serves, from the Server and X-Powered-By headers; None when they do not tell."""
    text = " ".join(str(headers.get(key, "")) for key in ("server", "x-powered-by")).lower()
    return next((name for word, name in FRAMEWORKS if word in text), _short(headers.get("server")))


def program(argv):
    """A name for what serves, from a process's arguments: the program, or the module or script that an interpreter
    runs.
    """
    words = [os.path.basename(part).lower() for part in argv[:4] if part and not part.startswith("-")]
    return next((name for word, name in PROGRAMS if any(part.startswith(word) for part in words)), None)


def database(found):
    """``{status, backend, path, host, port}`` that a health document tells of its database, or None."""
    checks = next(
        (found[key] for key in ("checks", "components", "details") if isinstance(found.get(key), dict)), found
    )
    entry = next(
        (checks[key] for key in ("database", "db", "postgres", "postgresql", "mysql", "sqlite") if key in checks), None
    )
    if not isinstance(entry, dict):
        return (
            {"status": _short(entry), "backend": None, "path": None, "host": None, "port": None}
            if _short(entry)
            else None
        )
    number = entry.get("port")
    details = entry.get("details") if isinstance(entry.get("details"), dict) else {}
    kind = entry.get("backend") or entry.get("type") or entry.get("engine") or details.get("database")
    return {
        "status": _short(entry.get("status")),
        "backend": backend(kind),
        "path": _path(entry.get("path")),
        "host": _short(entry.get("host")),
        "port": number if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 65536 else None,
    }


def _path(value):
    """A path exactly as told, or None: one that had to be altered would name another file."""
    usable = isinstance(value, str) and value.startswith("/") and value.isprintable() and len(value) <= 4096
    return value if usable else None


def backend(value):
    """ "sqlite", "postgresql" or "mysql" of a name as services write it, or None."""
    text = value.lower() if isinstance(value, str) else ""
    return next((name for word, name in BACKENDS if word in text), None)


def describe(response):
    """``{service, version, framework, status, verdict, says, database, title}`` of one answer (an
    _http.exchange.Response).
    """
    found = document(response)
    complaint = next(iter(wellness.complaints(response.status, response.body, response.headers)), None)
    return {
        "service": _first(found, NAME_KEYS),
        "version": _first(found, VERSION_KEYS),
        "framework": framework(response.headers),
        "status": response.status,
        "verdict": verdict(response),
        "says": complaint.says if complaint else _first(found, STATUS_KEYS),
        "database": database(found),
        "title": _title(response.body),
    }


def _title(body):
    match = re.search(rb"<title[^>]{0,200}>([^<]{1,200})", body[:16384], re.I)
    return _short(match.group(1).decode("utf-8", "replace")) if match else None
