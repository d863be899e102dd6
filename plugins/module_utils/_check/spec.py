# Copyright: (c) 2026, magsasa.chaos contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of a check as users write them, and the JSON-able spec that a check runs on. Private to magsasa.chaos.

A spec may hold secrets (headers, a password): it is kept in private files only and never shown; ``describe`` is what is
shown.
"""

from __future__ import annotations

import json
import math
import re
from urllib.parse import parse_qs, unquote, urlsplit

from .. import _quantity, _redact
from .._errors import BadOption, printable
from .._http import exchange

OPTIONS = {
    "url": {"type": "str"},
    "tcp": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
    "database": {"type": "str"},
    "method": {"type": "str", "default": "GET"},
    "headers": {"type": "dict", "no_log": True},
    "body": {"type": "raw"},
    "status": {"type": "list", "elements": "str", "default": ["200-299"]},
    "json": {"type": "dict"},
    "matches": {"type": "str"},
    "self_report": {"type": "bool", "default": True},
    "rc": {"type": "list", "elements": "int", "default": [0]},
    "max_latency": {"type": "str"},
    "validate_certs": {"type": "bool", "default": True},
    "follow_redirects": {"type": "bool", "default": False},
}
# Those of a recorder, beside its state: what the module probe and the conductor check alike.
PROBE = dict(
    OPTIONS,
    name={"type": "str", "required": True},
    rate={"type": "float", "default": 20},
    timeout={"type": "str", "default": "2s"},
    max_in_flight={"type": "int"},
    max_duration={"type": "str", "default": "30m"},
    lease={"type": "str"},
    keepalive={"type": "bool", "default": False},
    run={"type": "dict"},
)
KINDS = ("url", "tcp", "command", "database")
_STATUS = re.compile(r"([1-5][0-9]{2})(?:\s*-\s*([1-5][0-9]{2}))?")
_TCP = re.compile(r"(?:\[([0-9A-Fa-f:.%a-z]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})")
LONGEST_PATTERN = 1000
_ONLY = {
    "method": ("url",),
    "headers": ("url",),
    "body": ("url",),
    "status": ("url",),
    "json": ("url",),
    "self_report": ("url",),
    "matches": ("url", "tcp", "command"),
}


def secrets(params):
    """Texts in the options that must not be shown, beside headers: secrets written into URLs, and bodies."""
    found = [text for key in ("url", "database") if params.get(key) for text in _redact.secrets_of_url(params[key])]
    return found + _texts(params.get("body"))


def _texts(body):
    """What of a body may be a secret: all of it, and each text in one that is JSON. Not what is so short that it is
    in every result.
    """
    if isinstance(body, dict):
        return [text for each in body.values() for text in _texts(each)]
    if isinstance(body, (list, tuple)):
        return [text for each in body for text in _texts(each)]
    return [body] if isinstance(body, str) and len(body) >= _redact.SHORTEST else []


def parse(params, timeout_s):
    """The spec of a check from module options; ``timeout_s`` bounds each run of it. Raises BadOption."""
    kind = next((key for key in KINDS if params.get(key)), None)
    if kind is None:
        raise BadOption("url", "", "is missing", "say what to check with one of %s" % ", ".join(KINDS))
    for option, kinds in _ONLY.items():
        if kind not in kinds and params.get(option) not in (None, OPTIONS[option].get("default")):
            raise BadOption(
                option, "...", "has no effect on a %s check" % kind, "leave it out, or check a %s" % " or ".join(kinds)
            )
    spec = _PARSERS[kind](params)
    spec["timeout_s"] = timeout_s
    spec["max_latency_s"] = None
    if params.get("max_latency") is not None:
        spec["max_latency_s"] = _quantity.duration(params["max_latency"], "max_latency", low=0.001)
    if params.get("matches") is not None:
        spec["matches"] = _pattern(params["matches"])
    return spec


def _http(params):
    headers = {
        str(key): value if isinstance(value, str) else str(value) for key, value in (params["headers"] or {}).items()
    }
    body = _body(params["body"])
    exchange.prepare(params["url"], params["method"], headers, body)  # raises for what is no request
    return {
        "kind": "http",
        "url": params["url"].strip(),
        "method": params["method"].upper(),
        "headers": headers,
        "body": body,
        "status": [_status(each) for each in params["status"]],
        "json": _fields(params["json"] or {}),
        "self_report": params.get("self_report") is not False,
        "verify_tls": params["validate_certs"],
        "follow": params["follow_redirects"],
    }


def _body(value):
    """A body as text: what is none was JSON, and a template of an older Ansible has made values of it."""
    return value if value is None or isinstance(value, str) else json.dumps(value)


def _status(text):
    match = _STATUS.fullmatch(str(text).strip())
    low, high = (int(match.group(1)), int(match.group(2) or match.group(1))) if match else (1, 0)
    if low > high:
        raise BadOption("status", text, "is not an HTTP status or a range of them", "write such as 200 or 200-399")
    return [low, high]


def _fields(wanted):
    for path, value in wanted.items():
        if not isinstance(path, str) or not path or len(path) > 200 or any(not part for part in path.split(".")):
            raise BadOption(
                "json",
                path,
                "is not a path of keys",
                "join keys and list positions with dots, such as checks.database.status",
            )
        if isinstance(value, dict):
            raise BadOption("json", path, "is compared with a dictionary", "give the path of every value that matters")
        if isinstance(value, float) and not math.isfinite(value):
            raise BadOption(
                "json", path, "is compared with a number that is not finite", "use a number that JSON knows"
            )
    return dict(wanted)


def _pattern(text):
    try:
        if len(text) > LONGEST_PATTERN:
            raise re.error("is longer than %d characters" % LONGEST_PATTERN)
        re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise BadOption(
            "matches",
            text,
            "is not a regular expression (%s)" % printable(str(error)),
            "use the syntax of Python's re module",
        )
    return text


def _tcp(params):
    match = _TCP.fullmatch(params["tcp"].strip())
    if not match or not 1 <= int(match.group(3)) <= 65535:
        raise BadOption(
            "tcp",
            params["tcp"],
            "is not HOST:PORT",
            "write such as localhost:5432 or [::1]:5432, with a port from 1 to 65535",
        )
    return {"kind": "tcp", "host": match.group(1) or match.group(2), "port": int(match.group(3))}


def _command(params):
    argv = params["command"]
    if any("\0" in part for part in argv) or not argv[0]:
        raise BadOption(
            "command",
            " ".join(argv),
            "is not a command",
            "write a list of program and arguments, such as [pg_isready, -q]",
        )
    if not params["rc"]:
        raise BadOption("rc", "[]", "contains no exit code", "give at least one, such as 0")
    return {"kind": "command", "argv": list(argv), "rc": list(params["rc"])}


def _database(params):
    text = params["database"].strip()
    shown = _redact.url(text)
    remedy = "write sqlite:////path/to/file or postgresql://user@host:5432/name"
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadOption("database", shown, "is not a database URL", remedy)
    scheme = parts.scheme.partition("+")[0].lower()
    if scheme == "sqlite":
        path = unquote(parts.path)[1:]  # sqlite:////abs and sqlite:///rel, as SQLAlchemy writes them
        if parts.netloc or not path.startswith("/") or "\0" in path:
            raise BadOption("database", shown, "does not name an absolute path", remedy)
        return {"kind": "sql", "engine": "sqlite", "path": path}
    if scheme in ("postgresql", "postgres"):
        more = {key: values[-1] for key, values in parse_qs(parts.query).items()}
        where = {
            "host": more.get("host") or (unquote(parts.hostname) if parts.hostname else None),
            "port": port or more.get("port"),
            "user": unquote(parts.username) if parts.username else more.get("user"),
            "password": unquote(parts.password) if parts.password else more.get("password"),
            "dbname": unquote(parts.path).lstrip("/") or more.get("dbname"),
            "sslmode": more.get("sslmode"),
        }
        if any("\0" in str(value) for value in where.values()):
            raise BadOption("database", shown, "contains control characters", remedy)
        return dict(where, kind="sql", engine="postgresql")
    raise BadOption("database", shown, "is neither SQLite nor PostgreSQL", remedy)


_PARSERS = {"url": _http, "tcp": _tcp, "command": _command, "database": _database}


def describe(spec):
    """What a spec checks, in a few words without secrets."""
    if spec["kind"] == "http":
        method = "" if spec["method"] == "GET" else spec["method"] + " "
        return method + _redact.url(spec["url"])
    if spec["kind"] == "tcp":
        return "tcp %s:%d" % ("[%s]" % spec["host"] if ":" in spec["host"] else spec["host"], spec["port"])
    if spec["kind"] == "command":
        return "command %s" % printable(spec["argv"][0])  # arguments may hold secrets
    if spec["engine"] == "sqlite":
        return "sqlite %s" % printable(spec["path"])
    return "postgresql %s/%s" % (printable(spec["host"] or "local socket"), printable(spec["dbname"] or ""))
